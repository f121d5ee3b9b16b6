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
	pattern   string   // what r.Pattern is set to
	method    string   // "" for any
	vars      []string // names of the pattern's variables
	setValues bool     // somebody may ask for r.PathValue
	chain     http.Handler
	target    target
}

// target is what an entry leads to. It is implemented by viewTarget,
// socketTarget, handlerTarget, mountTarget and slashTarget, and by nothing
// else. vals are not used after serve has returned.
type target interface {
	serve(w http.ResponseWriter, r *http.Request, vals *pattern.Values)
}

// viewTarget is a compiled view, called for the method it is registered for.
type viewTarget struct {
	ep     *endpoint.Endpoint
	method string
}

func (t viewTarget) serve(w http.ResponseWriter, r *http.Request, vals *pattern.Values) {
	t.ep.Serve(w, r, t.method, vals)
}

// socketTarget is the socket of a compiled view.
type socketTarget struct{ ep *endpoint.Endpoint }

func (t socketTarget) serve(w http.ResponseWriter, r *http.Request, vals *pattern.Values) {
	t.ep.ServeSocket(w, r, vals)
}

// handlerTarget is somebody's http.Handler.
type handlerTarget struct{ http.Handler }

func (t handlerTarget) serve(w http.ResponseWriter, r *http.Request, _ *pattern.Values) {
	t.ServeHTTP(w, r)
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

// state is the result of matching one request.
type state struct {
	vals    pattern.Values
	entry   *entry // nil: see verdict
	verdict verdict
	to      string // escaped path to redirect to
	allow   string // the header of that name
}

// ServeHTTP answers a request. Singletons must have been made by Start.
//
// Where no middleware runs, the state of the call comes from a pool and nothing
// is allocated here.
func (b *Built) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, _ := b.states.Get().(*state)
	b.match(r, s)
	if e := s.entry; e != nil {
		r.Pattern = e.pattern
		if e.setValues {
			for i, name := range e.vars {
				r.SetPathValue(name, s.vals.At(i))
			}
		}
	} else {
		r.Pattern = ""
	}
	if b.root != nil || s.entry != nil && s.entry.chain != nil {
		b.pass(w, r, s)
		return
	}
	b.finish(w, r, s)
	b.release(s)
}

// release gives a state back. One whose call panicked is dropped.
func (b *Built) release(s *state) {
	s.vals.Reset()
	s.entry, s.to, s.allow = nil, "", ""
	b.states.Put(s)
}

// match finds the entry for a request, or the verdict.
func (b *Built) match(r *http.Request, s *state) {
	if r.RequestURI == "*" {
		s.verdict = malformed
		return
	}
	path := r.URL.EscapedPath()
	if r.Method != http.MethodConnect { // whose paths are taken as they are
		if clean := pattern.Clean(path); clean != path {
			s.verdict, s.to = cleanPath, clean
			return
		}
	}
	host := ""
	if b.hosts {
		host = cleanHost(r.Host)
	}
	var found bool
	if b.sockets && r.Method == http.MethodGet && ws.IsUpgrade(r) {
		if _, s.entry, found = b.tree.Match(pattern.Socket, host, path, &s.vals); found {
			return
		}
	}
	if _, s.entry, found = b.tree.Match(r.Method, host, path, &s.vals); found {
		return
	}
	b.miss(r, s, host, path)
}

// miss finds the verdict for a request without a route.
func (b *Built) miss(r *http.Request, s *state, host, path string) {
	methods := b.tree.Methods(host, path)
	socket := b.sockets && b.tree.HasSocket(host, path)
	if len(methods) == 0 && !socket {
		s.verdict = notFound
		if b.redirectSlash && path != "/" {
			if to, ok := b.tree.MatchSlash(r.Method, host, path); ok {
				s.verdict, s.to = toggleSlash, to
			}
		}
		return
	}
	if socket {
		methods = append(methods, http.MethodGet) // that is what a handshake is
	}
	s.allow = endpoint.Allow(methods)
	switch r.Method {
	case http.MethodOptions:
		s.verdict = listMethods
	case http.MethodGet, http.MethodHead:
		s.verdict = notAllowed
		if socket {
			s.verdict = upgradeRequired
		}
	default:
		s.verdict = notAllowed
	}
}

// cleanHost returns a host in lower case and without its port.
func cleanHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return strings.ToLower(host)
}

// finish serves a matched request after all middleware.
func (b *Built) finish(w http.ResponseWriter, r *http.Request, s *state) {
	if s.entry != nil {
		s.entry.target.serve(w, r, &s.vals)
		return
	}
	switch s.verdict {
	case malformed:
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
	case cleanPath:
		// As ServeMux does; 307 keeps method and body.
		http.Redirect(w, r, withQuery(r, s.to), http.StatusTemporaryRedirect)
	case toggleSlash:
		redirectRelative(w, r, s.to)
	case listMethods:
		w.Header().Set("Allow", s.allow)
		w.WriteHeader(http.StatusNoContent)
	default:
		b.cfg.Answer(w, r, s.refusal())
	}
}

// refusal is the error for a request that no route takes.
func (s *state) refusal() *endpoint.Error {
	switch s.verdict {
	case notAllowed:
		// RFC 9110 section 15.5.6: the answer must list the allowed methods.
		return &endpoint.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {s.allow}}}
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
