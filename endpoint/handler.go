package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// Keys of the options that only a Handler has.
type (
	patternKey  struct{}
	injectorKey struct{}
	configKey   struct{}
	guardsKey   struct{}
	methodKey   struct{}
)

// Pattern makes the handler answer the paths of a pattern only, and gives its
// variables to the view: "/users/{id}". Without it the handler answers every
// path. It is an option of [New].
func Pattern(p string) Option {
	return func(s *inject.Settings) { s.Set(patternKey{}, p) }
}

// Injector gives the view the providers of a level. It is an option of [New].
func Injector(in *inject.Injector) Option {
	return func(s *inject.Settings) { s.Set(injectorKey{}, in) }
}

// Configure sets the configuration. It is an option of [New].
func Configure(c Config) Option {
	return func(s *inject.Settings) { s.Set(configKey{}, c) }
}

// Guards run before the view. It is an option of [New].
func Guards(guards ...any) Option {
	return func(s *inject.Settings) { s.Set(guardsKey{}, guards) }
}

// Method makes a function answer one HTTP method only. It is an option of
// [New]; a function without it answers any.
func Method(m string) Option {
	return func(s *inject.Settings) { s.Set(methodKey{}, m) }
}

// Handler is a view served without a router, as a plain http.Handler. It is
// safe for concurrent use. Shutdown closes what it holds.
type Handler struct {
	endpoint *Endpoint
	asm      *inject.Assembly
	cfg      *Config
	tree     *pattern.Tree[struct{}] // nil: every path
	tracker  *ws.Tracker

	host       bool // the pattern has a host
	pathValues bool // somebody may ask for r.PathValue

	start    sync.Once
	startErr error
	stopped  atomic.Bool
	stop     sync.Once
}

// New analyses a view, a function of any signature or a value of a class, and
// makes it servable. The error joins everything that is wrong with it.
//
// The Singletons that it needs are made at the first request, and are the
// handler's own: views that are to share them belong into one application, see
// package fogo.
func New(view any, opts ...Option) (*Handler, error) {
	return newHandler(view, inject.SettingsOf(opts...), funcinfo.Caller(1))
}

// Func is New for a function; it panics if something is wrong with it.
func Func(fn any, opts ...Option) *Handler {
	if t := reflect.TypeOf(fn); t == nil {
		panic("endpoint: nil is not a function")
	} else if t.Kind() != reflect.Func {
		panic(fmt.Sprintf("endpoint: a value of type %s is not a function; see endpoint.Class", t))
	}
	return must(newHandler(fn, inject.SettingsOf(opts...), funcinfo.Caller(1)))
}

// Class is New for a class; it panics if something is wrong with it.
func Class(v any, opts ...Option) *Handler {
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Func {
		panic(fmt.Sprintf("endpoint: a function of type %s is not a class; see endpoint.Func", t))
	}
	return must(newHandler(v, inject.SettingsOf(opts...), funcinfo.Caller(1)))
}

func must(h *Handler, err error) *Handler {
	if err != nil {
		panic(err)
	}
	return h
}

func newHandler(view any, s *inject.Settings, at funcinfo.Info) (*Handler, error) {
	cfg, _ := s.Get(configKey{}).(Config)
	cfg = cfg.WithDefaults()
	h := &Handler{tracker: cfg.WebSocket.Tracker}
	if h.tracker == nil {
		h.tracker = &ws.Tracker{}
		cfg.WebSocket.Tracker = h.tracker
	}
	h.cfg = &cfg
	in, _ := s.Get(injectorKey{}).(*inject.Injector)
	if in == nil {
		in = inject.New()
	}
	in.Reject(Unprovidable)
	spec := Spec{View: view, Level: in, Settings: s, Title: "view at " + at.Position()}
	spec.Guards, _ = s.Get(guardsKey{}).([]any)
	kind, err := Inspect(view)
	if err == nil {
		err = h.route(&spec, kind, s)
	}
	if err != nil {
		return nil, fmt.Errorf("endpoint: %s: %w", spec.Title, err)
	}
	if err := cfg.CheckObservers(); err != nil {
		return nil, fmt.Errorf("endpoint: %s: %w", spec.Title, err)
	}
	h.asm, err = inject.Assemble(in, inject.Options{
		Logger: cfg.Logger, Neutral: resolve.Neutral(&h.cfg.Values), Observers: cfg.ProviderObservers(),
	})
	if err != nil {
		return nil, err
	}
	if h.endpoint, err = Compile(h.asm, h.cfg, spec); err != nil {
		return nil, err
	}
	h.pathValues = slices.ContainsFunc(append([]string{pattern.Socket}, h.endpoint.order...), h.endpoint.takesRequest)
	return h, nil
}

// route reads the options that say what the handler answers.
func (h *Handler) route(spec *Spec, kind Kind, s *inject.Settings) error {
	spec.Method, _ = s.Get(methodKey{}).(string)
	if text, ok := s.Get(patternKey{}).(string); ok {
		if err := h.pattern(spec, text); err != nil {
			return err
		}
	}
	switch {
	case spec.Method == "":
	case kind.Class:
		return fmt.Errorf("the method %s is said for a class, whose own methods say what it answers", spec.Method)
	case kind.Socket:
		return fmt.Errorf("the method %s is said for a WebSocket, whose handshake is always a GET", spec.Method)
	case spec.Method != strings.ToUpper(spec.Method):
		return fmt.Errorf("%q is no HTTP method, for they are case-sensitive; did you mean %q?", spec.Method, strings.ToUpper(spec.Method))
	}
	return nil
}

func (h *Handler) pattern(spec *Spec, text string) error {
	p, err := pattern.Parse(text)
	if err != nil {
		return err
	}
	spec.Pattern = p
	if m := p.Method(); m != "" {
		if spec.Method != "" && spec.Method != m {
			return fmt.Errorf("the pattern %q is for another method than %s", text, spec.Method)
		}
		spec.Method = m
	}
	// The methods are the endpoint's business.
	path, err := pattern.Parse(p.Host() + p.Path())
	if err != nil {
		return err
	}
	h.host = p.Host() != ""
	h.tree = &pattern.Tree[struct{}]{}
	defer h.tree.Freeze()
	return h.tree.Add(path, struct{}{})
}

// Unprovidable says why values of a type cannot be provided, "" if they can: it
// belongs in inject.Injector.Reject.
func Unprovidable(t reflect.Type) string { return rules.CheckProvided(rules.Reflect(t)) }

// ServeHTTP answers the request: 404 for a path that the pattern does not
// match, 405 for a method that the view does not have, and 503 after Shutdown.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.cfg.Observed() {
		h.serveObserved(w, r)
		return
	}
	h.serve(w, r)
}

// serveObserved is serve for a call that is observed, which begins with its
// route: the path is matched twice.
func (h *Handler) serveObserved(w http.ResponseWriter, r *http.Request) {
	var vars pattern.Values
	matched := h.tree == nil || h.match(r, &vars)
	route := h.endpoint.label
	if !matched {
		route = ""
	}
	x, r := h.cfg.Observe(w, r, route, matched && h.endpoint.socket != nil && ws.IsUpgrade(r))
	defer x.End()
	h.serve(x, r)
	x.Returned()
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	if h.start.Do(h.begin); h.startErr != nil {
		h.cfg.Answer(w, r, h.startErr)
		return
	}
	if h.stopped.Load() {
		h.cfg.Answer(w, r, errStopped)
		return
	}
	var vars pattern.Values
	if h.tree != nil && !h.match(r, &vars) {
		h.cfg.Answer(w, r, &Error{Status: http.StatusNotFound})
		return
	}
	h.endpoint.dispatch(h.cfg, w, r, &vars)
}

// match matches the path, and tells the request about it as http.ServeMux
// does.
func (h *Handler) match(r *http.Request, vars *pattern.Values) bool {
	host := ""
	if h.host {
		host = hostOf(r)
	}
	p, _, ok := h.tree.Match(r.Method, host, r.URL.EscapedPath(), vars)
	if !ok {
		return false
	}
	r.Pattern = p.String()
	if h.pathValues {
		for i, v := range p.Vars() {
			r.SetPathValue(v.Name, vars.At(i))
		}
	}
	return true
}

// hostOf is the request's host in lower case and without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return strings.ToLower(host)
}

// errStopped is the answer after Shutdown.
var errStopped = &Error{Status: http.StatusServiceUnavailable, Detail: "The server is shutting down."}

// dispatch answers a request of any method: a WebSocket upgrade with the
// socket, HEAD with GET unless the view has its own, OPTIONS with Allow, and
// what the view does not have with 405, or with 426 if it is a GET on a socket.
func (e *Endpoint) dispatch(cfg *Config, w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	m := e.methodFor(r)
	switch {
	case m == pattern.Socket:
		own := new(pattern.Values) // the connection has them as long as it lives
		own.Take(vars)
		e.ServeSocket(w, r, own)
	case e.verbs[m] != nil:
		e.verbs[m].Serve(w, r, vars)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", Allow(e.allowed()))
		w.WriteHeader(http.StatusNoContent)
	default:
		cfg.Answer(w, r, e.notAllowed(r.Method))
	}
}

// methodFor is the method that a request is served as: pattern.Socket for an
// upgrade, that of the view for it, or one that the view does not have.
func (e *Endpoint) methodFor(r *http.Request) string {
	if e.socket != nil && ws.IsUpgrade(r) {
		return pattern.Socket
	}
	if e.verbs[r.Method] != nil {
		return r.Method
	}
	if r.Method == http.MethodHead && e.verbs[http.MethodGet] != nil {
		return http.MethodGet
	}
	return anyMethod
}

// anyMethod is the key of a function that answers every method.
const anyMethod = ""

// allowed are the methods for an Allow header. The handshake of a socket is a
// GET.
func (e *Endpoint) allowed() []string {
	if e.socket != nil && e.verbs[http.MethodGet] == nil {
		return append([]string{http.MethodGet}, e.order...)
	}
	return e.order
}

// notAllowed is the answer to a method without a view (RFC 9110 section
// 15.5.6); a GET on a socket is told to upgrade (section 15.5.22).
func (e *Endpoint) notAllowed(method string) error {
	if e.socket != nil && (method == http.MethodGet || method == http.MethodHead) {
		return UpgradeRequired()
	}
	return &Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {Allow(e.allowed())}}}
}

// UpgradeRequired is the error of a plain GET where there is only a socket.
func UpgradeRequired() *Error {
	return &Error{
		Status: http.StatusUpgradeRequired, Detail: "This is a WebSocket.",
		Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
	}
}

// begin makes the Singletons.
func (h *Handler) begin() { h.startErr = h.asm.Start(context.Background()) }

// Explain prints the plans of the view.
func (h *Handler) Explain() string {
	var b strings.Builder
	for i, p := range h.endpoint.programs {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Explain())
	}
	return b.String()
}

// Shutdown closes the view's sockets with 1001, waits for their handlers, and
// closes the Singletons in the reverse of the order in which they were made. At
// ctx's deadline it cuts what is left. Requests are the business of the server
// that the handler runs in: shut that down first. What comes later is answered
// with 503. It may be called more than once.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.stopped.Store(true)
	h.start.Do(func() { h.startErr = errStopped }) // nothing is made from now on
	err := h.tracker.Shutdown(ctx)
	h.stop.Do(func() {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, h.asm.Stop(stopCtx))
	})
	return err
}
