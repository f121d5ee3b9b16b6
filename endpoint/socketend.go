package endpoint

// How the connections of a view end when something goes wrong: with an HTTP
// status before they were accepted, with a close code or a problem object
// after.

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// refuse ends a connection whose handshake, or whose owning view, failed:
// with an HTTP status before it was accepted, with a close code after. The
// finishers of the connection run first, for they may put another error in the
// place of this one.
func (s *session) refuse(w http.ResponseWriter, r *http.Request, err error) {
	defer s.conn.Finish() // nobody serves it; without effect if it was not accepted
	ctx := s.conn.Context()
	defer func() { _ = s.scope.Close(ctx, err) }() // also if reject panics
	itself := s.refusedItself()
	if itself && errors.Is(err, ws.ErrClosed) {
		err = nil // which is no failure
	}
	if err = s.scope.Finish(ctx, err); err == nil || s.gone(err) {
		return
	}
	s.failed = err
	s.report(ctx, w, r, err)
	switch {
	case itself:
		s.log("handshake failed after the view refused it", err)
	case s.conn.Accepted():
		s.end(err, closeCode(err))
	default:
		s.reject(w, r, err)
	}
}

// refusedItself reports whether the view has refused the connection, with Close
// or Reject.
func (s *session) refusedItself() bool { return !s.conn.Accepted() && s.over() }

// unserved ends a connection that could not be accepted although its handshake
// succeeded. OnConnect has run, so OnDisconnect runs too, unless it was
// OnConnect that refused the connection.
func (s *session) unserved(w http.ResponseWriter, r *http.Request, err error) {
	if s.refusedItself() {
		s.refuse(w, r, err)
		return
	}
	defer s.conn.Finish()
	defer s.Closed(s.conn, ws.CodeAbnormal, "")
	s.failed = err
	if s.gone(err) {
		return
	}
	s.report(s.conn.Context(), w, r, err)
	if s.conn.Accepted() {
		s.end(err, closeCode(err))
	} else {
		s.reject(w, r, err)
	}
}

// reject answers the handshake with the status that the error chooses. A close
// code says nothing about HTTP: it is answered with 403.
func (s *session) reject(w http.ResponseWriter, r *http.Request, err error) {
	if isAbort(err) {
		panic(http.ErrAbortHandler)
	}
	if _, ok := chosen(err); ok {
		err = &Error{Status: http.StatusForbidden, Err: err}
	}
	status, header, body := s.view.cfg.problem(&failure{r: r, err: err, program: s.view.program})
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_ = s.conn.Reject(status, header, body)
}

// fail ends the connection because of an error of a message, or tells the
// client about a message that did not pass validation.
func (s *session) fail(ctx context.Context, err error) {
	if s.gone(err) {
		return
	}
	s.report(ctx, nil, nil, err)
	faults, ok := errors.AsType[resolve.Faults](err)
	switch {
	case !ok || isPanic(err):
		s.end(err, closeCode(err))
	case s.view.closeOnInvalid || s.tell(faults) != nil:
		s.end(err, ws.CloseError{Code: ws.CodeInvalidPayload, Reason: "the message has faults"})
	default:
		s.failed = nil // it goes on
	}
}

// tell sends the client a problem object about its message.
func (s *session) tell(faults resolve.Faults) error {
	out, err := s.encodeValue(problemOf(faults))
	if err != nil {
		return err
	}
	return s.deliver(out)
}

// gone reports whether the connection had ended and err says no more than
// that: writing to a connection that is gone is no failure of ours.
func (s *session) gone(err error) bool {
	_, _, ended := s.conn.CloseCode()
	return ended && (errors.Is(err, ws.ErrClosed) || errors.Is(err, context.Canceled))
}

// end closes the connection because of an error.
func (s *session) end(err error, with ws.CloseError) {
	if with.Code == ws.CodeInternalError && !isAbort(err) {
		s.log("connection failed", err)
	}
	_ = s.conn.Close(with.Code, strings.ToValidUTF8(string(with.Reason), "\uFFFD"))
}

// closeCode is what an error closes the connection with. Only an error made
// for the purpose says something to the peer.
func closeCode(err error) ws.CloseError {
	if c, ok := chosen(err); ok {
		return c
	}
	return ws.CloseError{Code: ws.CodeInternalError}
}

// chosen is the close code that an error chooses. That of another connection,
// whose end the handler reports, is none.
func chosen(err error) (ws.CloseError, bool) {
	c, ok := errors.AsType[*ws.CloseError](err)
	if !ok || c == nil || !c.Code.Valid() || isPanic(err) || errors.Is(err, ws.ErrClosed) {
		return ws.CloseError{}, false
	}
	return *c, true
}

// closeScope runs the clean-ups of the connection, which ended with the given
// error. What a finisher puts in its place is logged: there is nobody left to
// be told.
func (s *session) closeScope(ctx context.Context, ended error) {
	// DeepEqual, for errors.Is finds no errors that are slices, such as
	// resolve.Faults.
	if err := s.scope.Close(ctx, ended); err != nil && !errors.Is(err, ended) && !reflect.DeepEqual(err, ended) {
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

// report tells the observers of an error. Without a context that is the
// connection's.
func (s *session) report(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	if isAbort(err) {
		return
	}
	if ctx == nil && len(s.view.cfg.observers.Errors) > 0 {
		ctx = s.conn.Context()
	}
	s.view.cfg.report(ctx, w, r, s.view.label, err)
}
