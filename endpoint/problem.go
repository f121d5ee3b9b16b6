package endpoint

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"github.com/goccy/go-json"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// Problem is the answer to a failed call, as application/problem+json (RFC
// 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Errors are the faults of the request, each with its location.
	Errors []resolve.Fault `json:"errors,omitempty"`
	// RequestID is the id under which the server logged the cause of a 5xx.
	RequestID string `json:"request_id,omitempty"`
}

// problemOf says what a client is told of an error. Only what the error was
// made to say is said: an unknown error is 500 without its text.
func problemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: http.StatusInternalServerError}
	switch {
	case isPanic(err):
	case asFaults(err, &p), asError(err, &p), asHandshake(err, &p):
	default:
		asStatus(err, &p)
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	if p.Title == "" {
		p.Title = "Error"
	}
	return p
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*inject.Panic](err)
	return ok
}

func asFaults(err error, p *Problem) bool {
	faults, ok := errors.AsType[resolve.Faults](err)
	if !ok {
		return false
	}
	p.Status, p.Errors = faults.StatusCode(), faults
	p.Detail = "The request has faults, see errors."
	return true
}

func asError(err error, p *Problem) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	p.Status, p.Title, p.Detail = e.StatusCode(), e.Title, e.Detail
	if e.Type != "" {
		p.Type = e.Type
	}
	return true
}

func asHandshake(err error, p *Problem) bool {
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok {
		return false
	}
	p.Status, p.Detail = e.Status, e.Error()
	return true
}

// asStatus serves errors of the user's own types. The text of one that blames
// the client is for the client; that of a server error is not.
func asStatus(err error, p *Problem) {
	var e interface {
		error
		StatusCode() int
	}
	if !errors.As(err, &e) {
		return
	}
	if s := e.StatusCode(); s >= 400 && s <= 599 {
		p.Status = s
	}
	if p.Status < 500 {
		p.Detail = e.Error()
	}
}

// headerOf are the header fields that an error brings along.
func headerOf(err error) http.Header {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Header
	}
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok {
		return e.Header
	}
	return nil
}

// Answer writes err as the answer to r: a problem object (RFC 9457) with the
// status that the error chooses. What the client is not told is logged. It
// must be called before anything else was written to w.
func (c *Config) Answer(w http.ResponseWriter, r *http.Request, err error) {
	status, header, body := c.problem(r, err)
	h := w.Header()
	maps.DeleteFunc(h, func(k string, _ []string) bool { return describesBody[k] })
	maps.Copy(h, header)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// problem makes the answer for an error, and logs it if it is the server's.
func (c *Config) problem(r *http.Request, err error) (int, http.Header, []byte) {
	p := problemOf(err)
	if p.Status >= 500 {
		p.RequestID = requestID(r)
		c.log(r, p.RequestID, "request failed", err)
	}
	body, merr := json.Marshal(p)
	if merr != nil {
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	h := http.Header{}
	maps.Copy(h, headerOf(err))
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	return p.Status, h, body
}

// describesBody are the header fields of the answer that was meant to be sent
// and that would be wrong for the problem in its place.
var describesBody = map[string]bool{
	"Content-Length": true, "Content-Encoding": true, "Content-Range": true,
	"Etag": true, "Last-Modified": true, "Cache-Control": true,
}

// log records an error that the client is not told about.
func (c *Config) log(r *http.Request, id, msg string, err error) {
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", r.Pattern),
		slog.String("request_id", id), slog.Any("error", err),
	}
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		msg = "handler panicked"
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	c.Logger.LogAttrs(r.Context(), slog.LevelError, msg, attrs...)
}

// requestID is the id that a proxy or middleware gave the request, if it is a
// sane one, else a new one.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 128 {
		return id
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
