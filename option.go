package fogo

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
)

// Option configures an application, see [New]. The options of this package
// begin with With.
//
// Other packages may have options too, without importing this one: whatever has
// the method ApplyValues is one, and says with it how values are read. So has
// the result of playground.Validation:
//
//	app := fogo.New(playground.Validation())
//
// The options of this package do more, behind the interface; their ApplyValues
// does nothing.
type Option interface {
	ApplyValues(*resolve.Config)
}

// option is an option of this package.
type option func(*settings)

// ApplyValues implements Option.
func (option) ApplyValues(*resolve.Config) {}

// settings is what options change. A copy is independent of the original.
type settings struct {
	build    router.BuildOptions
	observe  []func(*http.Request, error)
	shutdown time.Duration
	onListen []func(net.Addr)
	server   []func(*http.Server)
}

// DefaultShutdownTimeout is how long a drain may take where nothing else is
// configured.
const DefaultShutdownTimeout = 30 * time.Second

func (s *settings) apply(opts []Option) {
	for _, o := range opts {
		if own, ok := o.(option); ok {
			own(s)
		} else if o != nil {
			o.ApplyValues(&s.build.Config.Values)
		}
	}
}

// clone copies the settings, so that appending to the copy leaves the original
// alone.
func (s settings) clone() settings {
	s.build.Replace = slices.Clone(s.build.Replace)
	s.observe = slices.Clone(s.observe)
	s.onListen = slices.Clone(s.onListen)
	s.server = slices.Clone(s.server)
	return s
}

// options are those of a build.
func (s *settings) options() router.BuildOptions {
	opts := s.build
	switch list := s.observe; len(list) {
	case 0:
	case 1:
		opts.Config.Observe = list[0]
	default:
		opts.Config.Observe = func(r *http.Request, err error) {
			for _, f := range list {
				f(r, err)
			}
		}
	}
	return opts
}

// WithLogger sets the logger, which by default discards: for errors that
// clients are not told, panics, overdue clean-ups, and the life of the
// application.
func WithLogger(l *slog.Logger) Option {
	return option(func(s *settings) { s.build.Config.Logger = l })
}

// WithCodecs sets the codecs of bodies, messages and answers in order of
// preference; the first is the default one. Without this option bodies and
// messages may be JSON and XML, and answers are JSON. With it clients choose
// among all of them by Accept:
//
//	app := fogo.New(fogo.WithCodecs(resolve.JSON(), resolve.XML()))
func WithCodecs(codecs ...resolve.Codec) Option {
	return option(func(s *settings) { s.build.Config.Values.Codecs = codecs })
}

// WithMaxBody limits request bodies to n bytes, 1 MiB by default. A view may
// have a limit of its own: endpoint.MaxBody.
func WithMaxBody(n int64) Option {
	return option(func(s *settings) { s.build.Config.Values.MaxBody = n })
}

// WithValidator sets what checks `validate` tags. playground.Validation is an
// option itself.
func WithValidator(v resolve.Validator) Option {
	return option(func(s *settings) { s.build.Config.Values.Validator = v })
}

// WithWebSocket sets limits and rules of all connections. A view may have its
// own: endpoint.WebSocket.
func WithWebSocket(opts ws.Options) Option {
	return option(func(s *settings) { s.build.Config.WebSocket = opts })
}

// WithShutdownTimeout limits the drain at the end of [App.Run] and
// [App.Serve]: what is not over by then is cancelled. It is 30 s by default,
// and should be less than what the platform waits before it kills.
func WithShutdownTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.shutdown = d })
}

// WithCleanupTimeout is the deadline that clean-ups of providers have in their
// context, and after which an overdue one is logged; 10 s by default.
func WithCleanupTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.build.CleanupTimeout = d })
}

// WithSlashRedirect redirects a request that no route matches to its path with
// a slash added to the end, or removed, if a route matches that.
func WithSlashRedirect() Option {
	return option(func(s *settings) { s.build.RedirectSlash = true })
}

// WithObserver calls f with every error that a handler, guard or provider
// returned, and with every panic as an *inject.Panic, before it is answered.
// It must be safe for concurrent use and must not keep the request, which is nil
// for what happens on a WebSocket after its handshake. Several observers are
// called in the order of the options.
func WithObserver(f func(*http.Request, error)) Option {
	return option(func(s *settings) { s.observe = append(s.observe, f) })
}

// WithOnListen calls f with the address that [App.Run] or [App.Serve] listens
// on, once connections are accepted.
func WithOnListen(f func(net.Addr)) Option {
	return option(func(s *settings) { s.onListen = append(s.onListen, f) })
}

// WithServer calls f with the server of [App.Run] and [App.Serve] before it
// starts, for what has no option here: limits, protocols, ConnState. The
// Handler is set already and must stay. Don't set WriteTimeout: it ends streams.
func WithServer(f func(*http.Server)) Option {
	return option(func(s *settings) { s.server = append(s.server, f) })
}

// WithTLS makes [App.Run] and [App.Serve] speak TLS. The config must have a
// certificate.
func WithTLS(c *tls.Config) Option {
	return WithServer(func(srv *http.Server) { srv.TLSConfig = c })
}

// WithReplacement puts v in the place of every provider of T, in an application
// made for a test. Package fogotest has it as Replace. It is an error of the
// build if nothing provides a T.
func WithReplacement[T any](v T) Option {
	value := reflect.ValueOf(&v).Elem() // of the type T, also if that is an interface
	return option(func(s *settings) { s.build.Replace = append(s.build.Replace, value) })
}

// config is that of the endpoints, with defaults: for answers that are given
// while there is no built application.
func (s *settings) config() *endpoint.Config {
	c := s.build.Config.WithDefaults()
	return &c
}
