package fogo

import (
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/observe"
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
	onListen []func(net.Addr)

	// Of the server of Run and Serve.
	server      []func(*http.Server)
	limits      limits
	certificate *certificate         // nil: none
	keepAlive   *net.KeepAliveConfig // nil: what suits the routes
	socketMode  fs.FileMode          // of a Unix socket; 0: what the system makes it
	delay       time.Duration        // before the listeners are closed
	shutdown    time.Duration
	health      health
	debug       func() *debugMode // nil: off
}

// defaults are the settings of an application without options.
func defaults() settings {
	return settings{
		shutdown: DefaultShutdownTimeout,
		limits:   limits{write: DefaultWriteTimeout, rate: DefaultBodyRate, grace: DefaultBodyGrace},
	}
}

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
	s.build.Config.Observers = slices.Clone(s.build.Config.Observers)
	s.onListen = slices.Clone(s.onListen)
	s.server = slices.Clone(s.server)
	return s
}

// options are those of a build.
func (s *settings) options() router.BuildOptions { return s.build }

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
// [App.Serve]: what is not over by then is cancelled. Stop hooks and Singletons
// have as long again, but two seconds at least. It is 30 s by default, and should
// be less than half of what the platform waits before it kills.
func WithShutdownTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.shutdown = d })
}

// WithDrainDelay makes [App.Run] and [App.Serve] go on for a while once they are
// to end: the application says that it is not ready (see [WithHealth]), asks
// clients to close the connections that they keep, and serves whoever still
// comes. A balancer needs such a time to notice; without one there is no
// reason to wait, and the default is 0.
func WithDrainDelay(d time.Duration) Option {
	return option(func(s *settings) { s.delay = d })
}

// WithWriteTimeout limits how long [App.Run] and [App.Serve] wait for a client
// to take the next 64 KiB of an answer, 30 s by default; a client that takes
// less has its connection closed. 0 lifts the limit. It doesn't limit the whole
// answer, and a handler may set deadlines itself: http.ResponseController.
func WithWriteTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.limits.write = d })
}

// WithBodyRate says how fast bodies of requests must arrive under [App.Run] and
// [App.Serve]: so many bytes in a second, where a client may be late by grace,
// once or in all. Reads of a body that is later fail, which is answered with
// 408. The default is 1024 and 20 s: a body of 1 MiB holds its handler for 17
// minutes at most. Time that the handler spends otherwise doesn't count. A grace
// of 0 stands for that of the default.
//
// A rate of 0 lets bodies take as long as they like. So does one handler for
// itself, before it reads, with
//
//	err := http.NewResponseController(w).SetReadDeadline(time.Time{})
//
// which a conversation over HTTP/1 needs, or middleware for the routes of a
// group. One over HTTP/2 has no limit from the first byte of its answer.
func WithBodyRate(bytesPerSecond int, grace time.Duration) Option {
	if grace <= 0 {
		grace = DefaultBodyGrace // without any, no body would be in time
	}
	return option(func(s *settings) { s.limits.rate, s.limits.grace = bytesPerSecond, grace })
}

// WithKeepAlive sets how the TCP connections of [App.Run] are probed while they
// are idle; without Enable they are not. By default that begins after three
// minutes if there are WebSockets, which have pings of their own, and else as
// package net does it.
func WithKeepAlive(c net.KeepAliveConfig) Option {
	return option(func(s *settings) { s.keepAlive = &c })
}

// WithSocketMode sets the permissions of the file of a Unix socket that
// [App.Run] makes, such as 0o660; by default they are what the system gives it.
// They hold from shortly after the socket is made, so one that nobody else may
// ever open belongs into a directory of its own.
func WithSocketMode(mode fs.FileMode) Option {
	return option(func(s *settings) { s.socketMode = mode })
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

// WithObserver has the application watched, for metrics, traces and error
// trackers: by a value with the methods of at least one of the interfaces of
// package observe. What none of the observers asks for costs nothing. Several
// begin in the order of the options, and end in the reverse one.
//
//	app := fogo.New(fogo.WithObserver(observe.ErrorFunc(func(ctx context.Context, e observe.Error) {
//		tracker.Report(ctx, e.Err)
//	})))
func WithObserver(o observe.Observer) Option {
	return option(func(s *settings) { s.build.Config.Observers = append(s.build.Config.Observers, o) })
}

// WithOnListen calls f with the address that [App.Run] or [App.Serve] listens
// on, once connections are accepted; with several addresses once for each, in
// their order.
func WithOnListen(f func(net.Addr)) Option {
	return option(func(s *settings) { s.onListen = append(s.onListen, f) })
}

// WithServer calls f with the server of [App.Run] and [App.Serve] before it
// starts, for what has no option here: limits, protocols, ConnState. The
// Handler is set already and must stay. Don't set WriteTimeout: it ends streams.
func WithServer(f func(*http.Server)) Option {
	return option(func(s *settings) { s.server = append(s.server, f) })
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
