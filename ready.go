package fogo

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/router"
)

// readyCache is how long the result of the checks is told again.
const readyCache = time.Second

// readiness runs the checks of an application. One round of them is under way at
// a time; who asks meanwhile waits for it.
type readiness struct {
	log    *slog.Logger
	checks []*check
	ctx    context.Context // ends when the application stops
	cancel context.CancelFunc
	wg     sync.WaitGroup // the checks that run

	mu     sync.Mutex // guards the rest
	round  *round     // the last one; nil: none
	closed bool
}

// round is one run of all checks.
type round struct {
	done  chan struct{} // closed when the rest is there
	found healthReport
	at    time.Time
}

// check is a check with what is remembered of it.
type check struct {
	router.Check
	busy atomic.Bool // it runs, maybe longer than it should
	last string      // its last status; for the round that is under way
}

// newReadiness returns what runs the checks, with the values of ctx.
func newReadiness(ctx context.Context, checks []router.Check, log *slog.Logger) *readiness {
	s := &readiness{log: log}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, c := range checks {
		s.checks = append(s.checks, &check{Check: c, last: "ok"})
	}
	return s
}

// report says how things are, or were less than readyCache ago. It waits for
// the checks, but no longer than ctx.
func (s *readiness) report(ctx context.Context) healthReport {
	if len(s.checks) == 0 {
		return healthReport{Status: "ready"}
	}
	r := s.current()
	if r == nil {
		return healthReport{Status: "draining"}
	}
	select {
	case <-r.done:
		return r.found
	case <-ctx.Done():
		return healthReport{Status: "unready"}
	}
}

// current returns the last round, or begins one; nil after stop.
func (s *readiness) current() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if r := s.round; r != nil {
		select {
		case <-r.done:
			if time.Since(r.at) < readyCache {
				return r
			}
		default:
			return r
		}
	}
	r := &round{done: make(chan struct{})}
	s.round = r
	s.wg.Go(func() { s.run(r) })
	return r
}

// run runs all checks at once.
func (s *readiness) run(r *round) {
	list := make([]checkReport, len(s.checks))
	var wg sync.WaitGroup
	for i, c := range s.checks {
		wg.Go(func() { list[i] = checkReport{Name: c.Name, Status: s.ask(c)} })
	}
	wg.Wait()
	r.found, r.at = healthReport{Status: "ready", Checks: list}, time.Now()
	for _, c := range list {
		if c.Status != "ok" {
			r.found.Status = "unready"
		}
	}
	close(r.done)
}

// ask runs a check and returns its status. It doesn't wait for a check that
// doesn't heed its context, and runs none beside itself.
func (s *readiness) ask(c *check) string {
	err := context.DeadlineExceeded
	if c.busy.CompareAndSwap(false, true) {
		ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
		defer cancel()
		result := make(chan error, 1)
		s.wg.Go(func() {
			defer c.busy.Store(false)
			result <- c.Run(ctx)
		})
		select {
		case err = <-result:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	status := "ok"
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		status = "timeout"
	case err != nil:
		status = "failed"
	}
	s.tell(c, status, err)
	return status
}

// tell logs that the status of a check has changed.
func (s *readiness) tell(c *check, status string, err error) {
	old := c.last
	c.last = status
	switch {
	case old == status || s.ctx.Err() != nil:
	case err == nil:
		s.log.Info("a readiness check succeeds again", slog.String("check", c.Name))
	default:
		s.log.Warn("a readiness check fails", slog.String("check", c.Name), slog.String("status", status), slog.Any("error", err))
	}
}

// stop ends the checks and waits for those that run. One that is not over when
// ctx is done is logged, and left alone.
func (s *readiness) stop(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	over := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(over)
	}()
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	for _, c := range s.checks {
		if c.busy.Load() {
			s.log.Warn("a readiness check is overdue", slog.String("check", c.Name))
		}
	}
}
