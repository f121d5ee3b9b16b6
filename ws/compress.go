package ws

import (
	"context"
	"errors"
	"sync"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"

	"github.com/gofogo/fogo/internal/deflate"
)

// DefaultCompressFrom is the size from which messages are compressed, if at all.
const DefaultCompressFrom = 512

// Compression asks for permessage-deflate (RFC 7692). The zero value compresses fast and keeps no
// history, so that an idle connection holds no memory for it. The peer has to agree; a
// peer that doesn't is sent everything as it is.
//
// It costs two to three times the time of an uncompressed message. And it gives away how much a message resembles the one
// that it is compressed with: don't let an attacker's text and a secret travel in one message, nor, with Takeover, on one connection.
type Compression struct {
	// From is the size in bytes from which messages are compressed. Default 512; negative: all are.
	From int
	// Level is 1, the fastest and the default, to 9, or -2 for Huffman codes without references back.
	Level int

	// Takeover lets messages refer to earlier ones: small similar messages shrink a
	// lot, and a connection that has sent keeps up to 4 KiB of them. It has no effect with OverflowDropOldest.
	Takeover bool
	// PeerTakeover lets the peer do so: a connection that has received keeps up to 32 KiB.
	PeerTakeover bool
	// WindowBits and PeerWindowBits, 8 to 15, bound that history to 1<<bits bytes. Default 12 for our
	// own, since looking through more takes several times as long for little, and 15 for the peer's.
	WindowBits, PeerWindowBits int
}

// config is what c asks for in the handshake.
func (c *Compression) config(o Overflow) deflate.Config {
	cfg := deflate.Config{
		Takeover: c.Takeover && o != OverflowDropOldest, PeerTakeover: c.PeerTakeover,
		WindowBits: c.WindowBits, PeerWindowBits: c.PeerWindowBits, Level: deflate.Level(c.Level),
	}
	if cfg.Takeover && cfg.WindowBits == 0 {
		cfg.WindowBits = 12
	}
	return cfg
}

// deflation is the compression of a connection.
type deflation struct {
	from     int
	level    deflate.Level
	bits     int                  // of the peer's window
	takeover bool                 // messages refer back
	comp     deflate.Compressor   // guarded by outbox.mu; with takeover only
	decomp   deflate.Decompressor // guarded by the reading turn
}

// newDeflation returns what the sides have agreed on; nil for nothing.
func newDeflation(o *Options, p deflate.Params, client bool) *deflation {
	if !p.Agreed() {
		return nil
	}
	send, recv := p.FromServer(), p.FromClient()
	if client {
		send, recv = recv, send
	}
	cfg := o.Compression.config(o.Overflow)
	d := &deflation{
		from: o.Compression.From, level: cfg.Level, bits: send.WindowBits, takeover: send.Takeover && cfg.Takeover,
		decomp: deflate.NewDecompressor(recv),
	}
	if d.from == 0 {
		d.from = DefaultCompressFrom
	}
	if d.takeover {
		d.comp = deflate.NewCompressor(send, cfg)
	}
	return d
}

// takes reports whether a message of n bytes is compressed. A nil d takes none.
func (d *deflation) takes(f framing, n int) bool {
	return d != nil && !f.ready && f.fin && n >= d.from && (f.op == gobwas.OpText || f.op == gobwas.OpBinary)
}

// note takes note of a message that leaves compressed without having been compressed here. out.mu is held.
func (d *deflation) note(f framing) {
	if d != nil && d.takeover && f.plain != nil {
		d.comp.Note(f.plain)
	}
}

// deflateMessage returns a message compressed, in memory for recycle. Its frame has to leave
// before that of any message which is compressed later. out.mu is held if messages refer back.
func deflateMessage[T ~string | ~[]byte](d *deflation, data T) *[]byte {
	plain := writeBuffers.Get().(*[]byte)
	packed := writeBuffers.Get().(*[]byte)
	*plain = append((*plain)[:0], data...)
	var err error
	if d.takeover {
		*packed, err = d.comp.Append((*packed)[:0], *plain)
	} else {
		*packed, err = deflate.Compress((*packed)[:0], *plain, d.bits, d.level)
	}
	recycle(plain)
	if err != nil {
		panic("bug: ws: compressing into memory failed: " + err.Error())
	}
	return packed
}

// inflate decompresses a message of at most so many bytes.
func (d *deflation) inflate(msg []byte, limit int64) ([]byte, error) {
	msg, err := d.decomp.Append(nil, msg, limit)
	switch {
	case err == nil:
		return msg, nil
	case errors.Is(err, deflate.ErrTooBig):
		return nil, &violation{CodeMessageTooBig, "message too big when decompressed"}
	}
	// RFC 7692 section 7.2.2 leaves the code open; 1007 is for data "not consistent with the type of the message".
	return nil, &violation{CodeInvalidPayload, "compressed data is corrupt"}
}

// Prepared is a message that is encoded once and sent to many connections. It
// may be used by any number of goroutines and must not be changed.
type Prepared struct {
	kind  Kind
	op    gobwas.OpCode
	data  []byte
	frame []byte // as a server sends it uncompressed

	mu     sync.Mutex
	packed []packedFrame // as it is sent compressed
}

// packedFrame is a compressed frame for peers with a window of so many bits.
type packedFrame struct {
	bits  int
	level deflate.Level
	frame []byte
}

// Prepare encodes a message for [WebSocket.SendPrepared]. The data is copied. Text must be valid UTF-8.
func Prepare(kind Kind, data []byte) (*Prepared, error) {
	op, err := opcode(kind)
	if err != nil {
		return nil, err
	}
	if kind == KindText && !utf8.Valid(data) {
		return nil, ErrInvalidText
	}
	f := framing{op: op, fin: true}
	p := &Prepared{kind: kind, op: op, frame: appendFrame(make([]byte, 0, f.size(len(data))), f, data)}
	p.data = p.frame[len(p.frame)-len(data):]
	return p, nil
}

// Kind returns the kind of the message.
func (p *Prepared) Kind() Kind { return p.kind }

// compressed returns the frame for connections with this compression, made for the first of them.
func (p *Prepared) compressed(d *deflation) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.packed {
		if c.bits == d.bits && c.level == d.level {
			return c.frame
		}
	}
	payload, err := deflate.Compress(nil, p.data, d.bits, d.level)
	if err != nil {
		panic("bug: ws: compressing into memory failed: " + err.Error())
	}
	f := framing{op: p.op, fin: true, compressed: true}
	frame := appendFrame(make([]byte, 0, f.size(len(payload))), f, payload)
	p.packed = append(p.packed, packedFrame{d.bits, d.level, frame})
	return frame
}

// SendPrepared sends a prepared message, as [WebSocket.Send].
func (c *WebSocket) SendPrepared(p *Prepared) error { return c.SendPreparedContext(none, p) }

// SendPreparedContext sends a prepared message, as [WebSocket.SendContext].
func (c *WebSocket) SendPreparedContext(ctx context.Context, p *Prepared) error {
	if c.client { // each frame has a mask of its own
		return send(ctx, c, p.kind, p.data)
	}
	if err := c.ready(); err != nil {
		return err
	}
	f := framing{op: p.op, fin: true, ready: true}
	if d := c.deflate; d.takes(framing{op: p.op, fin: true}, len(p.data)) {
		f.plain = p.data
		return post(ctx, c, f, p.compressed(d))
	}
	return post(ctx, c, f, p.frame)
}
