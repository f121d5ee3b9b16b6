package ws

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Errors to compare with [errors.Is].
var (
	// ErrClosed says that the connection is over, or that its closing has begun.
	// Whatever a method of [WebSocket] returns for that reason wraps it, and
	// holds a [CloseError] with the code for [errors.As].
	ErrClosed = errors.New("ws: connection closed")

	// ErrAccepted is returned by what makes sense only before the handshake was answered.
	ErrAccepted = errors.New("ws: the handshake is already answered")

	// ErrServing is returned by Receive and its relatives once [WebSocket.Serve] reads the connection.
	ErrServing = errors.New("ws: the connection is read by Serve")

	// ErrTooSlow is why a connection was given up whose peer did not take its messages in time. See [OverflowClose].
	ErrTooSlow = errors.New("ws: the peer takes its messages too slowly")

	// ErrInvalidText is returned for text to be sent that is not UTF-8. Nothing was sent.
	ErrInvalidText = errors.New("ws: text is not valid UTF-8")
)

// CloseError is a close code and reason in the form of an error.
//
// A handler returns one, by value or as a pointer, to choose the code its
// connection is closed with. And it is found in the errors of a connection that has ended:
//
//	var ce *ws.CloseError
//	if errors.As(err, &ce) && ce.Code == ws.CodeGoingAway {
//		…
//	}
//
// There the code is the peer's; [CodeNoStatus] if its Close frame was empty;
// [CodeAbnormal] if the connection dropped; or the one this side closed with.
type CloseError struct {
	Code   Code
	Reason Reason
}

// Error implements error.
func (e CloseError) Error() string {
	if e.Reason == "" {
		return "ws: closed with " + e.Code.String()
	}
	return fmt.Sprintf("ws: closed with %v: %q", e.Code, string(e.Reason))
}

// As lets [errors.As] find a CloseError as a value and as a pointer, whichever was returned.
func (e CloseError) As(target any) bool {
	switch t := target.(type) {
	case **CloseError:
		*t = &e
	case *CloseError:
		*t = e
	default:
		return false
	}
	return true
}

// closedError is what methods return on an ended connection:
// ErrClosed, the code, and what broke the connection if something did.
type closedError struct {
	close CloseError
	cause error    // nil after a proper close
	peer  net.Addr // as it was when closing began; nil if the transport keeps it
}

func (e *closedError) Error() string {
	s := ErrClosed.Error() + ": " + e.close.Code.String()
	if e.close.Reason != "" {
		s += " " + strconv.Quote(string(e.close.Reason))
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *closedError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrClosed, &e.close}
	}
	return []error{ErrClosed, &e.close, e.cause}
}

// HandshakeError says why a handshake failed: on a server what to answer,
// on a client what the server answered.
//
//	conn, err := ws.New(w, r, opts)
//	if he := (*ws.HandshakeError)(nil); errors.As(err, &he) {
//		maps.Copy(w.Header(), he.Header)
//		http.Error(w, he.Detail, he.Status)
//	}
type HandshakeError struct {
	// Status is the HTTP status: 400, 403, 405, 426, 429 or 503 from [New] and
	// [WebSocket.Accept]; the server's from [Client] and [Dial], 0 if there was no answer, or none that could be understood.
	Status int
	// Header has to be part of the answer, such as Allow or Sec-WebSocket-Version. May be nil.
	Header http.Header
	// Detail says what is wrong. It quotes nothing secret and may be sent to the peer.
	Detail string
	// Err is the cause, if there is one below this package. Not for the peer.
	Err error
}

// Error implements error.
func (e *HandshakeError) Error() string {
	s := "ws: handshake"
	if e.Status != 0 {
		s += " (" + strconv.Itoa(e.Status) + ")"
	}
	s += ": " + e.Detail
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// StatusCode returns Status, or 500 if it is zero.
func (e *HandshakeError) StatusCode() int {
	if e.Status == 0 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// HijackError says that the connection could not be taken over from net/http.
// Nothing was written: the request can still be answered.
type HijackError struct {
	// Type is the type that stands in the way: the first response writer in the
	// chain of Unwrap methods that has neither Hijack nor Unwrap.
	Type string
	// Err is the error of Hijack itself, if there was one to call.
	Err error
}

// Error implements error.
func (e *HijackError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("ws: hijacking through %s: %v", e.Type, e.Err)
	}
	return fmt.Sprintf("ws: %s has neither Hijack nor Unwrap: give the wrapper "+
		"`Unwrap() http.ResponseWriter`, as http.ResponseController asks", e.Type)
}

// Unwrap returns Err.
func (e *HijackError) Unwrap() error { return e.Err }

// StatusCode returns 500: the server is put together wrongly, the client cannot help it.
func (e *HijackError) StatusCode() int { return http.StatusInternalServerError }

// errKind is the error for a Kind that is neither text nor binary.
type errKind Kind

func (k errKind) Error() string {
	return "ws: cannot send a message of " + Kind(k).String() + ": use KindText or KindBinary"
}
