package middleware

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// deadline is a context that ends at a time, as those of context.WithDeadline
// do, unless it is disarmed before: then it ends with its parent, and says no
// more that it has a deadline.
//
// It sits around a context of package context, which does the work, and hides
// it from that package (Value asks the parent): otherwise contexts derived from
// this one would be attached to the inner one and would report its error. They
// are attached through AfterFunc instead, so there is no goroutine.
type deadline struct {
	context.Context // the parent
	inner           context.Context
	cancel          context.CancelCauseFunc
	timer           *time.Timer
	at              time.Time
	state           atomic.Int32 // armed, expired or disarmed
}

const (
	armed int32 = iota
	expired
	disarmed
)

// errExpired is how the inner context knows that the time was up.
var errExpired = errors.New("middleware: the time for the answer is over")

// start begins to count.
func (d *deadline) start(parent context.Context, after time.Duration) {
	d.Context = parent
	d.inner, d.cancel = context.WithCancelCause(parent)
	d.at = time.Now().Add(after)
	d.timer = time.AfterFunc(after, d.expire)
}

func (d *deadline) expire() {
	if d.state.CompareAndSwap(armed, expired) {
		d.cancel(errExpired)
	}
}

// disarm takes the deadline away, and reports whether it was in time.
func (d *deadline) disarm() bool {
	if d.state.CompareAndSwap(armed, disarmed) {
		d.timer.Stop()
	}
	return d.state.Load() == disarmed
}

func (d *deadline) over() bool { return d.state.Load() == expired }

// stop ends the context with its request.
func (d *deadline) stop() {
	d.timer.Stop()
	d.cancel(nil)
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) {
	at, ok := d.Context.Deadline()
	if d.state.Load() == disarmed || ok && at.Before(d.at) {
		return at, ok
	}
	return d.at, true
}

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.inner.Done() }

// Err implements context.Context.
func (d *deadline) Err() error {
	err := d.inner.Err()
	if err != nil && context.Cause(d.inner) == errExpired {
		return context.DeadlineExceeded
	}
	return err
}

// AfterFunc is how package context attaches derived contexts.
func (d *deadline) AfterFunc(f func()) func() bool { return context.AfterFunc(d.inner, f) }
