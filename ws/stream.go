package ws

import (
	"context"
	"errors"
	"io"
	"os"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
)

// fragment is the size in which a streamed message leaves.
const fragment = 16 << 10

// Writer begins a message that is written piece by piece. It leaves in
// fragments of about 16 KiB (RFC 6455 section 5.4); a short one is not fragmented at all. The result also has
// Flush() error and implements [io.ReaderFrom].
//
// Until its Close, which ends the message, other sends wait: so always Close
// it. Pings and pongs go between the fragments. Text may be split anywhere, fragments end with whole
// runes. The context holds for every write. One goroutine at a time may use the writer.
//
// A message that was begun cannot be taken back: an error after the first fragment ends the connection.
func (c *WebSocket) Writer(ctx context.Context, kind Kind) (io.WriteCloser, error) {
	w, err := c.writer(ctx, kind)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// SendReader sends everything that r yields as one message, in fragments as
// [WebSocket.Writer]. If r fails before the first fragment left nothing is sent; later the connection is closed with 1011.
// Either way the error of r is returned. A read of r is not bound by the context.
func (c *WebSocket) SendReader(ctx context.Context, kind Kind, r io.Reader) error {
	w, err := c.writer(ctx, kind)
	if err != nil {
		return err
	}
	if _, err := w.ReadFrom(r); err != nil {
		_ = w.abort(err)
		return err
	}
	return w.Close()
}

func (c *WebSocket) writer(ctx context.Context, kind Kind) (*messageWriter, error) {
	op, err := opcode(kind)
	if err != nil {
		return nil, err
	}
	if err := c.ready(); err != nil {
		return nil, err
	}
	if ctx != nil {
		err = ctx.Err()
	}
	if err == nil {
		err = c.acquire(ctx, false, c.patience(ctx))
	}
	if err != nil {
		return nil, c.whileClosing(err) // ctx may be the connection's own
	}
	c.setStream(true)
	return &messageWriter{c: c, ctx: ctx, op: op, text: kind == KindText}, nil
}

// errWriterClosed is for a Writer used after Close.
var errWriterClosed = errors.New("ws: write to a message that is finished")

// setStream ends the caller's time as the writer, with a message under way or not.
func (c *WebSocket) setStream(on bool) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if on {
		c.out.busy = false
	}
	c.out.stream = on
	c.settle()
}

// messageWriter keeps other messages waiting until err is set.
type messageWriter struct {
	c    *WebSocket
	ctx  context.Context // of the one message that the writer lives for
	op   gobwas.OpCode   // continuation after the first fragment
	text bool
	buf  []byte
	err  error // why nothing may be written any more
}

func (w *messageWriter) Write(p []byte) (int, error) {
	total := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return total, err
		}
		n := min(len(p), fragment-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		total += n
	}
	return total, w.err
}

func (w *messageWriter) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for {
		if err := w.room(); err != nil {
			return total, err
		}
		if cap(w.buf) < fragment {
			w.buf = append(make([]byte, 0, fragment), w.buf...)
		}
		n, err := r.Read(w.buf[len(w.buf):fragment])
		w.buf = w.buf[:len(w.buf)+n]
		total += int64(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// Flush sends what was written so far as a fragment; of text, up to the last whole rune.
func (w *messageWriter) Flush() error {
	if w.err != nil {
		return w.err
	}
	n := len(w.buf)
	if w.text {
		n = fullRunes(w.buf)
		if !utf8.Valid(w.buf[:n]) {
			return w.abort(ErrInvalidText)
		}
	}
	if n == 0 {
		return nil
	}
	if err := sendFragment(w.ctx, w.c, w.framing(false), w.buf[:n]); err != nil {
		return w.abort(err)
	}
	w.op = gobwas.OpContinuation
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
	return nil
}

// Close ends the message and lets other sends go on. A second Close returns the same.
func (w *messageWriter) Close() error {
	switch {
	case w.err == errWriterClosed:
		return nil
	case w.err != nil:
		return w.err
	}
	if w.text && !utf8.Valid(w.buf) {
		return w.abort(ErrInvalidText)
	}
	if err := sendFragment(w.ctx, w.c, w.framing(true), w.buf); err != nil {
		return w.abort(err)
	}
	w.release(errWriterClosed)
	return nil
}

// room makes sure that a byte more fits.
func (w *messageWriter) room() error {
	if w.err != nil || len(w.buf) < fragment {
		return w.err
	}
	return w.Flush()
}

// abort gives the message up. One that was begun takes the connection with it:
// there is no way to tell the peer that the rest won't come.
func (w *messageWriter) abort(err error) error {
	if w.err != nil {
		return w.err
	}
	if w.op == gobwas.OpContinuation {
		w.c.fail(CodeInternalError, "message broken off", err)
	}
	w.release(err)
	return err
}

func (w *messageWriter) release(err error) {
	w.err, w.buf = err, nil
	w.c.setStream(false)
}

func (w *messageWriter) framing(fin bool) framing {
	return framing{op: w.op, fin: fin, masked: w.c.client}
}

// isTimeout reports whether a deadline ended a read or write.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
