package fogo

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/router"
)

// WithDebug turns debug mode on: for development, and for nothing else. It is
// off by default, no request can turn it on, and starting such an application
// logs a warning.
//
//   - Browsers are answered errors with a page: the error with all that it
//     wraps, the stack of a panic with the source, where each parameter of the
//     route comes from, and the request. Other clients get a problem object
//     with a member "debug" that has the same.
//   - An application that cannot start answers with all its problems.
//   - /_fogo has pages about the application: routes, plans, providers, open
//     WebSockets, the state of the process. They are JSON to those who prefer
//     it.
//
// All of that is for requests from this machine, to a name of this machine such
// as localhost, that came through no proxy and from no page of another site.
// Others are answered as without debug mode; [DebugRemote] changes that. A proxy
// on this machine is known by the fields that it adds, by a host that it passes
// on, by HTTP/1.0, or by closing its connections; one that hides all of that
// would show the pages to everybody.
//
// Values of headers, cookies, and fields of queries, forms and JSON that are
// named like secrets are masked, see [DebugMask]. Texts of errors and panics
// are not.
//
//	if os.Getenv("SHOP_DEBUG") != "" {
//		opts = append(opts, fogo.WithDebug())
//	}
//
// A program that never calls WithDebug is linked without all of it.
func WithDebug(opts ...DebugOption) Option {
	return option(func(s *settings) { s.debug = func() *debugMode { return newDebugMode(opts) } })
}

// DebugOption is an option of [WithDebug].
type DebugOption func(*debugMode)

// DefaultDebugPrefix is where the pages about the application are.
const DefaultDebugPrefix = "/_fogo"

// DebugPrefix puts the pages about the application elsewhere than below
// [DefaultDebugPrefix].
func DebugPrefix(prefix string) DebugOption {
	return func(d *debugMode) {
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			d.prefix = "/" + prefix
		}
	}
}

// DebugRemote shows everything to peers on other machines too: in a container
// or a virtual machine, where the browser is not on this one, or behind a proxy.
// Whoever reaches the port can read the program's sources around its errors, and
// so can a page of any site in a browser that reaches it, if the site gives its
// own name the address of this machine (DNS rebinding): no host is refused.
func DebugRemote() DebugOption {
	return func(d *debugMode) { d.opts.Remote = true }
}

// DebugMask masks the values of further headers, cookies, and fields of queries,
// forms and JSON. Upper case, hyphens and underscores don't count.
func DebugMask(names ...string) DebugOption {
	return func(d *debugMode) { d.opts.Mask = append(d.opts.Mask, names...) }
}

// debugMode is the debug mode of one application.
type debugMode struct {
	prefix string
	opts   endpoint.DebugOptions
	errors *endpoint.Debug
	since  time.Time
	warned sync.Once
	hinted sync.Once

	// The pages are called through fields that newDebugMode sets, so that the
	// linker sees whether a program has them.
	pages       func(d *debugMode, a *App, b *router.Built, w http.ResponseWriter, r *http.Request)
	cannotStart func(w http.ResponseWriter, r *http.Request, cause error)
}

func newDebugMode(opts []DebugOption) *debugMode {
	d := &debugMode{prefix: DefaultDebugPrefix, since: time.Now(), pages: (*debugMode).servePages, cannotStart: serveProblems}
	for _, o := range opts {
		if o != nil {
			o(d)
		}
	}
	d.opts.Index = d.prefix
	d.errors = endpoint.NewDebug(d.opts)
	return d
}

// debugMode makes the debug mode of an application, nil if it has none.
func (s *settings) debugMode() *debugMode {
	if s.debug == nil {
		return nil
	}
	return s.debug()
}

// buildOptions are those of a build, with what belongs to this application
// only.
func (a *App) buildOptions() router.BuildOptions {
	opts := a.settings.options()
	if a.debug != nil {
		opts.Config.Debug = a.debug.errors
	}
	return opts
}

// warn logs, once, that the application should not be seen by others.
func (d *debugMode) warn(a *App) {
	d.warned.Do(func() {
		d.since = time.Now()
		to := "this machine"
		if d.opts.Remote {
			to = "everybody"
		}
		a.settings.config().Logger.Warn("debug mode is on: errors, sources and internals are shown; never use it in production",
			slog.String("shown_to", to), slog.String("pages", d.prefix))
	})
}

// serve answers a request in debug mode.
func (d *debugMode) serve(a *App, w http.ResponseWriter, r *http.Request) {
	noted := d.errors.Enter(r)
	// It is a copy, and who called looks at these.
	defer func() { r.Pattern, r.MultipartForm = noted.Pattern, noted.MultipartForm }()
	why := d.errors.Refusal(noted)
	mine := d.owns(r.URL.Path)
	if mine && why != "" {
		d.hint(a, why)
	}
	if why != "" || a.life.stopping.Load() {
		a.answer(w, noted)
		return
	}
	if a.settings.health.on && a.answerHealth(w, noted) {
		return // also while it cannot start: who supervises it is no developer
	}
	b, cause := a.startedOrWhyNot()
	switch {
	case cause != nil:
		d.cannotStart(w, noted, cause)
	case mine && b != nil:
		d.pages(d, a, b, w, noted)
	default:
		a.answer(w, noted)
	}
}

// owns reports whether a path is that of a page about the application.
func (d *debugMode) owns(path string) bool {
	rest, ok := strings.CutPrefix(path, d.prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// hint logs, once, why somebody who asked for the pages was not shown them.
func (d *debugMode) hint(a *App, why string) {
	d.hinted.Do(func() {
		a.settings.config().Logger.Warn("debug mode was refused to a request for its pages; fogo.DebugRemote allows it", slog.String("why", why))
	})
}

// startedOrWhyNot starts the application unless somebody did. If it cannot
// start it returns why.
func (a *App) startedOrWhyNot() (*router.Built, error) {
	if b := a.life.running.Load(); b != nil {
		return b, nil
	}
	b, err := a.startForRequest()
	if err == nil {
		return b, nil
	}
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	return nil, a.life.cause
}
