package router

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// site is a place where a router is mounted. A nil one is that of the
// outermost router.
type site struct {
	chain  []*Route // the mounts that lead there, outermost first
	prefix string   // of the full pattern, without a method and a slash at its end
	names  []string // the variables of prefix
}

// inside is the site of what rt mounts.
func (b *builder) inside(rt *Route) *site {
	full := b.full(rt.pattern)
	s := &site{prefix: prefixOf(full)}
	if b.at != nil {
		s.chain = slices.Clone(b.at.chain)
	}
	s.chain = append(s.chain, rt)
	vars := full.Vars()
	for _, v := range vars[:len(vars)-1] { // the last is {path...}
		s.names = append(s.names, v.Name)
	}
	return s
}

// prefixOf is the pattern of a subtree without its end, "" for everything.
func prefixOf(p *pattern.Pattern) string {
	s := strings.TrimSuffix(p.String()[:strings.LastIndex(p.String(), "/{")], "/")
	return strings.TrimLeft(strings.TrimPrefix(s, p.Method()), " ")
}

func (s *site) vars() []string {
	if s == nil {
		return nil
	}
	return s.names
}

// full returns a pattern of the router with the prefixes of its mounts.
func (b *builder) full(p *pattern.Pattern) *pattern.Pattern {
	if b.at == nil {
		return p
	}
	q, err := b.at.join(p)
	if err != nil {
		panic(fmt.Sprintf("bug: %s under %s does not parse: %v", p, b.at.prefix, err))
	}
	return q
}

// join puts the prefix before a pattern.
func (s *site) join(p *pattern.Pattern) (*pattern.Pattern, error) {
	prefix := s.prefix
	if prefix != "" && !strings.Contains(prefix, "/") {
		prefix += "/" // a host alone is no pattern
	}
	return pattern.Join(prefix, p)
}

// checkSite refuses a route that cannot stand where its router is mounted.
func (b *builder) checkSite(rt *Route) error {
	if b.at == nil {
		return nil
	}
	_, err := b.at.join(rt.pattern)
	if err == nil {
		return nil
	}
	mount := b.at.chain[len(b.at.chain)-1]
	return fmt.Errorf("inside %s, mounted by %s: %s", b.at.prefix, mount.title(), faultOf(err))
}

// levels puts the providers of all routers into one tree, each where it is
// mounted, so that what is mounted sees what is provided around it. The tree is
// nil if nothing is mounted. astray are the mounts where a router would see
// other providers than at its first.
func levels(r *Router) (tree *inject.Tree, astray map[*Route]*Route) {
	if !slices.ContainsFunc(r.reg.items, func(it item) bool { return it.router() != nil }) {
		return nil, nil
	}
	r.reg.mu.Lock()
	tree = inject.NewTree(r.injector)
	r.reg.mu.Unlock()
	l := leveler{tree: tree, first: map[*Router]*Route{}, astray: map[*Route]*Route{}}
	l.walk(r, []*Router{r})
	return tree, l.astray
}

// leveler walks through what is mounted.
type leveler struct {
	tree   *inject.Tree
	first  map[*Router]*Route
	astray map[*Route]*Route
}

func (l *leveler) walk(r *Router, around []*Router) {
	for _, it := range r.reg.items {
		m := it.router()
		if m == nil || slices.Contains(around, m) {
			continue // the build tells what is mounted in itself
		}
		m.reg.mu.Lock()
		ok := l.tree.Mount(it.route.group.injector, m.injector)
		m.reg.mu.Unlock()
		if !ok {
			l.astray[it.route] = l.first[m]
			continue
		}
		if l.first[m] == nil {
			l.first[m] = it.route
		}
		l.walk(m, append(around[:len(around):len(around)], m))
	}
}

// router is what the item mounts, nil if that is no router.
func (it item) router() *Router {
	if it.route == nil || it.route.kind != mountRoute {
		return nil
	}
	r, _ := it.route.view.(*Router)
	return r
}

// application is what package fogo's App is to the one it is mounted in: it is
// built with it, and keeps its own providers and configuration.
type application interface {
	http.Handler
	Build() error
	Routes() []RouteInfo
	Warnings() []string
	own() *Router
}

// own is how an application that embeds a router is known.
func (r *Router) own() *Router { return r }

// leadsTo reports whether any of the targets is r or mounted in it.
func leadsTo(r *Router, targets []*Router, seen map[*Router]bool) bool {
	if slices.Contains(targets, r) {
		return true
	}
	if seen[r] {
		return false
	}
	seen[r] = true
	return slices.ContainsFunc(r.reg.items, func(it item) bool {
		if it.route == nil || it.route.kind != mountRoute {
			return false
		}
		inner, ok := it.route.view.(interface{ own() *Router })
		return ok && leadsTo(inner.own(), targets, seen)
	})
}
