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
	if err := c.takeTurn(ctx, &c.sending); err != nil {
		return err
	}
	defer c.sending.give()
	return sendFrame(ctx, c, op, true, data)
}

// takeTurn waits for one of the connection's turns: with ctx, or up to WriteTimeout.
func (c *WebSocket) takeTurn(ctx context.Context, t *turn) error {
	var err error
	var limit time.Duration
	if ctx == nil {
		limit = c.opts.writeTimeout()
	} else {
		err = ctx.Err()
	}
	if err == nil {
		if t.try() {
			return nil
		}
		err = t.wait(ctx, c.Done(), limit)
	}
	if err != nil && c.is(flagClosing) {
		return c.closedErr() // ctx may be the connection's own
	}
	return err
}

// sendFrame writes one frame in its turn, unless the connection is closing.
// A failed write ends the connection.
func sendFrame[T ~string | ~[]byte](ctx context.Context, c *WebSocket, op gobwas.OpCode, fin bool, data T) error {
	if err := c.takeTurn(ctx, &c.writing); err != nil {
		return err
	}
	defer c.writing.give()
	// RFC 6455 section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
	if c.is(flagClosing) {
		return c.closedErr()
	}
	if ctx != nil && ctx.Done() != nil {
		defer c.cutWrite(ctx)()
	}
	err := writeFrame(ctx, c, op, fin, data)
	if err == nil {
		return nil
	}
	if ctx != nil && ctx.Err() != nil {
		err = ctx.Err() // what the deadline error means
	}
	c.lose(err)
	return c.closedErr()
}

// cutWrite makes the end of ctx break a write. The returned function stops
// that, and waits if it is just happening: a deadline set late would hit the next writer.
func (c *WebSocket) cutWrite(ctx context.Context) func() {
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.conn.SetWriteDeadline(past)
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
		}
	}
}

// writeFrame writes a frame: header and payload in one write, so that small
// messages are one packet. The writing turn is held. For a
// Close frame the caller has set the deadline.
func writeFrame[T ~string | ~[]byte](ctx context.Context, c *WebSocket, op gobwas.OpCode, fin bool, data T) error {
	p := writeBuffers.Get().(*[]byte)
	defer writeBuffers.Put(p)
	var mask [4]byte
	if c.client {
		// RFC 6455 section 5.3: masks "MUST be derived from a strong source of entropy":
		// the runtime's generator is ChaCha8, seeded by the system.
		binary.NativeEndian.PutUint32(mask[:], rand.Uint32())
	}
	b := appendHeader((*p)[:0], op, fin, len(data), c.client, mask)
	for done := 0; ; {
		head := len(b)
		n := min(chunk-maxHeader, len(data)-done)
		b = append(b, data[done:done+n]...)
		*p = b
		if c.client {
			gobwas.Cipher(b[head:], mask, done&3)
		}
		if err := c.write(ctx, op, b); err != nil {
			return err
		}
		done += n
		if done == len(data) {
			return nil
		}
		b = b[:0]
	}
}

// write puts bytes on the network within the deadlines. Each piece of a big
// message has a WriteTimeout of its own: a slow peer that takes bytes is not a dead one.
func (c *WebSocket) write(ctx context.Context, op gobwas.OpCode, b []byte) error {
	if op != gobwas.OpClose {
		if err := c.conn.SetWriteDeadline(c.writeDeadline(ctx)); err != nil {
			return err
		}
		if ctx != nil && ctx.Err() != nil {
			return ctx.Err() // cutWrite's deadline may just have been overwritten
		}
	}
	_, err := c.conn.Write(b)
	return err
}

func (c *WebSocket) writeDeadline(ctx context.Context) time.Time {
	var deadline time.Time
	if limit := c.opts.writeTimeout(); limit > 0 {
		deadline = time.Now().Add(limit)
	}
	if ctx == nil {
		return deadline
	}
	if d, ok := ctx.Deadline(); ok && (deadline.IsZero() || d.Before(deadline)) {
		return d
	}
	return deadline
}

// appendHeader appends a frame header (RFC 6455 section 5.2).
func appendHeader(b []byte, op gobwas.OpCode, fin bool, n int, masked bool, mask [4]byte) []byte {
	first := byte(op)
	if fin {
		first |= 0x80
	}
	var bit byte
	if masked {
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
	if masked {
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
