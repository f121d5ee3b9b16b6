package ws

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	gobwas "github.com/gobwas/ws"
)

// epoch is where instants are counted from. Only differences matter.
var epoch = time.Now()

// instant is a point in time as nanoseconds on the monotonic clock, in a word that atomics take.
type instant = int64

func now() instant { return int64(time.Since(epoch)) }

// liveness sees to it that a silent peer is pinged, and that one that does
// not answer is given up. A connection without pings only pays for the clock.
type liveness struct {
	last   atomic.Int64 // when bytes came last
	since  atomic.Int64 // since when somebody waits for bytes; 0: nobody does
	waited atomic.Int64 // how long somebody has waited before, in vain or not, summed up

	place int32        // guarded by pulse.mu
	owed  atomic.Int32 // Pongs that the peer may send, because of our Pings
	timer *time.Timer  // of a connection without a tracker; guarded by WebSocket.mu

	// Guarded by WebSocket.mu.
	sent     instant // the latest Ping
	pinged   instant // the first unanswered Ping; 0: none
	listened int64   // what listening() was then
}

// answered takes note of n Pongs and reports whether they were owed.
func (l *liveness) answered(n int32) bool {
	if l.owed.Load() < n {
		return false
	}
	l.owed.Add(-n)
	return true
}

// waiting begins the wait for bytes, if that has not begun yet.
func (l *liveness) waiting() {
	if l.since.Load() == 0 {
		l.since.Store(now())
	}
}

func (l *liveness) got(n int) {
	at := now()
	if since := l.since.Swap(0); since != 0 {
		l.waited.Add(at - since)
	}
	if n > 0 {
		l.last.Store(at)
	}
}

// listening returns for how long, in all, somebody has been waiting for bytes.
func (l *liveness) listening(at instant) int64 {
	sum := l.waited.Load()
	if since := l.since.Load(); since != 0 {
		sum += max(0, at-since)
	}
	return sum
}

// watch starts the looks at a connection.
func (c *WebSocket) watch() {
	at := now()
	c.life.last.Store(at)
	interval := shorter(c.opts.pingInterval(), c.opts.messageTimeout())
	switch {
	case interval == 0:
	case c.tracked != nil:
		c.tracked.pulse.set(c, at+int64(interval))
	default:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.life.timer = time.AfterFunc(interval, c.tick)
	}
}

// unwatch ends them.
func (c *WebSocket) unwatch() {
	if c.tracked != nil {
		c.tracked.pulse.remove(c)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.timer != nil {
		c.life.timer.Stop()
	}
}

// tick is what the timer of a connection without a tracker does.
func (c *WebSocket) tick() {
	d := c.look(now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 && !c.is(flagEnded) {
		c.life.timer.Reset(d)
	}
}

// look looks after a connection, without blocking, and returns when it should be done again; 0: never.
func (c *WebSocket) look(at instant) time.Duration {
	if c.is(flagClosing) {
		return 0
	}
	if c.overdue(at) {
		go c.fail(CodePolicyViolation, "the message takes too long", nil)
		return 0
	}
	return shorter(shorter(c.heartbeat(at), c.rest(at)), c.opts.messageTimeout())
}

// shorter returns the shorter of two durations of which 0 means never.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// overdue reports whether the rest of a message has been awaited for too long.
func (c *WebSocket) overdue(at instant) bool {
	limit := c.opts.messageTimeout()
	c.mu.Lock()
	defer c.mu.Unlock() // while parked, its reader is another connection's
	if c.in == nil || limit == 0 {
		return false
	}
	began := c.in.began.Load()
	return began != 0 && time.Duration(at-began) > limit
}

// errNoPong is why a connection was given up.
var errNoPong = errors.New("ws: no answer to a ping")

// heartbeat pings a silent peer, or gives it up, and returns how long it may be left alone.
func (c *WebSocket) heartbeat(at instant) time.Duration {
	next := c.opts.pingInterval()
	if next == 0 {
		return 0
	}
	c.mu.Lock()
	wait, dead := c.judge(at)
	c.mu.Unlock()
	switch {
	case dead:
		if c.begin(CodeAbnormal, "", errNoPong) {
			go c.giveUp()
		}
		return 0
	case wait > 0:
		return wait
	}
	// A writer at work makes a ping pointless: bytes that cannot leave end the connection by WriteTimeout.
	if c.out.try() {
		c.ping(at)
	}
	if limit := c.opts.pongTimeout(); limit > 0 {
		next = min(next, limit)
	}
	return next
}

// ping sends an empty Ping. The caller is the writer.
func (c *WebSocket) ping(at instant) {
	if c.is(flagClosing) {
		c.release()
		return
	}
	c.mu.Lock()
	l := &c.life
	l.owed.Add(1)
	l.sent = at
	if l.pinged == 0 {
		l.pinged, l.listened = at, l.listening(at)
	}
	c.mu.Unlock()
	_ = launch(c, framing{op: gobwas.OpPing, fin: true, masked: c.client}, "") // it ends the connection if it fails
}

// judge returns how long the connection may be left alone, 0 if a Ping is due, and whether
// the peer must be given up because it hasn't answered one. mu is held.
//
// For PongTimeout only time counts in which somebody listened: pongs that lie in the
// socket behind a handler at work are no sign of death. But the peer is pinged further, because
// a write that fails is then the one way to notice that it has gone.
func (c *WebSocket) judge(at instant) (wait time.Duration, dead bool) {
	l := &c.life
	last := l.last.Load()
	interval := c.opts.pingInterval()
	if l.pinged == 0 || last >= l.pinged {
		l.pinged = 0
		return max(0, interval-time.Duration(at-last)), false
	}
	wait = max(0, interval-time.Duration(at-l.sent))
	limit := c.opts.pongTimeout()
	if limit == 0 {
		return wait, false
	}
	left := limit - time.Duration(l.listening(at)-l.listened)
	return min(wait, max(0, left)), left <= 0
}

// giveUp ends a connection whose peer is silent. To the application it has
// dropped (1006); a peer that lives but never answers is told why, if its socket takes the frame.
// Its end isn't waited for: when a network breaks, that would be a goroutine and a buffer for each of its
// connections at once. Nor has the socket any bytes for which closing would send RST: they would have been an answer.
func (c *WebSocket) giveUp() {
	_ = c.sendClose(CodePolicyViolation, "no answer to a ping", c.opts.closeTimeout())
	c.end(hangUp)
}

// rest sends a reader that has been waiting for a while to the parking, and returns when to look again; 0: there is no need to.
func (c *WebSocket) rest(at instant) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.in
	if !c.is(flagServing) || c.is(flagParked) || in == nil || !in.hot {
		return 0
	}
	since := c.life.since.Load()
	if since == 0 {
		return c.linger() // a handler is at work
	}
	if wait := c.linger() - time.Duration(at-since); wait > 0 {
		return wait
	}
	in.tired.Store(true)
	_ = c.conn.SetReadDeadline(past) // a kick
	return c.linger()                // if it finds a reason not to
}

// pings are the calls of Ping that wait.
type pings struct {
	last    uint64 // the number of the latest
	waiting []waitingPing
}

type waitingPing struct {
	n  uint64
	ch chan struct{}
}

// Ping sends a Ping frame and waits for its Pong (RFC 6455 section 5.5.2).
// Pongs are seen by whoever receives, so another goroutine has to be in Receive, or [WebSocket.Serve]
// has to run; in a handler's Message, which holds up reading, Ping waits in vain. When ctx is done first Ping
// returns its error, and the connection stays as it is.
func (c *WebSocket) Ping(ctx context.Context) error {
	if err := c.ready(); err != nil {
		return err
	}
	p := c.addPing()
	defer c.removePing(p.n)
	c.life.owed.Add(1)
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, 8), p.n)
	if err := sendFragment(ctx, c, framing{op: gobwas.OpPing, fin: true, masked: c.client}, payload); err != nil {
		return err
	}
	select {
	case <-p.ch:
		return nil
	case <-ctx.Done():
		if c.is(flagClosing) {
			return c.closedErr()
		}
		return ctx.Err()
	case <-c.Done():
		return c.closedErr()
	}
}

func (c *WebSocket) addPing() waitingPing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pings == nil {
		c.pings = &pings{}
	}
	c.pings.last++
	p := waitingPing{n: c.pings.last, ch: make(chan struct{})}
	c.pings.waiting = append(c.pings.waiting, p)
	return p
}

func (c *WebSocket) removePing(n uint64) { c.settlePings(func(p waitingPing) bool { return p.n == n }) }

// pong wakes the calls of Ping that a Pong answers; one with a number never sent answers none. RFC 6455 section 5.5.3: a peer "MAY elect to
// send a Pong frame for only the most recently processed Ping", so it answers the earlier ones too.
func (c *WebSocket) pong(payload []byte) {
	if len(payload) != 8 {
		return // to a ping of the timer, or unsolicited: bytes came, that is all
	}
	n := binary.BigEndian.Uint64(payload)
	c.settlePings(func(p waitingPing) bool {
		if p.n > n || n > c.pings.last {
			return false
		}
		close(p.ch)
		return true
	})
}

// settlePings removes the waiting pings that done reports.
func (c *WebSocket) settlePings(done func(waitingPing) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pings == nil {
		return
	}
	rest := c.pings.waiting[:0]
	for _, p := range c.pings.waiting {
		if !done(p) {
			rest = append(rest, p)
		}
	}
	clear(c.pings.waiting[len(rest):])
	c.pings.waiting = rest
	if len(rest) == 0 {
		c.pings.waiting = nil
	}
}
