package fogotest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

type (
	store interface{ Name() string }
	db    struct{ name string }
	user  struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
)

func (d *db) Name() string { return d.name }

// newApp returns an application with a bit of everything.
func newApp() *fogo.App {
	app := fogo.New()
	app.Provide(inject.Singleton, func() *db { return &db{"real"} })
	app.Provide(inject.Singleton, func(d *db) store { return d })
	app.Get("/name", func(s store) string { return s.Name() })
	app.Post("/users/{id}", func(id int, body resolve.Body[user]) user { return user{id, body.Value.Name} })
	app.Post("/form", func(f url.Values, form resolve.RawBody) string { return f.Get("q") + " " + string(form) })
	app.Get("/fail", func() error { return errors.New("secret") })
	app.Get("/panic", func() { panic("secret") })
	app.Get("/refuse", func() error { return endpoint.NewError(http.StatusConflict, "no") })
	app.Get("/abort", func() { panic(http.ErrAbortHandler) })
	app.Get("/header", func(h http.Header, r *http.Request) string { return h.Get("X-Test") + " " + r.Host })
	app.Get("/cookie", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("seen"); err == nil {
			_, _ = fmt.Fprint(w, c.Value)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
	})
	app.Get("/stream", func() iter.Seq[int] {
		return func(yield func(int) bool) { _ = yield(1) && yield(2) }
	})
	app.WebSocket("/echo", func(d ws.Data) ws.Data { return d })
	app.WebSocket("/json", func(u resolve.Message[user]) user { return user{u.Value.ID + 1, u.Value.Name} })
	app.WebSocket("/fail", func(ws.Text) error { return errors.New("secret") })
	app.WebSocket("/close", func(ws.Text) error { return ws.CloseError{Code: 4000, Reason: "enough"} })
	app.WebSocket("/refuse", func(*ws.WebSocket) error { return endpoint.NewError(http.StatusConflict, "no") })
	app.WebSocket("/silent", func(*ws.WebSocket, ws.Data) {})
	app.WebSocket("/header", func(conn *ws.WebSocket, h http.Header) error { return conn.SendText(h.Get("X-Test")) })
	return app
}

func TestRequests(t *testing.T) {
	t.Parallel()
	c := New(t, newApp(), DefaultHeader("X-Test", "default"))
	c.Get("/name").ExpectStatus(200).ExpectBody("real").ExpectHeader("Content-Type", "text/plain; charset=utf-8")
	c.Post("/users/7", JSON(user{Name: "Ada"})).ExpectStatus(200).ExpectJSON(map[string]any{"name": "Ada", "id": 7})
	var u user
	c.Post("/users/7", Body("application/json", []byte(`{"name":"Bob"}`))).JSON(&u)
	assert.Equal(t, user{7, "Bob"}, u)
	c.Post("/form", Query("q", "a b"), Form("x", "1 2", "y", "z")).ExpectBody("a b x=1+2&y=z")
	c.Post("/form?q=c", Text("text")).ExpectBody("c text")
	c.Get("/header").ExpectBody("default example.com")
	c.Get("/header", Header("X-Test", "own"), Host("other.example")).ExpectBody("own other.example")
	c.Get("http://third.example/header").ExpectBody("default third.example")
	p := c.Get("/refuse").ExpectStatus(409).Problem()
	assert.Equal(t, "no", p.Detail)
	c.Post("/users/x", JSON(u)).ExpectStatus(400)
	c.Delete("/name").ExpectStatus(405).ExpectHeader("Allow", "GET, HEAD, OPTIONS")
	c.Put("/name").ExpectStatus(405)
	c.Patch("/name").ExpectStatus(405)
	c.Options("/name").ExpectStatus(204).ExpectBody("")
	c.Head("/name").ExpectStatus(200).ExpectBody("")
	assert.True(t, c.Get("/abort").Aborted)
	s := c.Get("/stream", Header("Accept", "application/x-ndjson"))
	assert.True(t, s.Flushed)
	s.ExpectBody("1\n2\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.Get("/name", Context(ctx)).ExpectStatus(200)
	c.Get("/nowhere", Cookie("a", "b")).ExpectStatus(404)
}

func TestCookies(t *testing.T) {
	t.Parallel()
	app := newApp()
	keeps, forgets := New(t, app, Cookies()), New(t, app)
	for _, c := range []*Client{keeps, forgets} {
		c.Get("/cookie").ExpectBody("")
	}
	keeps.Get("/cookie").ExpectBody("yes")
	forgets.Get("/cookie").ExpectBody("")
}

func TestReplace(t *testing.T) {
	t.Parallel()
	app := newApp()
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			name := fmt.Sprint("fake ", i)
			New(t, app, Replace(&db{name})).Get("/name").ExpectBody(name)
			New(t, app, Replace[store](&db{"store " + name})).Get("/name").ExpectBody("store " + name)
			New(t, app).Get("/name").ExpectBody("real")
		})
	}
}

func TestWebSockets(t *testing.T) {
	t.Parallel()
	c := New(t, newApp(), DefaultHeader("X-Test", "default"))
	s := c.WebSocket("/echo")
	s.SendText("a").ExpectText("a").SendBytes([]byte{1}).ExpectBytes([]byte{1})
	assert.Equal(t, ws.KindText, s.SendText("x").Receive().Kind)
	s.Close(ws.CodeNormal, "bye")
	j := c.WebSocket("/json")
	assert.Equal(t, user{2, "Ada"}, Expect[user](j.SendJSON(user{1, "Ada"})))
	j.SendJSON(user{2, "Bob"}).ExpectJSON(map[string]any{"id": 3, "name": "Bob"})
	assert.Equal(t, ws.Reason("enough"), c.WebSocket("/close").SendText("x").ExpectClose(4000))
	c.WebSocket("/header").ExpectText("default").ExpectClose(ws.CodeNormal)
	c.WebSocket("/header", Header("X-Test", "own")).ExpectText("own")
	socket, refusal := c.Handshake("/refuse")
	assert.Nil(t, socket)
	assert.Equal(t, "no", refusal.ExpectStatus(409).Problem().Detail)
	_, refusal = c.Handshake("/echo", Header("Origin", "http://evil.example"))
	refusal.ExpectStatus(403)
	_, refusal = c.Handshake("/nowhere")
	refusal.ExpectStatus(404)
	assert.NotNil(t, c.WebSocket("/silent").Conn(), "it is closed at the end")
}

// Sockets work through everything that a router can put before them.
func TestWebSocketsBehindGuardsAndMounts(t *testing.T) {
	t.Parallel()
	echo := func(d ws.Data) ws.Data { return d }
	inner := router.New()
	inner.WebSocket("/echo", echo)
	app := fogo.New()
	app.Use(func(next http.Handler) http.Handler { return next })
	g := app.Group("/g")
	g.Use(func(next http.Handler) http.Handler { return next })
	g.Guard(func(h http.Header) error {
		if h.Get("X-Token") == "" {
			return endpoint.NewError(401, "")
		}
		return nil
	})
	g.WebSocket("/echo", echo)
	g.Mount("/router", inner)
	g.Handle("/handler", endpoint.Func(echo))
	g.Mount("/mounted", endpoint.Func(echo))
	c := New(t, app)
	for _, path := range []string{"/g/echo", "/g/router/echo", "/g/handler", "/g/mounted"} {
		_, refusal := c.Handshake(path)
		refusal.ExpectStatus(401)
		c.WebSocket(path, Header("X-Token", "x")).SendText("hello").ExpectText("hello")
	}
	assert.NotNil(t, c.App())
}

func TestSubprotocols(t *testing.T) {
	t.Parallel()
	c := New(t, newApp(), With(fogo.WithWebSocket(ws.Options{Subprotocols: []string{"b", "a"}})))
	assert.Equal(t, "b", c.WebSocket("/echo", Subprotocols("a", "b")).Subprotocol())
	assert.Equal(t, "", c.WebSocket("/echo").Subprotocol())
}

// Several goroutines may share one client.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := New(t, newApp(), AllowErrors())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				c.Get("/name").ExpectBody("real")
				c.Get("/fail").ExpectStatus(500)
			}
		})
	}
	for range 4 {
		c.WebSocket("/echo").SendText("x").ExpectText("x")
	}
	wg.Wait()
	assert.Len(t, c.Errors(), 160)
}

func TestErrorsAreTaken(t *testing.T) {
	t.Parallel()
	c := New(t, newApp())
	c.Get("/fail").ExpectStatus(500)
	c.Get("/panic").ExpectStatus(500)
	c.WebSocket("/fail").SendText("x").ExpectClose(ws.CodeInternalError)
	errs := c.Errors()
	require.Len(t, errs, 3)
	assert.EqualError(t, errs[0], "secret")
	p, ok := errors.AsType[*inject.Panic](errs[1])
	require.True(t, ok)
	assert.Equal(t, "secret", p.Value)
	assert.EqualError(t, errs[2], "secret")
	assert.Empty(t, c.Errors())
	c.Get("/refuse").ExpectStatus(409)
	c.WebSocket("/close").SendText("x").ExpectClose(4000)
	assert.Empty(t, c.Errors(), "these were decided on")
}

// fake is a testing.TB that notes what is reported. Its test runs in a
// goroutine of its own, which Fatalf ends.
type fake struct {
	testing.TB
	mu       sync.Mutex
	reports  []string
	cleanups []func()
}

func (f *fake) Helper()                  {}
func (f *fake) Context() context.Context { return context.Background() }
func (f *fake) Cleanup(fn func())        { f.cleanups = append(f.cleanups, fn) }
func (f *fake) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reports = append(f.reports, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// reports runs a test and returns what it reports.
func reports(test func(t testing.TB)) string {
	f := &fake{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := range f.cleanups {
				f.cleanups[len(f.cleanups)-1-i]()
			}
		}()
		test(f)
	}()
	<-done
	return strings.Join(f.reports, "\n")
}

func TestFailures(t *testing.T) {
	t.Parallel()
	app := newApp()
	for _, c := range []struct {
		name string
		test func(t testing.TB)
		want string
	}{
		{"status", func(t testing.TB) { New(t, app).Get("/name").ExpectStatus(404) }, "GET /name: the status is 200, not 404; the body is:\nreal"},
		{"body", func(t testing.TB) { New(t, app).Get("/name").ExpectBody("x") }, "GET /name: the body is\nreal\nnot\nx"},
		{"header", func(t testing.TB) { New(t, app).Get("/name").ExpectHeader("X", "y") }, `the header X is "", not "y"`},
		{"json", func(t testing.TB) {
			New(t, app).Post("/users/7", JSON(user{Name: "Ada"})).ExpectJSON(user{7, "Bob"})
		}, "the JSON is\n{\n  \"id\": 7,\n  \"name\": \"Ada\"\n}\nnot\n{\n  \"id\": 7,\n  \"name\": \"Bob\"\n}"},
		{"no json", func(t testing.TB) { New(t, app).Get("/name").ExpectJSON(1) }, "expected JSON, but "},
		{"decode", func(t testing.TB) { New(t, app).Get("/name").JSON(new(int)) }, "the body does not fit *int"},
		{"problem", func(t testing.TB) { New(t, app).Get("/name").Problem() }, "is no problem object"},
		{"path", func(t testing.TB) { New(t, app).Get("name") }, `the path "name" does not begin with a slash`},
		{"unexpected error", func(t testing.TB) { New(t, app).Get("/fail") }, "GET /fail: unexpected error of the handler"},
		{"unexpected panic", func(t testing.TB) { New(t, app).Get("/panic") }, "fogotest.newApp.func"},
		{"allowed", func(t testing.TB) { New(t, app, AllowErrors()).Get("/panic") }, ""},
		{"replace nothing", func(t testing.TB) { New(t, app, Replace(user{})) }, "a replacement for fogotest.user replaces nothing"},
		{"refused", func(t testing.TB) { New(t, app).WebSocket("/refuse") }, "WebSocket /refuse: the handshake is refused with 409"},
		{"text", func(t testing.TB) { New(t, app).WebSocket("/echo").SendText("a").ExpectText("b") }, `the message is text "a", not text "b"`},
		{"kind", func(t testing.TB) { New(t, app).WebSocket("/echo").SendText("a").ExpectBytes([]byte("a")) }, `the message is text "a", not binary "a"`},
		{"nothing", func(t testing.TB) {
			New(t, app, Timeout(20*time.Millisecond)).WebSocket("/silent").SendText("a").ExpectText("b")
		}, "nothing came in 20ms"},
		{"not closed", func(t testing.TB) {
			New(t, app, Timeout(20*time.Millisecond)).WebSocket("/silent").ExpectClose(1000)
		}, "expected a close with 1000 normal closure, but nothing came in 20ms"},
		{"message for close", func(t testing.TB) { New(t, app).WebSocket("/echo").SendText("a").ExpectClose(1000) }, `but got the text message "a"`},
		{"other code", func(t testing.TB) { New(t, app).WebSocket("/close").SendText("a").ExpectClose(1000) }, `closed with 4000 "enough", not with 1000`},
		{"message for json", func(t testing.TB) { Expect[int](New(t, app).WebSocket("/echo").SendText("a")) }, "the message does not fit int"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := reports(c.test)
			if c.want == "" {
				assert.Empty(t, got)
			}
			assert.Contains(t, got, c.want)
		})
	}
}

type closer struct{ closed *atomic.Int32 }

func (c *closer) Close() error { c.closed.Add(1); return errors.New("cannot close") }

// The application ends with the test, and how it ended is part of the test.
func TestStop(t *testing.T) {
	t.Parallel()
	var closed atomic.Int32
	app := fogo.New()
	app.Provide(inject.Singleton, func() *closer { return &closer{&closed} })
	app.WebSocket("/ws", func(*closer, ws.Data) {})
	got := reports(func(t testing.TB) {
		c := New(t, app)
		c.WebSocket("/ws")
		c.WebSocket("/ws")
	})
	assert.Contains(t, got, "the application does not stop in order: closing *fogotest.closer: cannot close")
	assert.Equal(t, int32(1), closed.Load())
	bad := fogo.New()
	bad.Get("/{x", func() {})
	assert.Contains(t, reports(func(t testing.TB) { New(t, bad) }), "the application does not start:\nrouter: the application cannot be built")
}

func TestMiddlewarePanicsInTheTest(t *testing.T) {
	t.Parallel()
	app := fogo.New()
	app.Use(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(os.ErrInvalid) })
	})
	c := New(t, app)
	assert.PanicsWithError(t, os.ErrInvalid.Error(), func() { c.Get("/") })
}
