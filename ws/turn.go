package ws

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A turn is a mutex that can be waited for with a context and a timeout, and
// that is handed on in the order of arrival. Taking a free one and giving it back costs no
// allocation and no other mutex, and an idle one no memory for a channel.
type turn struct {
	state atomic.Uint32
	mu    sync.Mutex       // held to make it awaited, or to change it then
	queue *[]chan struct{} // waiters, nil if there are none; each channel is closed when the turn is handed to it
}

// The states of a turn.
const (
	turnFree uint32 = iota
	turnHeld
	turnAwaited // held, and somebody is in the queue
)

// try takes the turn if it is free.
func (t *turn) try() bool { return t.state.CompareAndSwap(turnFree, turnHeld) }

// wait takes the turn, or gives up when ctx is done (its error), when done is
// closed (ErrClosed), or after the timeout (os.ErrDeadlineExceeded).
// ctx and done may be nil, no timeout is 0.
func (t *turn) wait(ctx context.Context, done <-chan struct{}, timeout time.Duration) error {
	if t.try() {
		return nil
	}
	ch := t.line()
	if ch == nil {
		return nil
	}
	var canceled <-chan struct{}
	if ctx != nil {
		canceled = ctx.Done()
	}
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	var err error
	select {
	case <-ch:
		return nil
	case <-canceled:
		err = ctx.Err()
	case <-done:
		err = ErrClosed
	case <-expired:
		err = fmt.Errorf("ws: others used the connection for %v: %w", timeout, os.ErrDeadlineExceeded)
	}
	t.leave(ch)
	return err
}

// line queues up; nil means that the turn was free after all and is taken.
func (t *turn) line() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.state.Load() != turnAwaited && !t.state.CompareAndSwap(turnHeld, turnAwaited) {
		if t.try() {
			return nil
		}
	}
	ch := make(chan struct{})
	if t.queue == nil {
		t.queue = new([]chan struct{})
	}
	*t.queue = append(*t.queue, ch)
	return ch
}

// leave takes a waiter out of the queue; one that was just called passes the turn on.
func (t *turn) leave(ch chan struct{}) {
	t.mu.Lock()
	i := -1
	if t.queue != nil {
		i = slices.Index(*t.queue, ch)
	}
	if i >= 0 {
		t.remove(i)
	}
	t.mu.Unlock()
	if i < 0 {
		t.give()
	}
}

// give hands the turn to the next waiter, or frees it.
func (t *turn) give() {
	if !t.state.CompareAndSwap(turnHeld, turnFree) {
		t.hand()
	}
}

// hand gives the turn to the first in the queue.
func (t *turn) hand() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queue == nil { // who waited has just left
		t.state.Store(turnFree)
		return
	}
	close((*t.queue)[0])
	t.remove(0)
}

// remove takes a waiter out of the queue. If it was the last nobody waits any more. mu is held.
func (t *turn) remove(i int) {
	*t.queue = slices.Delete(*t.queue, i, i+1)
	if len(*t.queue) == 0 {
		t.queue = nil // an idle connection keeps no queue
		t.state.Store(turnHeld)
	}
}
