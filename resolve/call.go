package resolve

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// Call is what the steps of a plan read from: one request, or one event of a
// connection. Package endpoint makes them; they are the host of a run and must
// not be used after it.
type Call struct {
	// Request is the HTTP request, or the handshake. It is nil in the events
	// after a handshake, whose parameters read it during the handshake.
	Request *http.Request
	// Writer is the response, for handlers that take it.
	Writer http.ResponseWriter
	// Vars are the values of the pattern's variables.
	Vars *pattern.Values
	// Route is the matched route.
	Route Route
	// Event is what a call on a connection reads from; nil over HTTP.
	Event *Event

	cfg      *Config
	maxBody  int64
	faults   Faults
	unread   int // faults that left a value unread, those not told among them
	query    query
	body     body
	buffer   []byte   // memory for bodies, kept by Reset
	texts    []string // memory for lists of a query, likewise
	detached *http.Request
	id       string // see RequestID
	logger   *slog.Logger
}

// Reset makes the call ready for another use with the same route and
// configuration, and drops what it refers to.
func (c *Call) Reset() {
	if c.body.read || c.body.failed || c.body.spec != nil {
		if c.body.given || cap(c.buffer) > maxKeptBuffer {
			c.buffer = nil
		}
		c.body = body{}
	}
	if len(c.faults) > 0 {
		clear(c.faults)
		c.faults = c.faults[:0]
	}
	c.Request, c.Writer, c.Vars, c.Event = nil, nil, nil, nil
	clear(c.texts)
	c.texts = c.texts[:0]
	c.query, c.detached, c.logger = query{}, nil, nil
	c.unread, c.id = 0, ""
}

// maxKeptBuffer is the size of a body over which its memory is not kept: one
// big body must not be paid for by every later small one.
const maxKeptBuffer = 64 << 10

// Configure sets what the body readers need. The config has its defaults.
func (c *Call) Configure(cfg *Config) { c.cfg, c.maxBody = cfg, cfg.MaxBody }

// Release ends the uploads of the call: files that nobody kept are removed, and
// nothing of the body can be read any more. It must be called at the end of every
// call over HTTP, after its releases, whatever happened to it.
func (c *Call) Release() {
	if c.body.parts != nil {
		c.body.parts.over = true
	}
	for _, s := range c.body.stored {
		s.release()
	}
	c.body.stored = nil
}

// CallLogger implements inject.LoggerHost: the logger of a call says which
// route it is of, and the id under which the answer to it is logged.
func (c *Call) CallLogger(base *slog.Logger) *slog.Logger {
	if c.logger != nil {
		return c.logger
	}
	attrs := make([]slog.Attr, 0, 3)
	if c.Route.Pattern != "" {
		attrs = append(attrs, slog.String("route", c.Route.Pattern))
	}
	if c.Request != nil {
		attrs = append(attrs, slog.String("method", c.Request.Method))
		attrs = append(attrs, slog.String("request_id", c.RequestID()))
	}
	c.logger = slog.New(base.Handler().WithAttrs(attrs))
	return c.logger
}

// maxFaults is how many faults of a request are told. A list of a million
// malformed numbers is not answered with a million lines.
const maxFaults = 100

// fault records one thing wrong with the request. Two functions that take the
// same value find the same fault, which is told once.
func (c *Call) fault(f Fault) {
	if f.Status == 0 {
		f.Status = http.StatusBadRequest
	}
	if f.Status != http.StatusUnprocessableEntity {
		c.unread++
	}
	if len(c.faults) < maxFaults && !slices.Contains(c.faults, f) {
		c.faults = append(c.faults, f)
	}
}

func (c *Call) malformed(at, problem string) {
	c.fault(Fault{Location: at, Message: problem, Status: http.StatusBadRequest})
}

// takeFaults returns the faults recorded so far as an error, or nil.
func (c *Call) takeFaults() error {
	if len(c.faults) == 0 {
		return nil
	}
	fs := append(Faults(nil), c.faults...)
	clear(c.faults)
	c.faults = c.faults[:0]
	return fs
}

// headerValues are the values of a header by its canonical name.
func (c *Call) headerValues(name string) []string {
	if name == "Host" && c.Request.Host != "" {
		// net/http moves it out of the header.
		return []string{c.Request.Host}
	}
	return c.Request.Header[name]
}

// contentType is the request's Content-Type, "" if there is none.
func (c *Call) contentType() string {
	switch values := c.Request.Header["Content-Type"]; len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		// Who reads the first and who reads the last would disagree. A list is
		// no media type, so this is refused.
		return strings.Join(values, ", ")
	}
}

// detach returns a copy of the handshake's request that may be kept as long as
// the connection: without the body, and with a context that has the values of
// the request's but is not cancelled with it.
func (c *Call) detach() *http.Request {
	if c.detached == nil {
		c.detached = c.Request.Clone(context.WithoutCancel(c.Request.Context()))
		c.detached.Body = http.NoBody
		c.detached.TLS = c.Request.TLS
	}
	return c.detached
}

// callOf returns the Call that a run was begun with.
func callOf(r *inject.Run) *Call { return r.Host.(*Call) }
