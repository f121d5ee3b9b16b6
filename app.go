package fogo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/router"
)

// App is an application: a [router.Router], which it has all methods of, with
// a configuration and a life.
//
// Register routes, providers and hooks first, from one goroutine. Then Build,
// Start, Stop, Run, Serve and ServeHTTP may be called from any. An application
// lives once; [App.With] makes another one from the same registrations.
type App struct {
	*router.Router

	settings settings
	life     life
	debug    *debugMode // nil: off
}

// life is where an application is between its making and its end.
type life struct {
	running  atomic.Pointer[router.Built] // between Start and Stop: all that a request needs
	checks   atomic.Pointer[readiness]    // likewise
	links    atomic.Pointer[router.Built] // since Build, if that succeeded: what URLs are made from
	starting atomic.Bool
	draining atomic.Bool // no new requests are wanted
	stopping atomic.Bool
	servers  servers // those of Serve

	mu     sync.Mutex // guards the rest, and is held while building, starting and stopping
	built  *router.Built
	err    error // of the build
	failed bool  // a request could not start the application, and that was logged
	cause  error // of that
}

// ErrStopped is returned by Start once the application was stopped.
var ErrStopped = errors.New("fogo: the application is stopped; one that lives again is made with App.With")

// New returns an application without routes.
func New(opts ...Option) *App {
	a := &App{Router: router.New(), settings: defaults()}
	a.settings.apply(opts)
	a.debug = a.settings.debugMode()
	return a
}

// With returns another application with the same registrations, and with more
// options. Both are built, started and stopped on their own, and share no
// Singletons; what they share are the views, the middleware, and mounted
// handlers. Registering with one is registering with the other. Package
// fogotest makes one for each test.
func (a *App) With(opts ...Option) *App {
	b := &App{Router: a.Router, settings: a.settings.clone()}
	b.settings.apply(opts)
	b.debug = b.settings.debugMode()
	return b
}

// Build checks every route, guard, hook and provider, and prepares what it
// takes to serve. The error has everything that is wrong, see
// [router.BuildError]. It makes no Singleton, so it may be called in a test
// without a database:
//
//	func TestApp(t *testing.T) {
//		if err := newApp().Build(); err != nil {
//			t.Fatal(err)
//		}
//	}
//
// Calling it again costs nothing. It ends registration: what comes later is
// returned as an error from here on.
func (a *App) Build() error {
	if a.life.links.Load() != nil {
		return a.Router.Err() // without the lock, which is held while hooks run
	}
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	return a.build()
}

// build builds once. life.mu is held.
func (a *App) build() error {
	l := &a.life
	if l.built == nil && l.err == nil {
		l.built, l.err = a.Router.Build(a.buildOptions())
		if l.err = a.settings.health.check(l.built, l.err); l.err == nil {
			l.links.Store(l.built)
		}
	}
	if l.err != nil {
		return l.err
	}
	return a.Router.Err()
}

// Start builds the application, makes the Singletons that its routes need, and
// runs the start hooks. On an error what was made is closed again. Starting a
// started application does nothing.
//
// Singletons and start hooks are given a context with the values of ctx. While
// starting it ends with ctx; afterwards it lives on until Stop.
func (a *App) Start(ctx context.Context) error {
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	return a.start(ctx)
}

// start is Start with life.mu held.
func (a *App) start(ctx context.Context) error {
	l := &a.life
	if l.stopping.Load() {
		return ErrStopped
	}
	if l.running.Load() != nil {
		return a.Router.Err()
	}
	if a.debug != nil {
		a.debug.warn(a)
	}
	if err := a.build(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("fogo: not started: %w", context.Cause(ctx))
	}
	l.starting.Store(true)
	defer l.starting.Store(false)
	if err := l.built.Start(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("fogo: not started: %w\n%w", cause, err) // else only the consequence
		}
		return err
	}
	l.checks.Store(newReadiness(ctx, l.built.Checks(), a.settings.config().Logger))
	l.running.Store(l.built)
	return nil
}

// Drain makes the application say that it is not ready, closes all WebSockets
// with 1001 and waits for their handlers; when ctx is done what is left is
// cancelled. It is for applications under a server of
// their own: call it together with http.Server.Shutdown, then Stop.
func (a *App) Drain(ctx context.Context) error {
	if b := a.life.running.Load(); b != nil {
		a.life.draining.Store(true)
		return b.Drain(ctx)
	}
	return nil
}

// Stop ends the application, in the reverse order of Start: it drains what
// WebSockets there still are, runs the stop hooks, cancels the context of the
// Singletons, and closes them. It does all of that whatever fails, and returns
// the joined errors. Requests that come from now on are answered with 503;
// those under way should be over. Stopping again, or before Start, does nothing.
//
// If ctx has a deadline, WebSockets and readiness checks that don't end are left
// alone after half of the time: the other half is for the hooks.
func (a *App) Stop(ctx context.Context) error {
	half, cancel := ctx, context.CancelFunc(func() {})
	if at, ok := ctx.Deadline(); ok {
		half, cancel = context.WithTimeout(ctx, time.Until(at)/2)
	}
	defer cancel()
	return a.stop(ctx, half)
}

// stop is Stop, which waits until deaf is done for what doesn't end.
func (a *App) stop(ctx, deaf context.Context) error {
	l := &a.life
	l.stopping.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.running.Swap(nil)
	if b == nil {
		return nil
	}
	err := b.Drain(deaf)
	if err != nil {
		err = fmt.Errorf("fogo: WebSockets are not over: %w", err)
	}
	l.checks.Load().stop(deaf) // they use what is closed next
	return errors.Join(err, b.Stop(ctx))
}

// ServeHTTP answers a request, under whatever server. An application that
// nobody started is started by its first request; if that fails the problems
// are logged once, and this and all other requests are answered with 500.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.debug != nil {
		a.debug.serve(a, w, r)
		return
	}
	a.answer(w, r)
}

// answer is ServeHTTP without what debug mode does before.
func (a *App) answer(w http.ResponseWriter, r *http.Request) {
	if a.settings.health.on && a.answerHealth(w, r) {
		return
	}
	b := a.life.running.Load()
	if b == nil {
		var err error
		if b, err = a.startForRequest(); err != nil {
			a.settings.config().Answer(w, r, err)
			return
		}
	}
	b.ServeHTTP(w, r)
}

// startForRequest starts the application, or returns what to answer.
func (a *App) startForRequest() (*router.Built, error) {
	l := &a.life
	if l.stopping.Load() {
		return nil, unavailable()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.running.Load(); b != nil {
		return b, nil // somebody was faster
	}
	if l.failed {
		return nil, &endpoint.Error{Status: http.StatusInternalServerError}
	}
	// The first request must not end the start when its client hangs up.
	err := a.start(context.Background())
	switch {
	case errors.Is(err, ErrStopped):
		return nil, unavailable()
	case err != nil:
		l.failed, l.cause = true, err
		a.settings.config().Logger.Error("the application cannot start", slog.Any("error", err))
		return nil, &endpoint.Error{Status: http.StatusInternalServerError}
	}
	return l.running.Load(), nil
}

func unavailable() error {
	return &endpoint.Error{
		Status: http.StatusServiceUnavailable, Detail: "The server is shutting down.",
		Header: http.Header{"Connection": {"close"}, "Retry-After": {"1"}},
	}
}

// Routes describes the routes in order of registration: what documents and
// tests are made from. It builds the application, and is nil if that fails.
func (a *App) Routes() []router.RouteInfo {
	if a.Build() != nil {
		return nil
	}
	return a.life.links.Load().Routes()
}

// Checks are the readiness checks that were registered with Ready, and those of
// what is mounted; nil unless the application is started.
func (a *App) Checks() []router.Check {
	if b := a.life.running.Load(); b != nil {
		return b.Checks()
	}
	return nil
}

// Warnings are what does no harm but may be a mistake: providers that no route
// needs. It builds the application, and is nil if that fails.
func (a *App) Warnings() []string {
	if a.Build() != nil {
		return nil
	}
	return a.life.links.Load().Warnings()
}
