package endpoint

import (
	"net/http"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// Endpoint is a compiled view. It is immutable and safe for concurrent use.
type Endpoint struct {
	cfg      *Config
	verbs    map[string]*HTTPView // by method, "" for any
	socket   *socketView
	order    []string
	programs []*inject.Program
	label    string // the pattern with its host, for observers
}

// Compile compiles a view for one route. The error joins every *inject.Problem
// found; it is inject.ErrReported if all of them were reported for an earlier
// route.
func Compile(asm *inject.Assembly, cfg *Config, spec Spec) (*Endpoint, error) {
	return compile(asm, cfg, spec)
}

// Methods are the HTTP methods that the view answers; "" stands for any.
func (e *Endpoint) Methods() []string { return e.order }

// HasSocket reports whether the view takes WebSockets.
func (e *Endpoint) HasSocket() bool { return e.socket != nil }

// TakesRequest reports whether anything called for the method, or for sockets
// if it is pattern.Socket, takes the *http.Request, and may want its
// PathValue.
func (e *Endpoint) TakesRequest(method string) bool { return e.takesRequest(method) }

// View returns what answers the requests of a method, which must be one of
// Methods.
func (e *Endpoint) View(method string) *HTTPView { return e.verbs[method] }

// ServeSocket answers an upgrade request. It returns when the handshake is
// over or, for a view that owns its connection, when the connection is. vars is
// the connection's from then on.
func (e *Endpoint) ServeSocket(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	e.socket.serve(w, r, vars)
}

// Programs are the compiled plans, one for each method in the order of
// Methods, then that of the socket.
func (e *Endpoint) Programs() []*inject.Program { return e.programs }
