package inject

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// watch logs the clean-ups of one custodian that are overdue, one after the
// other.
type watch struct {
	of    custodian
	limit time.Duration
	late  func() // log, as a value that is made once
	timer *time.Timer
	what  string

	mu   sync.Mutex
	over bool // the clean-up is done
}

// log runs when the limit is over, on a goroutine of its own.
func (w *watch) log() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.of.Logger().Warn("clean-up is overdue", slog.String("of", w.what), slog.Duration("limit", w.limit))
	}
}

// stop reports whether the timer can be used for another clean-up. If not, it
// has waited for the logging, which reads what belongs to the call, or kept it
// from beginning.
func (w *watch) stop() bool {
	if w.timer.Stop() {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	return false
}

// cleanupContext is the context of a clean-up: the values of the call, a deadline
// of its own. What tells that the deadline has come is made when the clean-up
// asks for it.
type cleanupContext struct {
	values   context.Context
	deadline time.Time

	mu     sync.Mutex
	timed  context.Context // nil until it is asked for
	cancel context.CancelFunc
	over   bool
}

func newCleanupContext(of context.Context, limit time.Duration) *cleanupContext {
	return &cleanupContext{values: context.WithoutCancel(of), deadline: time.Now().Add(limit)}
}

func (c *cleanupContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *cleanupContext) Done() <-chan struct{} { return c.made().Done() }

func (c *cleanupContext) Err() error { return c.made().Err() }

// Value asks the context behind it once there is one, so that package context
// recognises that one and needs no goroutine for contexts made from this.
func (c *cleanupContext) Value(key any) any {
	c.mu.Lock()
	from := c.timed
	c.mu.Unlock()
	if from == nil {
		from = c.values
	}
	return from.Value(key)
}

func (c *cleanupContext) made() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.values, c.deadline)
		if c.over {
			c.cancel()
		}
	}
	return c.timed
}

// end cancels the context.
func (c *cleanupContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
}
