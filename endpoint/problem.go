package endpoint

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"

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
// made to say is said: an unknown error is 500 without its text. Of errors that
// wrap each other the outermost with a status counts.
func problemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: http.StatusInternalServerError}
	if !isPanic(err) {
		p.tell(err)
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

// tell takes from an error what it has for the client.
func (p *Problem) tell(err error) {
	var e interface {
		error
		StatusCode() int
	}
	if !errors.As(err, &e) {
		if h, ok := errors.AsType[*ws.HandshakeError](err); ok && isErrorStatus(h.Status) {
			p.Status, p.Detail = h.Status, h.Detail
		}
		return
	}
	if status := e.StatusCode(); isErrorStatus(status) {
		p.Status = status
	}
	switch e := e.(type) {
	case *Error:
		p.Title, p.Detail, p.Type = e.Title, e.Detail, cmp.Or(e.Type, p.Type)
	case resolve.Faults:
		p.Errors, p.Detail = e, "The request has faults, see errors."
	case *resolve.SpoolFullError:
		p.Detail = "There is no room for uploads at the moment; try again later."
	case *ws.HandshakeError:
		p.Detail = e.Detail
	default:
		// The text of a user's error that blames the client is for the client;
		// that of a server error is not.
		if p.Status < 500 {
			p.Detail = e.Error()
		}
	}
}

// isErrorStatus reports whether a problem can be sent with the status. 3xx are
// among them for errors that bring a Location along.
func isErrorStatus(status int) bool {
	return status >= 300 && status <= 599 && status != http.StatusNotModified
}

// headerOf are the header fields that an error brings along.
func headerOf(err error) http.Header {
	if isPanic(err) {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Header
	}
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok {
		return e.Header
	}
	if fs, ok := errors.AsType[resolve.Faults](err); ok {
		return fs.Header()
	}
	if full, ok := errors.AsType[*resolve.SpoolFullError](err); ok {
		return full.Header()
	}
	return nil
}

// Answer writes err as the answer to r: a problem object (RFC 9457) with the
// status that the error chooses. What the client is not told is logged. It
// must be called before anything else was written to w.
func (c *Config) Answer(w http.ResponseWriter, r *http.Request, err error) {
	c.answer(w, &failure{r: r, err: err})
}

func (c *Config) answer(w http.ResponseWriter, f *failure) {
	status, header, body := c.problem(f)
	h := w.Header()
	maps.DeleteFunc(h, func(k string, _ []string) bool { return describesBody[k] })
	mergeHeader(h, header)
	if f.r.Method == http.MethodHead {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if f.r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// problem makes the answer to a failure, and logs it if it is the server's.
func (c *Config) problem(f *failure) (int, http.Header, []byte) {
	p := c.problemOf(f)
	h := http.Header{}
	mergeHeader(h, headerOf(f.err))
	h["Content-Type"] = problemJSON
	h["X-Content-Type-Options"] = noSniff
	if c.Debug.tells(&p, f.r) {
		if body := c.Debug.answer(c.Debug, f, &p, h); body != nil {
			return p.Status, h, body
		}
	}
	return p.Status, h, p.json()
}

// problemOf says what a client is told of a failure, and logs what it isn't.
func (c *Config) problemOf(f *failure) Problem {
	p := problemOf(f.err)
	if p.Status >= 500 {
		if f.id == nil {
			p.RequestID = resolve.RequestID(f.r)
		} else {
			p.RequestID = f.id()
		}
		c.log(f.r, p.RequestID, "request failed", f.err)
	}
	return p
}

// json is the problem object.
func (p *Problem) json() []byte {
	body, err := json.Marshal(p)
	if err != nil {
		return []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`)
	}
	return body
}

var (
	problemJSON = []string{"application/problem+json"}
	noSniff     = []string{"nosniff"}
)

// describesBody are the header fields of the answer that was meant to be sent
// and that would be wrong for the problem in its place.
var describesBody = map[string]bool{
	"Content-Length": true, "Content-Encoding": true, "Content-Range": true,
	"Content-Disposition": true, "Content-Language": true, "Content-Location": true,
	"Etag": true, "Last-Modified": true, "Cache-Control": true, "Expires": true,
	"Content-Digest": true, "Repr-Digest": true, "Digest": true,
}

// log records an error that the client is not told about. That of a call whose
// client left meanwhile is nobody's.
func (c *Config) log(r *http.Request, id, msg string, err error) {
	level := slog.LevelError
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", r.Pattern),
		slog.String("request_id", id), slog.Any("error", err),
	}
	switch p, ok := errors.AsType[*inject.Panic](err); {
	case ok:
		msg = "handler panicked"
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		level, msg = slog.LevelInfo, "request cancelled"
	}
	c.Logger.LogAttrs(r.Context(), level, msg, attrs...)
}
