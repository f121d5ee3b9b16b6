package middleware

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// AccessLogOptions are for [AccessLog]. The zero value logs every request.
type AccessLogOptions struct {
	// Skip leaves requests out, such as those of health checks. It is called
	// before the handler.
	Skip func(*http.Request) bool
	// Level chooses the level by the status, 0 for a request that ended without
	// an answer. By default it is Warn from 500 on, else Info.
	Level func(status int) slog.Level
	// Attrs adds attributes to a record. It is called when the request is over.
	Attrs func(*http.Request) []slog.Attr
	// Connections logs the end of a hijacked connection when that is closed,
	// and not when the handler returns. For this the connection is wrapped, and
	// code that looks for a *net.TCPConn or *tls.Conn finds none; the wrapper
	// has NetConn, and SyscallConn if the connection has that.
	Connections bool
}

// AccessLog logs every request, when it is over, with the attributes
//
//	method, path   as they were received; the query is left out, for it may be secret
//	route          the pattern that matched, if any
//	status         0 if the handler panicked or left before an answer began
//	bytes          of the answer's body, as this middleware sees them; 0 for HEAD
//	duration       until the handler returned: of a stream, until its end
//	remote         the address of the client, see RealIP
//	request_id     see RequestID
//	aborted        if the handler panicked, or the client left before the end
//
// The message is "request". A connection that is hijacked, as for a WebSocket,
// is logged at once with the status 101; and again with the message
// "connection over" and its duration, when the handler returns, or when the
// connection is closed: see AccessLogOptions.Connections.
//
// A panic passes through. Put [Recover] inside and the record has the status
// that it answers with. Put [RealIP] outside, and [RequestID] on either side.
func AccessLog(logger *slog.Logger, opts AccessLogOptions) func(http.Handler) http.Handler {
	if opts.Level == nil {
		opts.Level = levelOf
	}
	log := &accessLog{logger: logger, opts: opts}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if opts.Skip != nil && opts.Skip(r) {
				next.ServeHTTP(w, r)
				return
			}
			e := &exchange{log: log, r: r, method: r.Method, path: r.URL.Path, start: time.Now()}
			e.ResponseWriter = w
			defer e.end()
			next.ServeHTTP(e, r)
			e.returned = true
		})
	}
}

func levelOf(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// accessLog is what all requests share.
type accessLog struct {
	logger *slog.Logger
	opts   AccessLogOptions
}

// exchange is a request that will be logged.
type exchange struct {
	writer
	log          *accessLog
	r            *http.Request
	inner        *http.Request // the copy that is furthest in, nil if there is none
	method, path string        // a handler may change those of the request
	start        time.Time
	returned     bool // the handler did, and did not panic
}

// end runs when the handler is over, also by a panic or runtime.Goexit.
func (e *exchange) end() {
	if e.hijacked {
		if !e.log.opts.Connections {
			e.record("connection over", http.StatusSwitchingProtocols, !e.returned)
		}
		return
	}
	status := e.status
	if status == 0 && e.returned {
		status = http.StatusOK // that is what net/http sends
	}
	e.record("request", status, !e.returned || e.r.Context().Err() != nil)
}

func (e *exchange) record(msg string, status int, aborted bool) {
	if e.log.enabled(e.r.Context(), status) {
		f := e.facts()
		f.record(msg, status, aborted)
	}
}

func (l *accessLog) enabled(ctx context.Context, status int) bool {
	return l.logger.Enabled(ctx, l.opts.Level(status))
}

// facts are what is logged of a request, apart from it: a hijacked connection
// outlives it.
type facts struct {
	log                             *accessLog
	ctx                             context.Context
	method, path, route, remote, id string
	bytes                           int64
	start                           time.Time
	extra                           []slog.Attr
}

func (e *exchange) facts() facts {
	f := facts{
		log: e.log, ctx: e.r.Context(), method: e.method, path: e.path, route: e.route(),
		remote: e.r.RemoteAddr, id: idOf(e.r), bytes: e.bytes, start: e.start,
	}
	if e.method == http.MethodHead {
		f.bytes = 0 // net/http drops them
	}
	if e.log.opts.Attrs != nil {
		f.extra = e.log.opts.Attrs(e.r)
	}
	return f
}

// route is the pattern that matched. While the handler runs, as when it takes over
// the connection, only the copy that it got has that.
func (e *exchange) route() string {
	if e.r.Pattern == "" && e.inner != nil {
		return e.inner.Pattern
	}
	return e.r.Pattern
}

// exchangeOf finds the exchange that a writer belongs to, nil if there is none.
func exchangeOf(w http.ResponseWriter) *exchange {
	for {
		if e, ok := w.(*exchange); ok {
			return e
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
}

func (f *facts) record(msg string, status int, aborted bool) {
	attrs := append(make([]slog.Attr, 0, 9), // on the stack
		slog.String("method", f.method), slog.String("path", f.path), slog.String("route", f.route),
		slog.Int("status", status), slog.Int64("bytes", f.bytes), slog.Duration("duration", time.Since(f.start)),
		slog.String("remote", f.remote))
	if f.id != "" {
		attrs = append(attrs, slog.String("request_id", f.id))
	}
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	attrs = append(attrs, f.extra...)
	f.log.logger.LogAttrs(f.ctx, f.log.opts.Level(status), msg, attrs...)
}

// Hijack implements http.Hijacker.
func (e *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := e.writer.Hijack()
	if err != nil {
		return nil, nil, err
	}
	const status = http.StatusSwitchingProtocols
	e.record("request", status, false)
	if e.log.opts.Connections && e.log.enabled(e.r.Context(), status) {
		late := e.facts()
		late.ctx = context.WithoutCancel(late.ctx)
		conn = watchConn(conn, func() { late.record("connection over", status, false) })
	}
	return conn, rw, nil
}
