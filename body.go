package fogo

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// body is the body of a request under [App.Run]. It must keep arriving: time in
// which the handler waits for it is paid from a credit, and what arrives earns
// new credit at the configured rate, up to what there was at the beginning. So
// no single read waits longer than the grace, a body of n bytes holds its
// handler no longer than the grace and n/rate, and time that the handler spends
// otherwise costs nothing.
//
// Over HTTP/1 the credit is a deadline of the connection. It is set before the
// handler runs, since net/http reads what the handler left; and never after the
// end of the body, when net/http listens on the connection for its end, and has
// removed the deadline. Over HTTP/2 a read deadline is final and runs while
// nobody reads, so there it is a timer around each read.
type body struct {
	io.ReadCloser
	w      *writer
	limits limits

	mu     sync.Mutex // guards the rest
	credit time.Duration
	armed  time.Time // the deadline that is set, over HTTP/1
	timer  *time.Timer
	over   bool // there are no more limits
}

// begin is called before the handler.
func (b *body) begin() {
	if !b.w.http2 {
		b.arm(time.Now())
	}
}

func (b *body) Read(p []byte) (int, error) {
	start := time.Now()
	b.arm(start)
	n, err := b.ReadCloser.Read(p)
	b.settle(time.Since(start), n, err)
	return n, err
}

// arm sets the limit for a read that begins now.
func (b *body) arm(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
	case b.w.http2:
		if b.timer == nil {
			b.timer = time.AfterFunc(b.credit, b.expire)
		} else {
			b.timer.Reset(b.credit)
		}
	default:
		// The deadline only ever moves on; small steps are saved.
		if d := now.Add(b.credit); d.Sub(b.armed) > b.limits.grace/8 {
			b.armed = d
			b.set(d)
		}
	}
}

// settle accounts for a read.
func (b *body) settle(waited time.Duration, n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
	earned := time.Duration(n) * time.Second / time.Duration(b.limits.rate)
	b.credit = max(0, min(b.limits.grace, b.credit-waited+earned))
	b.over = b.over || err != nil
}

// expire ends a read of HTTP/2. Its timer may fire while the handler returns, and
// after that there is no stream to set a deadline on: net/http would panic, in a
// goroutine where nobody recovers.
func (b *body) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.set(time.Unix(1, 0))
	}
}

// end is called after the handler, also if it panicked: the server may read the
// rest, and nothing touches its writer any more.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over && !b.w.http2 {
		b.set(time.Now().Add(max(b.credit, time.Second)))
	}
	b.over = true
	if b.timer != nil {
		b.timer.Stop()
	}
}

// release takes the limits away.
func (b *body) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over && !b.w.http2 {
		b.set(time.Time{})
	}
	b.over = true
	if b.timer != nil {
		b.timer.Stop()
	}
}

func (b *body) set(t time.Time) {
	_ = http.NewResponseController(b.w.ResponseWriter).SetReadDeadline(t)
}
