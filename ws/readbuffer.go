package ws

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	gobwas "github.com/gobwas/ws"
)

// readBuffers and bigBuffers recycle the buffers of connections, memories what big messages are put together in.
var (
	readBuffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}
	bigBuffers  = sync.Pool{New: func() any { b := make([]byte, bigSize); return &b }}
	memories    = sync.Pool{New: func() any { b := make([]byte, 0, 2*trust); return &b }}
)

// readers recycles those of connections that park.
var readers = sync.Pool{New: func() any { return new(reader) }}

func newReader(c *WebSocket) *reader {
	r := readers.Get().(*reader)
	r.src, r.opts, r.deflate, r.side = (*source)(c), c.opts, c.deflate, gobwas.StateServerSide
	if c.client {
		r.side = gobwas.StateClientSide
	}
	r.limit = min(c.opts.maxFrame(), c.opts.maxMessage())
	if c.tracked != nil {
		r.corks = &c.tracked.corks
	}
	r.canPark = c.is(flagBare) && c.tracked != nil && !c.opts.noParking()
	return r
}

// recycleReader keeps the memory of a reader that holds nothing.
func recycleReader(r *reader) {
	r.reclaim()
	r.drop()
	*r = reader{}
	readers.Put(r)
}

// reserve makes room for at least one more payload byte: all of a frame up to
// the trusted size; beyond it never more than what has arrived already.
func (r *reader) reserve() {
	have := len(r.msg)
	if cap(r.msg) > have {
		return
	}
	if r.memory == nil && (r.lends || r.left > int64(trust-have) || !r.fin) {
		r.memory = memories.Get().(*[]byte)
		if r.msg = append((*r.memory)[:0], r.msg...); cap(r.msg) > have {
			return
		}
	}
	grow := min(r.left, int64(max(trust, have)))
	if r.memory == nil {
		r.msg = make([]byte, 0, grow) // all of the message
		return
	}
	r.msg = slices.Grow(r.msg, int(grow))
}

// reclaim takes back what was lent.
func (r *reader) reclaim() {
	r.lent = false
	if r.memory == nil || r.op != 0 {
		return // a message is just being put together there
	}
	if cap(*r.memory) <= maxMemory {
		memories.Put(r.memory)
	}
	r.memory = nil
}

// disown leaves what is lent to whoever has it, for good. That is for who reads while a handler may
// still be at work on its message.
func (r *reader) disown() {
	if r.lent {
		unread := append([]byte(nil), r.buf[r.r:r.w]...)
		r.lent, r.buf, r.pooled, r.r, r.w = false, nil, nil, 0, 0
		r.preload(unread)
	}
	if r.op == 0 {
		r.memory = nil
	}
}

// need fills the buffer until n bytes are unread. n is at most maxHeader + 125.
func (r *reader) need(n int) error {
	for r.w-r.r < n {
		buf := r.take()
		switch {
		case r.r == r.w:
			r.r, r.w = 0, 0
		case r.r+n > len(buf):
			r.w = copy(buf, buf[r.r:r.w])
			r.r = 0
		}
		m, err := r.src.Read(buf[r.w:])
		r.w += m
		if m == 0 && err != nil {
			return err
		}
	}
	return nil
}

// take returns the buffer, getting one if there is none.
func (r *reader) take() []byte {
	if r.buf == nil {
		pool := &readBuffers
		if r.big && r.canPark { // it is not kept for long
			pool = &bigBuffers
		}
		r.pooled = pool.Get().(*[]byte)
		r.buf, r.r, r.w = *r.pooled, 0, 0
	}
	return r.buf
}

// preload puts bytes in front of the source: what came right behind the handshake.
func (r *reader) preload(p []byte) {
	switch {
	case len(p) == 0:
	case len(p) <= readSize:
		r.w = copy(r.take(), p)
	default:
		r.buf, r.r, r.w = append([]byte(nil), p...), 0, len(p)
	}
}

// rest gives the buffer back if it holds nothing.
func (r *reader) rest() {
	if r.r == r.w && !r.lent {
		r.drop()
	}
}

// drop gives the buffer back with whatever it holds.
func (r *reader) drop() {
	switch {
	case r.pooled == nil:
	case len(*r.pooled) == readSize:
		readBuffers.Put(r.pooled)
	default:
		bigBuffers.Put(r.pooled)
	}
	r.buf, r.pooled, r.r, r.w = nil, nil, 0, 0
}

// idle reports whether the reader is between messages and has no bytes.
func (r *reader) idle() bool { return r.r == r.w && r.op == 0 && !r.inFrame && !r.closed }

// note is called before waiting for bytes: it notes since when a message is incomplete.
func (r *reader) note() {
	switch began := r.began.Load(); {
	case r.idle():
		r.noteEnd()
	case began == 0:
		r.began.Store(now())
	}
}

// noteEnd notes that a message is complete.
func (r *reader) noteEnd() {
	if r.began.Load() != 0 {
		r.began.Store(0)
	}
}

// flooded counts a control frame and reports whether there are too many.
func (r *reader) flooded() bool {
	if at := now(); r.controls == 0 || at-r.second > int64(time.Second) {
		r.second, r.controls = at, 0
	}
	r.controls++
	limit := r.opts.maxControlFrames()
	return limit > 0 && r.controls > limit
}

// more reports whether the next frame is in the buffer already, all of it.
func (r *reader) more() bool {
	b := r.buf[r.r:r.w]
	if len(b) < 2 {
		return false
	}
	head, size := 2, int(b[1]&0x7f)
	switch {
	case size == 127:
		return false // it doesn't fit in here
	case size == 126 && len(b) < 4:
		return false
	case size == 126:
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	}
	if b[1]&0x80 != 0 {
		head += 4
	}
	return len(b) >= head+size
}
