package observe_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/router"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errSecret = errors.New("secret")

// numbers yields three items and then, perhaps, an error.
func numbers(err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range 3 {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

type (
	item  struct{ N int }
	user  struct{ name string }
	token string
)

// register registers a route for every kind of end.
func register(app *fogo.App) {
	app.Get("/ok/{id}", func(id int) item { return item{id} })
	app.Post("/nothing", func() {})
	app.Get("/fail", func() error { return errSecret })
	app.Get("/teapot", func() error { return endpoint.NewError(418, "tea") })
	app.Get("/panic", func() { panic("oops") })
	app.Get("/abort", func() { panic(http.ErrAbortHandler) })
	app.Get("/exit", func() { runtime.Goexit() })
	app.Get("/redirect", func() endpoint.Redirect { return endpoint.Redirect{URL: "/ok/1"} })
	app.Get("/stream", func() iter.Seq2[int, error] { return numbers(nil) })
	app.Get("/broken", func() iter.Seq2[int, error] { return numbers(errSecret) })
	app.Get("/own", func(w http.ResponseWriter) { http.Error(w, "own", http.StatusServiceUnavailable) })
	app.Get("/quiet", func(http.ResponseWriter) {})
	app.Handle("/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic("plain") }))
	app.Handle("/cut", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	app.Static("/files", fstest.MapFS{"a.txt": {Data: []byte("hello")}})
	g := app.Group("/guarded")
	g.Guard(func() error { return endpoint.NewError(401, "log in") })
	g.Get("/x", func() {})
	sub := router.New()
	sub.Get("/deep/{id}", func(int) string { return "deep" })
	sub.Get("/fail", func() error { return endpoint.NewError(409, "no") })
	app.Mount("/sub", sub)
}

func TestCalls(t *testing.T) {
	tests := []struct {
		name           string
		method, target string
		header         []string
		status         int
		want           []string
	}{
		{"a value", "GET", "/ok/7", nil, 200, []string{`begin GET "/ok/{id}" false`, `end GET "/ok/{id}" 200 7 bytes ok, call`}},
		{"nothing", "POST", "/nothing", nil, 204, []string{`begin POST "/nothing" false`, `end POST "/nothing" 204 0 bytes ok, call`}},
		{"HEAD has no bytes", "HEAD", "/ok/7", nil, 200, []string{`begin HEAD "/ok/{id}" false`, `end HEAD "/ok/{id}" 200 0 bytes ok, call`}},
		{"HEAD starts no stream", "HEAD", "/stream", nil, 200, []string{`begin HEAD "/stream" false`, `end HEAD "/stream" 200 0 bytes ok, call`}},
		{"malformed", "GET", "/ok/x", nil, 400, []string{
			`begin GET "/ok/{id}" false`,
			`error "/ok/{id}" true refused, call resolve: path.id "x" is not an integer`,
			`end GET "/ok/{id}" 400 # bytes refused, call resolve: path.id "x" is not an integer`,
		}},
		{"an error", "GET", "/fail", nil, 500, []string{
			`begin GET "/fail" false`, `error "/fail" true failed, call secret`, `end GET "/fail" 500 # bytes failed, call secret`,
		}},
		{"an error with a status", "GET", "/teapot", nil, 418, []string{
			`begin GET "/teapot" false`, `error "/teapot" true refused, call tea`, `end GET "/teapot" 418 # bytes refused, call tea`,
		}},
		{"a panic", "GET", "/panic", nil, 500, []string{
			`begin GET "/panic" false`, `error "/panic" true panic, call panic oops, stack true`,
			`end GET "/panic" 500 # bytes panic, call panic oops, stack true`,
		}},
		{"aborted", "GET", "/abort", nil, 0, []string{`begin GET "/abort" false`, `end GET "/abort" 0 0 bytes aborted, call`}},
		{"aborted after the first byte", "GET", "/cut", nil, 200, []string{`begin GET "/cut" false`, `end GET "/cut" 200 0 bytes aborted, call`}},
		{"a handler panics", "GET", "/plain", nil, 0, []string{
			`begin GET "/plain" false`, `end GET "/plain" 0 0 bytes panic, call panic plain, stack true`,
		}},
		{"Goexit", "GET", "/exit", nil, 500, []string{
			`begin GET "/exit" false`, `error "/exit" true failed, call ` + inject.ErrGoexit.Error(),
			`end GET "/exit" 500 # bytes failed, call ` + inject.ErrGoexit.Error(),
		}},
		{"redirect", "GET", "/redirect", nil, 303, []string{`begin GET "/redirect" false`, `end GET "/redirect" 303 0 bytes ok, call`}},
		{"stream", "GET", "/stream", nil, 200, []string{`begin GET "/stream" false`, `end GET "/stream" 200 6 bytes ok, call`}},
		{"a stream that fails is cut", "GET", "/broken", nil, 200, []string{
			`begin GET "/broken" false`, `error "/broken" true failed, call secret`, `end GET "/broken" 200 6 bytes failed, call secret`,
		}},
		{"an event stream that fails", "GET", "/broken", []string{"Accept", "text/event-stream"}, 200, []string{
			`begin GET "/broken" false`, `error "/broken" true failed, call secret`, `end GET "/broken" 200 # bytes failed, call secret`,
		}},
		{"its own response", "GET", "/own", nil, 503, []string{`begin GET "/own" false`, `end GET "/own" 503 4 bytes failed, call`}},
		{"nothing written", "GET", "/quiet", nil, 200, []string{`begin GET "/quiet" false`, `end GET "/quiet" 200 0 bytes ok, call`}},
		{"a file", "GET", "/files/a.txt", nil, 200, []string{`begin GET "/files/{path...}" false`, `end GET "/files/{path...}" 200 5 bytes ok, call`}},
		{"not found", "GET", "/nowhere", nil, 404, []string{`begin GET "" false`, `end GET "" 404 # bytes refused, call`}},
		{"not allowed", "PUT", "/fail", nil, 405, []string{`begin PUT "" false`, `end PUT "" 405 # bytes refused, call`}},
		{"an invented method", "BREW", "/fail", nil, 405, []string{`begin _OTHER "" false`, `end _OTHER "" 405 # bytes refused, call`}},
		{"OPTIONS", "OPTIONS", "/fail", nil, 204, []string{`begin OPTIONS "" false`, `end OPTIONS "" 204 0 bytes ok, call`}},
		{"an unclean path", "GET", "//fail", nil, 307, []string{`begin GET "" false`, `end GET "" 307 # bytes ok, call`}},
		{"a guard", "GET", "/guarded/x", nil, 401, []string{
			`begin GET "/guarded/x" false`, `error "/guarded/x" true refused, call log in`, `end GET "/guarded/x" 401 # bytes refused, call log in`,
		}},
		{"a mounted router knows the whole route", "GET", "/sub/deep/1", nil, 200, []string{
			`begin GET "/sub/{path...}" false`, `end GET "/sub/deep/{id}" 200 4 bytes ok, call`,
		}},
		{"a mounted router has no route", "GET", "/sub/x", nil, 404, []string{
			`begin GET "/sub/{path...}" false`, `end GET "/sub/{path...}" 404 # bytes refused, call`,
		}},
	}
	for _, wrapped := range []bool{false, true} {
		s := serve(t, func(app *fogo.App) {
			if wrapped {
				app.Use(hiding)
			}
			register(app)
		})
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s.clear()
				status := s.do(tt.method, tt.target, tt.header...)
				if !wrapped { // by what cannot flush
					assert.Equal(t, tt.status, status)
				}
				got := s.wait(t, len(tt.want))
				require.Len(t, got, len(tt.want), "%q", got)
				for i, want := range tt.want {
					assert.True(t, matches(want, got[i]), "want %s\ngot  %s", want, got[i])
				}
			})
		}
	}
}

// matches compares lines, where # stands for a number that is not 0.
func matches(want, got string) bool {
	before, after, any := strings.Cut(want, "#")
	if !any {
		return want == got
	}
	n := strings.TrimSuffix(strings.TrimPrefix(got, before), after)
	return before+n+after == got && strings.Trim(n, "0123456789") == "" && strings.Trim(n, "0") != ""
}

// hiding is middleware whose writer cannot be unwrapped.
func hiding(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(hidden{w}, r)
	})
}

type hidden struct{ w http.ResponseWriter }

func (h hidden) Header() http.Header         { return h.w.Header() }
func (h hidden) WriteHeader(status int)      { h.w.WriteHeader(status) }
func (h hidden) Write(b []byte) (int, error) { return h.w.Write(b) }

func (l *list) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// What an observer puts into the context is seen by middleware, guards,
// providers and handlers.
func TestCallContext(t *testing.T) {
	var seen []any
	look := func(ctx context.Context) { seen = append(seen, ctx.Value(key{})) }
	s := serve(t, func(app *fogo.App) {
		app.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				look(r.Context())
				next.ServeHTTP(w, r)
			})
		})
		app.Provide(inject.PerCall, func(ctx context.Context) *user { look(ctx); return &user{} })
		g := app.Group("/")
		g.Guard(func(ctx context.Context) error { look(ctx); return nil })
		g.Get("/x", func(ctx context.Context, r *http.Request, _ *user) { look(ctx); look(r.Context()) })
	})
	assert.Equal(t, 204, s.do("GET", "/x"))
	assert.Equal(t, []any{"call", "call", "call", "call", "call"}, seen)
}

// A client that leaves is told from a server that fails.
func TestClientLeaves(t *testing.T) {
	entered := make(chan struct{}, 1)
	s := serve(t, func(app *fogo.App) {
		app.Get("/wait", func(ctx context.Context) error { entered <- struct{}{}; <-ctx.Done(); return ctx.Err() })
		app.Get("/stream", func(ctx context.Context) iter.Seq[int] {
			return func(yield func(int) bool) {
				yield(1)
				<-ctx.Done()
			}
		})
	})
	for target, want := range map[string][]string{
		"/wait":   {`begin GET "/wait" false`, `error "/wait" true gone, call context canceled`, `end GET "/wait" 500 # bytes gone, call context canceled`},
		"/stream": {`begin GET "/stream" false`, `end GET "/stream" 200 2 bytes gone, call`},
	} {
		s.clear()
		ctx, cancel := context.WithCancel(t.Context())
		if target == "/wait" {
			go func() { <-entered; cancel() }()
		}
		req, err := http.NewRequestWithContext(ctx, "GET", s.srv.URL+target, http.NoBody)
		require.NoError(t, err)
		if res, err := s.srv.Client().Do(req); err == nil {
			_, err = res.Body.Read(make([]byte, 100))
			require.NoError(t, err)
			cancel()
			res.Body.Close()
		}
		cancel()
		got := s.wait(t, len(want))
		require.Len(t, got, len(want), "%q", got)
		for i := range want {
			assert.True(t, matches(want[i], got[i]), "want %s\ngot  %s", want[i], got[i])
		}
	}
}

// A handler that takes the connection over ends its call.
func TestHijack(t *testing.T) {
	s := serve(t, func(app *fogo.App) {
		app.Handle("/raw", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
				conn.Close()
			}
		}))
	})
	assert.Equal(t, 200, s.do("GET", "/raw"))
	assert.Equal(t, []string{`begin GET "/raw" false`, `end GET "/raw" 101 0 bytes ok, call`}, s.wait(t, 2))
}

// odd is a context that cannot be compared.
type odd struct {
	context.Context
	_ []int
}

func TestContextsThatCannotBeCompared(t *testing.T) {
	l := &list{}
	app := fogo.New(fogo.WithObserver(socketCalls{l}), fogo.WithObserver(connections{l}))
	app.Get("/x", func() string { return "x" })
	app.WebSocket("/echo", echo)
	require.NoError(t, app.Start(t.Context()))
	s := serveApp(t, l, app)
	s.srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(w, r.WithContext(odd{Context: r.Context()}))
	})
	assert.Equal(t, 200, s.do("GET", "/x"))
	c, err := s.dial("/echo")
	require.NoError(t, err)
	require.NoError(t, c.Close(1000))
	assert.Len(t, s.wait(t, 4), 4)
}
