package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Pipe returns the two ends of a connection whose directions buffer size bytes each.
// Both have CloseWrite() error besides the methods of [net.Conn].
func Pipe(size int) (net.Conn, net.Conn) {
	a, b := newStream(max(size, 1)), newStream(max(size, 1))
	return &conn{in: a, out: b}, &conn{in: b, out: a}
}

// conn is one end: it reads one stream and writes the other.
type conn struct{ in, out *stream }

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	if err != nil && err != io.EOF {
		err = opError("read", err)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	if err != nil {
		err = opError("write", err)
	}
	return n, err
}

// Close ends both directions. The peer can still read what was written.
func (c *conn) Close() error {
	closed := c.in.closeReader()
	c.out.closeWriter(true)
	if closed {
		return opError("close", net.ErrClosed)
	}
	return nil
}

// CloseWrite ends our direction only: the peer reads an end of file after what was written.
func (c *conn) CloseWrite() error {
	c.out.closeWriter(false)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return Addr{} }
func (c *conn) RemoteAddr() net.Addr { return Addr{} }

func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.in.setDeadline(&c.in.readDeadline, t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.out.setDeadline(&c.out.writeDeadline, t)
}

// stream is one direction: bytes from a writer to a reader.
type stream struct {
	mu    sync.Mutex
	moved sync.Cond // anything below has changed
	size  int
	buf   []byte // unread bytes are buf[off:]
	off   int

	readerGone bool // the reading end was closed
	ended      bool // nothing more will be written
	writerGone bool // the writing end was closed, not only its direction

	readDeadline, writeDeadline deadline
}

func newStream(size int) *stream {
	s := &stream{size: size}
	s.moved.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerGone:
			return 0, net.ErrClosed
		case s.readDeadline.over():
			return 0, os.ErrDeadlineExceeded
		case s.off < len(s.buf):
			n := copy(p, s.buf[s.off:])
			s.off += n
			if s.off == len(s.buf) {
				s.buf, s.off = s.buf[:0], 0
			}
			s.moved.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.moved.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for done := 0; ; {
		switch {
		case s.writerGone:
			return done, net.ErrClosed
		case s.ended || s.readerGone:
			return done, syscall.EPIPE
		case s.writeDeadline.over():
			return done, os.ErrDeadlineExceeded
		}
		if n := min(len(p)-done, s.size-(len(s.buf)-s.off)); n > 0 {
			s.push(p[done : done+n])
			done += n
		}
		if done == len(p) {
			return done, nil
		}
		s.moved.Wait()
	}
}

// push appends bytes that fit, reusing the room of those that were read.
func (s *stream) push(p []byte) {
	if s.off > 0 && len(s.buf)+len(p) > cap(s.buf) {
		s.buf = s.buf[:copy(s.buf, s.buf[s.off:])]
		s.off = 0
	}
	s.buf = append(s.buf, p...)
	s.moved.Broadcast()
}

// closeReader reports whether that had happened before.
func (s *stream) closeReader() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.readerGone
	s.readerGone, s.buf, s.off = true, nil, 0
	s.readDeadline.stop()
	s.moved.Broadcast()
	return before
}

func (s *stream) closeWriter(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.writerGone = s.writerGone || gone
	s.writeDeadline.stop()
	s.moved.Broadcast()
}

func (s *stream) setDeadline(d *deadline, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.set(t, s)
	s.moved.Broadcast()
	return nil
}

// wake lets who waits look at the clock. With the mutex: a waiter that has looked but doesn't wait yet would miss it.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}

// deadline is a point in time that wakes the stream. Its timer is kept: setting it again costs no allocation.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) set(t time.Time, s *stream) {
	d.at = t
	switch wait := time.Until(t); {
	case t.IsZero() || wait <= 0:
		d.stop()
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, s.wake)
	default:
		d.timer.Reset(wait)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}
