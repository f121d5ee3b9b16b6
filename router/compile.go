package router

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// route compiles one registration into entries of the tree.
func (b *builder) route(rt *Route) {
	if err := b.checkSite(rt); err != nil {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{faultOf(err)}, Err: err})
		return
	}
	b.links[rt] = b.newLink(rt)
	b.name(rt, rt.name, b.links[rt])
	switch rt.kind {
	case funcRoute, classRoute, socketRoute:
		b.view(rt)
	case handlerRoute:
		h, _ := rt.view.(http.Handler)
		b.part(h)
		if e, programs := b.handler(rt, rt.pattern, h, rt.method); e != nil {
			b.describe(rt, []*entry{e}, programs)
		}
	case mountRoute:
		b.mount(rt)
	case staticRoute:
		b.static(rt)
	}
}

// name gives a link a name, unless that is "".
func (b *builder) name(rt *Route, name string, l *link) {
	if name == "" {
		return
	}
	if old := b.names[name]; old != nil {
		b.failOnce(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{
			fmt.Sprintf("the name %q belongs to %s already; choose another", name, old.route.title()),
		}})
		return
	}
	b.names[name] = l
}

// view compiles a function or a class.
func (b *builder) view(rt *Route) {
	kind, err := endpoint.Inspect(rt.view)
	if err == nil {
		err = rt.checkKind(kind)
	}
	if err != nil {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{faultOf(err)}, Err: err})
		return
	}
	entries := b.entries(rt, kind)
	ep, err := endpoint.Compile(b.asm, b.cfg, b.spec(rt, rt.view))
	if err != nil {
		b.fail(err)
		return
	}
	for _, e := range entries {
		if e.method == pattern.Socket {
			e.socket = ep
		} else {
			e.view = ep.View(e.method)
		}
		e.setValues = e.setValues || ep.TakesRequest(e.method)
	}
	l := b.links[rt]
	l.inputs, l.free = ep.Inputs()
	l.typed = true
	b.describe(rt, entries, ep.Programs())
}

// checkKind tells views apart from the method they were registered with.
func (rt *Route) checkKind(k endpoint.Kind) error {
	switch {
	case rt.kind == funcRoute && k.Class:
		return fmt.Errorf("%s takes a function, not a class; register %s with Endpoint", rt.call, rt.describe())
	case rt.kind == funcRoute && k.Socket:
		return fmt.Errorf("%s is a WebSocket view; register it with WebSocket", rt.describe())
	case rt.kind == classRoute && !k.Class:
		return fmt.Errorf("Endpoint takes a class, not a function; register %s with Get, Post, … or WebSocket", rt.describe())
	case rt.call == "WebSocket" && !k.Socket && k.Class:
		return fmt.Errorf("class %s has no OnReceive; register it with Endpoint", rt.describe())
	}
	return nil
}

// entries makes the entries of a view and puts them into the tree.
func (b *builder) entries(rt *Route, k endpoint.Kind) []*entry {
	if !k.Class {
		return []*entry{b.entry(rt, rt.pattern, rt.method)}
	}
	methods := k.Verbs
	if k.Socket {
		methods = append(methods[:len(methods):len(methods)], pattern.Socket)
	}
	var list []*entry
	for _, m := range methods {
		list = append(list, b.entry(rt, b.withMethod(rt.pattern, m), m))
	}
	return list
}

// withMethod returns a pattern that has none, with one.
func (b *builder) withMethod(p *pattern.Pattern, method string) *pattern.Pattern {
	q, err := pattern.Parse(method + " " + p.String())
	if err != nil {
		panic(fmt.Sprintf("bug: %s %s does not parse: %v", method, p, err))
	}
	return q
}

// entry makes one entry and puts it into the tree.
func (b *builder) entry(rt *Route, p *pattern.Pattern, method string) *entry {
	e := &entry{route: rt, method: method, chain: b.chainOf(rt.group)}
	b.add(p, e)
	e.setValues = b.rooted || e.chain != nil
	return e
}

func (b *builder) spec(rt *Route, view any) endpoint.Spec {
	settings := inject.SettingsOf(rt.opts...)
	if names := b.at.vars(); names != nil {
		endpoint.IgnoreVars(names...)(settings) // whoever names them gets them
	}
	return endpoint.Spec{
		View: view, Pattern: b.full(rt.pattern), Method: rt.method, Socket: rt.kind == socketRoute,
		Level: b.tree.Level(rt.group.injector), Guards: rt.group.allGuards(), Settings: settings,
		Name: rt.name, Title: titleOf(b.full(rt.pattern), rt.at),
	}
}

// handler adds an http.Handler under a pattern, for each of the methods. If
// guards stand before it, it is made into a view that they can run with;
// otherwise nothing comes between it and the server. The first of the entries
// stands for all.
func (b *builder) handler(rt *Route, p *pattern.Pattern, h http.Handler, methods ...string) (*entry, []*inject.Program) {
	var view *endpoint.HTTPView
	var programs []*inject.Program
	if len(rt.group.allGuards()) > 0 {
		ep := b.guarded(rt, p, h)
		if ep == nil {
			return nil, nil
		}
		view, programs = ep.View(p.Method()), ep.Programs()
	}
	var first *entry
	for _, m := range methods {
		q := p
		if m != p.Method() {
			q = b.withMethod(p, m)
		}
		e := b.entry(rt, q, m)
		e.view, e.handler, e.setValues = view, h, true
		if rt.kind == mountRoute && m != pattern.Socket {
			e.pattern = b.full(p).String() // without the method that it may stand under
		}
		if first == nil {
			first = e
		}
	}
	return first, programs
}

// guarded compiles a view that serves a handler. It finds the values of
// variables in the request.
func (b *builder) guarded(rt *Route, p *pattern.Pattern, h http.Handler) *endpoint.Endpoint {
	spec := b.spec(rt, func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) })
	spec.Pattern, spec.Method = b.full(p), p.Method()
	ep, err := endpoint.Compile(b.asm, b.cfg, spec)
	if err != nil {
		b.fail(err)
		return nil
	}
	return ep
}

// describe records what Routes and Explain say of a route.
func (b *builder) describe(rt *Route, entries []*entry, programs []*inject.Program) {
	name, pos := rt.handler()
	l := b.links[rt]
	for i, e := range entries {
		info := RouteInfo{
			Method: e.method, Pattern: strings.TrimPrefix(strings.TrimPrefix(e.pattern, e.method), " "), Name: rt.name,
			Handler: name, Position: pos, Registered: rt.at.Position(), View: rt.view, link: l,
		}
		if i < len(programs) {
			info.Program = programs[i]
			info.Handler, info.Position = handlerOf(programs[i], name, pos)
		}
		b.out.routes = append(b.out.routes, info)
	}
	text := rt.explain(l.full, programs)
	b.explain = append(b.explain, func() {
		rt.plan.CompareAndSwap(nil, &text)
		rt.publish(l)
	})
}

// handlerOf finds the function that a program ends in: the method of a class.
func handlerOf(p *inject.Program, name, pos string) (string, string) {
	tables := p.Tables()
	for _, t := range tables {
		for _, f := range t.Functions {
			if f.Role == inject.RoleHandler {
				return f.Name, f.Position
			}
		}
	}
	return name, pos
}
