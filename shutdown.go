package fogo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// grace is what handlers have to notice that their context was cancelled, and
// what there is left for stop hooks after a second signal.
const grace = 2 * time.Second

// errHurried is why a drain ends that somebody could not wait for.
var errHurried = errors.New("cut short by a second signal")

// drainingKey is what the channel of Draining is found under.
type drainingKey struct{}

// Draining returns a channel that is closed when the server of [App.Run] or
// [App.Serve] has closed its listeners and waits for its requests. A stream
// without an end should end then, for it would hold the server until it is
// cancelled:
//
//	select {
//	case e := <-events:
//		…
//	case <-fogo.Draining(ctx):
//		return
//	}
//
// ctx is that of a request or of a WebSocket. Under another server the channel
// is nil, on which a receive waits for ever; there it is
// http.Server.RegisterOnShutdown that tells.
func Draining(ctx context.Context) <-chan struct{} {
	ch, _ := ctx.Value(drainingKey{}).(chan struct{})
	return ch
}

// shutdown ends the server and, if it is the last, the application. The order is
// told in the package comment.
func (s *serving) shutdown() error {
	s.ending.Store(true)
	last := s.app.life.servers.closing(true)
	if last {
		s.app.life.draining.Store(true)
		s.wait(s.app.settings.delay)
	}
	err := s.end(last)
	return errors.Join(err, s.stop())
}

// giveUp ends a server that could not begin. It may be the last one all the same,
// and another may have left its WebSockets to it.
func (s *serving) giveUp() (err error) {
	if s.app.life.servers.closing(false) {
		ctx, cancel := s.limited(s.app.settings.shutdown, 0)
		defer cancel()
		err = s.app.Drain(ctx)
	}
	return errors.Join(err, s.stop())
}

// wait waits, unless somebody is in a hurry.
func (s *serving) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.hurry:
	}
}

// limited returns a context for d, which somebody in a hurry ends after rest.
func (s *serving) limited(d, rest time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	ctx, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	go func() {
		select {
		case <-over:
			return
		case <-s.hurry:
		}
		t := time.NewTimer(rest)
		defer t.Stop()
		select {
		case <-over:
		case <-t.C:
			cancel(errHurried)
		}
	}()
	return ctx, func() {
		close(over)
		cancel(nil)
		stop()
	}
}

// end closes the listeners and waits for what is under way. What is late has its
// context cancelled, and then its connection closed.
func (s *serving) end(sockets bool) error {
	limit, cancel := s.limited(s.app.settings.shutdown, 0)
	defer cancel()
	defer s.cancel()
	ctx, late := s.untilLate(limit)
	hangUp := time.AfterFunc(silence, s.quiet.hangUp)
	defer hangUp.Stop()
	err := s.drain(ctx, sockets)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return fmt.Errorf("fogo: %w", err) // but all was over
	}
	// Contexts first: a handler that listens ends in good order. Those of WebSockets
	// were cancelled when their time was over.
	s.cancel()
	last, stop := context.WithTimeout(context.Background(), grace)
	_ = s.drain(last, sockets) // nothing is left to do about an error
	stop()
	_ = s.srv.Close()
	return fmt.Errorf("fogo: not everything was over in time: %w: cancelled %s%s", context.Cause(limit), late(), s.stuck())
}

// stuck names the handlers that are deaf to the end of their context and of
// their connection. Nothing can stop them but the end of the program.
func (s *serving) stuck() string {
	ctx, cancel := context.WithTimeout(context.Background(), grace/10)
	defer cancel()
	if s.calls.wait(ctx) {
		return ""
	}
	return "; still running: " + describe(s.calls.list())
}

// drain waits for requests and for WebSockets, which the server doesn't know.
// The latter are told once the listeners are closed.
func (s *serving) drain(ctx context.Context, sockets bool) error {
	var requests, connections error
	var wg sync.WaitGroup
	wg.Go(func() { requests = s.srv.Shutdown(ctx) })
	if sockets {
		<-s.closed
		wg.Go(func() { connections = s.app.Drain(ctx) })
	}
	wg.Wait()
	// Both say the same when the time is over.
	if requests != nil && connections != nil && requests.Error() == connections.Error() {
		return requests
	}
	return errors.Join(requests, connections)
}

// untilLate returns a context that ends with limit, once it is written down what
// is late, and a function that says what that was.
func (s *serving) untilLate(limit context.Context) (context.Context, func() string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(limit))
	var calls []call
	var sockets int
	context.AfterFunc(limit, func() {
		defer cancel()
		sockets, calls = s.app.life.built.Tracker().Len(), s.calls.list()
	})
	return ctx, func() string {
		<-ctx.Done()
		var what []string
		if len(calls) > 0 {
			what = append(what, describe(calls))
		}
		if sockets > 0 {
			what = append(what, fmt.Sprintf("WebSockets: %d", sockets))
		}
		return strings.Join(what, ", ")
	}
}

// stop stops the application if this server was its last.
func (s *serving) stop() error {
	if !s.app.life.servers.leave() || s.app.life.running.Load() == nil {
		return nil
	}
	// This has time of its own, for it must not be left out. What is deaf was waited
	// for, and must not take that time away.
	ctx, cancel := s.limited(max(s.app.settings.shutdown, grace), grace)
	defer cancel()
	deaf, stop := context.WithTimeout(ctx, grace/2)
	defer stop()
	err := s.app.stop(ctx, deaf)
	s.app.settings.config().Logger.Info("stopped", slog.Bool("clean", err == nil))
	return err
}
