package router

import (
	"fmt"
	"io/fs"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
	"github.com/gofogo/fogo/internal/pattern"
)

// Group is a set of routes that share a prefix, providers, guards and
// middleware. What is registered with a group holds for all its routes and for
// the groups inside it, whatever the order of the calls.
//
// No method fails. What is wrong is recorded with the caller's file and line,
// and [Router.Build] returns it with everything else.
type Group struct {
	reg      *registry
	parent   *Group // nil for a router's own
	prefix   string // full, a pattern without method; "" for none
	broken   bool   // the prefix was refused: the routes are not looked at
	injector *inject.Injector

	middleware []middleware
	guards     []any
}

// middleware is one function of Use.
type middleware struct {
	wrap func(http.Handler) http.Handler
	at   funcinfo.Info
}

// Get registers a function for GET requests, and for HEAD requests where
// nothing else is registered for them.
//
// The pattern is a path as of package net/http, with constraints: "/users/{id}",
// "/items/{id:int}", "example.com/{path...}". Inside a group with a prefix ""
// stands for the prefix itself.
func (g *Group) Get(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Get", http.MethodGet, pat, view, opts)
}

// Head registers a function for HEAD requests.
func (g *Group) Head(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Head", http.MethodHead, pat, view, opts)
}

// Post registers a function for POST requests.
func (g *Group) Post(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Post", http.MethodPost, pat, view, opts)
}

// Put registers a function for PUT requests.
func (g *Group) Put(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Put", http.MethodPut, pat, view, opts)
}

// Patch registers a function for PATCH requests.
func (g *Group) Patch(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Patch", http.MethodPatch, pat, view, opts)
}

// Delete registers a function for DELETE requests.
func (g *Group) Delete(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Delete", http.MethodDelete, pat, view, opts)
}

// Options registers a function for OPTIONS requests, which are otherwise
// answered with the allowed methods.
func (g *Group) Options(pat string, view any, opts ...endpoint.Option) *Route {
	return g.verb("Options", http.MethodOptions, pat, view, opts)
}

func (g *Group) verb(call, method, pat string, view any, opts []endpoint.Option) *Route {
	return g.route(&Route{call: call, method: method, view: view, kind: viewKind(view), opts: opts, at: funcinfo.Caller(2)}, pat)
}

// Handle registers a view for the method that the pattern begins with, as in
// "GET /x", or for every method if it begins with none. An http.Handler is
// served as it is; if it has methods Start, Drain, Stop or Shutdown they are
// called as [Built] tells.
func (g *Group) Handle(pat string, view any, opts ...endpoint.Option) *Route {
	return g.route(&Route{call: "Handle", view: view, kind: viewKind(view), opts: opts, at: funcinfo.Caller(1)}, pat)
}

// Endpoint registers a class: a value of a type whose methods are named as
// verbs (Get, Post, …), or are the hooks of a socket (OnConnect, OnReceive,
// OnDisconnect), or both. Every request or connection has a copy of it.
func (g *Group) Endpoint(pat string, class any, opts ...endpoint.Option) *Route {
	return g.route(&Route{call: "Endpoint", kind: classRoute, view: class, opts: opts, at: funcinfo.Caller(1)}, pat)
}

// WebSocket registers a function that takes a message or owns a connection, or
// a class with OnReceive. It doesn't conflict with a GET on the same pattern:
// upgrade requests take the socket.
func (g *Group) WebSocket(pat string, view any, opts ...endpoint.Option) *Route {
	rt := &Route{call: "WebSocket", kind: socketRoute, method: pattern.Socket, view: view, opts: opts, at: funcinfo.Caller(1)}
	if t := reflect.TypeOf(view); t != nil && t.Kind() != reflect.Func {
		rt.kind, rt.method = classRoute, "" // which may have verbs too
	}
	return g.route(rt, pat)
}

// Mount serves a prefix and everything below it with a handler, which sees the
// path without the prefix, and "/" for the prefix itself. Its own 404 is final.
// Guards of the group run before it; a guard that needs a resource with a
// clean-up needs the option inject.Hold here, because nobody knows what the
// handler does.
//
// A [*Router] is built, started and stopped with the one it is mounted in, with
// the same configuration. Its routes see the providers of the group that mounts
// it, and its own win; they may take the variables of the prefix by name, and
// need not. Their patterns are the full ones: those that r.Pattern, [Built.Routes]
// and [Route.URL] have. A router may be mounted in several places if it sees the
// same providers in each: Singletons, hooks and checks are there once.
//
// An application of package fogo keeps its own providers, configuration and
// errors; it is built with this one, which then leads its life. Other handlers
// may have methods Start, Drain, Stop or Shutdown, see [Built].
//
// The mount answers every method. Where a route with a method lies around the
// prefix, such as the files of Static("/"), it answers that method, GET, HEAD,
// POST, PUT, PATCH, DELETE and OPTIONS.
//
// A route of this router that is more specific than the prefix goes before all
// that is mounted there. If it takes requests from a route inside that is as
// specific or more so, that is a conflict, and Build shows both.
func (g *Group) Mount(prefix string, h http.Handler, opts ...endpoint.Option) *Route {
	return g.route(&Route{call: "Mount", kind: mountRoute, view: h, opts: opts, at: funcinfo.Caller(1)}, subtree(prefix))
}

// Static serves the files of fsys below a prefix, to GET and HEAD requests,
// with index.html for a directory that has one. Directories are never listed,
// and names that begin with a dot not found, but for /.well-known.
//
// A file has ranges, Last-Modified and an ETag, if fsys has times or is an
// embed.FS. Beside a file may lie variants that were compressed beforehand, with
// .br, .zst or .gz behind the name, which are sent to who takes them unless they
// are older. Browsers ask each time whether a file has changed, but for those
// with hashes in their names, see [Immutable].
//
// The type of a file is that of its extension; without one that is known, it is
// what the file looks like, but never a page, and browsers are told to leave it
// at that. A path with an escaped slash is not found, for no name has a slash.
//
// os.DirFS follows symbolic links out of its directory; the FS of an os.Root
// does not.
func (g *Group) Static(prefix string, fsys fs.FS, opts ...endpoint.Option) *Route {
	return g.route(&Route{call: "Static", kind: staticRoute, method: http.MethodGet, view: fsys, opts: opts, at: funcinfo.Caller(1)}, subtree(prefix))
}

// subtree is the pattern for everything below a prefix.
func subtree(prefix string) string {
	name := "path"
	for strings.Contains(prefix, "{"+name) {
		name += "_"
	}
	return strings.TrimSuffix(prefix, "/") + "/{" + name + "...}"
}

// Group returns a group inside this one. The prefix, such as "/api" or
// "/t/{tenant}", comes before the patterns of its routes; it may be "".
func (g *Group) Group(prefix string) *Group {
	at := funcinfo.Caller(1)
	child := &Group{reg: g.reg, parent: g, prefix: g.prefix, broken: g.broken, injector: inject.New()}
	if !g.reg.open("Group "+prefix, at) {
		child.broken = true
		return child
	}
	child.injector = g.injector.Child()
	if prefix == "" || child.broken {
		return child
	}
	full, err := joinPrefix(g.prefix, prefix)
	if err != nil {
		child.broken = true
		g.reg.fail(&Problem{What: "Group " + prefix, Position: at.Position(), Faults: []string{faultOf(err)}, Err: err})
	}
	child.prefix = full
	return child
}

// joinPrefix checks a prefix and puts the outer one before it.
func joinPrefix(outer, prefix string) (string, error) {
	p, err := pattern.Parse(prefix)
	if err != nil {
		return "", err
	}
	if err := checkHost(p); err != nil {
		return "", err
	}
	root, err := pattern.Parse("/")
	if err != nil {
		return "", err
	}
	// Refuses what cannot be a prefix.
	if _, err := pattern.Join(prefix, root); err != nil {
		return "", err
	}
	full, err := pattern.Join(outer, p)
	if err != nil {
		return "", err
	}
	return full.String(), nil
}

// Use adds middleware to the routes of the group, the first outermost. That of
// a router runs for every request, also for those that no route matches, and
// always after matching: r.Pattern is set. That of a group runs on its routes
// only, inside that of the groups around it.
//
// Building calls each function once. Middleware may replace the request if the
// new one's context comes from the old one's.
func (g *Group) Use(mw ...func(http.Handler) http.Handler) {
	at := funcinfo.Caller(1)
	if !g.reg.open("Use", at) {
		return
	}
	for i, f := range mw {
		if f == nil {
			g.reg.fail(&Problem{What: "Use", Position: at.Position(), Faults: []string{fmt.Sprintf("middleware %d is nil", i+1)}})
			continue
		}
		g.middleware = append(g.middleware, middleware{f, at})
	}
}

// Guard adds functions that run before the views of the group's routes, over
// HTTP and for WebSockets alike: func(deps…) error. An error is answered in the
// view's place. Those of outer groups run first.
func (g *Group) Guard(fns ...any) {
	at := funcinfo.Caller(1)
	if !g.reg.open("Guard", at) {
		return
	}
	for _, f := range fns {
		if fault := checkGuard(f); fault != "" {
			g.reg.fail(&Problem{What: "Guard", Position: at.Position(), Faults: []string{fault}})
			continue
		}
		g.guards = append(g.guards, f)
	}
}

// Provide registers a constructor for the routes of the group, in place of one
// that an outer group has for the same type. See [inject.Injector.Provide] for
// what it may look like.
func (g *Group) Provide(lt inject.Lifetime, constructor any) {
	g.provide("Provide", funcinfo.Caller(1), func() error { return g.injector.Provide(lt, constructor) })
}

// Value registers an existing value under its own type. The application does
// not close it.
func (g *Group) Value(v any) {
	g.provide("Value", funcinfo.Caller(1), func() error { return g.injector.Value(v) })
}

// Injector returns the group's level of providers, for [inject.ValueOf] and for
// endpoint.Injector. Unlike Provide and Value it reports errors to the caller.
func (g *Group) Injector() *inject.Injector { return g.injector }

func (g *Group) provide(what string, at funcinfo.Info, register func() error) {
	if !g.reg.open(what, at) {
		return
	}
	if err := register(); err != nil {
		g.reg.fail(&Problem{What: what, Position: at.Position(), Faults: []string{faultOf(err)}, Err: err})
	}
}

// open reports whether things may still be registered.
func (g *Group) open(what string, at funcinfo.Info) bool { return g.reg.open(what, at) }

// root reports whether g is a router's own group.
func (g *Group) root() bool { return g.parent == nil }

// allGuards are the guards of the group and of those around it, outermost
// first.
func (g *Group) allGuards() []any {
	if g == nil {
		return nil
	}
	return slices.Concat(g.parent.allGuards(), g.guards)
}

// chain is the middleware of the group and of those around it but for the
// router's own, outermost first.
func (g *Group) chain() []middleware {
	if g.root() {
		return nil
	}
	return slices.Concat(g.parent.chain(), g.middleware)
}
