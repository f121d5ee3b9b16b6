package router

import (
	"net/http"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/ws"
)

// entry is a route in the tree, under one method.
type entry struct {
	route     *Route
	own       *pattern.Pattern // as the router's tree has it
	full      *pattern.Pattern // with the prefixes of mounts
	pattern   string           // what r.Pattern is set to: full
	method    string           // "" for any
	vars      []string         // names of the variables of full
	setValues bool             // somebody may ask for r.PathValue
	chain     http.Handler

	// One of these serves the route.
	view    *endpoint.HTTPView
	socket  *endpoint.Endpoint
	handler http.Handler
}

// serve answers a matched request after all middleware.
//
// The methods are called by their names and not through an interface: so the
// compiler sees that a view doesn't keep vals, which can be on the stack.
func (e *entry) serve(w http.ResponseWriter, r *http.Request, vals *pattern.Values) {
	switch {
	case e.view != nil:
		e.view.Serve(w, r, vals)
	case e.socket != nil:
		own := new(pattern.Values) // the connection has them as long as it lives
		own.Take(vals)
		e.socket.ServeSocket(w, r, own)
	default:
		e.handler.ServeHTTP(w, r)
	}
}

// verdict is what becomes of a request that no route takes.
type verdict uint8

const (
	notFound        verdict = iota
	malformed               // "OPTIONS *" or another request for the server, not for a path
	notAllowed              // the path is there, the method isn't: 405
	listMethods             // OPTIONS: 204 with Allow
	upgradeRequired         // a plain GET where only a socket is: 426
	cleanPath               // the path isn't clean: redirect
	toggleSlash             // the path differs in the slash at its end: redirect
)

// miss is how a request without a route is answered.
type miss struct {
	verdict verdict
	to      string // escaped path to redirect to
	allow   string // the header of that name
}

// ServeHTTP answers a request. Singletons must have been made by Start.
//
// Where no middleware runs nothing is allocated here.
func (b *Built) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var vals pattern.Values
	e := b.match(r, &vals)
	if b.observed != unobserved {
		b.serveObserved(w, r, e, &vals)
		return
	}
	b.dispatch(w, r, e, &vals)
}

// dispatch serves a request by its entry, or says why there is none.
func (b *Built) dispatch(w http.ResponseWriter, r *http.Request, e *entry, vals *pattern.Values) {
	if e == nil {
		b.serveMiss(w, r)
		return
	}
	if b.prefixVars != nil {
		b.addPrefix(r, vals)
	}
	r.Pattern = e.pattern
	if e.setValues {
		for i, name := range e.vars {
			r.SetPathValue(name, vals.At(i))
		}
	}
	if b.root != nil || e.chain != nil {
		b.pass(w, r, &passage{entry: e, vals: *vals})
		return
	}
	e.serve(w, r, vals)
}

// serveMiss answers a request that no route takes, after the middleware that
// runs for those too.
func (b *Built) serveMiss(w http.ResponseWriter, r *http.Request) {
	r.Pattern = ""
	m := b.miss(r)
	if b.root != nil {
		b.pass(w, r, &passage{miss: m})
		return
	}
	b.answer(w, r, m)
}

// match finds the entry for a request and the values of its variables, or nil.
func (b *Built) match(r *http.Request, vals *pattern.Values) *entry {
	host := b.hostOf(r)
	if b.sockets && r.Method == http.MethodGet && ws.IsUpgrade(r) {
		if e := b.find(pattern.Socket, host, r, vals); e != nil {
			return e
		}
	}
	return b.find(r.Method, host, r, vals)
}

// find matches as a method. A path that isn't clean has no entry, see miss;
// except with CONNECT, whose paths are taken as they are.
func (b *Built) find(method, host string, r *http.Request, vals *pattern.Values) *entry {
	if r.URL.RawPath == "" && r.Method != http.MethodConnect {
		e, _ := b.tree.MatchPlain(method, host, r.URL.Path, vals)
		return e
	}
	path := r.URL.EscapedPath()
	if r.Method != http.MethodConnect && pattern.Clean(path) != path {
		return nil
	}
	_, e, _ := b.tree.Match(method, host, path, vals)
	return e
}

// miss finds out what becomes of a request without an entry.
func (b *Built) miss(r *http.Request) miss {
	if r.RequestURI == "*" {
		return miss{verdict: malformed}
	}
	path := r.URL.EscapedPath()
	if clean := pattern.Clean(path); clean != path && r.Method != http.MethodConnect {
		return miss{verdict: cleanPath, to: clean}
	}
	host := b.hostOf(r)
	methods := b.methods(r, host, path)
	socket := b.sockets && b.tree.HasSocket(host, path)
	if socket {
		methods = append(methods, http.MethodGet) // that is what a handshake is
	}
	if len(methods) == 0 {
		return b.missPath(r, host, path)
	}
	m := miss{verdict: notAllowed, allow: endpoint.Allow(methods)}
	switch r.Method {
	case http.MethodOptions:
		m.verdict = listMethods
	case http.MethodGet, http.MethodHead:
		if socket {
			m.verdict = upgradeRequired
		}
	}
	return m
}

// missPath is for a path that has no entry for any method.
func (b *Built) missPath(r *http.Request, host, path string) miss {
	if b.redirectSlash && path != "/" {
		if to, ok := b.tree.MatchSlash(r.Method, host, path); ok {
			return miss{verdict: toggleSlash, to: to}
		}
	}
	return miss{verdict: notFound}
}

// hostOf is the host to match, "" if no pattern has one.
func (b *Built) hostOf(r *http.Request) string {
	if !b.hosts {
		return ""
	}
	return cleanHost(r.Host)
}

// answer answers a request that no route takes.
func (b *Built) answer(w http.ResponseWriter, r *http.Request, m miss) {
	switch m.verdict {
	case malformed:
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
	case cleanPath:
		// As ServeMux does; 307 keeps method and body.
		http.Redirect(w, r, withQuery(r, m.to), http.StatusTemporaryRedirect)
	case toggleSlash:
		redirectRelative(w, r, m.to)
	case listMethods:
		w.Header().Set("Allow", m.allow)
		w.WriteHeader(http.StatusNoContent)
	default:
		b.cfg.Answer(w, r, m.refusal())
	}
}

// refusal is the error for a request that no route takes.
func (m miss) refusal() *endpoint.Error {
	switch m.verdict {
	case notAllowed:
		// RFC 9110 section 15.5.6: the answer must list the allowed methods.
		return &endpoint.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {m.allow}}}
	case upgradeRequired:
		return endpoint.UpgradeRequired()
	}
	return &endpoint.Error{Status: http.StatusNotFound}
}

// withQuery appends the query of the request to an escaped path.
func withQuery(r *http.Request, path string) string {
	if r.URL.RawQuery == "" {
		return path
	}
	return path + "?" + r.URL.RawQuery
}

// redirectRelative redirects to the path of the request with a slash added to
// its end, or removed. The location is relative: below a mount the path that
// is seen here is not the one that the client sees.
func redirectRelative(w http.ResponseWriter, r *http.Request, to string) {
	last := to[strings.LastIndexByte(strings.TrimSuffix(to, "/"), '/')+1:]
	location := "./" + last
	if !strings.HasSuffix(to, "/") {
		location = "../" + last
	}
	w.Header().Set("Location", withQuery(r, location))
	w.WriteHeader(http.StatusTemporaryRedirect)
}
