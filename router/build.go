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
	// BaseURL says under which URL the client of a request sees the
	// application, "https://example.com": see [Route.AbsoluteURL]. Without it
	// that is what the request says.
	BaseURL func(*http.Request) string
	// PublicURL is a BaseURL that is the same for all requests, and is checked
	// by the build; "" for none.
	PublicURL string
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
	shared := &sharedBuild{opts: opts, cfg: &opts.Config, alive: map[*Router]bool{}, apps: map[application][]RouteInfo{}}
	shared.replaced = make([]bool, len(opts.Replace))
	shared.tree, shared.astray = levels(r)
	shared.asm = shared.assemble(r)
	shared.fail(shared.public())
	b := shared.build(r, nil)
	b.warnings = append(b.warnings, shared.asm.Unused()...)
	shared.fail(opts.Config.CheckObservers())
	if err := opts.Config.WebSocket.Validate(); err != nil {
		shared.errs = append(shared.errs, err)
	}
	shared.unreplaced()
	if err := buildError(shared.errs); err != nil {
		return nil, err
	}
	for name, l := range b.names {
		l.name = name
	}
	shared.publish()
	return b, nil
}

// sharedBuild is the build of a router and of those mounted in it.
type sharedBuild struct {
	opts     BuildOptions
	cfg      *endpoint.Config
	errs     []error
	asm      *inject.Assembly
	tree     *inject.Tree      // the levels of all routers; nil if there is only one
	astray   map[*Route]*Route // mounts of a router that see other providers than its first
	building []*Router         // the routers being built, outermost first
	alive    map[*Router]bool  // those whose life is taken care of
	apps     map[application][]RouteInfo
	replaced []bool   // by index in opts.Replace
	explain  []func() // what to publish after success
}

// build builds one router, once for each place where it is mounted; at is nil
// for the outermost. Its errors are collected.
func (s *sharedBuild) build(r *Router, at *site) *Built {
	s.building = append(s.building, r)
	r.reg.seal(s.cfg.Logger)
	b := &builder{
		sharedBuild: s, reg: &r.reg, at: at, again: s.alive[r],
		names: map[string]*link{}, links: map[*Route]*link{}, chains: map[*Group]http.Handler{}, clashes: map[[2]*Route]bool{},
	}
	s.alive[r] = true
	b.out = &Built{cfg: s.cfg, assembly: s.assembly(at), redirectSlash: s.opts.RedirectSlash, names: b.names, prefixVars: at.vars()}
	b.out.observed = s.observation(at != nil)
	b.run(r)
	s.building = s.building[:len(s.building)-1]
	return b.out
}

// assembly is what a router starts and stops: the outermost does it for all.
func (s *sharedBuild) assembly(at *site) *inject.Assembly {
	if at == nil {
		return s.asm
	}
	asm, err := inject.Assemble(inject.New(), inject.Options{Logger: s.cfg.Logger})
	s.fail(err)
	return asm
}

// assemble begins the assembly of the providers of all routers. What to replace
// is asked for one by one, to tell what replaces nothing.
func (s *sharedBuild) assemble(r *Router) *inject.Assembly {
	r.reg.seal(s.cfg.Logger)
	r.reg.mu.Lock() // beginning an assembly marks the injectors
	defer r.reg.mu.Unlock()
	root := r.injector
	if s.tree != nil {
		root = s.tree.Root()
	}
	var mine []reflect.Value
	for i, v := range s.opts.Replace {
		if _, err := inject.Assemble(root, inject.Options{Replace: []reflect.Value{v}}); err == nil {
			mine = append(mine, v)
			s.replaced[i] = true
		}
	}
	asm, err := inject.Assemble(root, inject.Options{
		Logger: s.cfg.Logger, CleanupTimeout: s.opts.CleanupTimeout, Replace: mine, Neutral: resolve.Neutral(&s.cfg.Values),
		Observers: s.cfg.ProviderObservers(),
	})
	s.fail(err)
	return asm
}

// public checks the public URL and makes it the base of all absolute ones.
func (s *sharedBuild) public() error {
	fixed := s.opts.PublicURL
	if fixed == "" {
		return nil
	}
	s.opts.BaseURL = func(*http.Request) string { return fixed }
	_, err := parseBase(fixed)
	return err
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
	reg    *registry
	at     *site // where the router is mounted, nil for the outermost
	again  bool  // it is mounted elsewhere too: problems were told, and its life begins there
	out    *Built
	names  map[string]*link
	links  map[*Route]*link
	chains map[*Group]http.Handler
	placed []*entry
	subs   []mounted
	rooted bool // the router has middleware
	// clashes are the pairs of routes that a conflict was reported for: those
	// of several methods would have one for each.
	clashes map[[2]*Route]bool
}

func (b *builder) run(r *Router) {
	b.rooted = len(r.middleware) > 0
	for _, it := range r.reg.items {
		if it.problem != nil {
			b.failOnce(it.problem)
			continue
		}
		b.route(it.route)
	}
	b.shadows()
	b.out.root = b.compose(r.middleware, b.out.afterRoot)
	if !b.again {
		b.life(r)
	}
	b.out.tree.Freeze()
}

// life compiles what runs once, however often a router is mounted.
func (b *builder) life(r *Router) {
	b.out.start = b.hooks(r, r.reg.start, "OnStart")
	b.out.stop = b.hooks(r, r.reg.stop, "OnStop")
	b.out.checks = b.checks(r)
	for _, err := range r.reg.tardy() {
		b.fail(err)
	}
}

// failOnce reports what is wrong with a registration wherever it is mounted.
func (b *builder) failOnce(err error) {
	if !b.again {
		b.fail(err)
	}
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

// hooks compiles the functions to run at start or stop.
func (b *builder) hooks(r *Router, list []hook, what string) []compiledHook {
	var out []compiledHook
	for _, h := range list {
		fn, err := b.asm.Func(b.tree.Level(r.injector), h.fn)
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
	e.own, e.full = p, b.full(p)
	e.pattern = e.full.String()
	for _, v := range e.full.Vars() {
		e.vars = append(e.vars, v.Name)
	}
	b.placed = append(b.placed, e)
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
	b.fail(e.conflict(err))
}
