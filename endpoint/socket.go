package endpoint

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// socketView is one compiled WebSocket view.
type socketView struct {
	cfg     *Config
	values  *resolve.Config
	opts    *ws.Options
	program *inject.Program
	binder  *resolve.Binder
	route   resolve.Route
	label   string // the pattern, for observers

	// handshake runs guards, everything PerConnection, and OnConnect or, for a
	// view that owns its connection, the view.
	handshake *inject.Plan
	message   *inject.Plan // once per message; nil for a view that owns its connection
	closed    *inject.Plan // OnDisconnect; nil if there is none
	result    *messageResult

	codec          resolve.Codec
	closeOnInvalid bool
	borrows        bool          // nobody keeps the bytes of a message
	limit          time.Duration // of the disconnect

	desks sync.Pool // of *desk
}

// serve runs the handshake on the HTTP request, which may end in any HTTP
// status, and hands an accepted connection over to its events.
func (v *socketView) serve(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	if v.cfg.observesSockets() {
		v.serveObserved(w, r, vars)
		return
	}
	conn, err := ws.New(w, r, v.opts)
	if err != nil {
		v.cfg.Answer(w, r, err)
		return
	}
	s := &session{view: v, conn: conn, path: r.URL.Path, scope: v.program.NewScope(conn.Context)}
	s.begin(w, r, vars, s)
}

// begin runs the handshake of the session, which h is or has. It reports whether
// h will be told of the end of the connection.
func (s *session) begin(w http.ResponseWriter, r *http.Request, vars *pattern.Values, h ws.Handler) (served bool) {
	debugged := s.view.cfg.Debug.connected(s.conn, r, s.view.message == nil)
	s.sit()
	s.call.Request, s.call.Writer, s.call.Vars = r, w, vars
	if s.view.message == nil {
		s.own(w, r)
		return false
	}
	return s.open(w, r, debugged.counted(h))
}

// session is one connection of a view. It implements ws.Handler; its events
// come one at a time.
type session struct {
	*desk  // while an event is handled: an idle connection needs none
	view   *socketView
	conn   *ws.WebSocket
	scope  *inject.Scope
	failed error // what ended the connection from this side
	path   string
}

// desk is what the handling of an event needs. It is pooled by its view.
type desk struct {
	call  resolve.Call
	event resolve.Event
	run   *inject.Run  // of the plan for messages; nil until there was one
	buf   bytes.Buffer // of a reply that was encoded
	text  []byte       // of one that was appended
}

// sit gives the session a desk.
func (s *session) sit() {
	v := s.view
	d, ok := v.desks.Get().(*desk)
	if !ok {
		d = &desk{}
		d.call.Configure(v.values)
	}
	d.call.Event, d.call.Route, d.event.Conn = &d.event, v.route, s.conn
	s.desk = d
}

// stand leaves the desk to others. One that was left in the middle of an event is dropped.
func (s *session) stand() {
	d := s.desk
	s.desk = nil
	d.call.Reset()
	d.event = resolve.Event{}
	if d.buf.Cap()+cap(d.text) > maxKeptReply {
		d.buf, d.text = bytes.Buffer{}, nil
	}
	s.view.desks.Put(d)
}

// own runs a view that owns its connection. One that returns without an error
// has ended it normally, accepting first if nobody did.
func (s *session) own(w http.ResponseWriter, r *http.Request) {
	defer s.conn.Finish()
	done := s.attend(w, r, func() error {
		err := s.run(nil, s.view.handshake, s.view.result)
		if err == nil && !s.over() {
			err = s.conn.Accept()
		}
		if err == nil {
			err = s.scope.Finish(s.conn.Context(), nil)
		}
		return err
	})
	if done {
		_ = s.conn.Close(ws.CodeNormal)
		_ = s.scope.Close(s.conn.Context(), nil)
	}
}

// open runs the handshake of a view that is called per message, and hands the
// connection over to its events.
func (s *session) open(w http.ResponseWriter, r *http.Request, h ws.Handler) (served bool) {
	if !s.attend(w, r, func() error { return s.run(nil, s.view.handshake, nil) }) {
		return false
	}
	// The request belongs to net/http once the connection is accepted; what
	// later events need of it is in the scope.
	s.stand()
	err := s.conn.Serve(h)
	if err != nil {
		s.unserved(w, r, err)
	}
	return err == nil
}

// attend calls f on the request's goroutine and reports whether it succeeded.
// An error refuses the connection, and so does a goroutine that f ends.
func (s *session) attend(w http.ResponseWriter, r *http.Request, f func() error) bool {
	err := inject.ErrGoexit
	defer func() {
		if err != nil {
			s.refuse(w, r, err)
		}
		if err == inject.ErrGoexit && !s.conn.Accepted() {
			// net/http closes the connection without sending what it holds.
			_ = http.NewResponseController(w).Flush()
		}
	}()
	err = f()
	return err == nil
}

// over reports whether the connection has ended, or was never to be.
func (s *session) over() bool {
	select {
	case <-s.conn.Done():
		return true
	default:
		return false
	}
}

// run runs one plan, and sends its result. Without a context the call has that of
// the connection. The result is encoded before the
// finishers run, for what cannot be encoded must not be committed, and sent after
// them, for what could not be committed must not be told. A stream is finished
// after its last item. A panic comes back as an error.
func (s *session) run(ctx context.Context, p *inject.Plan, res *messageResult) error {
	run := s.begun(ctx, p)
	defer run.End()
	err := run.Do()
	var out reply
	if err == nil && res != nil {
		out, err = s.result(run, res)
	}
	if err = run.Finish(err); err != nil {
		return err
	}
	return s.deliver(out)
}

// begun begins a run of a plan. That for messages is the desk's own.
func (s *session) begun(ctx context.Context, p *inject.Plan) *inject.Run {
	if p != s.view.message {
		return p.Begin(ctx, &s.call, s.scope)
	}
	d := s.desk
	if d.run == nil || !d.run.Reusable() {
		d.run = p.NewRun()
	}
	d.run.Begin(ctx, &s.call, s.scope)
	return d.run
}

// result encodes the result of a view, or sends it if it is a stream. What
// panics here is an encoder, an iterator or a reader.
func (s *session) result(run *inject.Run, res *messageResult) (out reply, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		run.Hold()
		if v := recover(); v != nil {
			err = &inject.Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	if res.failure != nil {
		err = res.failure(run)
	}
	switch {
	case err != nil:
	case res.stream:
		err = res.send(s, run)
	case res.encode != nil:
		out, err = res.encode(s, run)
	}
	returned = true
	return out, err
}

// BorrowsMessages implements ws.Borrower.
func (s *session) BorrowsMessages() bool { return s.view.borrows }

// Message implements ws.Handler.
func (s *session) Message(_ *ws.WebSocket, m ws.Message) { s.handle(nil, m, nil) }

// handle handles a message. after, if there is one, is called with what it ended
// with before the client is told of that.
func (s *session) handle(ctx context.Context, m ws.Message, after func(error)) {
	s.sit()
	s.event.Message = m
	s.failed = inject.ErrGoexit // if run does not return
	if after != nil {
		defer func() {
			if s.failed == inject.ErrGoexit {
				after(s.failed)
			}
		}()
	}
	err := s.run(ctx, s.view.message, s.view.result)
	s.failed = err
	if after != nil {
		after(err)
	}
	if err != nil {
		s.fail(ctx, err)
	}
	s.stand()
}

// Closed implements ws.Handler. It is a call with a context of its own: the
// connection's is cancelled already.
func (s *session) Closed(conn *ws.WebSocket, code ws.Code, reason ws.Reason) {
	s.closed(conn.Context(), code, reason)
}

// closed ends the session with the values of a context.
func (s *session) closed(values context.Context, code ws.Code, reason ws.Reason) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(values), s.view.limit)
	defer cancel()
	defer func() { s.closeScope(ctx, s.failed) }()
	if s.view.closed == nil {
		return
	}
	s.sit()
	s.event.Code, s.event.Reason = code, reason
	if err := s.disconnect(ctx); err != nil && !errors.Is(err, ws.ErrClosed) {
		s.report(ctx, nil, nil, err)
		s.log("OnDisconnect failed", err)
	}
}

// disconnect runs OnDisconnect.
func (s *session) disconnect(ctx context.Context) (err error) {
	run := s.view.closed.Begin(ctx, &s.call, s.scope)
	defer run.End()
	return run.Finish(run.Do())
}
