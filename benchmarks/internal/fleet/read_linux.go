package fleet

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

// readable reads all there is. A short read means that there is no more, and that
// the next byte will be an edge of its own; unless the end has come already,
// which is in the same edge as the bytes before it.
func (f *Fleet) readable(i int32, end bool) {
	for {
		c := &f.conns[i]
		n, err := unix.Read(int(c.fd), f.buf)
		switch {
		case n > 0:
			f.take(i, f.buf[:n])
			if n < len(f.buf) && !end || c.state == gone {
				return
			}
		case errors.Is(err, unix.EAGAIN):
			return
		case errors.Is(err, unix.EINTR):
		default:
			f.over(i, err)
			return
		}
	}
}

// over takes note of the end of a connection.
func (f *Fleet) over(i int32, err error) {
	c := &f.conns[i]
	switch was := c.state; {
	case was == closing && err == nil:
		f.counts.Ended++
		f.counts.Closing--
	case was == closing:
		f.counts.Reset++
		f.counts.Closing--
	case was == open:
		f.counts.Open--
		f.counts.Lost++
	default:
		f.pending--
		f.fail(fmt.Errorf("connection %d ended during its handshake: %v", i+1, err))
	}
	_ = unix.Close(int(c.fd))
	c.state = gone
	delete(f.rest, i)
}

// take handles bytes that came. They are kept only where they end in the middle
// of something that has to be seen whole.
func (f *Fleet) take(i int32, b []byte) {
	c := &f.conns[i]
	if c.flags&partial != 0 {
		b = append(f.rest[i], b...)
		delete(f.rest, i)
		c.flags &^= partial
	}
	for len(b) > 0 && c.state != gone {
		n, err := f.part(i, c, b)
		if err != nil {
			f.fail(fmt.Errorf("connection %d: %w", i+1, err))
			return
		}
		if n == 0 {
			f.rest[i] = bytes.Clone(b)
			c.flags |= partial
			return
		}
		b = b[n:]
	}
}

// part handles what b begins with, and returns its size; 0 if more is needed.
func (f *Fleet) part(i int32, c *conn, b []byte) (int, error) {
	if c.state == shaking {
		n, err := wire.Accepted(b)
		if n > 0 {
			c.state = open
			f.pending--
			f.counts.Open++
		}
		return n, err
	}
	if c.left > 0 {
		n := min(len(b), int(c.left))
		return n, f.payload(i, c, b[:n])
	}
	h, ok, err := wire.Parse(b)
	if !ok {
		return 0, err
	}
	if h.IsControl() {
		if len(b) < h.Size+h.Len {
			return 0, nil
		}
		f.control(i, c, h.Op, b[h.Size:h.Size+h.Len])
		return h.Size + h.Len, nil
	}
	return h.Size, f.data(i, c, h)
}

// data begins a data frame. Messages may come in any number of them.
func (f *Fleet) data(i int32, c *conn, h wire.Header) error {
	if (h.Op == wire.Continuation) != (c.at > 0) && h.Len > 0 {
		return fmt.Errorf("a frame with opcode %d after %d bytes of a message", h.Op, c.at)
	}
	if int(c.at)+h.Len > len(f.want) {
		return fmt.Errorf("a reply of %d bytes or more, want %d", int(c.at)+h.Len, len(f.want))
	}
	c.left = uint32(h.Len)
	c.flags &^= final
	if h.Fin {
		c.flags |= final
	}
	return f.payload(i, c, nil)
}

// payload compares bytes of a message with what they must be.
func (f *Fleet) payload(i int32, c *conn, b []byte) error {
	if !bytes.Equal(b, f.want[c.at:int(c.at)+len(b)]) {
		return fmt.Errorf("a reply differs within %d bytes from byte %d", len(b), c.at)
	}
	c.at += uint32(len(b))
	c.left -= uint32(len(b))
	if c.left > 0 || c.flags&final == 0 {
		return nil
	}
	if int(c.at) != len(f.want) {
		return fmt.Errorf("a reply of %d bytes, want %d", c.at, len(f.want))
	}
	c.at = 0
	f.counts.Replies++
	if f.onReply != nil {
		f.onReply(i)
	}
	return nil
}

// control answers a control frame.
func (f *Fleet) control(i int32, c *conn, op byte, payload []byte) {
	switch op {
	case wire.Ping:
		f.counts.Pings++
		if c.flags&pinged == 0 {
			c.flags |= pinged
			f.counts.Pinged++
		}
		if c.out == 0 { // else in the middle of a message; what follows it is an answer too
			f.answer(i, c, wire.Pong, payload)
		}
	case wire.Close:
		if c.state != open {
			return
		}
		f.counts.Closes[wire.CloseCode(payload)]++
		f.counts.Open--
		f.counts.Closing++
		c.state = closing
		f.answer(i, c, wire.Close, payload[:min(len(payload), 2)])
	}
}

// answer sends a control frame.
func (f *Fleet) answer(i int32, c *conn, op byte, payload []byte) {
	var room [160]byte
	b := wire.Frame(room[:0], op, payload)
	n, err := unix.Write(int(c.fd), b)
	// A server that has cut the connection meanwhile is found when it is read.
	if n != len(b) && !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		f.fail(fmt.Errorf("answering on connection %d: %d of %d bytes: %w", i+1, n, len(b), err))
	}
}
