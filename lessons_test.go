package fogo_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests of this file are what other frameworks with injected handlers got
// wrong, one test each.

type (
	svc         struct{ Admin bool }
	CurrentUser struct{ Admin bool }
	Page        int
	RoomID      string
	loader      interface{ Load() string }
	oneLoader   struct{}
	twoLoader   struct{}
)

func (oneLoader) Load() string { return "one" }
func (twoLoader) Load() string { return "two" }

// refuse builds the application and returns why it cannot be.
func refuse(t *testing.T, app *fogo.App, parts ...string) {
	t.Helper()
	err := app.Build()
	require.Error(t, err)
	for _, part := range parts {
		assert.ErrorContains(t, err, part)
	}
}

// serve starts the application on a real socket.
func serve(t *testing.T, app *fogo.App) *httptest.Server {
	t.Helper()
	require.NoError(t, app.Build())
	srv := httptest.NewServer(app)
	t.Cleanup(func() {
		srv.Close()
		assert.NoError(t, app.Stop(context.Background()))
	})
	return srv
}

func request(t *testing.T, srv *httptest.Server, method, target, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := srv.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

func connect(t *testing.T, srv *httptest.Server, target string) (*ws.WebSocket, *http.Response, error) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return ws.Client(t.Context(), conn, "ws://"+srv.Listener.Addr().String()+target, nil)
}

func TestForgottenProviderIsNeverFilledByAClient(t *testing.T) {
	app := fogo.New()
	app.Post("/a", func(s *svc) string { return "" })
	app.Post("/b", func(u CurrentUser) string { return "" })
	refuse(t, app, "POST /a", `nothing provides "*fogo_test.svc"`, "POST /b", `"fogo_test.CurrentUser"`)
}

func TestWrongNumberOfPathScalarsIsABuildError(t *testing.T) {
	app := fogo.New()
	app.Get("/x/{a}", func(a, b int) string { return "" })
	app.Get("/y/{a}/{b}", func(a int) string { return "" })
	refuse(t, app, "GET /x/{a}", "GET /y/{a}/{b}", "the numbers must be equal")
}

func TestTagThatNamesNoVariableIsABuildError(t *testing.T) {
	type params struct {
		ID int `path:"idx"`
	}
	app := fogo.New()
	app.Get("/x/{id}", func(params) string { return "" })
	refuse(t, app, "idx", "{id}")
}

func TestImplementorsAreNeverSearched(t *testing.T) {
	app := fogo.New()
	app.Value(oneLoader{})
	app.Value(twoLoader{})
	app.Get("/", func(l loader) string { return l.Load() })
	refuse(t, app, `"fogo_test.loader"`, "Provide(lifetime, func(")
}

func TestLaterRouteDoesNotChangeAnEarlierOne(t *testing.T) {
	app := fogo.New()
	app.Get("/a/{x:int}/{y:int}", func(x, y int) string { return strings.Repeat("x", x) + strings.Repeat("y", y) })
	srv := serve(t, app)
	_, before := request(t, srv, "GET", "/a/1/2", "")

	more := fogo.New()
	more.Get("/a/{x:int}/{y:int}", func(x, y int) string { return strings.Repeat("x", x) + strings.Repeat("y", y) })
	more.Get("/b/{id:int}", func(id int) string { return "" })
	_, after := request(t, serve(t, more), "GET", "/a/1/2", "")
	assert.Equal(t, "xyy", before)
	assert.Equal(t, before, after)
}

func TestProvidersRunOncePerScope(t *testing.T) {
	type (
		base  struct{ n int }
		left  struct{ *base }
		right struct{ *base }
		fixed struct{ n int }
	)
	var mu sync.Mutex
	calls, fixes := 0, 0
	app := fogo.New()
	app.Provide(inject.Singleton, func() *fixed { fixes++; return &fixed{fixes} })
	app.Provide(inject.PerCall, func(*fixed) *base { mu.Lock(); defer mu.Unlock(); calls++; return &base{calls} })
	app.Provide(inject.PerCall, func(b *base) left { return left{b} })
	app.Provide(inject.PerCall, func(b *base) right { return right{b} })
	app.Get("/", func(l left, r right, b *base, f *fixed) bool { return l.base == r.base && r.base == b && f.n == 1 })
	srv := serve(t, app)
	for range 3 {
		_, body := request(t, srv, "GET", "/", "")
		assert.Equal(t, "true", body)
	}
	assert.Equal(t, 3, calls, "the top of a diamond, once per request")
	assert.Equal(t, 1, fixes, "a Singleton, once")
}

func TestMalformedPathIsNotZero(t *testing.T) {
	app := fogo.New()
	app.Get("/n/{n}", func(n int) int { return n })
	status, body := request(t, serve(t, app), "GET", "/n/abc", "")
	assert.Equal(t, 400, status)
	assert.Contains(t, body, `"location":"path.n"`)
}

func TestErrorTextNeverReachesTheClient(t *testing.T) {
	app := fogo.New()
	app.Get("/", func() error { return errors.New("dsn=postgres://u:p@h") })
	app.Get("/panic", func() { panic("dsn=postgres://u:p@h") })
	srv := serve(t, app)
	for _, path := range []string{"/", "/panic"} {
		status, body := request(t, srv, "GET", path, "")
		assert.Equal(t, 500, status)
		assert.NotContains(t, body, "postgres")
	}
}

func TestOneParameterHasOneSource(t *testing.T) {
	type edit struct {
		ID   int    `path:"id" json:"id"`
		Role string `query:"role" json:"role"`
	}
	app := fogo.New()
	app.Post("/x/{id}", func(e edit) edit { return e })
	_, body := request(t, serve(t, app), "POST", "/x/1?id=2&role=user", `{"id":3,"role":"admin"}`)
	assert.JSONEq(t, `{"id":1,"role":"user"}`, body)
}

func TestFailedCommitIsNotAnsweredWith200(t *testing.T) {
	type tx struct{}
	app := fogo.New()
	app.Provide(inject.PerCall, func() (*tx, func(error) error) {
		return &tx{}, func(error) error { return errors.New("commit failed") }
	})
	app.Get("/", func(*tx) string { return "done" })
	status, body := request(t, serve(t, app), "GET", "/", "")
	assert.Equal(t, 500, status)
	assert.NotContains(t, body, "done")
}

type claims struct{ name string }

func TestHandshakeValuesLiveInTheSocket(t *testing.T) {
	type key struct{}
	app := fogo.New()
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "from middleware")))
		})
	})
	app.Provide(inject.PerConnection, func(ctx context.Context, r *http.Request) claims {
		return claims{ctx.Value(key{}).(string)}
	})
	app.WebSocket("/rooms/{room_id}", func(ctx context.Context, c claims, id RoomID, p resolve.Query[Page], _ ws.Text) string {
		return string(id) + " " + c.name + " " + ctx.Value(key{}).(string) + strings.Repeat("!", int(p.Value))
	})
	conn, _, err := connect(t, serve(t, app), "/rooms/blue?page=2")
	require.NoError(t, err)
	defer conn.Finish()
	for range 2 {
		require.NoError(t, conn.SendText("?"))
		got, err := conn.ReceiveText(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "blue from middleware from middleware!!", got)
	}
}

func TestEqualMessagesDoNotShareAComponent(t *testing.T) {
	type word string
	made := 0
	app := fogo.New()
	app.Provide(inject.PerCall, func(d ws.Data) word { made++; return word(d) })
	app.WebSocket("/", func(d ws.Data, w word) string { return string(w) })
	conn, _, err := connect(t, serve(t, app), "/")
	require.NoError(t, err)
	defer conn.Finish()
	for _, m := range []string{"a", "b", "a", "a"} {
		require.NoError(t, conn.SendText(m))
		got, err := conn.ReceiveText(t.Context())
		require.NoError(t, err)
		assert.Equal(t, m, got)
	}
	assert.Equal(t, 4, made, "once per message, whatever it says")
}

func TestGuardsRunForBothProtocols(t *testing.T) {
	app := fogo.New()
	app.Guard(func(h http.Header) error {
		if h.Get("Authorization") == "" {
			return endpoint.NewError(401, "Sign in.")
		}
		return nil
	})
	app.Get("/http", func() string { return "in" })
	app.WebSocket("/ws", func(d ws.Data) ws.Data { return d })
	srv := serve(t, app)
	status, _ := request(t, srv, "GET", "/http", "")
	assert.Equal(t, 401, status)
	_, res, err := connect(t, srv, "/ws")
	require.Error(t, err)
	require.NotNil(t, res)
	assert.Equal(t, 401, res.StatusCode)
}

func TestGuardThatCannotRunOnASocketIsABuildError(t *testing.T) {
	app := fogo.New()
	app.Guard(func(w http.ResponseWriter) error { return nil })
	app.WebSocket("/ws", func(d ws.Data) ws.Data { return d })
	refuse(t, app, "/ws", "exists on HTTP routes only")
}

func TestHoldingAResourceForAStreamIsWritten(t *testing.T) {
	type conn struct{}
	provide := func(app *fogo.App) {
		app.Provide(inject.PerCall, func() (*conn, func()) { return &conn{}, func() {} })
	}
	view := func(*conn) <-chan int { return nil }
	app := fogo.New()
	provide(app)
	app.Get("/", view)
	refuse(t, app, "inject.Hold", "*fogo_test.conn")

	app = fogo.New()
	provide(app)
	app.Get("/", view, inject.Hold)
	assert.NoError(t, app.Build())
}

func TestShutdownTellsSocketsAndConcurrentWritesAreSafe(t *testing.T) {
	app := fogo.New()
	app.WebSocket("/", func(conn *ws.WebSocket, _ ws.Text) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = conn.SendText("x") })
		}
		wg.Wait()
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, ln) }()

	tcp, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	conn, _, err := ws.Client(t.Context(), tcp, "ws://"+ln.Addr().String()+"/", nil)
	require.NoError(t, err)
	defer conn.Finish()
	require.NoError(t, conn.SendText("go"))
	for range 20 {
		got, err := conn.ReceiveText(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "x", got)
	}
	cancel()
	_, err = conn.Receive(t.Context())
	var closed *ws.CloseError
	require.ErrorAs(t, err, &closed)
	assert.Equal(t, ws.CodeGoingAway, closed.Code)
	select {
	case err := <-done:
		assert.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("Serve does not return")
	}
}

func TestSocketsHaveAReadLimit(t *testing.T) {
	app := fogo.New()
	app.WebSocket("/", func(d ws.Data) ws.Data { return d })
	conn, _, err := connect(t, serve(t, app), "/")
	require.NoError(t, err)
	defer conn.Finish()
	_ = conn.SendBytes(make([]byte, ws.DefaultMaxMessage+1))
	_, err = conn.Receive(t.Context())
	var closed *ws.CloseError
	require.ErrorAs(t, err, &closed)
	assert.Equal(t, ws.CodeMessageTooBig, closed.Code)
}
