package endpoint

// What observers are told of the connections of a view. A session that is
// observed is of a type of its own, so that others cost nothing more.

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// observesSockets reports whether sessions are observed.
func (c *Config) observesSockets() bool {
	return len(c.observers.Messages)+len(c.observers.Connections) > 0
}

// observedSession is a session that somebody observes.
type observedSession struct {
	session
	base  context.Context   // what messages are begun with; set when the connection is open
	begun []context.Context // what the observers of connections returned
	since time.Time         // the zero time until the connection is open
	owner *ownerContext     // of a view that owns its connection; else nil
}

// serveObserved is serve for a view that is observed.
func (v *socketView) serveObserved(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	s := &observedSession{}
	w = &openingWriter{w, s, r.Context()}
	if v.message == nil {
		s.owner = &ownerContext{Context: r.Context()}
		r = r.WithContext(s.owner)
	}
	conn, err := ws.New(w, r, v.opts)
	if err != nil {
		v.cfg.Answer(w, r, err)
		return
	}
	s.session = session{view: v, conn: conn, path: r.URL.Path, scope: v.program.NewScope(conn.Context)}
	served := false
	defer func() {
		if !served {
			s.ended()
		}
	}()
	served = s.begin(w, r, vars, s)
}

// openingWriter is the writer of a handshake. It notices when the connection is
// taken over.
type openingWriter struct {
	http.ResponseWriter
	session *observedSession
	ctx     context.Context // of the request
}

// Hijack implements http.Hijacker.
func (w *openingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.session.opened(w.ctx)
	}
	return conn, rw, err
}

// Unwrap lets http.ResponseController find the server's own writer.
func (w *openingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// opened tells the observers that the connection is open. It is being made, so
// that it has no context yet: the observers get the values of the request's.
func (s *observedSession) opened(ctx context.Context) {
	s.since = time.Now()
	s.base = connContext{s.conn}
	list := s.view.cfg.observers.Connections
	if len(list) == 0 {
		return
	}
	given := context.WithoutCancel(ctx)
	ctx = given
	for _, o := range list {
		ctx = o.OpenConnection(ctx, observe.Connection{Route: s.view.label})
		s.begun = append(s.begun, ctx)
	}
	if same(ctx, given) {
		return
	}
	s.base = &valuesContext{connContext{s.conn}, ctx}
	if s.owner != nil {
		s.owner.opened.Store(&ctx)
	}
}

// ended tells the observers that the connection is over, if it ever was open.
func (s *observedSession) ended() {
	if s.since.IsZero() {
		return
	}
	end := observe.ConnectionEnd{Code: int(ws.CodeAbnormal), Duration: time.Since(s.since), Err: s.failed}
	if code, _, ok := s.conn.CloseCode(); ok {
		end.Code = int(code)
	}
	if end.Class = observe.ClassOfCode(end.Code); end.Err != nil && !errors.Is(end.Err, ws.ErrClosed) {
		end.Class = messageClass(end.Err)
	}
	s.since = time.Time{}
	for i, o := range slices.Backward(s.view.cfg.observers.Connections) {
		o.CloseConnection(s.begun[i], observe.Connection{Route: s.view.label}, end)
	}
}

// Message implements ws.Handler.
func (s *observedSession) Message(_ *ws.WebSocket, m ws.Message) {
	list := s.view.cfg.observers.Messages
	if len(list) == 0 {
		s.handle(s.given(s.base), m, nil)
		return
	}
	var few [2]context.Context
	begun, ctx := few[:0], s.base
	about := observe.Message{Route: s.view.label, Binary: m.Kind == ws.KindBinary, Size: len(m.Data)}
	for _, o := range list {
		ctx = o.BeginMessage(ctx, about)
		begun = append(begun, ctx)
	}
	start := time.Now()
	s.handle(s.given(ctx), m, func(err error) {
		end := observe.MessageEnd{Duration: time.Since(start), Class: s.classOf(err), Err: err}
		for i, o := range slices.Backward(list) {
			o.EndMessage(begun[i], about, end)
		}
	})
}

// given is the context for a run: nil for that of the connection, which is made
// only if something asks for it.
func (s *observedSession) given(ctx context.Context) context.Context {
	if _, own := ctx.(connContext); own {
		return nil
	}
	return ctx
}

// classOf is the class of what a message ended with.
func (s *observedSession) classOf(err error) observe.Class {
	if err != nil && s.gone(err) {
		return observe.Gone
	}
	return messageClass(err)
}

// Closed implements ws.Handler.
func (s *observedSession) Closed(_ *ws.WebSocket, code ws.Code, reason ws.Reason) {
	defer s.ended()
	s.closed(s.base, code, reason)
}

// messageClass is the class of what ended a message or, with the code that it
// chooses, a connection.
func messageClass(err error) observe.Class {
	switch {
	case err == nil:
		return observe.OK
	case isPanic(err):
		return panicClass(err)
	}
	if _, ok := errors.AsType[resolve.Faults](err); ok {
		return observe.Refused
	}
	if closeCode(err).Code == ws.CodeInternalError {
		return observe.Failed
	}
	return observe.Refused
}

// connContext is the context of a connection, which is made when somebody asks
// for more than the interface. It is a pointer, so that passing it on costs nothing.
type connContext struct{ conn *ws.WebSocket }

func (c connContext) Deadline() (time.Time, bool) { return c.conn.Context().Deadline() }
func (c connContext) Done() <-chan struct{}       { return c.conn.Context().Done() }
func (c connContext) Err() error                  { return c.conn.Context().Err() }
func (c connContext) Value(key any) any           { return c.conn.Context().Value(key) }

// valuesContext is the context of a connection with the values of another,
// which knows nothing of its end.
type valuesContext struct {
	connContext
	values context.Context
}

// Value implements context.Context. What the other one has not is asked of the
// connection: package context finds out that way whom to tell of cancellation.
func (c *valuesContext) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.connContext.Value(key)
}

// ownerContext is the context of the request that a view owns the connection
// of. Once that is open it has the values that observers put in.
type ownerContext struct {
	context.Context
	opened atomic.Pointer[context.Context]
}

// Value implements context.Context.
func (c *ownerContext) Value(key any) any {
	if values := c.opened.Load(); values != nil {
		if v := (*values).Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}
