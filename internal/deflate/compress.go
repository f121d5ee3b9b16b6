package deflate

import (
	"bytes"
	"errors"
	"slices"
)

// tail is what the flush of a message ends in and what is not sent: the lengths of
// an empty stored block (RFC 7692 section 7.2.1 step 3).
const tail = "\x00\x00\xff\xff"

// Compressor compresses the messages that one side sends on one connection. The zero value
// keeps no history and is ready for use.
//
// With takeover the peer's window is what was sent compressed, in that order, and
// the Compressor must know its end exactly:
//
//   - Messages are compressed in the order in which they are sent. One that was
//     compressed must be sent; if that is not to be, [Compressor.Release] mends it before
//     the next is compressed.
//   - A message sent uncompressed does not enter the window, for it does not go through the
//     peer's decompressor (RFC 7692 sections 6.2 and 7.2.2): nothing is called for it.
//   - A message that was compressed elsewhere, with [Compress], does: [Compressor.Note].
//
// It is used by one goroutine at a time.
type Compressor struct {
	history window
	bits    uint8 // what was agreed on, in matches
	keep    uint8 // what is kept of history, at most bits
	level   int8
	over    bool
}

// NewCompressor returns a Compressor for the side whose messages d is about, with
// Level and WindowBits of that side. Both must be in range: see [Config.Check].
func NewCompressor(d Direction, cfg Config) Compressor {
	agreed := bits(d.WindowBits)
	return Compressor{
		bits:  uint8(agreed),
		keep:  uint8(min(agreed, bits(cfg.WindowBits))),
		level: int8(cfg.Level),
		over:  d.Takeover && cfg.Takeover && cfg.Level != HuffmanOnly,
	}
}

// Append appends the payload that msg is sent as (RFC 7692 section 7.2.1) to
// dst. Neither is kept. An error leaves the Compressor as it was and returns dst.
func (c *Compressor) Append(dst, msg []byte) ([]byte, error) {
	out, err := compress(dst, msg, c.history, bits(int(c.bits)), Level(c.level))
	if err == nil {
		c.Note(msg)
	}
	return out, err
}

// Note says that msg, compressed without history, is being sent.
func (c *Compressor) Note(msg []byte) {
	if c.over && len(msg) > 0 {
		c.history.add(msg, 1<<c.keep)
	}
}

// Release lets go of the history. That is allowed at any time, for nobody has to refer back: the
// next messages are bigger, and an idle connection holds nothing.
func (c *Compressor) Release() { c.history = nil }

// Size returns how many bytes the history takes now. It is 0 before the first message, without takeover, and after
// Release; and at most 1<<WindowBits.
func (c *Compressor) Size() int { return cap(c.history) }

// Compress appends the payload of msg, compressed without history, to dst. The
// same payload may be sent on all connections whose window in this direction has at least windowBits.
func Compress(dst, msg []byte, windowBits int, level Level) ([]byte, error) {
	return compress(dst, msg, nil, bits(windowBits), level)
}

// compress returns dst with the payload behind it, or as it was.
func compress(dst, msg, history []byte, bits int, level Level) ([]byte, error) {
	if len(msg) == 0 {
		// RFC 7692 section 7.2.3.6: nothing is the one byte 0x00, the header of the empty stored block.
		return append(dst, 0), nil
	}
	if level == 0 {
		level = Fastest
	}
	w, pool, err := takeWriter(bits, level, len(history)+len(msg))
	if err != nil {
		return dst, err
	}
	// Most messages shrink to a half or less. Writes come in pieces of 250 bytes.
	w.out = slices.Grow(dst, min(len(msg)/2, 4096)+16)
	out, err := w.message(msg, history)
	w.out = nil
	if err != nil {
		return dst, err // the writer is not worth keeping
	}
	pool.Put(w)
	return out, nil
}

// message runs RFC 7692 section 7.2.1. The flate writer refers to history until it
// is used again, and reads it no more.
func (w *writer) message(msg, history []byte) ([]byte, error) {
	w.flate.ResetDict(w, history)
	if _, err := w.flate.Write(msg); err != nil {
		return nil, err
	}
	if err := w.flate.Flush(); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(w.out, []byte(tail)) {
		return nil, errors.New("bug: deflate: flushed data does not end in an empty stored block")
	}
	return w.out[:len(w.out)-len(tail)], nil
}
