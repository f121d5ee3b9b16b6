// How replies leave together.
//
// When a read has brought several messages, their replies are collected and leave in one write once the last of
// them is handled: a system call costs more than all else that is done for a message. What is collected
// is the backlog of an outbox that is corked.
//
// A handler that takes its time must not keep the replies to earlier messages. A timer for each batch would cost nearly
// as much as the write that it saves, for nearly always it is stopped in vain. So the connections of a Tracker
// that are collecting share one, which goes off at most every corkTime, and only while there are any.

package ws

import (
	"sync"
	"time"
)

// corkTime is the age of a batch at which its replies don't wait any longer. Until that is noticed it may be
// twice as old.
const corkTime = 200 * time.Microsecond

// corks knows the connections that are collecting.
type corks struct {
	mu    sync.Mutex
	held  []*WebSocket // those that began to, whether they still do or not
	spare []*WebSocket // memory for held
	timer *time.Timer
	armed bool
}

// add puts a connection under watch. Its outbox's mutex is held.
func (k *corks) add(c *WebSocket) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = append(k.held, c)
	k.arm()
}

// arm starts the timer if it doesn't run and is needed. mu is held.
func (k *corks) arm() {
	switch {
	case k.armed || len(k.held) == 0:
		return
	case k.timer == nil:
		k.timer = time.AfterFunc(corkTime, k.look)
	default:
		k.timer.Reset(corkTime)
	}
	k.armed = true
}

// look is what the timer does: replies that have waited for too long leave, whatever their handler is doing.
func (k *corks) look() {
	k.mu.Lock()
	held := k.held
	k.held, k.spare = k.spare[:0], nil
	k.mu.Unlock()
	at, n := now(), 0
	for _, c := range held { // without mu: who adds holds the outbox's mutex
		if c.uncorkLate(at) {
			held[n] = c
			n++
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = append(k.held, held[:n]...)
	clear(held)
	if cap(held) <= maxSpare {
		k.spare = held[:0]
	}
	k.armed = false
	k.arm()
}

// maxSpare is how long a list may be whose memory is kept.
const maxSpare = 1 << 10

// cork makes a reply wait for those to the messages that have come already, for a moment. out.mu is held.
func (c *WebSocket) cork() {
	o := &c.out
	if o.shut || o.backlog != nil && len(o.backlog.line) > 0 { // who is in line must not be overtaken
		return
	}
	o.corked = true
	if o.watched {
		return
	}
	o.watched = true
	if c.in.corks == nil { // no tracker
		c.in.corks = new(corks)
	}
	c.in.corks.add(c)
}

// uncorkLate lets the collected replies leave if they have waited for too long. It reports whether they wait further.
func (c *WebSocket) uncorkLate(at instant) (wait bool) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.corked:
	case time.Duration(at-c.life.last.Load()) < corkTime:
		return true
	default:
		c.state.And(^uint32(flagCollects))
		o.corked = false
		c.settle()
	}
	o.watched = false
	return false
}

// uncork sends what was collected. It runs on the reader's goroutine, which so reads no more than the peer takes.
func (c *WebSocket) uncork() {
	c.state.And(^uint32(flagCollects))
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.sendCollected()
}

// sendCollected is uncork with out.mu held; while it writes it is not.
func (c *WebSocket) sendCollected() {
	o := &c.out
	o.corked = false
	if o.busy || o.shut || o.broken {
		c.settle()
		return
	}
	b := o.take()
	if b == nil {
		c.settle()
		return
	}
	o.busy = true
	o.mu.Unlock()
	rest, err := c.writeCollected(b)
	if err != nil {
		_ = c.writeFailed(none, err)
	}
	o.mu.Lock()
	if err != nil {
		return
	}
	o.backlog.flying = len(rest)
	if len(rest) > 0 {
		go c.flush(rest)
		return
	}
	o.busy = false
	c.settle()
}

// writeCollected writes, and returns what is left to be written by somebody else: under a policy that drops,
// nobody waits for a slow peer. The caller is the writer.
func (c *WebSocket) writeCollected(b []byte) (rest []byte, err error) {
	if c.opts.queue().overflow == OverflowBlock {
		return nil, c.write(none, b)
	}
	n, err := c.attempt(b)
	return b[n:], err
}
