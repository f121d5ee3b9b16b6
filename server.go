package fogo

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// The limits of the server. None of them ends a stream or a WebSocket: there is
// no timeout for a whole request or answer, because deadlines are set per read
// and per write, see entrance.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// What holds where nothing else is configured.
const (
	// DefaultShutdownTimeout is how long a drain may take, and again how long
	// stop hooks and Singletons may take.
	DefaultShutdownTimeout = 30 * time.Second
	// DefaultWriteTimeout limits each write, of at most 64 KiB.
	DefaultWriteTimeout = 30 * time.Second
	// DefaultBodyRate is how many bytes of a body must arrive in a second,
	DefaultBodyRate = 1 << 10
	// DefaultBodyGrace how much a body may be late.
	DefaultBodyGrace = 20 * time.Second
)

// server makes the server, with ctx behind the contexts of its requests.
func (a *App) server(ctx context.Context, s *serving) (*http.Server, error) {
	log := a.settings.config().Logger
	srv := &http.Server{
		Handler:           &entrance{app: a, ending: &s.ending, calls: &s.calls, limits: a.settings.limits},
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		HTTP2: &http.HTTP2Config{
			// A peer that is gone is found also while its streams are open.
			SendPingTimeout:  time.Minute,
			PingTimeout:      15 * time.Second,
			WriteByteTimeout: a.settings.limits.write,
		},
	}
	if f := a.settings.certificate; f != nil {
		cert, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, err
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	for _, f := range a.settings.server {
		f(srv)
	}
	srv.BaseContext = baseContext(ctx, srv.BaseContext)
	return srv, checkTLS(srv.TLSConfig)
}

// baseContext makes what is behind the contexts of requests: ctx or, if WithServer
// set one, the caller's own with its values, which ends when ctx does.
func baseContext(ctx context.Context, own func(net.Listener) context.Context) func(net.Listener) context.Context {
	if own == nil {
		return func(net.Listener) context.Context { return ctx }
	}
	return func(ln net.Listener) context.Context {
		c, cancel := context.WithCancelCause(context.WithValue(own(ln), drainingKey{}, ctx.Value(drainingKey{})))
		context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
		return c
	}
}

// checkTLS refuses a config with which no handshake can succeed.
func checkTLS(c *tls.Config) error {
	if c == nil || len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil {
		return nil
	}
	return errors.New("TLS needs a certificate: the config has no Certificates, no GetCertificate and no GetConfigForClient")
}

// limits are what entrance enforces.
type limits struct {
	write time.Duration // for each write; 0: none
	rate  int           // bytes of a body in a second; 0: bodies may be slow
	grace time.Duration // what a body may be late
}

// entrance is the handler of the server. It puts limits around each request
// that net/http has none for, and knows the requests under way.
type entrance struct {
	app    *App
	ending *atomic.Bool // of this server
	calls  *inflight
	limits limits
}

// ServeHTTP implements http.Handler.
func (e *entrance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &writer{
		ResponseWriter: w, timeout: e.limits.write, http2: r.ProtoMajor == 2, calls: e.calls,
		call: call{method: r.Method, path: r.URL.Path, since: time.Now()},
	}
	e.calls.add(&c.call)
	defer e.calls.remove(&c.call)
	if e.ending.Load() || e.app.life.draining.Load() {
		// Clients that keep connections make new ones, elsewhere.
		w.Header()["Connection"] = closeConnection
	}
	if r.Body == nil || r.Body == http.NoBody || e.limits.rate <= 0 {
		e.app.ServeHTTP(c, r)
		c.finish()
		return
	}
	e.serveBody(c, r)
}

var closeConnection = []string{"close"}

// serveBody serves a request that has a body, which must keep arriving. It
// passes a copy of the request on, for net/http looks at its own body when it
// sends the answer.
func (e *entrance) serveBody(c *writer, r *http.Request) {
	x := &struct {
		http.Request
		body
	}{Request: *r}
	x.body = body{ReadCloser: r.Body, w: c, limits: e.limits, credit: e.limits.grace}
	x.Body = &x.body
	c.body = &x.body
	x.begin()
	defer func() {
		x.end()
		// net/http removes the files of the request that it knows.
		r.MultipartForm = x.MultipartForm
	}()
	e.app.ServeHTTP(c, &x.Request)
	c.finish()
}

// WithTLS makes [App.Run] and [App.Serve] speak TLS, and HTTP/2 with clients
// that can. The config must have a certificate; it is copied when serving begins.
func WithTLS(c *tls.Config) Option {
	return WithServer(func(srv *http.Server) {
		// Nobody who asks for TLS is to get a server without it.
		if srv.TLSConfig = c.Clone(); c == nil {
			srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	})
}

// WithTLSFiles is [WithTLS] with a certificate and its key from PEM files, which
// are read when serving begins. The certificate's file has the chain, the
// server's own first. For certificates that are renewed meanwhile use
// [WithTLS] with GetCertificate.
func WithTLSFiles(cert, key string) Option {
	return option(func(s *settings) { s.certificate = &certificate{cert, key} })
}

type certificate struct{ cert, key string }

// WithH2C makes [App.Run] and [App.Serve] speak HTTP/2 without TLS too, to
// clients that begin with it ("prior knowledge", RFC 9113 section 3.3): a proxy,
// a client of gRPC. Others are answered over HTTP/1.1 as before.
func WithH2C() Option {
	return WithServer(func(srv *http.Server) {
		if srv.Protocols == nil {
			srv.Protocols = new(http.Protocols)
			srv.Protocols.SetHTTP1(true)
			srv.Protocols.SetHTTP2(true)
		}
		srv.Protocols.SetUnencryptedHTTP2(true)
	})
}
