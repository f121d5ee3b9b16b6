package router

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
	"github.com/gofogo/fogo/internal/pattern"
)

// Route is one registration: a view and its pattern, or a class, which answers
// several methods on one.
type Route struct {
	// As registered.
	group   *Group
	call    string // the method that registered it: "Get"
	kind    routeKind
	method  string // of the pattern, "" for any and for classes
	view    any
	opts    []endpoint.Option
	at      funcinfo.Info // of the call
	pattern *pattern.Pattern
	problem *Problem // why there is no pattern
	name    string

	// plan is what Explain prints, set by the first build that succeeds.
	plan atomic.Pointer[string]
	// links are the places where builds that succeeded have put the route.
	links atomic.Pointer[[]*link]
}

// routeKind is what a route's view is.
type routeKind uint8

const (
	funcRoute    routeKind = iota // a function for HTTP:      Get("/x", getX)
	classRoute                    // a type with methods:      Endpoint("/x", X{})
	socketRoute                   // a function for a socket:  WebSocket("/x", chat)
	handlerRoute                  // an http.Handler:          Handle("/x", mux)
	mountRoute                    // one for a subtree:        Mount("/x", mux)
	staticRoute                   // an fs.FS:                 Static("/x", files)
)

// viewKind tells handlers from views. An http.HandlerFunc is a handler.
func viewKind(view any) routeKind {
	if _, ok := view.(http.Handler); ok {
		return handlerRoute
	}
	return funcRoute
}

// route gives rt its pattern and adds it to what was registered.
func (g *Group) route(rt *Route, pat string) *Route {
	rt.group = g
	switch {
	case !g.open(rt.call+" "+pat, rt.at):
		rt.problem = &Problem{What: rt.call + " " + pat, Position: rt.at.Position(), Faults: []string{"it was registered too late"}}
	case g.broken:
		rt.problem = &Problem{What: rt.call + " " + pat, Position: rt.at.Position(), Faults: []string{"the prefix of its group is wrong"}}
	default:
		g.addRoute(rt, pat)
	}
	return rt
}

func (g *Group) addRoute(rt *Route, pat string) {
	err := rt.parse(pat)
	if err == nil {
		err = checkOptions(rt.opts)
	}
	if err == nil && (rt.kind == mountRoute || rt.kind == handlerRoute) {
		err = checkHandler(rt.view)
	}
	if err != nil {
		rt.problem = &Problem{What: rt.call + " " + pat, Position: rt.at.Position(), Faults: []string{faultOf(err)}, Err: err}
		g.reg.fail(rt.problem)
		return
	}
	g.reg.add(item{route: rt})
}

// parse makes the full pattern, with the prefix of the group and the method.
func (rt *Route) parse(pat string) error {
	prefix := rt.group.prefix
	if pat == "" && prefix != "" {
		pat, prefix = prefix, ""
	}
	p, err := pattern.Parse(pat)
	if err != nil {
		return err
	}
	if err := rt.checkMethod(p); err != nil {
		return err
	}
	if err := checkHost(p); err != nil {
		return err
	}
	if rt.method == "" {
		rt.method = p.Method()
	}
	if p, err = pattern.Join(prefix, p); err != nil {
		return err
	}
	if rt.method != "" && p.Method() == "" {
		p, err = pattern.Parse(rt.method + " " + p.String())
	}
	rt.pattern = p
	return err
}

// checkMethod refuses a method where there is none to be written, and one that
// no request has.
func (rt *Route) checkMethod(p *pattern.Pattern) error {
	m := p.Method()
	rest := strings.TrimLeft(strings.TrimPrefix(p.String(), m), " \t")
	switch upper := strings.ToUpper(m); {
	case m == "":
		return nil
	case m == pattern.Socket:
		return fmt.Errorf("%s is no method of HTTP; register a socket with WebSocket(%q, …)", m, rest)
	case rt.call != "Handle":
		return fmt.Errorf("the pattern names the method %s, which %s does not take; write %q, or use Handle", m, rt.call, rest)
	case upper != m && known(upper):
		return fmt.Errorf("methods are upper case; write %q", upper+" "+rest)
	}
	return nil
}

func known(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace:
		return true
	}
	return false
}

func checkOptions(opts []endpoint.Option) error {
	for i, o := range opts {
		if o == nil {
			return fmt.Errorf("option %d is nil", i+1)
		}
	}
	return nil
}

// checkHandler refuses a nil handler.
func checkHandler(h any) error {
	if v := reflect.ValueOf(h); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Func && v.IsNil() {
		return fmt.Errorf("the handler is nil")
	}
	return nil
}

// Name names the route, for [Built.Route] and resolve.Route. Two routes of one
// router cannot have the same name.
func (rt *Route) Name(name string) *Route {
	if rt.group.open("Name "+name, funcinfo.Caller(1)) {
		rt.name = name
	}
	return rt
}

// Pattern returns the full pattern with the prefixes of the groups and, unless
// the route answers several, the method: "GET /api/users/{id}". Where its router
// is mounted in one place, the prefix of that comes before it once it is built.
// It is "" if registering failed.
func (rt *Route) Pattern() string {
	if rt.pattern == nil {
		return ""
	}
	if l, err := rt.link(); err == nil && l.full != nil {
		return l.full.String()
	}
	return rt.pattern.String()
}

// Explain returns the plan of the route in the form of the tables that errors
// have: where each parameter comes from, and which providers run. Before a
// successful Build it says so.
func (rt *Route) Explain() string {
	if s := rt.plan.Load(); s != nil {
		return *s
	}
	return rt.title() + " is not built"
}

// title is how messages call the route: "GET /users/{id} (main.go:12)".
func (rt *Route) title() string {
	if rt.pattern != nil {
		return titleOf(rt.pattern, rt.at)
	}
	if pos := rt.at.Position(); pos != "" {
		return rt.call + " (" + pos + ")"
	}
	return rt.call
}

func titleOf(p *pattern.Pattern, at funcinfo.Info) string {
	if pos := at.Position(); pos != "" {
		return p.String() + " (" + pos + ")"
	}
	return p.String()
}

// handler names what serves the route, with its position where it has one.
func (rt *Route) handler() (name, position string) {
	v := reflect.ValueOf(rt.view)
	switch {
	case !v.IsValid():
		return "nil", ""
	case v.Kind() == reflect.Func && !v.IsNil():
		info := funcinfo.Of(v)
		return info.Name, info.Position()
	}
	return v.Type().String(), ""
}

// describe is handler in one string.
func (rt *Route) describe() string {
	name, pos := rt.handler()
	if pos != "" {
		name += " (" + pos + ")"
	}
	return name
}

// explain makes the text of Explain.
func (rt *Route) explain(full *pattern.Pattern, programs []*inject.Program) string {
	if len(programs) == 0 {
		return fmt.Sprintf("%s\nserved by %s as it is\n", titleOf(full, rt.at), rt.describe())
	}
	texts := make([]string, len(programs))
	for i, p := range programs {
		texts[i] = p.Explain()
	}
	return strings.Join(texts, "\n")
}
