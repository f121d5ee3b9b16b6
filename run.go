package fogo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// The limits of the server. None of them ends a stream or a WebSocket: there is
// no timeout for a whole request or answer, because deadlines are set per write.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// grace is what handlers have to notice that their context was cancelled.
const grace = 2 * time.Second

// Run builds and starts the application, serves it on a TCP address such as
// ":8000", and stops it when ctx is done, on SIGINT and on SIGTERM; a second
// signal kills the program as usual. It returns nil after a clean stop.
//
// The end is a drain: no more connections, requests under way are answered,
// WebSockets are closed with 1001 and their handlers awaited; what is not over
// within the timeout ([WithShutdownTimeout]) is cancelled. Then the stop hooks
// run, and the Singletons are closed.
func (a *App) Run(ctx context.Context, addr string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal is not ours
	if err := a.Start(ctx); err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return errors.Join(fmt.Errorf("fogo: %w", err), a.Stop(context.WithoutCancel(ctx)))
	}
	return a.Serve(ctx, ln)
}

// Serve is [App.Run] on a listener of the caller's, and without signals. It
// closes the listener, and it stops the application, also if that was started
// by somebody else.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	if err := a.Start(ctx); err != nil {
		_ = ln.Close() // it was not served
		if a.life.running.Load() != nil {
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
		return err
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	srv := a.server(requests)
	quiet := &silent{}
	quiet.watch(srv)
	failed := make(chan error, 1)
	go func() { failed <- listenAndServe(srv, ln) }()
	a.listening(ln.Addr())

	var err error
	select {
	case err = <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			err = nil // by somebody whom WithServer gave the server to
		} else {
			err = fmt.Errorf("fogo: %w", err)
		}
	case <-ctx.Done():
		a.settings.config().Logger.Info("shutting down", slog.Int("sockets", a.life.built.Tracker().Len()))
	}
	return errors.Join(err, a.shutdown(srv, quiet, cancel))
}

// server makes the server, with ctx behind the contexts of its requests.
func (a *App) server(ctx context.Context) *http.Server {
	log := a.settings.config().Logger
	srv := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	for _, f := range a.settings.server {
		f(srv)
	}
	return srv
}

func listenAndServe(srv *http.Server, ln net.Listener) error {
	if srv.TLSConfig != nil {
		return srv.ServeTLS(ln, "", "")
	}
	return srv.Serve(ln)
}

func (a *App) listening(addr net.Addr) {
	a.settings.config().Logger.Info("listening", slog.String("addr", addr.String()))
	for _, f := range a.settings.onListen {
		f(addr)
	}
}

// shutdown drains the server and stops the application.
func (a *App) shutdown(srv *http.Server, quiet *silent, cancelRequests func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), a.settings.shutdown)
	defer cancel()
	hangUp := time.AfterFunc(silence, quiet.hangUp)
	defer hangUp.Stop()
	err := a.drain(ctx, srv)
	if err != nil {
		// Contexts first: a handler that listens ends in good order.
		cancelRequests()
		last, stop := context.WithTimeout(context.Background(), grace)
		_ = srv.Shutdown(last) // nothing is left to do about an error
		stop()
		_ = srv.Close()
		err = fmt.Errorf("fogo: not everything was over in time: %w", err)
	}
	// What comes now has time of its own, for it must not be left out.
	ctx, cancel = context.WithTimeout(context.Background(), a.settings.shutdown)
	defer cancel()
	return errors.Join(err, a.Stop(ctx))
}

// drain waits for requests and for WebSockets, which the server doesn't know.
func (a *App) drain(ctx context.Context, srv *http.Server) error {
	var http, sockets error
	var wg sync.WaitGroup
	wg.Go(func() { http = srv.Shutdown(ctx) })
	wg.Go(func() { sockets = a.Drain(ctx) })
	wg.Wait()
	return errors.Join(http, sockets)
}
