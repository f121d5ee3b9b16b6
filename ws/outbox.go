// How messages leave.
//
// A connection has one writer at a time: the goroutine that marked the outbox busy.
// Mostly that is who sends. Who finds it busy waits in line, or leaves its frame in
// the backlog and goes. A writer that is done hands over: to the first in line, or to a
// goroutine that lives as long as there is a backlog. So a connection that sends nothing has
// neither goroutine nor buffer for it.
//
// Corking, the collecting of replies, is the same without a writer: frames go to the
// backlog, and the reader sends them together when it has seen its batch of messages.
//
// The surprise: a message that leaves in fragments does not keep the writer. Between the fragments
// control frames may leave, but no other message. So there are two questions: may I write, and may I begin a message.

package ws

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	corkLimit = 16 << 10 // collected replies of this size leave at once
	gulp      = 64 << 10 // about so much of a backlog leaves in one write
)

// outbox is the sending side of a connection.
type outbox struct {
	mu      sync.Mutex
	busy    bool     // there is a writer
	stream  bool     // a message is leaving in fragments
	corked  bool     // replies are collected
	watched bool     // corks will look whether they are for too long
	shut    bool     // closing has begun: nothing but a Close frame may follow
	broken  bool     // a frame was cut short: nothing may follow at all
	backlog *backlog // what waits; nil if nothing does
	dropped uint64   // messages, by the policy
}

// backlog is what waits in an outbox.
type backlog struct {
	pongs  []byte // frames of Pongs
	data   []byte // frames of whole messages
	sizes  []int  // of the frames in data, oldest first
	out    []byte // what flush has taken
	flying int    // the bytes of it
	line   []*waiter
}

// waiter is a goroutine that waits to be the writer.
type waiter struct {
	urgent  bool          // with a fragment or a Close frame: it does not wait for messages
	behind  int           // so many messages in the queue came before it
	granted bool          // it is the writer
	ready   chan struct{} // closed when it is, or when nobody will be any more
}

var backlogs = sync.Pool{New: func() any { return new(backlog) }}

// later returns the backlog, making one if there is none. o.mu is held.
func (o *outbox) later() *backlog {
	if o.backlog == nil {
		o.backlog = backlogs.Get().(*backlog)
	}
	return o.backlog
}

// idle reports whether nothing is being written and nothing waits. o.mu is held.
func (o *outbox) idle() bool { return !o.busy && !o.stream && !o.corked && o.backlog == nil }

// try makes the caller the writer if nobody is, for a control frame.
func (o *outbox) try() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy || o.broken {
		return false
	}
	o.busy = true
	return true
}

// tryIdle makes the caller the writer if there is nothing to write at all.
func (o *outbox) tryIdle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.idle() || o.shut || o.broken {
		return false
	}
	o.busy = true
	return true
}

// acquire makes the caller the writer, waiting with ctx, which may be nil, and up to a limit, 0 for none.
// Who is urgent goes first, also once closing has begun; for others the error is [ErrClosed] then.
func (c *WebSocket) acquire(ctx context.Context, urgent bool, limit time.Duration) error {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.queueUp(ctx, urgent, limit)
}

// queueUp is acquire with out.mu held; while it waits it is not.
func (c *WebSocket) queueUp(ctx context.Context, urgent bool, limit time.Duration) error {
	o := &c.out
	switch {
	case (o.shut || o.broken) && !urgent:
		return ErrClosed
	case o.idle(), urgent && !o.busy:
		o.busy = true
		return nil
	}
	w := o.join(urgent)
	c.settle() // what is collected must not make it wait
	o.mu.Unlock()
	err := w.wait(ctx, limit)
	o.mu.Lock()
	if !w.granted && err == nil {
		return ErrClosed
	}
	b := o.backlog
	b.line = slices.DeleteFunc(b.line, func(other *waiter) bool { return other == w })
	switch {
	case w.granted && err == nil:
		return nil
	case w.granted:
		o.busy = false // it came too late
	}
	c.settle()
	return err
}

// join puts a waiter in line.
func (o *outbox) join(urgent bool) *waiter {
	w := &waiter{urgent: urgent, ready: make(chan struct{})}
	b := o.later()
	at := len(b.line)
	if urgent {
		if i := slices.IndexFunc(b.line, func(w *waiter) bool { return !w.urgent }); i >= 0 {
			at = i
		}
	} else {
		w.behind = len(b.sizes)
	}
	b.line = slices.Insert(b.line, at, w)
	o.corked = false
	return w
}

// wait waits to be called.
func (w *waiter) wait(ctx context.Context, limit time.Duration) error {
	var canceled <-chan struct{}
	if ctx != nil {
		canceled = ctx.Done()
	}
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-w.ready:
		return nil
	case <-canceled:
		return ctx.Err()
	case <-expired:
		return fmt.Errorf("ws: others used the connection for %v: %w", limit, os.ErrDeadlineExceeded)
	}
}

// release ends the caller's time as the writer.
func (c *WebSocket) release() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.busy = false
	c.settle()
}

// cutShort reports whether a frame was cut short.
func (o *outbox) cutShort() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.broken
}

// settle finds the next writer, if one is needed. out.mu is held.
func (c *WebSocket) settle() {
	o := &c.out
	b := o.backlog
	switch {
	case o.busy || b == nil:
	case len(b.line) > 0 && b.line[0].urgent:
		o.grant()
	case o.shut || o.broken:
		// What waits is the closer's, or nobody's.
	case b.due(o):
		o.busy = true
		go c.flush(nil)
	case len(b.line) > 0 && !o.stream:
		o.grant()
	case b.empty():
		o.backlog = nil
		b.recycle()
	}
}

// grant makes the first in line the writer. It stays in line until it knows: nothing may be put into the
// queue before it has compressed its message, which leaves earlier.
func (o *outbox) grant() {
	w := o.backlog.line[0]
	o.busy, w.granted = true, true
	close(w.ready)
}

// due reports whether there is anything that may leave now.
func (b *backlog) due(o *outbox) bool {
	return len(b.pongs) > 0 || b.open(o)
}

// open reports whether messages may leave now: not before who came earlier and stands in line.
func (b *backlog) open(o *outbox) bool {
	return len(b.data) > 0 && !o.stream && !o.corked && (len(b.line) == 0 || b.line[0].behind > 0)
}

func (b *backlog) empty() bool { return len(b.pongs)+len(b.data)+len(b.line) == 0 }

// recycle keeps the memory of an empty backlog for another one.
func (b *backlog) recycle() {
	if cap(b.data)+cap(b.out) > 4*gulp {
		return
	}
	clear(b.line[:cap(b.line)])
	*b = backlog{pongs: b.pongs[:0], data: b.data[:0], out: b.out[:0], sizes: b.sizes[:0], line: b.line[:0]}
	backlogs.Put(b)
}

// take returns what is to be written next, for flush: messages up to about gulp, if they may leave, then Pongs. It is valid until the next call. Nil: nothing may leave now, or somebody urgent waits.
func (o *outbox) take() []byte {
	b := o.backlog
	if b == nil {
		return nil
	}
	b.flying = 0
	if o.shut || len(b.line) > 0 && b.line[0].urgent || !b.due(o) {
		return nil
	}
	out := b.out[:0]
	if b.open(o) {
		out = b.cut(out)
	}
	out = append(out, b.pongs...)
	b.pongs = b.pongs[:0]
	b.out, b.flying = out, len(out)
	return out
}

// cut moves the oldest messages to the end of out.
func (b *backlog) cut(out []byte) []byte {
	if len(b.data) <= gulp {
		out, b.data = b.data, out // all of them, without copying
		b.forget(len(b.sizes), 0)
		return out
	}
	n, k := 0, 0
	for k < len(b.sizes) && n < gulp {
		n += b.sizes[k]
		k++
	}
	out = append(out, b.data[:n]...)
	b.forget(k, n)
	return out
}

// forget removes the k oldest messages, of n bytes together.
func (b *backlog) forget(k, n int) {
	b.data = b.data[:copy(b.data, b.data[n:])]
	b.sizes = b.sizes[:copy(b.sizes, b.sizes[k:])]
	for _, w := range b.line {
		w.behind -= k
	}
}

// flush writes what waits until nothing does; first b, if there is any. It is the writer.
func (c *WebSocket) flush(b []byte) {
	o := &c.out
	for {
		if len(b) > 0 {
			if err := c.writePieces(none, b); err != nil {
				_ = c.writeFailed(none, err)
				return
			}
		}
		o.mu.Lock()
		if b = o.take(); b == nil {
			o.busy = false
			c.settle()
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
	}
}

// writeFailed ends the connection after a write that failed, and the caller's time as the
// writer. It returns what every method returns then.
func (c *WebSocket) writeFailed(ctx context.Context, err error) error {
	if ctx != nil {
		d, limited := ctx.Deadline()
		switch {
		case ctx.Err() != nil:
			err = ctx.Err() // what the deadline error means
		case limited && isTimeout(err) && !time.Now().Before(d):
			err = context.DeadlineExceeded // its timer is late
		}
	}
	c.lose(err) // before anybody else is the writer: behind half a frame nothing may leave
	o := &c.out
	o.mu.Lock()
	o.busy, o.broken = false, true
	c.settle()
	o.mu.Unlock()
	return c.closedErr()
}

// shutOutbox lets nobody send any more. Who waits in line is told.
func (c *WebSocket) shutOutbox() {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut, o.corked = true, false
	b := o.backlog
	if b == nil {
		return
	}
	b.line = slices.DeleteFunc(b.line, func(w *waiter) bool {
		stays := w.urgent || w.granted
		if !stays {
			close(w.ready)
		}
		return !stays
	})
}

// remains takes all messages that still wait, to be written before the Close frame.
// In the middle of a message there is no place for them.
func (o *outbox) remains() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.backlog
	if b == nil || o.stream {
		return nil
	}
	rest := b.data
	b.pongs, b.data, b.sizes = nil, nil, nil
	return rest
}
