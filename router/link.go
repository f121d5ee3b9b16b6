package router

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
)

// link is a place where a built application has a route: all it takes to make
// URLs that lead there. It is immutable once it is published.
type link struct {
	route *Route
	chain []*Route         // the mounts that lead there, outermost first
	full  *pattern.Pattern // nil if fault says why there are no URLs
	fault error
	name  string // in the outermost application

	inputs []resolve.Input // what the views take from path and query
	typed  bool            // inputs are known
	free   bool            // there may be more in the query
	base   func(*http.Request) string
}

// newLink is the link of a route where this router is mounted.
func (b *builder) newLink(rt *Route) *link {
	l := &link{route: rt, full: b.full(rt.pattern), free: true, base: b.opts.BaseURL}
	if b.at != nil {
		l.chain = b.at.chain
	}
	return l
}

// below is the link of the same route in an application that mounts its own.
func (l *link) below(at *site, base func(*http.Request) string) *link {
	moved := *l
	moved.chain = slices.Concat(at.chain, l.chain)
	moved.base = base
	if l.full != nil {
		moved.full, moved.fault = at.join(l.full)
	}
	if moved.fault != nil {
		moved.fault = fmt.Errorf("router: %s has no URL under %s: %s", l.route.title(), at.prefix, faultOf(moved.fault))
	}
	return &moved
}

// publish makes a link known to its route. Those that it goes beyond, because
// what they were built in is mounted in what it was built in, are forgotten.
func (rt *Route) publish(l *link) {
	for {
		old := rt.links.Load()
		var list []*link
		if old != nil {
			list = *old
		}
		if slices.ContainsFunc(list, func(k *link) bool { return k.beyond(l) }) {
			return
		}
		list = slices.DeleteFunc(slices.Clone(list), l.beyond)
		list = append(list, l)
		if rt.links.CompareAndSwap(old, &list) {
			return
		}
	}
}

// beyond reports whether the mounts that lead to l end in those that lead to k.
func (l *link) beyond(k *link) bool {
	n := len(l.chain) - len(k.chain)
	return n >= 0 && slices.Equal(l.chain[n:], k.chain)
}

// link finds the one place of a route.
func (rt *Route) link() (*link, error) {
	if rt.pattern == nil {
		return nil, rt.problem
	}
	list := rt.links.Load()
	switch {
	case list == nil:
		return nil, fmt.Errorf("router: %s is not built, and has no URL before: call Build first", rt.title())
	case len(*list) > 1:
		var places []string
		for _, l := range *list {
			places = append(places, fmt.Sprint(l.full))
		}
		return nil, fmt.Errorf("router: %s is mounted in several places, %s: name the mounts, and say which one with URLFor",
			rt.title(), strings.Join(places, " and "))
	}
	return (*list)[0], (*list)[0].fault
}
