package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// status is a user's error with any status.
type status int

func (e status) Error() string   { return "text of " + fmt.Sprint(int(e)) }
func (e status) StatusCode() int { return int(e) }

// wrapped is a user's error with a status around another error.
type wrapped struct{ err error }

func (e wrapped) Error() string   { return "wrapped" }
func (e wrapped) Unwrap() error   { return e.err }
func (e wrapped) StatusCode() int { return http.StatusGone }

// The bodies are the golden files: what a client is told, and nothing more.
func TestProblems(t *testing.T) {
	secret := errors.New("secret")
	fault := resolve.Fault{Location: "body.name", Message: "is taken", Status: 422}
	for _, row := range []struct {
		name   string
		err    error
		status int
		logged bool
		header map[string]string
	}{
		{name: "status and detail", err: endpoint.NewError(404, "There is no such user."), status: 404},
		{name: "status only", err: &endpoint.Error{Status: 403}, status: 403},
		{name: "zero error", err: &endpoint.Error{Err: secret}, status: 500, logged: true},
		{name: "everything", err: &endpoint.Error{
			Status: 402, Title: "Out of credit", Detail: "Your balance is 30, but that costs 50.", Type: "https://example.com/probs/credit",
			Header: http.Header{"Retry-After": {"60"}, "Content-Type": {"text/html"}}, Err: secret,
		}, status: 402, header: map[string]string{"Retry-After": "60", "Content-Type": "application/problem+json"}},
		{name: "5xx with a detail", err: &endpoint.Error{Status: 503, Detail: "Try again later.", Header: http.Header{"retry-after": {"9"}}, Err: secret},
			status: 503, logged: true, header: map[string]string{"Retry-After": "9"}},
		{name: "wrapped error", err: fmt.Errorf("secret: %w", endpoint.NewError(404, "There is no such user.")), status: 404},
		{name: "redirecting error", err: &endpoint.Error{Status: 303, Header: http.Header{"Location": {"/login"}}},
			status: 303, header: map[string]string{"Location": "/login"}},
		{name: "status of no error", err: &endpoint.Error{Status: 200, Detail: "Fine."}, status: 500, logged: true},
		{name: "status without a name", err: &endpoint.Error{Status: 499}, status: 499},
		{name: "own type below 500", err: status(409), status: 409},
		{name: "own type wrapped", err: fmt.Errorf("secret: %w", status(409)), status: 409},
		{name: "own type from 500", err: status(502), status: 502, logged: true},
		{name: "own type with a wrong status", err: status(7), status: 500, logged: true},
		{name: "own type around another", err: wrapped{&endpoint.Error{Status: 404, Detail: "secret"}}, status: 410},
		{name: "unknown", err: secret, status: 500, logged: true},
		{name: "joined", err: errors.Join(secret, status(409)), status: 409},
		{name: "deadline", err: context.DeadlineExceeded, status: 500, logged: true},
		{name: "faults", err: resolve.Faults{fault, {Location: "query.n", Message: "is required", Status: 400}}, status: 400},
		{name: "faults of validation", err: fmt.Errorf("secret: %w", resolve.Faults{fault}), status: 422},
		{name: "error around faults", err: &endpoint.Error{Status: 404, Err: resolve.Faults{fault}}, status: 404},
		{name: "markup", err: endpoint.NewError(400, "<script>\u2028\xff"), status: 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, func() error { return row.err })
			got := s.get("/", "X-Request-Id", "req-1")
			assert.Equal(t, row.status, got.status)
			assert.Equal(t, "application/problem+json", got.contentType())
			assert.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			for k, v := range row.header {
				assert.Equal(t, v, got.header.Get(k), k)
			}
			assert.NotContains(t, got.body, "secret")
			golden(t, got.body)
			if !row.logged {
				assert.Empty(t, s.log.records())
				return
			}
			logs := s.log.records()
			require.Len(t, logs, 1)
			assert.Equal(t, "request failed", logs[0].message)
			assert.Equal(t, row.err.Error(), logs[0].attrs["error"])
			assert.Equal(t, "req-1", logs[0].attrs["request_id"])
			assert.Contains(t, got.body, `"request_id":"req-1"`)
		})
	}
}

func TestRequestID(t *testing.T) {
	s := serve(t, func(log *slog.Logger) error { log.Info("mine"); return errors.New("x") }, endpoint.Pattern("/a"))
	for _, row := range []struct {
		given string
		taken bool
	}{
		{"abc-123_4.5:6/7=", true},
		{"", false},
		{"with blank", false},
		{`"quoted"`, true},
		{"\x80", false},
		{strings.Repeat("x", 128), true},
		{strings.Repeat("x", 129), false},
	} {
		before := len(s.log.records())
		got := s.get("/a", "X-Request-Id", row.given)
		logs := s.log.records()[before:]
		require.Len(t, logs, 2)
		id := logs[1].attrs["request_id"]
		assert.Equal(t, row.taken, id == row.given, "%q", row.given)
		assert.NotEmpty(t, id)
		assert.Equal(t, id, logs[0].attrs["request_id"], "the handler's logger has the same id")
		assert.Contains(t, got.body, `"request_id":`, "and so has the answer")
		if row.given != `"quoted"` {
			assert.Contains(t, got.body, id)
		}
		assert.Equal(t, "/a", logs[0].attrs["route"])
		assert.Equal(t, "GET", logs[1].attrs["method"])
		assert.Equal(t, "/a", logs[1].attrs["path"])
	}
}

func TestPanics(t *testing.T) {
	type broken struct{}
	for _, row := range []struct {
		name string
		view any
		with []provided
	}{
		{name: "handler", view: func() { panic("secret") }},
		{name: "error value", view: func() { panic(&endpoint.Error{Status: 404, Detail: "secret", Header: http.Header{"X-Evil": {"1"}}}) }},
		{name: "nil", view: func() { panic(nil) }},
		{name: "nil dereference", view: func() string { var p *item; return p.Name }},
		{name: "provider", view: func(broken) {}, with: []provided{{inject.PerCall, func() broken { panic("secret") }}}},
		{name: "finisher", view: func(broken) {}, with: []provided{{inject.PerCall, func() (broken, func(error) error) {
			return broken{}, func(error) error { panic("secret") }
		}}}},
		{name: "responder", view: func() endpoint.Template { return endpoint.Template{} }},
		{name: "file without a file system", view: func() endpoint.File { return endpoint.File{Name: "x"} }},
		{name: "own response", view: func(http.ResponseWriter) { panic("secret") }},
		{name: "extractor", view: func(panicsOnExtract) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, row.view, providing(t, row.with...), inject.Hold)
			got := s.get("/", "X-Request-Id", "req-1")
			assert.Equal(t, 500, got.status)
			assert.Equal(t, `{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"req-1"}`, got.body)
			assert.Empty(t, got.header.Get("X-Evil"))
			logs := s.log.records()
			require.Len(t, logs, 1)
			assert.Equal(t, "handler panicked", logs[0].message)
			assert.Contains(t, logs[0].attrs["stack"], "endpoint", "the stack leads to the culprit")
			assert.Equal(t, "req-1", logs[0].attrs["request_id"])
			assert.Equal(t, 500, s.get("/").status, "the server goes on")
		})
	}
}

type panicsOnExtract struct{}

func (*panicsOnExtract) Extract() error { panic("secret") }

// http.ErrAbortHandler cuts the connection without a word, as net/http says,
// from wherever it comes.
func TestAbort(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
	}{
		{"handler", func(*journal) { panic(http.ErrAbortHandler) }},
		{"own response", func(w http.ResponseWriter, _ *journal) { _, _ = w.Write([]byte("x")); panic(http.ErrAbortHandler) }},
		{"handler result", func(*journal) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			s := serve(t, row.view, notingWith(t, j, errors.New("rollback failed")), inject.Hold)
			_, err := s.request(http.MethodPost, "/", "") // which is not tried again
			assert.Error(t, err)
			assert.Equal(t, []string{"finish panic: net/http: abort Handler", "release"}, waitFor(t, j, 2))
			assert.Empty(t, s.log.records())
		})
	}
}

// Whatever a middleware promised about the body that was to come is not true of
// a problem; what it said about the request is.
func TestProblemReplacesHeader(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter) error {
		h := w.Header()
		for k, v := range map[string]string{
			"Content-Length": "3", "Content-Encoding": "gzip", "Etag": `"x"`, "Cache-Control": "max-age=1000",
			"Expires": "Thu, 31 Dec 2099 23:59:59 GMT", "Repr-Digest": "sha-256=:x:",
			"Content-Disposition": "attachment", "Content-Type": "image/png", "X-Frame-Options": "DENY", "Set-Cookie": "a=b",
		} {
			h.Set(k, v)
		}
		return &endpoint.Error{Status: 401, Header: http.Header{"Set-Cookie": {"c=d"}, "Www-Authenticate": {"Bearer"}}}
	})
	got := s.get("/")
	assert.Equal(t, 401, got.status)
	for _, k := range []string{"Content-Encoding", "Etag", "Cache-Control", "Expires", "Repr-Digest", "Content-Disposition"} {
		assert.Empty(t, got.header.Get(k), k)
	}
	assert.Equal(t, "application/problem+json", got.contentType())
	assert.Equal(t, "DENY", got.header.Get("X-Frame-Options"))
	assert.Equal(t, "Bearer", got.header.Get("Www-Authenticate"))
	assert.Equal(t, []string{"a=b", "c=d"}, got.header["Set-Cookie"])
}

func TestObserve(t *testing.T) {
	var seen []string
	log := newRecorder()
	cfg := endpoint.Config{Logger: slog.New(log), Observers: []observe.Observer{observe.ErrorFunc(func(_ context.Context, e observe.Error) {
		seen = append(seen, e.Request.URL.Path+" "+e.Err.Error())
	})}}
	s := serveWith(t, cfg, log, func(n int) (string, error) {
		switch n {
		case 1:
			return "", endpoint.NewError(404, "nothing")
		case 2:
			panic("oops")
		}
		return "x", nil
	}, endpoint.Pattern("/{n}"))
	for _, target := range []string{"/0", "/1", "/2", "/x", "/a/b"} {
		s.get(target)
	}
	s.srv.Close()
	assert.Equal(t, []string{"/1 nothing", "/2 panic: oops", `/x resolve: path.n "x" is not an integer`}, seen)
}

func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	for want, err := range map[string]*endpoint.Error{
		"detail":                {Detail: "detail", Title: "title"},
		"title: cause":          {Title: "title", Err: cause},
		"Not Found":             {Status: 404},
		"Internal Server Error": {},
	} {
		assert.Equal(t, want, err.Error())
	}
	assert.ErrorIs(t, &endpoint.Error{Err: cause}, cause)
}

// A view that gives up because its client left is not an error of the server.
func TestClientLeaves(t *testing.T) {
	entered := make(chan struct{})
	s := serve(t, func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return fmt.Errorf("query: %w", ctx.Err())
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.srv.URL, http.NoBody)
	require.NoError(t, err)
	_, err = s.srv.Client().Do(req)
	require.ErrorIs(t, err, context.Canceled)
	s.srv.Close()
	logs := s.log.records()
	require.Len(t, logs, 1)
	assert.Equal(t, "request cancelled", logs[0].message)
	assert.Equal(t, slog.LevelInfo, logs[0].level)
}
