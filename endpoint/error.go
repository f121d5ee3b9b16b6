package endpoint

import "net/http"

// Error is an error with an HTTP status of its own. A handler returns one to
// choose what the client is told; everything it does not say stays with the
// server. Get at it with
//
//	var e *endpoint.Error
//	if errors.As(err, &e) { … }
type Error struct {
	// Status is the HTTP status, 500 if 0 or not between 300 and 599. With 3xx
	// Header brings a Location along.
	Status int
	// Title is a short text for the kind of problem; the standard phrase of
	// the status if "".
	Title string
	// Detail explains this occurrence to the client.
	Detail string
	// Type is a URI that identifies the kind of problem (RFC 9457 section
	// 3.1.1); "about:blank" if "".
	Type string
	// Header is added to the answer. The Content-Type is always that of
	// problems.
	Header http.Header
	// Err is the cause. It is logged and never sent.
	Err error
}

// There is no Errorf, which would hide what texts reach the client.

// NewError returns an error that is answered with the status and the detail.
func NewError(status int, detail string) *Error { return &Error{Status: status, Detail: detail} }

// Error is the detail or the title, and the cause.
func (e *Error) Error() string {
	s := e.Detail
	if s == "" {
		s = e.Title
	}
	if s == "" {
		s = http.StatusText(e.StatusCode())
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusCode returns the status.
func (e *Error) StatusCode() int {
	if e.Status == 0 {
		return http.StatusInternalServerError
	}
	return e.Status
}
