package ws

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
	"github.com/goccy/go-json"
)

const (
	maxHeader = gobwas.MaxHeaderSize
	chunk     = 64 << 10 // frames up to here leave in one write, bigger ones in pieces of it
)

// writeBuffers recycles the buffers in which a frame's header and payload are joined.
var writeBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// Send sends one message of a kind: text must be valid UTF-8 ([ErrInvalidText]).
// The data may be reused when Send returns: it is with the kernel then.
//
// It accepts the handshake if nobody did, and waits for its turn and for the network up
// to WriteTimeout each. Once writing has begun an error ends the connection ([CodeAbnormal]):
// half a frame cannot be taken back. On a closed connection the error matches [ErrClosed].
func (c *WebSocket) Send(kind Kind, data []byte) error { return c.SendContext(none, kind, data) }

// SendContext is Send with a context for the wait. Its deadline is added to
// WriteTimeout, not put in its place. Cancelled while waiting for its turn it returns the context's error and the
// connection stays as it is; cancelled while writing it ends the connection.
func (c *WebSocket) SendContext(ctx context.Context, kind Kind, data []byte) error {
	if kind == KindText && !utf8.Valid(data) {
		return ErrInvalidText
	}
	return send(ctx, c, kind, data)
}

// SendText sends a text message, as [WebSocket.Send].
func (c *WebSocket) SendText(s string) error { return c.SendTextContext(none, s) }

// SendTextContext sends a text message, as [WebSocket.SendContext].
func (c *WebSocket) SendTextContext(ctx context.Context, s string) error {
	if !utf8.ValidString(s) {
		return ErrInvalidText
	}
	return send(ctx, c, KindText, s)
}

// SendBytes sends a binary message, as [WebSocket.Send].
func (c *WebSocket) SendBytes(b []byte) error { return c.SendBytesContext(none, b) }

// SendBytesContext sends a binary message, as [WebSocket.SendContext].
func (c *WebSocket) SendBytesContext(ctx context.Context, b []byte) error {
	return send(ctx, c, KindBinary, b)
}

// SendJSON sends v as JSON in a text message, as [WebSocket.Send]. If v cannot be encoded nothing is sent.
func (c *WebSocket) SendJSON(v any) error { return c.SendJSONContext(none, v) }

// SendJSONContext sends v as JSON in a text message, as [WebSocket.SendContext].
func (c *WebSocket) SendJSONContext(ctx context.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.SendContext(ctx, KindText, b) // checked: a json.Marshaler may return anything
}

// none stands for no context: WriteTimeout bounds the wait for a turn then.
var none context.Context

// send is all of the above.
func send[T ~string | ~[]byte](ctx context.Context, c *WebSocket, kind Kind, data T) error {
	op, err := opcode(kind)
	if err != nil {
		return err
	}
	if err := c.ready(); err != nil {
		return err
	}
	return post(ctx, c, framing{op: op, fin: true, masked: c.client}, data)
}

// post writes a message now, leaves it in the queue, or waits for its turn.
func post[T ~string | ~[]byte](ctx context.Context, c *WebSocket, f framing, data T) error {
	if ctx != nil && ctx.Err() != nil {
		return c.whileClosing(ctx.Err()) // it may be the connection's own
	}
	o := &c.out
	o.mu.Lock()
	if o.corked && !o.busy && len(o.later().data)+f.size(len(data)) > corkLimit {
		if ctx == nil || ctx.Done() == nil {
			c.sendCollected()
		} else {
			o.corked = false // that may take longer than ctx: somebody else's
			c.settle()
		}
	}
	if !o.corked && c.is(flagCollects) && f.size(len(data)) <= corkLimit {
		c.cork()
	}
	done, err := false, error(nil)
	switch {
	case o.shut, o.broken:
		err = ErrClosed
	case o.idle():
		o.busy = true
	default:
		if done, err = enqueue(c, f, data); !done {
			err = c.queueUp(ctx, false, c.patience(ctx))
		}
	}
	if done || err != nil {
		o.mu.Unlock()
		return c.whileClosing(err)
	}
	// We are the writer.
	if d := c.deflate; d.takes(f, len(data)) {
		p := deflateMessage(d, data)
		defer recycle(p)
		f.compressed = true
		o.mu.Unlock()
		return deliver(ctx, c, f, *p)
	}
	c.deflate.note(f)
	o.mu.Unlock()
	return deliver(ctx, c, f, data)
}

// whileClosing returns what an error means once closing has begun.
func (c *WebSocket) whileClosing(err error) error {
	switch {
	case err == nil:
		return nil
	case c.is(flagClosing):
		return c.closedErr()
	case err == ErrTooSlow, err == ErrClosed: // the outbox was shut for that
		return c.giveUpOn()
	}
	return err
}

// deliver writes a message as the policy wants it. The caller is the writer.
func deliver[T ~string | ~[]byte](ctx context.Context, c *WebSocket, f framing, data T) error {
	if c.opts.queue().overflow != OverflowBlock {
		return launch(c, f, data)
	}
	return writeNow(ctx, c, f, data)
}

// patience is how long a sender without a context waits for its turn.
func (c *WebSocket) patience(ctx context.Context) time.Duration {
	if ctx != nil {
		return 0
	}
	return c.opts.writeTimeout()
}

// sendFragment writes one frame of a message that is under way, or a control frame.
func sendFragment[T ~string | ~[]byte](ctx context.Context, c *WebSocket, f framing, data T) error {
	err := c.acquire(ctx, true, c.patience(ctx))
	switch {
	case err != nil && c.is(flagClosing):
		return c.closedErr()
	case err != nil:
		return err
	// RFC 6455 section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
	case c.is(flagClosing):
		c.release()
		return c.closedErr()
	}
	return writeNow(ctx, c, f, data)
}

// writeNow writes one frame and ends the caller's time as the writer. A write that fails ends the connection.
func writeNow[T ~string | ~[]byte](ctx context.Context, c *WebSocket, f framing, data T) error {
	watched := func() {}
	if ctx != nil && ctx.Done() != nil {
		watched = c.cutWrite(ctx)
	}
	err := writeFrame(ctx, c, f, data)
	watched() // before there is another writer, whose write ctx must not break
	if err != nil {
		return c.writeFailed(ctx, err)
	}
	c.release()
	return nil
}

// launch writes as much of a message as the network takes at once, and leaves the rest to flush: under a policy
// that drops, nobody waits for a slow peer. The caller is the writer.
func launch[T ~string | ~[]byte](c *WebSocket, f framing, data T) error {
	p := writeBuffers.Get().(*[]byte)
	*p = appendFrame((*p)[:0], f, data)
	n, err := c.attempt(*p)
	switch {
	case err != nil:
		return c.writeFailed(none, err)
	case n < len(*p):
		c.out.mu.Lock()
		c.out.later().flying = len(*p) - n
		c.out.mu.Unlock()
		go c.flush((*p)[n:]) // which keeps the buffer
		return nil
	}
	recycle(p)
	c.release()
	return nil
}

// maxPongs is how many bytes of Pongs may wait for a writer at work.
const maxPongs = 1 << 10

// sendControl sends a control frame of the reader's: if somebody writes, that one will send it.
func (c *WebSocket) sendControl(op gobwas.OpCode, payload []byte) {
	f := framing{op: op, fin: true, masked: c.client}
	o := &c.out
	o.mu.Lock()
	if o.corked {
		c.sendCollected() // replies to what came before the Ping
	}
	switch {
	case o.shut, o.broken:
		o.mu.Unlock()
	case o.busy:
		b := o.later()
		if len(b.pongs) > maxPongs {
			// RFC 6455 section 5.5.3: of several pings one "MAY elect to send a Pong frame for only the most recently processed".
			b.pongs = b.pongs[:0]
		}
		b.pongs = appendFrame(b.pongs, f, payload)
		o.mu.Unlock()
	default:
		o.busy = true
		o.mu.Unlock()
		_ = writeNow(none, c, f, payload) // a failure shows by itself: the connection is lost
	}
}

// cutWrite makes the end of ctx break a write. The returned function stops
// that, and waits if it is just happening: a deadline set late would hit the next writer.
func (c *WebSocket) cutWrite(ctx context.Context) func() {
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		if c.conn != nil {
			_ = c.conn.SetWriteDeadline(past)
		}
		c.mu.Unlock()
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
		}
	}
}

// writeFrame writes a frame: header and payload in one write, so that small
// messages are one packet. The caller is the writer.
func writeFrame[T ~string | ~[]byte](ctx context.Context, c *WebSocket, f framing, data T) error {
	p := writeBuffers.Get().(*[]byte)
	defer recycle(p)
	if frame, ok := any(data).([]byte); ok && f.ready {
		return c.writePieces(ctx, frame)
	}
	if f.size(len(data)) <= chunk {
		*p = appendFrame((*p)[:0], f, data)
		return c.write(ctx, *p)
	}
	mask := f.newMask()
	b := appendHeader((*p)[:0], f, len(data), mask)
	for done := 0; ; {
		head := len(b)
		n := min(chunk-maxHeader, len(data)-done)
		b = append(b, data[done:done+n]...)
		*p = b
		if f.masked {
			gobwas.Cipher(b[head:], mask, done&3)
		}
		if err := c.write(ctx, b); err != nil {
			return err
		}
		done += n
		if done == len(data) {
			return nil
		}
		if rest, ok := any(data).([]byte); ok && !f.masked {
			return c.writePieces(ctx, rest[done:])
		}
		b = b[:0]
	}
}

// writePieces writes the rest of a big message without copying it.
func (c *WebSocket) writePieces(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		n := min(len(b), 4*chunk)
		if err := c.write(ctx, b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// recycle keeps a write buffer, unless it has become big.
func recycle(p *[]byte) {
	if cap(*p) <= 2*chunk {
		writeBuffers.Put(p)
	}
}

// write puts bytes on the network within WriteTimeout. The caller is the writer.
func (c *WebSocket) write(ctx context.Context, b []byte) error {
	if c.is(flagParked) {
		n, err := c.writeParked(b)
		if err != nil || n == len(b) {
			return err
		}
		b = b[n:]
	}
	if c.is(flagStaying) && (ctx == nil || ctx.Done() == nil) {
		n, err := c.writeStaying(b)
		if err != nil || n == len(b) {
			return err
		}
		b = b[n:]
	}
	if err := c.limitWrite(ctx); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

// limitWrite sets the deadline of a write. Each piece of a big
// message has a WriteTimeout of its own: a slow peer that takes bytes is not a dead one.
//
// Deadlines cost: one that still holds for WriteTimeout is left, and a new one holds for a quarter
// longer. So a busy connection sets one every few seconds.
func (c *WebSocket) limitWrite(ctx context.Context) error {
	limit := c.opts.writeTimeout()
	if ctx == nil || ctx.Done() == nil {
		at := now()
		switch {
		case limit == 0 && c.deadline == 0: // there may be one of the handshake's or of a context's
			c.deadline = at
			return c.conn.SetWriteDeadline(time.Time{})
		case limit == 0, c.deadline != 0 && c.deadline-at >= int64(limit):
			return nil
		}
		c.deadline = at + int64(limit+limit/4)
		return c.conn.SetWriteDeadline(time.Now().Add(limit + limit/4))
	}
	c.deadline = 0
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	if d, ok := ctx.Deadline(); ok && (limit == 0 || d.Before(deadline)) {
		deadline = d
	}
	if err := c.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return ctx.Err() // cutWrite's deadline may just have been overwritten
}

// newMask returns the mask of a frame.
func (f framing) newMask() (mask [4]byte) {
	if f.masked {
		// RFC 6455 section 5.3: masks "MUST be derived from a strong source of entropy":
		// the runtime's generator is ChaCha8, seeded by the system.
		binary.NativeEndian.PutUint32(mask[:], rand.Uint32())
	}
	return mask
}

// appendFrame appends a whole frame.
func appendFrame[T ~string | ~[]byte](b []byte, f framing, data T) []byte {
	if f.ready {
		return append(b, data...)
	}
	mask := f.newMask()
	b = appendHeader(b, f, len(data), mask)
	head := len(b)
	b = append(b, data...)
	if f.masked {
		gobwas.Cipher(b[head:], mask, 0)
	}
	return b
}

// appendHeader appends a frame header (RFC 6455 section 5.2).
func appendHeader(b []byte, f framing, n int, mask [4]byte) []byte {
	first := byte(f.op)
	if f.fin {
		first |= 0x80
	}
	if f.compressed {
		first |= 0x40
	}
	var bit byte
	if f.masked {
		bit = 0x80
	}
	switch {
	case n < 126:
		b = append(b, first, bit|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, first, bit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, bit|127), uint64(n))
	}
	if f.masked {
		b = append(b, mask[:]...)
	}
	return b
}

// opcode returns the frame opcode of a kind.
func opcode(k Kind) (gobwas.OpCode, error) {
	switch k {
	case KindText:
		return gobwas.OpText, nil
	case KindBinary:
		return gobwas.OpBinary, nil
	}
	return 0, errKind(k)
}
