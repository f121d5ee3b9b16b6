package router

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/ws"
)

// Built is an application ready to start: an [http.Handler] that never changes.
//
// Its life is Start, then requests, then Drain, then Stop, each called once.
// Handlers that were mounted or handled live with it: those with a method
//
//	Start(context.Context) error      have it called by Start, before the start hooks
//	Drain(context.Context) error      by Drain
//	Stop(context.Context) error       by Stop, after the stop hooks
//	Shutdown(context.Context) error   by Stop likewise, if there is no Stop
//	Checks() []Check                  by Checks
//
// Each of these may be missing. Routers that are mounted have all of them.
type Built struct {
	cfg      *endpoint.Config
	assembly *inject.Assembly
	parts    []any // mounted routers and handlers with a life
	start    []compiledHook
	stop     []compiledHook
	checks   []Check

	tree          pattern.Tree[*entry]
	root          http.Handler // middleware for every request; nil if none
	hosts         bool         // some pattern has a host
	sockets       bool         // some pattern is a socket's
	redirectSlash bool
	observed      observation

	cancel context.CancelFunc // ends the context of the Singletons; set by Start

	routes   []RouteInfo
	warnings []string
	names    map[string]*link

	// Only where the router is mounted.
	prefixVars []string // variables of the prefix
	overlaid   bool     // what it is mounted in has routes below the same prefix
}

// RouteInfo describes one route: one method of one pattern.
type RouteInfo struct {
	// Method is the HTTP method, "" for any, "WEBSOCKET" for a socket.
	Method string
	// Pattern is the full pattern without the method: "/api/users/{id}".
	Pattern string
	// Name is the route's name, "" if it has none.
	Name string
	// Handler is the function or type that serves the route, Position where it
	// stands, "" where that isn't known.
	Handler, Position string
	// Registered is where the route was registered: "main.go:12".
	Registered string
	// View is what was registered: the function, the prototype of the class,
	// the http.Handler or the fs.FS.
	View any
	// Program is the compiled plan with the tables of its parameters; nil for
	// handlers that are served as they are.
	Program *inject.Program

	link *link
}

// Routes describes the routes in order of registration, those of mounted
// routers where they were mounted, with the prefix.
func (b *Built) Routes() []RouteInfo { return slices.Clone(b.routes) }

// Warnings are what does no harm but may be a mistake: providers that nothing
// needs.
func (b *Built) Warnings() []string { return slices.Clone(b.warnings) }

// Route finds a route by its name, or returns nil. A route of what is mounted
// has the mount's name before its own, "shop:item"; without a name of the mount
// it cannot be found.
func (b *Built) Route(name string) *Route {
	if l := b.names[name]; l != nil {
		return l.route
	}
	return nil
}

// Tracker knows the open WebSockets.
func (b *Built) Tracker() *ws.Tracker { return b.cfg.WebSocket.Tracker }

// Answer answers a request with an error in the manner of the application:
// with a problem object (RFC 9457). Nothing may have been written yet.
func (b *Built) Answer(w http.ResponseWriter, r *http.Request, err error) { b.cfg.Answer(w, r, err) }

// The methods by which a handler lives with the application.
type (
	starter    interface{ Start(context.Context) error }
	drainer    interface{ Drain(context.Context) error }
	stopper    interface{ Stop(context.Context) error }
	shutdowner interface{ Shutdown(context.Context) error }
)

// addPart takes a part into the life of the application, once.
func (b *Built) addPart(p any) {
	if !reflect.ValueOf(p).Comparable() || !slices.Contains(b.parts, p) {
		b.parts = append(b.parts, p)
	}
}

// Start makes the Singletons that the routes need, dependencies first, starts
// what is mounted, and runs the start hooks. After an error everything that was
// started is stopped again, without stop hooks.
//
// The context that Singletons and hooks are given has the values of ctx. While
// starting it ends with ctx, after that only in Stop.
func (b *Built) Start(ctx context.Context) error {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b.cancel = cancel
	release := context.AfterFunc(ctx, cancel)
	err := b.begin(own)
	if err != nil {
		release()
		cancel()
		return err
	}
	if !release() {
		// Nothing heeded it, but what was made has the context.
		return errors.Join(context.Cause(ctx), b.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

// begin starts the parts, and stops them again if one fails.
func (b *Built) begin(ctx context.Context) error {
	if err := b.assembly.Start(ctx); err != nil {
		return err
	}
	undo := context.WithoutCancel(ctx)
	for i, p := range b.parts {
		if err := startPart(ctx, p); err != nil {
			return errors.Join(err, stopParts(undo, b.parts[:i]), b.assembly.Stop(undo))
		}
	}
	for i := range b.start {
		if err := b.start[i].run(ctx); err != nil {
			return errors.Join(err, stopParts(undo, b.parts), b.assembly.Stop(undo))
		}
	}
	return nil
}

// Drain closes all WebSockets with 1001, waits for their handlers, and, when
// ctx is done, cancels what is left; no new ones are accepted. Call it together
// with http.Server.Shutdown, which doesn't know them.
func (b *Built) Drain(ctx context.Context) error {
	errs := make([]error, len(b.parts)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[len(b.parts)] = b.Tracker().Shutdown(ctx) })
	for i, p := range b.parts {
		if d, ok := p.(drainer); ok {
			wg.Go(func() { errs[i] = d.Drain(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Stop runs the stop hooks, stops what is mounted, ends the context of the
// Singletons and closes them, each in reverse order. It does all of that
// whatever fails, and returns the joined errors. What is not over when ctx is
// done is logged by its name, and waited for. No request may be under way any
// more.
func (b *Built) Stop(ctx context.Context) error {
	var errs []error
	for i := range slices.Backward(b.stop) {
		errs = append(errs, b.runStop(ctx, &b.stop[i]))
	}
	errs = append(errs, stopParts(ctx, b.parts))
	if b.cancel != nil {
		b.cancel()
	}
	errs = append(errs, b.assembly.Stop(ctx))
	return errors.Join(errs...)
}

// runStop runs a stop hook. One that is not over when ctx is done is logged by
// its name, and waited for.
func (b *Built) runStop(ctx context.Context, h *compiledHook) error {
	if ctx.Err() == nil {
		told := context.AfterFunc(ctx, func() { b.cfg.Logger.Warn("a stop hook is overdue", slog.String("hook", h.what)) })
		defer told()
	}
	return h.run(ctx)
}

func startPart(ctx context.Context, p any) error {
	if s, ok := p.(starter); ok {
		return s.Start(ctx)
	}
	return nil
}

func stopParts(ctx context.Context, parts []any) error {
	var errs []error
	for _, p := range slices.Backward(parts) {
		switch s := p.(type) {
		case stopper:
			errs = append(errs, s.Stop(ctx))
		case shutdowner:
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	return errors.Join(errs...)
}
