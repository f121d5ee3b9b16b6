package router

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socket is a view that refuses its handshake with a status of its own, so that
// tests see it was reached.
func socket(*ws.WebSocket) error { return endpoint.NewError(http.StatusTeapot, "the socket") }

// mark is a middleware that adds a word to a header of the answer.
func mark(word string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Trace", word+"("+r.Pattern+")")
			next.ServeHTTP(w, r)
		})
	}
}

func trace(h http.Header) string { return strings.Join(h["Trace"], " ") }

func TestMiddleware(t *testing.T) {
	r := New()
	r.Use(mark("root"))
	r.Get("/", text("x"))
	a := r.Group("/a")
	a.Get("/x", text("x")) // before Use: the order doesn't matter
	a.Use(mark("a1"), mark("a2"))
	ab := a.Group("/b")
	ab.Use(mark("b"))
	ab.Get("/x", text("x"))
	ab.WebSocket("/ws", socket)
	ab.Mount("/m", plain)
	none := a.Group("/none")
	none.Get("/x", text("x"))
	b := build(t, r)
	for _, c := range []struct {
		name, method, path, trace string
		change                    func(*http.Request)
	}{
		{"root", "GET", "/", "root(GET /)", nil},
		{"group", "GET", "/a/x", "root(GET /a/x) a1(GET /a/x) a2(GET /a/x)", nil},
		{"inner", "GET", "/a/b/x", "root(GET /a/b/x) a1(GET /a/b/x) a2(GET /a/b/x) b(GET /a/b/x)", nil},
		{"inner without", "GET", "/a/none/x", "root(GET /a/none/x) a1(GET /a/none/x) a2(GET /a/none/x)", nil},
		{"404", "GET", "/a/b/nowhere", "root()", nil},
		{"405", "POST", "/a/b/x", "root()", nil},
		{"OPTIONS", "OPTIONS", "/a/b/x", "root()", nil},
		{"redirect", "GET", "/a//b/x", "root()", nil},
		{"426", "GET", "/a/b/ws", "root()", nil},
		{"socket", "GET", "/a/b/ws", "root(WEBSOCKET /a/b/ws) a1(WEBSOCKET /a/b/ws) a2(WEBSOCKET /a/b/ws) b(WEBSOCKET /a/b/ws)", upgrade},
		{"mount", "GET", "/a/b/m/x", "root(/a/b/m/{path...}) a1(/a/b/m/{path...}) a2(/a/b/m/{path...}) b(/a/b/m/{path...})", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change == nil {
				c.change = func(*http.Request) {}
			}
			assert.Equal(t, c.trace, trace(do(b, c.method, c.path, c.change).Header()))
		})
	}
}

func TestMiddlewareIsComposedOnce(t *testing.T) {
	n := 0
	count := func(next http.Handler) http.Handler { n++; return next }
	r := New()
	g := r.Group("")
	g.Use(count)
	for _, p := range []string{"/a", "/b", "/c"} {
		g.Get(p, text("x"))
	}
	b := build(t, r)
	do(b, "GET", "/a")
	do(b, "GET", "/b")
	assert.Equal(t, 1, n)
}

type ctxKey struct{}

func TestMiddlewareMayReplaceTheRequest(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*http.Request) *http.Request
		status int
	}{
		{"WithContext", func(r *http.Request) *http.Request {
			return r.WithContext(context.WithValue(r.Context(), ctxKey{}, "v"))
		}, 200},
		{"Clone", func(r *http.Request) *http.Request { return r.Clone(context.WithValue(r.Context(), ctxKey{}, "v")) }, 200},
		{"foreign context", func(r *http.Request) *http.Request { return r.WithContext(context.Background()) }, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			mw := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, c.change(r)) })
			}
			view := func(ctx context.Context, id int) (int, error) {
				if ctx.Value(ctxKey{}) != "v" {
					return 0, errors.New("the value is lost")
				}
				return id, nil
			}
			root, group := New(), New()
			root.Use(mw)
			root.Get("/{id}", view)
			g := group.Group("")
			g.Use(mw)
			g.Get("/{id}", view)
			for _, r := range []*Router{root, group} {
				w := do(build(t, r), "GET", "/7")
				assert.Equal(t, c.status, w.Code)
				if c.status == 200 {
					assert.Equal(t, "7", w.Body.String())
				}
			}
		})
	}
}

// A middleware may return while the next handler still runs.
func TestMiddlewareMayLeaveTheHandlerRunning(t *testing.T) {
	release, done := make(chan struct{}), make(chan string, 1)
	r := New()
	r.Use(func(next http.Handler) http.Handler { return http.TimeoutHandler(next, 10*time.Millisecond, "late") })
	r.Get("/slow/{name}", func(name string) string {
		<-release
		done <- name
		return ""
	})
	r.Get("/{x}", func(x string) string { return x })
	b := build(t, r)
	assert.Equal(t, 503, do(b, "GET", "/slow/one").Code)
	for range 10 {
		assert.Equal(t, "two", do(b, "GET", "/two").Body.String())
	}
	close(release)
	assert.Equal(t, "one", <-done)
}

func TestGuards(t *testing.T) {
	var order []string
	guard := func(name string) func(http.Header) error {
		return func(h http.Header) error {
			order = append(order, name)
			if h.Get("Token") == "" {
				return endpoint.NewError(http.StatusUnauthorized, name)
			}
			return nil
		}
	}
	r := New()
	r.Get("/public", text("x"))
	r.Guard(func() error { order = append(order, "root"); return nil })
	g := r.Group("/g/{room}")
	g.Get("/view", func(room string) string { return room })
	g.Guard(guard("g1"), guard("g2"))
	g.WebSocket("/ws", func(*ws.WebSocket, string) error { return endpoint.NewError(http.StatusTeapot, "") })
	g.Handle("/raw", plain)
	g.Mount("/m", plain)
	g.Static("/s", page)
	inner := New()
	inner.Get("/x", text("inner"))
	inner.WebSocket("/ws", socket)
	g.Mount("/router", inner)
	b := build(t, r)
	token := func(r *http.Request) { r.Header.Set("Token", "x") }
	nothing := func(*http.Request) {}
	for _, c := range []struct {
		path   string
		change func(*http.Request)
		status int
	}{
		{"/g/1/view", nothing, 200},
		{"/g/1/ws", upgrade, 418},
		{"/g/1/raw", nothing, 200},
		{"/g/1/m/x", nothing, 200},
		{"/g/1/m", nothing, 200},
		{"/g/1/m/x", upgrade, 200},
		{"/g/1/s/", nothing, 200},
		{"/g/1/s", nothing, 307},
		{"/g/1/router/x", nothing, 200},
		{"/g/1/router/ws", upgrade, 418},
	} {
		order = nil
		w := do(b, "GET", c.path, c.change)
		assert.Equal(t, 401, w.Code, c.path)
		assert.Equal(t, []string{"root", "g1"}, order, c.path)
		order = nil
		w = do(b, "GET", c.path, c.change, token)
		assert.Equal(t, c.status, w.Code, "%s %s", c.path, w.Body)
		assert.Equal(t, []string{"root", "g1", "g2"}, order, c.path)
	}
	order = nil
	assert.Equal(t, 200, do(b, "GET", "/public").Code)
	assert.Equal(t, []string{"root"}, order)
}

type service struct{ name string }

func TestGroupProvidersOverride(t *testing.T) {
	view := func(s *service) string { return s.name }
	r := New()
	r.Provide(inject.Singleton, func() *service { return &service{"outer"} })
	r.Get("/outer", view)
	g := r.Group("/g")
	g.Value(&service{"inner"})
	g.Get("/x", view)
	g.Group("").Get("/y", view)
	b := build(t, r)
	assert.Equal(t, "outer", do(b, "GET", "/outer").Body.String())
	assert.Equal(t, "inner", do(b, "GET", "/g/x").Body.String())
	assert.Equal(t, "inner", do(b, "GET", "/g/y").Body.String())
}

func TestInjectorOfAGroup(t *testing.T) {
	r := New()
	require.NoError(t, inject.ValueOf[store](r.Injector(), named("x")))
	r.Get("/x", func(s store) string { return s.Name() })
	assert.Equal(t, "x", do(build(t, r), "GET", "/x").Body.String())
	assert.Error(t, inject.ValueOf[store](r.Injector(), named("y")))
}

type named string

func (n named) Name() string { return string(n) }

// What a server puts into the context is there behind the middleware.
func TestMiddlewareKeepsTheContext(t *testing.T) {
	r := New()
	r.Use(mark("root"))
	r.Get("/x", func(ctx context.Context) error {
		if ctx.Value(ctxKey{}) != "outer" {
			return errors.New("the value is lost")
		}
		return nil
	})
	w := do(build(t, r), "GET", "/x", func(r *http.Request) {
		*r = *r.WithContext(context.WithValue(r.Context(), ctxKey{}, "outer"))
	})
	assert.Equal(t, 204, w.Code)
}

func TestPrefixes(t *testing.T) {
	r := New()
	api := r.Group("/api")
	api.Get("", text("itself"))
	api.Get("/", text("slash"))
	v := api.Group("/{version}/")
	v.Get("/x", func(version string) string { return version })
	v.Handle("POST /x", func(version string) string { return "posted " + version })
	host := r.Group("example.com/h")
	host.Get("/x", text("host"))
	b := build(t, r)
	for target, want := range map[string]string{
		"/api": "itself", "/api/": "slash", "/api/v1/x": "v1", "http://example.com/h/x": "host",
	} {
		assert.Equal(t, want, do(b, "GET", target).Body.String(), target)
	}
	assert.Equal(t, "posted v2", do(b, "POST", "/api/v2/x").Body.String())
	assert.Equal(t, 404, do(b, "GET", "http://example.org/h/x").Code)
}

func TestMounts(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mux root") })
	mux.HandleFunc("/x/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "mux "+r.PathValue("id")) })
	inner := New()
	inner.Get("/", text("inner root"))
	inner.Get("/deep/{x}", func(x string) string { return "inner " + x })
	inner.Use(mark("inner"))
	r := New()
	r.Mount("/plain", plain)
	r.Mount("/mux/", mux)
	r.Mount("/t/{tenant:[a-z/]+}/app", plain)
	r.Mount("/inner", inner)
	r.Get("/inner/special", text("more specific"))
	r.WebSocket("/{path...}", socket, endpoint.IgnoreVars("path"))
	r.Use(mark("outer"))
	b := build(t, r)
	for _, c := range []struct {
		target, want string
		status       int
		change       func(*http.Request)
	}{
		{"/plain", "GET /", 200, nil},
		{"/plain/", "GET /", 200, nil},
		{"/plain/a/b", "GET /a/b", 200, nil},
		{"/plain/a%2Fb/c", "GET /a%2Fb/c", 200, nil},
		{"/plain/a%20b", "GET /a%20b", 200, nil},
		{"/plainer", "", 426, nil},
		{"/mux", "mux root", 200, nil},
		{"/mux/x/7", "mux 7", 200, nil},
		{"/mux/y", "404 page not found\n", 404, nil},
		{"/t/acme/app/x", "GET /x", 200, nil},
		{"/t/acme/app", "GET /", 200, nil},
		{"/inner", "inner root", 200, nil},
		{"/inner/deep/7", "inner 7", 200, nil},
		{"/inner/special", "more specific", 200, nil},
		{"/inner/nowhere", "", 404, nil},
		{"/plain/ws", "GET /ws", 200, upgrade},
		{"/elsewhere", "", 418, upgrade},
	} {
		if c.change == nil {
			c.change = func(*http.Request) {}
		}
		w := do(b, "GET", c.target, c.change)
		assert.Equal(t, c.status, w.Code, c.target)
		if c.want != "" {
			assert.Equal(t, c.want, w.Body.String(), c.target)
		}
	}
	assert.Equal(t, "outer(/inner/{path...}) inner(GET /inner/deep/{x})", trace(do(b, "GET", "/inner/deep/1").Header()))
}
