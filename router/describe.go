package router

import (
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
)

// Middleware names the middleware that requests of the route go through, each
// with the position of its Use, outermost first.
func (i RouteInfo) Middleware() []string {
	if i.link == nil {
		return nil
	}
	var names []string
	for _, mount := range i.link.chain {
		names = mount.group.middlewareNames(names)
	}
	return i.link.route.group.middlewareNames(names)
}

// middlewareNames appends the names of the middleware of the groups around g
// and of g.
func (g *Group) middlewareNames(names []string) []string {
	if g == nil {
		return names
	}
	names = g.parent.middlewareNames(names)
	for _, m := range g.middleware {
		name := funcinfo.Of(reflect.ValueOf(m.wrap)).Name
		if at := m.at.Position(); at != "" {
			name += " (" + at + ")"
		}
		names = append(names, name)
	}
	return names
}

// Providers describes the providers, dependencies first, and then those of
// routers that are mounted.
func (b *Built) Providers() []inject.ProviderInfo {
	list := b.assembly.Providers()
	for _, part := range b.parts {
		inner, ok := part.(*Built)
		if !ok || inner.assembly == b.assembly {
			continue
		}
		first := len(list)
		for _, p := range inner.Providers() {
			for i := range p.Needs {
				p.Needs[i] += first
			}
			list = append(list, p)
		}
	}
	return list
}
