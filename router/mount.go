package router

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
)

// mount adds a handler for a subtree: its prefix, and everything below.
func (b *builder) mount(rt *Route) {
	h, _ := rt.view.(http.Handler)
	r, isRouter := h.(*Router)
	if isRouter {
		inner := b.mounted(rt, r)
		if inner == nil {
			return
		}
		h = inner
	} else {
		b.part(h)
	}
	stripped := below{depth: depth(rt.pattern), inner: h}
	for _, p := range b.subtree(rt.pattern) {
		// A handshake is the handler's too, or a socket with a more general
		// pattern would take it.
		e, programs := b.handler(rt, p, stripped, "", pattern.Socket)
		if e == nil {
			return
		}
		if p == rt.pattern && !isRouter {
			b.describe(rt, []*entry{e}, programs)
		}
	}
}

// mounted builds a router that is mounted in another.
func (b *builder) mounted(rt *Route, r *Router) *Built {
	if inner, ok := b.routers[r]; ok && inner == nil {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{"the router is mounted in itself"}})
		return nil
	}
	inner := b.build(r)
	b.out.addPart(inner)
	prefix := strings.TrimSuffix(rt.pattern.String()[:strings.LastIndex(rt.pattern.String(), "/{")], "/")
	for _, info := range inner.routes {
		info.Pattern = prefix + info.Pattern
		b.out.routes = append(b.out.routes, info)
	}
	b.out.warnings = append(b.out.warnings, inner.warnings...)
	return inner
}

// part takes a handler into the life of the application.
func (b *builder) part(h http.Handler) {
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
		r = strip(r, t.depth)
	}
	t.inner.ServeHTTP(w, r)
}

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
