package endpoint

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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

	// handshake runs guards, everything PerConnection, and OnConnect or, for a
	// view that owns its connection, the view.
	handshake *inject.Plan
	message   *inject.Plan // once per message; nil for a view that owns its connection
	closed    *inject.Plan // OnDisconnect; nil if there is none
	result    *messageResult

	codec          resolve.Codec
	closeOnInvalid bool
	limit          time.Duration // of the disconnect
}

// serve runs the handshake on the HTTP request, which may end in any HTTP
// status, and hands an accepted connection over to its events.
func (v *socketView) serve(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	conn, err := ws.New(w, r, v.opts)
	if err != nil {
		v.cfg.Answer(w, r, err)
		return
	}
	s := &session{view: v, conn: conn}
	s.event.Conn = conn
	s.scope = v.program.NewScope(conn.Context)
	s.begin(r, w, vars)
	if v.message == nil {
		s.own(w, r)
		return
	}
	if err := s.run(v.handshake, nil); err != nil {
		s.refuse(w, r, err)
		return
	}
	// The request belongs to net/http once the connection is accepted; what
	// later events need of it is in the scope.
	s.forget()
	if err := conn.Serve(s); err != nil {
		s.refuse(w, r, err)
	}
}

// session is one connection of a view. It implements ws.Handler; its events
// come one at a time.
type session struct {
	view   *socketView
	conn   *ws.WebSocket
	call   resolve.Call
	event  resolve.Event
	scope  *inject.Scope
	failed error // what ended the connection from this side
	path   string
}

func (s *session) begin(r *http.Request, w http.ResponseWriter, vars *pattern.Values) {
	s.path = r.URL.Path
	s.call.Request, s.call.Writer, s.call.Vars = r, w, vars
	s.call.Event, s.call.Route = &s.event, s.view.route
	s.call.Configure(s.view.values)
}

// forget drops what belongs to the handshake.
func (s *session) forget() {
	s.call.Reset()
	s.call.Event, s.call.Route = &s.event, s.view.route
	s.call.Configure(s.view.values)
}

// own runs a view that owns its connection. One that returns without an error
// has ended it normally, accepting first if nobody did.
func (s *session) own(w http.ResponseWriter, r *http.Request) {
	defer s.conn.Finish()
	err := s.run(s.view.handshake, s.view.result)
	if err == nil && !s.over() {
		err = s.conn.Accept()
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	_ = s.conn.Close(ws.CodeNormal)
	s.logEnd(s.scope.Close(s.conn.Context(), nil), nil)
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

// run runs one plan, and sends its result. Finishers run before the result is
// sent, unless it is a stream. A panic comes back as an error.
func (s *session) run(p *inject.Plan, res *messageResult) (err error) {
	run := p.Begin(nil, &s.call, s.scope)
	defer func() {
		if v := recover(); v != nil {
			run.Hold()
			err = asPanic(v)
		}
		run.End()
	}()
	err = run.Do()
	if err == nil && res != nil && res.failure != nil {
		err = res.failure(run)
	}
	if err == nil && res != nil && res.stream {
		err = res.send(s, run)
	}
	if err = run.Finish(err); err == nil && res != nil && !res.stream && res.send != nil {
		err = res.send(s, run)
	}
	return err
}

// refuse ends a connection whose handshake, or whose owning view, failed:
// with an HTTP status before it was accepted, with a close code after.
func (s *session) refuse(w http.ResponseWriter, r *http.Request, err error) {
	cause := err
	switch {
	case s.conn.Accepted():
		s.fail(err)
	case s.over():
		// Rejected by the view itself, which is no failure.
		if errors.Is(err, ws.ErrClosed) {
			cause = nil
		}
	default:
		s.view.observe(r, err)
		s.reject(w, r, err)
	}
	s.logEnd(s.scope.Close(s.conn.Context(), cause), cause)
}

// reject answers the handshake with the status that the error chooses. A close
// code says nothing about HTTP: it is answered with 403.
func (s *session) reject(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*ws.CloseError](err); ok {
		err = &Error{Status: http.StatusForbidden, Err: err}
	}
	if h, ok := errors.AsType[*ws.HijackError](err); ok {
		// The upgrade needs the connection, which a middleware's wrapper of
		// the ResponseWriter hides.
		err = &Error{Status: http.StatusInternalServerError, Err: h}
	}
	status, header, body := s.view.cfg.problem(r, err)
	if p, ok := errors.AsType[*inject.Panic](err); ok && p.Value == http.ErrAbortHandler {
		panic(http.ErrAbortHandler)
	}
	_ = s.conn.Reject(status, header, body)
}

// Message implements ws.Handler.
func (s *session) Message(_ *ws.WebSocket, m ws.Message) {
	s.event.Message = m
	err := s.run(s.view.message, s.view.result)
	s.event.Message = ws.Message{}
	if err != nil {
		s.fail(err)
	}
}

// fail ends the connection because of an error, or tells the client about a
// message that did not pass validation.
func (s *session) fail(err error) {
	if _, _, ended := s.conn.CloseCode(); ended && errors.Is(err, ws.ErrClosed) {
		return // writing to a connection that is gone is no failure of ours
	}
	s.view.observe(s.call.Request, err)
	if faults, ok := errors.AsType[resolve.Faults](err); ok && !s.view.closeOnInvalid {
		if s.sendProblem(faults) == nil {
			return
		}
	}
	s.failed = err
	code, reason := s.closeCode(err)
	if code == ws.CodeInternalError {
		s.log("connection failed", err)
	}
	_ = s.conn.Close(code, string(reason))
}

// closeCode is the code that an error ends the connection with. Only an error
// made for the purpose says something to the peer.
func (s *session) closeCode(err error) (ws.Code, ws.Reason) {
	if isPanic(err) {
		return ws.CodeInternalError, ""
	}
	if c, ok := errors.AsType[*ws.CloseError](err); ok && c.Code.Valid() && !errors.Is(err, ws.ErrClosed) {
		return c.Code, c.Reason
	}
	if _, ok := errors.AsType[resolve.Faults](err); ok {
		return ws.CodeInvalidPayload, "the message has faults"
	}
	return ws.CodeInternalError, ""
}

func (s *session) sendProblem(faults resolve.Faults) error {
	return s.sendValue(problemOf(faults))
}

// Closed implements ws.Handler. It is a call with a context of its own: the
// connection's is cancelled already.
func (s *session) Closed(conn *ws.WebSocket, code ws.Code, reason ws.Reason) {
	ctx, cancel := disconnectContext(conn, s.view.limit)
	defer cancel()
	if s.view.closed != nil {
		s.event.Code, s.event.Reason = code, reason
		if err := s.disconnect(ctx); err != nil && !errors.Is(err, ws.ErrClosed) {
			s.view.observe(nil, err)
			s.log("OnDisconnect failed", err)
		}
	}
	s.logEnd(s.scope.Close(ctx, s.failed), s.failed)
}

// logEnd logs an error that a finisher of the connection put in the place of
// how it ended: there is nobody left to be told.
func (s *session) logEnd(err, ended error) {
	if err != nil && !errors.Is(err, ended) {
		s.log("finishing the connection failed", err)
	}
}

func (s *session) log(msg string, err error) {
	attrs := []slog.Attr{
		slog.String("route", s.view.route.Pattern), slog.String("path", s.path), slog.Any("error", err),
	}
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	s.view.cfg.Logger.LogAttrs(s.conn.Context(), slog.LevelError, msg, attrs...)
}

func (v *socketView) observe(r *http.Request, err error) {
	if v.cfg.Observe != nil {
		v.cfg.Observe(r, err)
	}
}

// socketOptions are the connection's options: the view's own or the
// application's, which in any case bring the logger and the tracker.
func (c *compiler) socketOptions() *ws.Options {
	opts := c.cfg.WebSocket
	if own, ok := c.spec.Settings.Get(wsOptionsKey{}).(*ws.Options); ok {
		logger, tracker := opts.Logger, opts.Tracker
		opts = *own
		if opts.Logger == nil {
			opts.Logger = logger
		}
		if opts.Tracker == nil {
			opts.Tracker = tracker
		}
	}
	if opts.Logger == nil {
		opts.Logger = c.cfg.Logger
	}
	return &opts
}

// codec is the codec that the view's messages are decoded and its results are
// encoded with.
func (c *compiler) codec(named string) (resolve.Codec, string) {
	if name, ok := c.spec.Settings.Get(encodingKey{}).(string); ok {
		named = name
	}
	if named == "" {
		return c.values.Codecs[0], ""
	}
	codec, ok := c.values.Codecs.ByName(named)
	if ok {
		return codec, ""
	}
	var names []string
	for _, k := range c.values.Codecs {
		names = append(names, k.Name())
	}
	return nil, fmt.Sprintf("no codec is named %q; there are %q", named, names)
}
