package deflate

import (
	"errors"
	"fmt"
)

var (
	// ErrTooBig says that a message is bigger than the limit when decompressed. Close code 1009 fits it.
	ErrTooBig = errors.New("deflate: message too big when decompressed")
	// ErrCorrupt says that a payload is not a whole message. Close code 1007 fits it.
	ErrCorrupt = errors.New("deflate: corrupt data")
)

// Decompressor decompresses the messages that one side receives on one connection. The zero value
// keeps no history and is ready for use.
//
// It is given every compressed message, in order, and no other. It is used by one goroutine at a time.
type Decompressor struct {
	history window
	bits    uint8
	over    bool
}

// NewDecompressor returns a Decompressor for the side that receives the messages d is about.
func NewDecompressor(d Direction) Decompressor {
	return Decompressor{bits: uint8(bits(d.WindowBits)), over: d.Takeover}
}

// Append appends the message of a payload (RFC 7692 section 7.2.2), which is all
// frames of it in one piece, to dst. Neither is kept.
//
// The message may have limit bytes. At most so many are ever held, and dst grows
// by what came out, not by what was announced; while it is copied into a bigger place, the old
// one is held as well. The error matches [ErrTooBig] or
// [ErrCorrupt], dst is returned as it was, and the connection is to be failed: the peer's next message may refer to this one.
//
// An empty payload is taken for an empty message, though RFC 7692 section 7.2.3.6 has
// one byte for it: that is what comes from flushing zlib twice.
//
// A distance beyond the agreed window is found only if it leads into an earlier
// message. Within one message all 32 KiB are there anyway.
func (d *Decompressor) Append(dst, payload []byte, limit int64) ([]byte, error) {
	if len(payload) == 0 {
		return dst, nil
	}
	i := inflaters.Get().(*inflater)
	i.begin(dst, payload, limit)
	err := i.run(d.history)
	out := i.dst
	i.end()
	inflaters.Put(i)
	switch {
	case err == ErrTooBig:
		return dst, err
	case err != nil:
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if msg := out[len(dst):]; d.over && len(msg) > 0 {
		d.history.add(msg, 1<<d.bits)
	}
	return out, nil
}

// Size returns how many bytes the history takes now. It is 0 before the first
// message and without takeover, and at most 1<<WindowBits. Unlike a Compressor's it cannot be
// released: the peer may refer to it.
func (d *Decompressor) Size() int { return cap(d.history) }
