package router

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
)

// group lets Router embed a Group whose field doesn't hide the method Group.
type group = Group

// Router is the outermost [Group]: everything is registered with the methods
// of Group, which it has all of. It holds what was registered and serves
// nothing by itself: [Router.Build] makes a [Built] from it, as often as it is
// asked to.
//
// Registering is not safe for concurrent use; building is.
type Router struct {
	group
	reg registry

	// For a router that serves by itself.
	once  sync.Once
	built *Built // nil if it could not be built or started
}

// New returns a router without routes.
func New() *Router {
	in := inject.New()
	in.Reject(endpoint.Unprovidable)
	r := &Router{}
	r.group = Group{reg: &r.reg, injector: in}
	return r
}

// ServeHTTP builds and starts the router at the first request, and serves it.
// That is enough for a small program; nothing stops it again, so an application
// is better off with a [Built] or with package fogo. If it fails, the problems
// are logged to slog's default logger and every request is answered with 500.
// A router that is mounted in another is not served in this way.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.once.Do(r.serveAlone)
	if r.built == nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	r.built.ServeHTTP(w, req)
}

func (r *Router) serveAlone() {
	log := slog.Default()
	b, err := r.Build(BuildOptions{Config: endpoint.Config{Logger: log}})
	if err == nil {
		err = b.Start(context.Background())
	}
	if err != nil {
		log.Error("the router cannot serve", slog.Any("error", err))
		return
	}
	r.built = b
}

// Err returns what is known to be wrong with the registrations without
// building, joined in a [*BuildError]: patterns that don't parse, constructors
// that are none, and whatever came too late, after the first Build. It is nil
// if there is nothing.
func (r *Router) Err() error {
	r.reg.mu.Lock()
	defer r.reg.mu.Unlock()
	var errs []error
	for _, it := range r.reg.items {
		if it.problem != nil {
			errs = append(errs, it.problem)
		}
	}
	return buildError(append(errs, r.reg.late...))
}

// OnStart registers a function to run when the application starts, after its
// Singletons were made: func(deps…) or func(deps…) error. Its parameters are
// contexts, loggers and what has a provider. Hooks run in order of
// registration; the first error ends the start.
func (r *Router) OnStart(fn any) { r.hook("OnStart", fn, &r.reg.start, funcinfo.Caller(1)) }

// OnStop registers a function to run when the application stops, after the
// last request and before its Singletons are closed. Hooks run in reverse
// order; each one runs, whatever the others return.
func (r *Router) OnStop(fn any) { r.hook("OnStop", fn, &r.reg.stop, funcinfo.Caller(1)) }

func (r *Router) hook(what string, fn any, list *[]hook, at funcinfo.Info) {
	if !r.open(what, at) {
		return
	}
	if fault := checkHook(fn); fault != "" {
		r.reg.fail(&Problem{What: what, Position: at.Position(), Faults: []string{fault}})
		return
	}
	*list = append(*list, hook{fn: fn, at: at})
}

// hook is a function to run at start or stop.
type hook struct {
	fn any
	at funcinfo.Info
}

// registry is what was registered with a router and its groups. Once it is
// sealed nothing but late changes, so that any number of builds may read it.
type registry struct {
	items       []item // in order of registration
	start, stop []hook
	ready       []*ReadyCheck

	mu     sync.Mutex // guards the rest; and items, for Err
	sealed bool
	late   []error // what came after the first build
	logger *slog.Logger
}

// item is a route, or the problem of a registration that made none.
type item struct {
	route   *Route
	problem *Problem
}

func (reg *registry) fail(p *Problem) { reg.add(item{problem: p}) }

func (reg *registry) add(it item) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.items = append(reg.items, it)
}

// open reports whether things may still be registered. If not it records and
// logs that this one came too late.
func (reg *registry) open(what string, at funcinfo.Info) bool {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	if !reg.sealed {
		return true
	}
	p := &Problem{What: what, Position: at.Position(), Faults: []string{
		"this comes too late: the application is built and its routes are fixed; register everything before Build, Start or the first request",
	}}
	reg.late = append(reg.late, p)
	if reg.logger != nil {
		reg.logger.Error("registration after the build is ignored", slog.String("what", what), slog.String("at", at.Position()))
	}
	return false
}

// seal ends registration.
func (reg *registry) seal(logger *slog.Logger) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.sealed = true
	if reg.logger == nil {
		reg.logger = logger
	}
}

// tardy returns what came too late so far.
func (reg *registry) tardy() []error {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	return append([]error(nil), reg.late...)
}
