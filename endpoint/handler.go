package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
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

	start    sync.Once
	startErr error
	vars     sync.Pool // of *pattern.Values
}

// New analyses a view, a function of any signature or a value of a class, and
// makes it servable. The error joins everything that is wrong with it. Its
// Singletons are made at the first request.
func New(view any, opts ...Option) (*Handler, error) {
	return newHandler(view, inject.SettingsOf(opts...), funcinfo.Caller(1))
}

// Func is New for a function; it panics if something is wrong with it.
func Func(fn any, opts ...Option) *Handler {
	if t := reflect.TypeOf(fn); t == nil || t.Kind() != reflect.Func {
		panic(fmt.Sprintf("endpoint: %v of type %T is not a function; see endpoint.Class", fn, fn))
	}
	return must(newHandler(fn, inject.SettingsOf(opts...), funcinfo.Caller(1)))
}

// Class is New for a class; it panics if something is wrong with it.
func Class(v any, opts ...Option) *Handler {
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Func {
		panic(fmt.Sprintf("endpoint: a %T is not a class; see endpoint.Func", v))
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
	var err error
	if h.asm, err = inject.Assemble(in, inject.Options{Logger: cfg.Logger, Neutral: resolve.Neutral(&h.cfg.Values)}); err != nil {
		return nil, err
	}
	spec := Spec{View: view, Level: in, Settings: s, Title: "view at " + at.Position()}
	spec.Guards, _ = s.Get(guardsKey{}).([]any)
	spec.Method, _ = s.Get(methodKey{}).(string)
	if err := h.route(&spec, s); err != nil {
		return nil, err
	}
	if _, err := Inspect(view); err != nil {
		return nil, fmt.Errorf("endpoint: %s: %w", spec.Title, err)
	}
	h.endpoint, err = Compile(h.asm, h.cfg, spec)
	return h, err
}

func (h *Handler) route(spec *Spec, s *inject.Settings) error {
	text, ok := s.Get(patternKey{}).(string)
	if !ok {
		return nil
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return fmt.Errorf("endpoint: %s: %w", spec.Title, err)
	}
	spec.Pattern = p
	if p.Method() != "" {
		spec.Method = p.Method()
	}
	h.tree = &pattern.Tree[struct{}]{}
	// The methods are the endpoint's business.
	path, err := pattern.Parse(p.Host() + p.Path())
	if err != nil {
		return err
	}
	defer h.tree.Freeze()
	return h.tree.Add(path, struct{}{})
}

// Unprovidable says why values of a type cannot be provided, "" if they can: it
// belongs in inject.Injector.Reject.
func Unprovidable(t reflect.Type) string { return rules.CheckProvided(rules.Reflect(t)) }

// ServeHTTP answers the request: 404 for a path that the pattern does not
// match, 405 for a method that the view does not have.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.start.Do(h.begin); h.startErr != nil {
		h.cfg.Answer(w, r, h.startErr)
		return
	}
	vars, ok := h.vars.Get().(*pattern.Values)
	if !ok {
		vars = &pattern.Values{}
	}
	defer func() {
		vars.Reset()
		h.vars.Put(vars)
	}()
	if h.tree != nil {
		p, _, ok := h.tree.Match(r.Method, r.Host, r.URL.EscapedPath(), vars)
		if !ok {
			h.cfg.Answer(w, r, &Error{Status: http.StatusNotFound})
			return
		}
		r.Pattern = p.String()
	}
	h.endpoint.Dispatch(h.cfg, w, r, vars)
}

// Dispatch answers a request of any method: a WebSocket upgrade with the
// socket, HEAD with GET unless the view has its own, OPTIONS with Allow, and
// what the view does not have with 405 or, if it has nothing but a socket, 426.
func (e *Endpoint) Dispatch(cfg *Config, w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	if e.socket != nil && ws.IsUpgrade(r) {
		e.ServeSocket(w, r, vars)
		return
	}
	for _, m := range [...]string{r.Method, fallback(r.Method), anyMethod} {
		if e.verbs[m] != nil {
			e.Serve(w, r, m, vars)
			return
		}
	}
	if r.Method == http.MethodOptions && len(e.order) > 0 {
		w.Header().Set("Allow", Allow(e.order))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	cfg.Answer(w, r, e.notAllowed(r.Method))
}

// anyMethod is the key of a function that answers every method.
const anyMethod = ""

func fallback(method string) string {
	if method == http.MethodHead {
		return http.MethodGet
	}
	return method
}

// notAllowed is the answer to a method without a view (RFC 9110 section
// 15.5.6); a GET on a socket is told to upgrade (section 15.5.22).
func (e *Endpoint) notAllowed(method string) error {
	if e.socket != nil && len(e.order) == 0 && (method == http.MethodGet || method == http.MethodHead) {
		return UpgradeRequired()
	}
	methods := e.order
	if e.socket != nil && len(methods) == 0 {
		methods = []string{http.MethodGet}
	}
	return &Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {Allow(methods)}}}
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
	s := ""
	for _, p := range h.endpoint.programs {
		s += p.Explain()
	}
	return s
}

// Shutdown closes the view's sockets with 1001, waits for their handlers, and
// closes the Singletons. At ctx's deadline it cuts what is left. Requests are
// the business of the server that the handler runs in: shut that down first.
func (h *Handler) Shutdown(ctx context.Context) error {
	err := h.tracker.Shutdown(ctx)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, h.asm.Stop(stopCtx))
}
