package fogotest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/ws"
)

// Client talks to an application of its own, without a network. It may be used
// by several goroutines; methods that end the test on failure must be called
// from the goroutine of the test, as with every testing.TB.
type Client struct {
	t       testing.TB
	app     *fogo.App
	timeout time.Duration
	header  http.Header
	jar     http.CookieJar // nil: cookies are not kept
	allow   bool

	mu       sync.Mutex // guards the rest
	errs     []failure
	sockets  []*ws.WebSocket
	listener *memnet.Listener // nil until a WebSocket is opened
	server   *http.Server
}

// failure is an unexpected error of a handler.
type failure struct {
	request string
	err     error
}

// Option is an option of [New].
type Option func(*config)

// config is what options of New change.
type config struct {
	app     []fogo.Option
	timeout time.Duration
	header  http.Header
	cookies bool
	allow   bool
}

// Replace puts v in the place of every provider of T. It is an error, and ends
// the test, if the application provides no T. For an interface write its name:
// Replace[Store](fake{}).
func Replace[T any](v T) Option {
	return With(fogo.WithReplacement(v))
}

// With adds options to those of the application.
func With(opts ...fogo.Option) Option {
	return func(c *config) { c.app = append(c.app, opts...) }
}

// AllowErrors lets handlers fail. Without it an unexpected error, one that is
// answered with 500 or closes a connection with 1011, or a panic, fails the
// test at its end, unless [Client.Errors] has taken it.
func AllowErrors() Option {
	return func(c *config) { c.allow = true }
}

// Timeout limits waiting for a WebSocket, for its messages, and for the end of
// the application; 5 s by default.
func Timeout(d time.Duration) Option {
	return func(c *config) { c.timeout = d }
}

// Cookies keeps cookies from one request to the next, as a browser does.
func Cookies() Option {
	return func(c *config) { c.cookies = true }
}

// DefaultHeader adds a header field to all requests and handshakes.
func DefaultHeader(name, value string) Option {
	return func(c *config) { c.header.Add(name, value) }
}

// New starts an application that has the registrations of app, and returns a
// client for it. At the end of the test it is stopped, and the test fails if
// that fails or if an error was not expected. If it doesn't start, the test
// ends with everything that is wrong.
//
// The application is the client's own, see [fogo.App.With]: any number of
// parallel tests may be given the same app. Only what they registered as
// existing values, mounted handlers, and variables of their own are shared.
func New(t testing.TB, app *fogo.App, opts ...Option) *Client {
	t.Helper()
	cfg := config{timeout: 5 * time.Second, header: http.Header{}}
	for _, o := range opts {
		o(&cfg)
	}
	c := &Client{t: t, timeout: cfg.timeout, header: cfg.header, allow: cfg.allow}
	if cfg.cookies {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatalf("fogotest: %v", err)
		}
		c.jar = jar
	}
	c.app = app.With(append(cfg.app, fogo.WithObserver(observe.ErrorFunc(c.observe)))...)
	if err := c.app.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("fogotest: the application does not start:\n%v", err)
	}
	t.Cleanup(c.stop)
	return c
}

// App returns the application that the client talks to.
func (c *Client) App() *fogo.App { return c.app }

// Errors returns the unexpected errors of handlers so far, and takes them: they
// don't fail the test any more. A panic is an [*inject.Panic].
func (c *Client) Errors() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range c.errs {
		errs = append(errs, f.err)
	}
	c.errs = nil
	return errs
}

// observe is told of every error of a handler. There is no request after the
// handshake of a WebSocket.
func (c *Client) observe(_ context.Context, e observe.Error) {
	r, err := e.Request, e.Err
	if expected(r, err) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	what := "a message of a WebSocket"
	if r != nil {
		what = r.Method + " " + r.URL.Path
	}
	c.errs = append(c.errs, failure{what, err})
}

// expected reports whether err is something that an application in order
// answers with: a status below 500, a close code other than 1011, the end of
// the client or of its connection.
func expected(r *http.Request, err error) bool {
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		return p.Value == http.ErrAbortHandler
	}
	if ce, ok := errors.AsType[*ws.CloseError](err); ok {
		return ce.Code != ws.CodeInternalError
	}
	if errors.Is(err, context.Canceled) && (r == nil || r.Context().Err() != nil) {
		return true
	}
	var s interface {
		error
		StatusCode() int
	}
	return errors.As(err, &s) && s.StatusCode() < http.StatusInternalServerError
}

// stop ends the application and says what was wrong with it.
func (c *Client) stop() {
	c.t.Helper()
	c.mu.Lock()
	sockets, server := c.sockets, c.server
	c.mu.Unlock()
	for _, s := range sockets {
		s.Fail(ws.CodeGoingAway, "the test is over")
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	err := c.app.Drain(ctx)
	if server != nil {
		err = errors.Join(err, server.Shutdown(ctx))
		_ = server.Close() // whatever Shutdown left
	}
	if err = errors.Join(err, c.app.Stop(ctx)); err != nil {
		c.t.Errorf("fogotest: the application does not stop in order: %v", err)
	}
	if !c.allow {
		c.report()
	}
}

// report fails the test for the errors that nobody took.
func (c *Client) report() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.errs {
		text := f.err.Error()
		if p, ok := errors.AsType[*inject.Panic](f.err); ok {
			text += "\n" + string(p.Stack)
		}
		c.t.Errorf("fogotest: %s: unexpected error of the handler (fogotest.AllowErrors allows it, Client.Errors takes it): %s", f.request, text)
	}
}

// base is where requests seem to go.
const base = "http://example.com"

// newRequest makes a request as a server would be given it.
func (c *Client) newRequest(method, target string, opts []RequestOption) (*request, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	if u.Host == "" && (target == "" || target[0] != '/') {
		return nil, fmt.Errorf("the path %q does not begin with a slash", target)
	}
	full := target
	if u.Host == "" {
		full = base + target
	}
	req := &request{Request: httptest.NewRequestWithContext(c.t.Context(), method, full, http.NoBody)}
	req.RequestURI = req.URL.RequestURI()
	for name, values := range c.header {
		req.Header[name] = append([]string(nil), values...)
	}
	if c.jar != nil {
		for _, cookie := range c.jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	for _, o := range opts {
		if err := o(req); err != nil {
			return nil, err
		}
	}
	return req, nil
}
