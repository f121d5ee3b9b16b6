package router

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
)

// mount adds a handler for a subtree: its prefix, and everything below.
func (b *builder) mount(rt *Route) {
	h, _ := rt.view.(http.Handler)
	var serve http.Handler = below{depth: depth(rt.pattern), inner: h}
	listed := true // by its own routes
	switch view := h.(type) {
	case *Router:
		inner := b.mounted(rt, view)
		if inner == nil {
			return
		}
		serve = mountPoint{below: below{depth: depth(rt.pattern), inner: inner}, outer: b.out, built: inner, route: rt}
	case application:
		if !b.application(rt, view) {
			return
		}
	default:
		b.part(h)
		listed = false
	}
	// A handshake is the handler's too, or a socket with a more general pattern
	// would take it.
	methods := append(b.mountMethods(rt), pattern.Socket)
	for _, p := range b.subtree(rt.pattern) {
		e, programs := b.handler(rt, p, serve, methods...)
		if e == nil {
			return
		}
		if p == rt.pattern && !listed {
			whole := *e
			whole.method = "" // as it was registered
			b.describe(rt, []*entry{&whole}, programs)
		}
	}
	b.explain = append(b.explain, func() { rt.publish(b.links[rt]) })
}

// mounted builds a router that is mounted in another.
func (b *builder) mounted(rt *Route, r *Router) *Built {
	switch other := b.astray[rt]; {
	case slices.Contains(b.building, r):
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{"the router is mounted in itself"}})
		return nil
	case other != nil:
		b.failOnce(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{
			fmt.Sprintf("the router is also mounted by %s, where it sees other providers, and its Singletons are made once; "+
				"mount both in one group, register what differs in the router itself, or make a router for each mount", other.title()),
		}})
		return nil
	}
	inner := b.build(r, b.inside(rt))
	b.out.addPart(inner)
	b.out.routes = append(b.out.routes, inner.routes...)
	b.out.warnings = append(b.out.warnings, inner.warnings...)
	for _, name := range slices.Sorted(maps.Keys(inner.names)) {
		b.nameBelow(rt, name, inner.names[name])
	}
	b.subs = append(b.subs, mounted{route: rt, built: inner, routes: inner.routes})
	return inner
}

// application builds an application that is mounted in another.
func (b *builder) application(rt *Route, app application) bool {
	if leadsTo(app.own(), b.building, map[*Router]bool{}) {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{"the application is mounted in itself"}})
		return false
	}
	infos, known := b.apps[app]
	if !known {
		if err := app.Build(); err != nil {
			b.apps[app] = nil
			b.fail(err)
			return false
		}
		infos = app.Routes()
		b.apps[app] = infos
		b.out.warnings = append(b.out.warnings, app.Warnings()...)
	}
	b.part(app)
	at := b.inside(rt)
	moved := map[*link]*link{}
	own := make([]RouteInfo, len(infos))
	for i, info := range infos {
		l := moved[info.link]
		if l == nil {
			l = info.link.below(at, b.opts.BaseURL)
			moved[info.link] = l
			b.nameBelow(rt, l.name, l)
			b.explain = append(b.explain, func() { l.route.publish(l) })
		}
		info.link, info.Pattern = l, at.prefix+info.Pattern
		if l.full != nil {
			info.Pattern = l.full.Host() + l.full.Path()
		}
		own[i] = info
	}
	b.out.routes = append(b.out.routes, own...)
	b.subs = append(b.subs, mounted{route: rt, routes: own})
	return true
}

// nameBelow gives a route of what rt mounts a name out here.
func (b *builder) nameBelow(rt *Route, name string, l *link) {
	if rt.name != "" && name != "" {
		b.name(rt, rt.name+":"+name, l)
	}
}

// mounted is what a route mounts.
type mounted struct {
	route  *Route
	built  *Built // nil for an application
	routes []RouteInfo
}

// shadows reports the routes that take requests from what is mounted. One out
// here goes before all that is mounted below the same prefix; that is right if
// it is more specific than what it hides there, and a conflict otherwise.
func (b *builder) shadows() {
	for _, m := range b.subs {
		for _, e := range b.placed {
			if e.route == m.route || !b.above(e, m.route) {
				continue
			}
			if m.built != nil {
				m.built.overlaid = true
			}
			b.shadow(e, &m)
		}
	}
}

// above reports whether an entry takes requests from a mount.
func (b *builder) above(e *entry, mount *Route) bool {
	m := mount.pattern
	if e.own.Method() != "" {
		m = b.withMethod(m, e.own.Method())
	}
	rel, _ := pattern.Compare(e.own, m)
	return rel == pattern.MoreSpecific && e.own.Host() == m.Host()
}

// shadow reports the first route of a mount that an entry hides.
func (b *builder) shadow(e *entry, m *mounted) {
	for _, info := range m.routes {
		text := info.Pattern
		if info.Method != "" {
			text = info.Method + " " + text
		}
		p, err := pattern.Parse(text)
		if err != nil || p.Host() != e.full.Host() {
			continue
		}
		rel, witness := pattern.Compare(e.full, p)
		if rel == pattern.Disjoint || rel == pattern.MoreSpecific {
			continue
		}
		first := fmt.Sprintf("%s, served by %s, takes requests from %s (%s), served by %s, which %s mounts",
			e.full, e.route.describe(), p, info.Registered, info.Handler, m.route.title())
		if witness != "" {
			first += "; both match " + witness
		}
		b.fail(&Problem{What: e.full.String(), Position: e.route.at.Position(), Faults: []string{
			first, "a route outside goes before all that is mounted below the same prefix; register it inside, or give it a more specific pattern",
		}})
		return
	}
}

// mountPoint serves a subtree with a router that is built with this one.
type mountPoint struct {
	below
	outer, built *Built
	route        *Route
}

func (t mountPoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.built.overlaid {
		// The path may have other methods outside: they belong into Allow.
		if methods := t.outer.outside(t.route, t.outer.hostOf(r), r.URL.EscapedPath()); len(methods) > 0 {
			r = r.WithContext(context.WithValue(r.Context(), overlay{t.built}, methods))
		}
	}
	t.below.ServeHTTP(w, r)
}

// overlay is the key of the methods that a request's path has outside.
type overlay struct{ *Built }

// methods are those of a path, in this router and in what it is mounted in.
func (b *Built) methods(r *http.Request, host, path string) []string {
	methods := b.tree.Methods(host, path)
	if b.overlaid {
		outside, _ := r.Context().Value(overlay{b}).([]string)
		methods = append(methods, outside...)
	}
	return methods
}

// addPrefix puts the values of the prefix's variables before those of the
// router's own. The request has them: they were set where the mount matched.
func (b *Built) addPrefix(r *http.Request, vals *pattern.Values) {
	vals.Shift(len(b.prefixVars))
	for i, name := range b.prefixVars {
		vals.Set(i, r.PathValue(name))
	}
}

// part takes a handler into the life of the application.
func (b *builder) part(h http.Handler) {
	if b.again {
		return // it lives once
	}
	switch h.(type) {
	case starter, drainer, stopper, shutdowner:
		b.out.addPart(h)
	}
}

// subtree returns the pattern of a subtree, "/x/{path...}", and that of its
// prefix, "/x", unless that is the root.
func (b *builder) subtree(p *pattern.Pattern) []*pattern.Pattern {
	s := p.String()
	prefix := s[:strings.LastIndex(s, "/{")]
	q, err := pattern.Parse(prefix)
	if err != nil {
		return []*pattern.Pattern{p} // nothing before the first slash but a method or a host
	}
	return []*pattern.Pattern{q, p}
}

// depth counts the segments before the {path...} that a pattern ends in.
func depth(p *pattern.Pattern) int {
	path := p.Path()
	for _, v := range p.Vars() {
		if src := v.Constraint.String(); src != "" {
			// A regular expression may have slashes of its own.
			path = strings.Replace(path, "{"+v.Name+":"+src+"}", "x", 1)
		}
	}
	return strings.Count(path, "/") - 1
}

// below serves a subtree with a handler that sees the rest of the path.
type below struct {
	depth int // segments to strip
	inner http.Handler
}

func (t below) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.depth > 0 {
		path := r.URL.EscapedPath()
		if r = strip(r, t.depth); r.URL.Path == "/" && !strings.HasSuffix(path, "/") {
			r = r.WithContext(context.WithValue(r.Context(), bareKey{}, path))
		}
	}
	t.inner.ServeHTTP(w, r)
}

// bareKey is what the escaped path of a prefix is found under by those that serve
// it as a root, but whose relative links need the slash that the client left out.
type bareKey struct{}

// strip returns the request without the first segments of its path, of which
// it has enough. Slashes that a client escaped stay inside their segments.
func strip(r *http.Request, segments int) *http.Request {
	escaped := r.URL.EscapedPath()
	n := 0
	for range segments {
		i := strings.IndexByte(escaped[n+1:], '/')
		if i < 0 {
			n = len(escaped)
			break
		}
		n += 1 + i
	}
	gone := escaped[:n]
	if s, err := url.PathUnescape(gone); err == nil {
		gone = s
	}
	u := *r.URL
	u.Path = orRoot(strings.TrimPrefix(u.Path, gone))
	if u.RawPath != "" {
		u.RawPath = orRoot(escaped[n:])
	}
	inner := *r
	inner.URL = &u
	return &inner
}

// orRoot is the path of the prefix itself: an empty one would be taken for
// unclean, and redirected out of the subtree.
func orRoot(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
