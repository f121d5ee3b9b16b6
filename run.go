package fogo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Run builds and starts the application, serves it on one or more addresses,
// and stops it when ctx is done, on SIGINT and on SIGTERM. It returns nil after
// a clean stop. An address is one of
//
//	:8000              TCP, all interfaces
//	127.0.0.1:0        TCP, a free port; WithOnListen tells which
//	unix:/run/app.sock a Unix socket, see WithSocketMode
//	unix:@name         one without a file, on Linux
//
// The package comment tells in which order everything ends, and all limits. A
// second signal cuts the end short: what is under way is cancelled at once, but
// stop hooks run and Singletons are closed. A third kills the program as usual.
// Where ctx or a signal ends the start, Run returns why, for it never served.
//
// Calling it again while it serves adds addresses, as with [App.Serve]; from the
// moment that the last call begins to end it returns [ErrStopped].
func (a *App) Run(ctx context.Context, addrs ...string) error {
	sig := catch(ctx)
	defer sig.stop()
	return a.serve(sig.ctx, &serving{app: a, addrs: addrs, hurry: sig.hurry})
}

// Serve is [App.Run] on a listener of the caller's, and without signals. It
// closes the listener, and it stops the application, also if that was started
// by somebody else.
//
// It may be called for several listeners at once. Each call ends with its own
// context and waits for its own requests; WebSockets are drained when the last
// call begins to end, and the last one to end stops the application. Calls that
// come later return [ErrStopped].
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	return a.serve(ctx, &serving{app: a, listeners: []net.Listener{ln}})
}

// serve starts the application, serves it, and ends everything.
func (a *App) serve(ctx context.Context, s *serving) error {
	if !a.life.servers.join() {
		closeAll(s.listeners)
		return ErrStopped
	}
	if err := s.begin(ctx); err != nil {
		closeAll(s.listeners)
		return errors.Join(err, s.giveUp())
	}
	err := s.until(ctx)
	return errors.Join(err, s.shutdown())
}

// serving is one server at work, on one or more listeners.
type serving struct {
	app       *App
	addrs     []string // to listen on, for Run
	listeners []net.Listener
	hurry     <-chan struct{} // closed by whoever cannot wait; may be nil

	srv    *http.Server
	quiet  silent
	calls  inflight
	ending atomic.Bool        // no new requests are wanted here
	cancel context.CancelFunc // ends the contexts of the requests
	closed chan struct{}      // closed when the listeners are
}

// begin starts the application, then listens: nobody can connect before
// everything was started.
func (s *serving) begin(ctx context.Context) (err error) {
	if err = s.app.Start(ctx); err != nil {
		return err
	}
	if s.listeners == nil {
		if s.listeners, err = s.app.listen(ctx, s.addrs); err != nil {
			return err
		}
	}
	return s.prepare(ctx)
}

// prepare makes the server. Its requests have a context that ends last.
func (s *serving) prepare(ctx context.Context) error {
	s.closed = make(chan struct{})
	requests, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), drainingKey{}, s.closed))
	s.cancel = cancel
	srv, err := s.app.server(requests, s)
	if err != nil {
		cancel()
		return fmt.Errorf("fogo: %w", err)
	}
	s.srv = srv
	srv.RegisterOnShutdown(sync.OnceFunc(func() { close(s.closed) }))
	s.quiet.watch(srv)
	return nil
}

// until serves until ctx is done, or a listener fails.
func (s *serving) until(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	serve := s.srv.Serve
	if s.srv.TLSConfig != nil { // asked now, for serving sets one for HTTP/2
		serve = func(ln net.Listener) error { return s.srv.ServeTLS(ln, "", "") }
	}
	for _, ln := range s.listeners {
		go func() { failed <- serve(ln) }()
	}
	for _, ln := range s.listeners {
		s.app.listening(ln.Addr())
	}
	select {
	case err := <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			return nil // by somebody whom WithServer gave the server to
		}
		return fmt.Errorf("fogo: %w", err)
	case <-ctx.Done():
		s.app.settings.config().Logger.Info("shutting down", slog.String("cause", context.Cause(ctx).Error()),
			slog.Int("requests", len(s.calls.list())), slog.Int("sockets", s.app.life.built.Tracker().Len()))
		return nil
	}
}

func (a *App) listening(addr net.Addr) {
	a.settings.config().Logger.Info("listening", slog.String("network", addr.Network()), slog.String("addr", addr.String()))
	for _, f := range a.settings.onListen {
		f(addr)
	}
}

// servers counts the servers that an application has.
type servers struct {
	mu   sync.Mutex
	open int  // accept connections, or will
	all  int  // and those that wait for their requests
	over bool // the last one ends, and the application with it
}

// join counts a server in, unless the application ends.
func (s *servers) join() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.open++
	s.all++
	return true
}

// closing takes note that a server accepts no more, and reports whether none does.
// What could not begin may begin again: with it nothing is over.
func (s *servers) closing(begun bool) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.over = begun && s.open == 0
	return s.open == 0
}

// leave takes note that a server is over, and reports whether it was the last.
func (s *servers) leave() (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	return s.all == 0
}
