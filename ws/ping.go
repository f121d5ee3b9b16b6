package ws

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
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
	since  atomic.Int64 // since when a read waits for bytes; 0: nobody reads
	waited atomic.Int64 // how long reads have waited in vain or not, summed up

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool

	// For the timer's goroutine alone.
	sent     instant // the latest Ping
	pinged   instant // the first unanswered Ping; 0: none
	listened int64   // what listening() was then
}

func (l *liveness) waiting() { l.since.Store(now()) }

func (l *liveness) got(n int) {
	at := now()
	l.waited.Add(at - l.since.Swap(0))
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

func (l *liveness) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

// again sets the timer.
func (l *liveness) again(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stopped && l.timer != nil {
		l.timer.Reset(d)
	}
}

// watch starts the pings of a connection.
func (c *WebSocket) watch() {
	interval := c.opts.pingInterval()
	if interval == 0 {
		return
	}
	l := &c.life
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last.Store(now())
	l.timer = time.AfterFunc(interval, c.tick)
}

// errNoPong is why a connection was given up.
var errNoPong = errors.New("ws: no answer to a ping")

// tick runs on the timer, never twice at a time: it sets the timer last.
func (c *WebSocket) tick() {
	if c.is(flagClosing) {
		return
	}
	if wait := c.judge(now()); wait > 0 {
		c.life.again(wait)
		return
	}
	if c.is(flagClosing) {
		return
	}
	// A writer at work makes a ping pointless: bytes that cannot leave end the connection by WriteTimeout.
	if c.writing.try() {
		c.ping()
	}
	next := c.opts.pingInterval()
	if limit := c.opts.pongTimeout(); limit > 0 {
		next = min(next, limit)
	}
	c.life.again(next)
}

// ping sends an empty Ping. It holds the writing turn and gives it back.
func (c *WebSocket) ping() {
	if c.is(flagClosing) {
		c.writing.give()
		return
	}
	c.life.noteSent(now())
	err := writeFrame(none, c, gobwas.OpPing, true, "")
	c.writing.give()
	if err != nil {
		c.lose(err)
	}
}

func (l *liveness) noteSent(at instant) {
	l.sent = at
	if l.pinged == 0 {
		l.pinged, l.listened = at, l.listening(at)
	}
}

// judge looks at a connection when its timer fires, and returns how long it
// may be left alone; 0 means that a Ping is due. It gives the connection up if one was not answered.
//
// For PongTimeout only time counts in which somebody listened: pongs that lie in the
// socket behind a handler at work are no sign of death. But the peer is pinged further, because
// a write that fails is then the one way to notice that it has gone.
func (c *WebSocket) judge(at instant) time.Duration {
	l := &c.life
	last := l.last.Load()
	interval := c.opts.pingInterval()
	if l.pinged == 0 || last >= l.pinged {
		l.pinged = 0
		return max(0, interval-time.Duration(at-last))
	}
	wait := max(0, interval-time.Duration(at-l.sent))
	limit := c.opts.pongTimeout()
	if limit == 0 {
		return wait
	}
	left := limit - time.Duration(l.listening(at)-l.listened)
	if left <= 0 {
		c.giveUp()
		return 0
	}
	return min(wait, left)
}

// giveUp ends a connection whose peer is silent. To the application it has
// dropped (1006); a peer that lives but never answers is told why, if its socket takes the frame.
func (c *WebSocket) giveUp() {
	if !c.begin(CodeAbnormal, "", errNoPong) {
		return
	}
	if c.sendClose(CodePolicyViolation, "no answer to a ping", c.opts.closeTimeout()) != nil {
		c.end(hangUp)
		return
	}
	c.end(halfClose)
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
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, 8), p.n)
	if err := sendFrame(ctx, c, gobwas.OpPing, true, payload); err != nil {
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
	c.pings.last++
	p := waitingPing{n: c.pings.last, ch: make(chan struct{})}
	c.pings.waiting = append(c.pings.waiting, p)
	return p
}

func (c *WebSocket) removePing(n uint64) { c.settle(func(p waitingPing) bool { return p.n == n }) }

// pong wakes the calls of Ping that a Pong answers; one with a number never sent answers none. RFC 6455 section 5.5.3: a peer "MAY elect to
// send a Pong frame for only the most recently processed Ping", so it answers the earlier ones too.
func (c *WebSocket) pong(payload []byte) {
	if len(payload) != 8 {
		return // to a ping of the timer, or unsolicited: bytes came, that is all
	}
	n := binary.BigEndian.Uint64(payload)
	c.settle(func(p waitingPing) bool {
		if p.n > n || n > c.pings.last {
			return false
		}
		close(p.ch)
		return true
	})
}

// settle removes the waiting pings that done reports.
func (c *WebSocket) settle(done func(waitingPing) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
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
