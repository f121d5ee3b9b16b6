package endpoint_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each of these is an error of New.
func TestRejectedViews(t *testing.T) {
	type unknown struct{}
	in := func(o ...endpoint.Option) []endpoint.Option { return o }
	for _, row := range []struct {
		name string
		view any
		opts []endpoint.Option
	}{
		{"nil", nil, nil},
		{"nil function", (func())(nil), nil},
		{"number", 7, nil},
		{"anonymous struct", struct{}{}, nil},
		{"variadic", func(...int) {}, nil},
		{"missing provider", func(*unknown) {}, nil},
		{"scalar without a variable", func(n int) {}, nil},
		{"variable that nothing takes", func() {}, in(endpoint.Pattern("/{id}"))},
		{"malformed pattern", func() {}, in(endpoint.Pattern("/{id"))},
		{"two methods", func() {}, in(endpoint.Pattern("GET /"), endpoint.Method("POST"))},
		{"method in lower case", func() {}, in(endpoint.Method("get"))},
		{"method for a class", books{}, in(endpoint.Pattern("GET /{book_id}"))},
		{"method for a socket", func(ws.Text) {}, in(endpoint.Method("GET"))},
		{"body on GET", func(resolve.Body[item]) {}, in(endpoint.Method("GET"))},
		{"guard with a result", func() {}, in(endpoint.Guards(func() bool { return true }))},
		{"guard that is none", func() {}, in(endpoint.Guards(7))},
		{"guard without its provider", func() {}, in(endpoint.Guards(func(*unknown) error { return nil }))},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view, row.opts...)) })
	}
}

// What a request brings cannot be provided, whether New comes before or after.
func TestProvidedFrameworkType(t *testing.T) {
	golden(t, buildError(t, func(*http.Request) {}, providing(t, provided{inject.Singleton, func() *http.Request { return nil }})))
}

func TestWrongConstructor(t *testing.T) {
	for want, make := range map[string]func(){
		"endpoint: a value of type endpoint_test.books is not a function; see endpoint.Class": func() { endpoint.Func(books{}) },
		"endpoint: nil is not a function":                                       func() { endpoint.Func(nil) },
		"endpoint: a function of type func() is not a class; see endpoint.Func": func() { endpoint.Class(func() {}) },
	} {
		assert.PanicsWithValue(t, want, make)
	}
	assert.Panics(t, func() { endpoint.Class(struct{}{}) })
	assert.NotNil(t, endpoint.Class(books{}, endpoint.Pattern("/{book_id}")))
}

func TestPattern(t *testing.T) {
	s := serve(t, func(id int, rest string, r *http.Request, route resolve.Route) map[string]any {
		return map[string]any{
			"id": id, "rest": rest, "value": r.PathValue("rest"), "pattern": r.Pattern, "route": route.Pattern, "method": route.Method,
		}
	}, endpoint.Pattern("POST /a/{id:int}/{rest...}"))
	got := s.do(http.MethodPost, "/a/7/b%2Fc/d", "")
	assert.JSONEq(t, `{"id":7,"rest":"b/c/d","value":"b/c/d","pattern":"/a/{id:int}/{rest...}","route":"/a/{id:int}/{rest...}","method":"POST"}`, got.body)
	assert.Equal(t, 404, s.do(http.MethodPost, "/a/x/b", "").status, "a constraint that does not match is another path")
	assert.Equal(t, "POST, OPTIONS", s.get("/a/7/b").header.Get("Allow"))
}

func TestPatternWithHost(t *testing.T) {
	s := serve(t, func() string { return "x" }, endpoint.Pattern("example.com/"))
	for host, want := range map[string]int{"example.com": 200, "EXAMPLE.com:8080": 200, "example.org": 404} {
		status, _ := s.rawReply("GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n", false)
		assert.Equal(t, want, status, host)
	}
}

// Without a pattern a handler answers every path, and a function without a
// method every method.
func TestWithoutPattern(t *testing.T) {
	s := serve(t, func(r *http.Request) string { return r.Method + " " + r.URL.Path })
	for _, m := range []string{"GET", "POST", "OPTIONS", "BREW"} {
		assert.Equal(t, m+" /a/b", s.do(m, "/a/b", "").body)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /items/{id}", endpoint.Func(func(r *http.Request) string { return r.PathValue("id") }))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/items/7", nil))
	assert.Equal(t, "7", w.Body.String())
}

func TestMethod(t *testing.T) {
	s := serve(t, func() string { return "x" }, endpoint.Method(http.MethodGet))
	assert.Equal(t, 200, s.get("/").status)
	assert.Equal(t, 200, s.do(http.MethodHead, "/", "").status)
	got := s.do(http.MethodPost, "/", "")
	assert.Equal(t, 405, got.status)
	assert.Equal(t, "GET, HEAD, OPTIONS", got.header.Get("Allow"))
}

// socketAndPost takes sockets and one HTTP method.
type socketAndPost struct{}

func (socketAndPost) Post() string        { return "posted" }
func (socketAndPost) OnReceive(m ws.Text) {}

func TestHTTPOfSocketClass(t *testing.T) {
	s := serve(t, socketAndPost{})
	assert.Equal(t, "posted", s.do(http.MethodPost, "/", "").body)
	got := s.get("/")
	assert.Equal(t, 426, got.status, "a plain GET is told to upgrade")
	assert.Equal(t, "websocket", got.header.Get("Upgrade"))
	got = s.do(http.MethodPut, "/", "")
	assert.Equal(t, 405, got.status)
	assert.Equal(t, "GET, HEAD, POST, OPTIONS", got.header.Get("Allow"))
	assert.Equal(t, 204, s.do(http.MethodOptions, "/", "").status)
	assert.Equal(t, 204, serve(t, func(ws.Text) {}).do(http.MethodOptions, "/", "").status)
}

func TestGuards(t *testing.T) {
	j := &journal{}
	guard := func(name string) any {
		return func(r *http.Request) error {
			j.note(name)
			if r.URL.Query().Get("stop") == name {
				return endpoint.NewError(http.StatusForbidden, name)
			}
			return nil
		}
	}
	s := serve(t, func() { j.note("view") }, endpoint.Guards(guard("a"), guard("b")))
	assert.Equal(t, 204, s.get("/").status)
	assert.Equal(t, 403, s.get("/?stop=b").status)
	assert.Equal(t, 403, s.get("/?stop=a").status)
	assert.Equal(t, []string{"a", "b", "view", "a", "b", "a"}, j.all())
}

func TestAllowBodyAndIgnoreVars(t *testing.T) {
	s := serve(t, func(b resolve.Body[item]) int { return b.Value.N },
		endpoint.Pattern("GET /{a}/{b}"), endpoint.AllowBody(), endpoint.IgnoreVars("a"), endpoint.IgnoreVars("b"))
	assert.Equal(t, "7", s.do(http.MethodGet, "/x/y", `{"n":7}`, "Content-Type", "application/json").body)
}

// closer is a Singleton that notes its life.
type (
	closerA struct{ j *journal }
	closerB struct{ a *closerA }
)

func (c *closerA) Close() error { c.j.note("close a"); return errors.New("a is stuck") }
func (c *closerB) Close() error { c.a.j.note("close b"); return nil }

func TestShutdown(t *testing.T) {
	newHandler := func(j *journal) *endpoint.Handler {
		h, err := endpoint.New(func(*closerB) string { return "x" }, providing(t,
			provided{inject.Singleton, func() *closerA { j.note("make a"); return &closerA{j} }},
			provided{inject.Singleton, func(a *closerA) *closerB { j.note("make b"); return &closerB{a} }},
		))
		require.NoError(t, err)
		return h
	}
	status := func(h http.Handler) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code
	}
	t.Run("after requests", func(t *testing.T) {
		j := &journal{}
		h := newHandler(j)
		assert.Empty(t, j.all(), "New makes nothing")
		assert.Equal(t, 200, status(h))
		assert.Equal(t, 200, status(h))
		assert.ErrorContains(t, h.Shutdown(t.Context()), "a is stuck")
		assert.Equal(t, []string{"make a", "make b", "close b", "close a"}, j.all())
		assert.Equal(t, 503, status(h))
		assert.NoError(t, h.Shutdown(t.Context()), "once is enough")
		assert.Len(t, j.all(), 4)
	})
	t.Run("before the first request", func(t *testing.T) {
		j := &journal{}
		h := newHandler(j)
		assert.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, 503, status(h))
		assert.Empty(t, j.all(), "nothing is made that nobody would close")
	})
	t.Run("with a context that is over", func(t *testing.T) {
		j := &journal{}
		h := newHandler(j)
		assert.Equal(t, 200, status(h))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Error(t, h.Shutdown(ctx))
		assert.Len(t, j.all(), 4, "Singletons are closed all the same")
	})
}

func TestSingletonThatFails(t *testing.T) {
	s := serve(t, func(*closerA) {}, providing(t, provided{inject.Singleton, func() (*closerA, error) { return nil, errors.New("secret") }}))
	for range 2 {
		got := s.get("/")
		assert.Equal(t, 500, got.status)
		assert.NotContains(t, got.body, "secret")
	}
	assert.Contains(t, s.log.records()[0].attrs["error"], "secret")
}

func TestExplain(t *testing.T) {
	h, err := endpoint.New(books{}, endpoint.Pattern("/books/{book_id}"), endpoint.Guards(allowAll))
	require.NoError(t, err)
	golden(t, h.Explain())
}

func allowAll(*http.Request) error { return nil }
