package ws

import (
	gobwas "github.com/gobwas/ws"
)

// Overflow is what happens to a message that finds the writer at work and the queue full.
type Overflow uint8

const (
	// OverflowBlock makes the sender wait, up to WriteTimeout or as long as its context allows. The default.
	OverflowBlock Overflow = iota
	// OverflowDropNewest drops the message. It suits updates of which each stands for itself.
	OverflowDropNewest
	// OverflowDropOldest drops what has waited longest. It suits states, of which only the last counts.
	OverflowDropOldest
	// OverflowClose gives the connection up: it is closed with 1013, and what waits is dropped. It suits
	// streams in which nothing may be missing, to receivers that can come back and catch up.
	OverflowClose
)

// String returns the name of the policy.
func (o Overflow) String() string {
	switch o {
	case OverflowBlock:
		return "block"
	case OverflowDropNewest:
		return "drop newest"
	case OverflowDropOldest:
		return "drop oldest"
	case OverflowClose:
		return "close"
	}
	return "overflow(?)"
}

// Dropped returns how many messages to this connection were dropped because its peer was too slow. See [Overflow].
func (c *WebSocket) Dropped() uint64 {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.dropped
}

// Queued returns how many messages wait to be sent, and their bytes with those that are just being written from the queue.
func (c *WebSocket) Queued() (messages, bytes int) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	b := c.out.backlog
	if b == nil {
		return 0, 0
	}
	return len(b.sizes), len(b.data) + b.flying
}

// limits are the bounds of a queue, and what happens beyond.
type limits struct {
	messages, bytes int
	overflow        Overflow
}

// fits reports whether a frame of n bytes may wait as well. One alone always may.
func (b *backlog) fits(l limits, n int) bool {
	held := len(b.data) + b.flying
	return l.messages > 0 && (held == 0 || len(b.sizes) < l.messages && held+n <= l.bytes)
}

// makeRoom drops the oldest messages until a frame of n bytes fits, and returns how many; those that are
// being written cannot be dropped.
func (b *backlog) makeRoom(l limits, n int) int {
	k, bytes := 0, 0
	for k < len(b.sizes) && (len(b.sizes)-k >= l.messages || len(b.data)-bytes+b.flying+n > l.bytes) {
		bytes += b.sizes[k]
		k++
	}
	b.forget(k, bytes)
	return k
}

// put adds a message to the backlog. out.mu is held.
func put[T ~string | ~[]byte](c *WebSocket, f framing, data T) {
	b := c.out.backlog
	before := len(b.data)
	if c.deflate.takes(f, len(data)) {
		p := deflateMessage(c.deflate, data)
		f.compressed = true
		b.data = appendFrame(b.data, f, *p)
		recycle(p)
	} else {
		c.deflate.note(f)
		b.data = appendFrame(b.data, f, data)
	}
	b.sizes = append(b.sizes, len(b.data)-before)
}

// enqueue leaves a message in the backlog, or does what the policy says. It reports false if
// the sender has to wait for its turn. out.mu is held.
func enqueue[T ~string | ~[]byte](c *WebSocket, f framing, data T) (done bool, err error) {
	o := &c.out
	b, l, n := o.later(), c.opts.queue(), f.size(len(data))
	switch {
	case o.corked && len(b.data)+n <= corkLimit:
	case l.overflow == OverflowBlock && len(b.line) > 0:
		return false, nil
	case b.fits(l, n):
		o.corked = false
	case l.overflow == OverflowDropNewest:
		o.dropped++
		return true, nil
	case l.overflow == OverflowDropOldest:
		o.dropped += uint64(b.makeRoom(l, n))
		if !b.fits(l, n) {
			o.dropped++ // it is too big beside what is being written
			return true, nil
		}
	case l.overflow == OverflowClose:
		o.dropped += uint64(len(b.sizes)) + 1
		b.data, b.sizes = b.data[:0], b.sizes[:0]
		o.shut = true // at once: there must be no message behind the gap
		return true, ErrTooSlow
	default:
		return false, nil
	}
	put(c, f, data)
	c.settle()
	return true, nil
}

// giveUpOn ends a connection whose queue is full.
func (c *WebSocket) giveUpOn() error {
	if c.begin(CodeTryAgainLater, "too slow", ErrTooSlow) {
		// Not by who sends: the writer that stands in the way may take its time.
		go c.part(CodeTryAgainLater, "too slow")
	}
	return c.closedErr()
}

// framing is what a frame looks like beside its payload.
type framing struct {
	op         gobwas.OpCode
	fin        bool
	compressed bool // RSV1, RFC 7692 section 6
	masked     bool
	ready      bool   // the payload is a whole frame, see Prepared
	plain      []byte // what is in it, if it is compressed
}

// size returns the bytes of a frame with a payload of n bytes, and never less.
func (framing) size(n int) int { return maxHeader + n }
