package router

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// BuildOptions configure a build. The zero value is ready for use.
type BuildOptions struct {
	// Config is for the views. A Tracker for its WebSockets is made if it has
	// none.
	Config endpoint.Config
	// CleanupTimeout is the deadline of clean-ups, 10 s if 0.
	CleanupTimeout time.Duration
	// Replace has values that take the place of the providers of their types,
	// for tests.
	Replace []reflect.Value
	// RedirectSlash answers a request that no route matches with a redirect
	// (307) to the path with a slash added to its end, or removed, if a route
	// matches that. Without it such a request is not found.
	RedirectSlash bool
}

// Build compiles everything that was registered with the router into something
// that serves. It makes no Singleton, so it needs no database. It may be called
// any number of times, also at once; the results share nothing but the views,
// the middleware and the mounted handlers. With the first call registration
// ends.
//
// The error is a [*BuildError] with every problem there is.
func (r *Router) Build(opts BuildOptions) (*Built, error) {
	opts.Config = opts.Config.WithDefaults()
	if opts.Config.WebSocket.Tracker == nil {
		opts.Config.WebSocket.Tracker = &ws.Tracker{}
	}
	shared := &sharedBuild{opts: opts, cfg: &opts.Config, routers: map[*Router]*Built{}, replaced: make([]bool, len(opts.Replace))}
	b := shared.build(r)
	if err := opts.Config.WebSocket.Validate(); err != nil {
		shared.errs = append(shared.errs, err)
	}
	shared.unreplaced()
	if err := buildError(shared.errs); err != nil {
		return nil, err
	}
	shared.publish()
	return b, nil
}

// sharedBuild is the build of a router and of those mounted in it.
type sharedBuild struct {
	opts     BuildOptions
	cfg      *endpoint.Config
	errs     []error
	routers  map[*Router]*Built // nil for one being built
	replaced []bool             // by index in opts.Replace
	explain  []func()           // what to publish after success
}

// build builds one router. Its errors are collected.
func (s *sharedBuild) build(r *Router) *Built {
	if b, ok := s.routers[r]; ok {
		return b
	}
	s.routers[r] = nil
	asm := s.assemble(r)
	b := &builder{
		sharedBuild: s, asm: asm,
		names: map[string]*Route{}, chains: map[*Group]http.Handler{}, clashes: map[[2]*Route]bool{},
	}
	b.out = &Built{cfg: s.cfg, assembly: asm, redirectSlash: s.opts.RedirectSlash, names: b.names}
	b.run(r)
	s.routers[r] = b.out
	return b.out
}

// assemble begins the assembly of a router's providers. What to replace is
// asked for one by one, because a mounted router need not provide it.
func (s *sharedBuild) assemble(r *Router) *inject.Assembly {
	r.reg.seal(s.cfg.Logger)
	r.reg.mu.Lock() // beginning an assembly marks the injectors
	defer r.reg.mu.Unlock()
	var mine []reflect.Value
	for i, v := range s.opts.Replace {
		if _, err := inject.Assemble(r.injector, inject.Options{Replace: []reflect.Value{v}}); err == nil {
			mine = append(mine, v)
			s.replaced[i] = true
		}
	}
	asm, err := inject.Assemble(r.injector, inject.Options{
		Logger: s.cfg.Logger, CleanupTimeout: s.opts.CleanupTimeout, Replace: mine, Neutral: resolve.Neutral(&s.cfg.Values),
	})
	s.fail(err)
	return asm
}

// unreplaced reports the replacements that no router has a provider for.
func (s *sharedBuild) unreplaced() {
	for i, done := range s.replaced {
		if !done {
			s.fail(fmt.Errorf("router: a replacement for %s replaces nothing: no provider has that type", s.opts.Replace[i].Type()))
		}
	}
}

func (s *sharedBuild) publish() {
	for _, f := range s.explain {
		f()
	}
}

func (s *sharedBuild) fail(err error) {
	if err != nil {
		s.errs = append(s.errs, err)
	}
}

// builder builds one router.
type builder struct {
	*sharedBuild
	asm    *inject.Assembly
	out    *Built
	names  map[string]*Route
	chains map[*Group]http.Handler
	rooted bool // the router has middleware
	// clashes are the pairs of routes that a conflict was reported for: those
	// of several methods would have one for each.
	clashes map[[2]*Route]bool
}

func (b *builder) run(r *Router) {
	b.rooted = len(r.middleware) > 0
	for _, it := range r.reg.items {
		if it.problem != nil {
			b.fail(it.problem)
			continue
		}
		b.name(it.route)
		b.route(it.route)
	}
	b.out.root = b.compose(r.middleware, b.out.afterRoot)
	b.out.start = b.hooks(r, r.reg.start, "OnStart")
	b.out.stop = b.hooks(r, r.reg.stop, "OnStop")
	for _, err := range r.reg.tardy() {
		b.fail(err)
	}
	b.out.tree.Freeze()
	b.out.warnings = append(b.out.warnings, b.asm.Unused()...)
}

// compose puts middleware around what comes after it, and returns nil if there
// is none.
func (b *builder) compose(list []middleware, last http.HandlerFunc) http.Handler {
	if len(list) == 0 {
		return nil
	}
	var h http.Handler = last
	for i := len(list) - 1; i >= 0; i-- {
		if h = list[i].wrap(h); h == nil {
			b.fail(&Problem{What: "Use", Position: list[i].at.Position(), Faults: []string{"the middleware returned a nil handler"}})
			return last
		}
	}
	return h
}

// chainOf is the middleware of a route's group, composed once for each group.
func (b *builder) chainOf(g *Group) http.Handler {
	h, ok := b.chains[g]
	if !ok {
		h = b.compose(g.chain(), b.out.afterGroup)
		b.chains[g] = h
	}
	return h
}

// name takes note of a route's name.
func (b *builder) name(rt *Route) {
	if rt.name == "" {
		return
	}
	if old := b.names[rt.name]; old != nil {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{
			fmt.Sprintf("the name %q belongs to %s already; choose another", rt.name, old.title()),
		}})
		return
	}
	b.names[rt.name] = rt
}

// hooks compiles the functions to run at start or stop.
func (b *builder) hooks(r *Router, list []hook, what string) []compiledHook {
	var out []compiledHook
	for _, h := range list {
		fn, err := b.asm.Func(r.injector, h.fn)
		if err != nil {
			for _, p := range inject.Problems(err) {
				p.Route = what + " (" + h.at.Position() + ")"
			}
			b.fail(err)
			continue
		}
		out = append(out, compiledHook{fn, what + " " + describeFunc(h.fn)})
	}
	return out
}

// compiledHook is a hook with its parameters bound.
type compiledHook struct {
	fn   *inject.Func
	what string
}

func (h *compiledHook) run(ctx context.Context) error {
	err := h.fn.Call(ctx)
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		return fmt.Errorf("router: %s: %w\n%s", h.what, err, p.Stack)
	}
	if err != nil {
		return fmt.Errorf("router: %s: %w", h.what, err)
	}
	return nil
}

// add puts an entry into the tree under a pattern.
func (b *builder) add(p *pattern.Pattern, e *entry) {
	e.pattern = p.String()
	for _, v := range p.Vars() {
		e.vars = append(e.vars, v.Name)
	}
	b.out.hosts = b.out.hosts || p.Host() != ""
	b.out.sockets = b.out.sockets || p.Method() == pattern.Socket
	err := b.out.tree.Add(p, e)
	if err == nil {
		return
	}
	if c, ok := errors.AsType[*pattern.ConflictError[*entry]](err); ok {
		pair := [2]*Route{e.route, c.Old.route}
		if b.clashes[pair] {
			return
		}
		b.clashes[pair] = true
	}
	b.fail(e.route.conflict(err))
}
