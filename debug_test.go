package fogo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const browserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// look asks an application for a page as a browser on this machine does.
func look(t *testing.T, app http.Handler, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+target, http.NoBody)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Header.Set("Accept", browserAccepts)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

func asJSON(r *http.Request) { r.Header.Set("Accept", "application/json") }

type (
	debugDB   struct{}
	debugTx   struct{ db *debugDB }
	debugUser string
)

func newDebugDB() (*debugDB, func()) { return &debugDB{}, func() {} }
func beginDebug(db *debugDB) (*debugTx, func(error) error, error) {
	return &debugTx{db}, func(err error) error { return err }, nil
}
func debugGuard(*debugTx) error             { return nil }
func passOn(next http.Handler) http.Handler { return next }

var errDebug = errors.New("a secret of the database")

func debugApp(opts ...fogo.Option) *fogo.App {
	app := fogo.New(opts...)
	app.Provide(inject.PerCall, beginDebug)
	app.Provide(inject.Singleton, newDebugDB)
	app.Use(passOn)
	app.Get("/", func() string { return "hello" })
	api := app.Group("/api")
	api.Guard(debugGuard)
	api.Use(passOn)
	api.Get("/users/{debug_user}", func(tx *debugTx, u debugUser) error { return errDebug }).Name("user")
	app.WebSocket("/chat/{room}", func(conn *ws.WebSocket, room string, text ws.Text) error { return conn.SendText(string(text)) })
	inner := router.New()
	inner.Get("/inner", func() string { return "inner" })
	app.Mount("/mounted", inner)
	return app
}

func TestDebugPages(t *testing.T) {
	app := debugApp(fogo.WithDebug())
	for _, row := range []struct {
		path string
		has  []string
	}{
		{"/", []string{"<h1>Routes</h1>", "/api/users/{debug_user}", "debug_test.go:", "2 middleware, 1 guard", "/mounted/inner", `href="routes/2"`}},
		{"/routes/2", []string{"fogo_test.passOn (debug_test.go:", "fogo_test.debugGuard (debug_test.go:", "path {debug_user}", "*fogo_test.debugTx by", "As text"}},
		{"/routes/3", []string{"WEBSOCKET", "On message", "On handshake"}},
		{"/providers", []string{"*fogo_test.debugDB", "closed when the application stops", "finished before the answer"}},
		{"/sockets", []string{"No WebSocket is open."}},
		{"/state", []string{"goroutines"}},
	} {
		w := look(t, app, "/_fogo"+row.path)
		assert.Equal(t, 200, w.Code, row.path)
		assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		assert.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
		assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		for _, text := range row.has {
			assert.Contains(t, w.Body.String(), text, row.path)
		}
		j := look(t, app, "/_fogo"+row.path, asJSON)
		assert.Equal(t, "application/json", j.Header().Get("Content-Type"))
		assert.True(t, json.Valid(j.Body.Bytes()), row.path)
		assert.Equal(t, "no-store", j.Header().Get("Cache-Control"))
	}
	for _, path := range []string{"/none", "/routes/0", "/routes/99", "/routes/x", "/routes/01", "/routes/", "//", "/../"} {
		assert.Equal(t, 404, look(t, app, "/_fogo"+path).Code, path)
	}
	w := look(t, app, "/_fogo?x=1")
	assert.Equal(t, 307, w.Code)
	assert.Equal(t, "_fogo/", w.Header().Get("Location"))
	assert.Equal(t, 405, look(t, app, "/_fogo/", func(r *http.Request) { r.Method = "POST" }).Code)
	assert.Empty(t, look(t, app, "/_fogo/", func(r *http.Request) { r.Method = "HEAD" }).Body.String())
	assert.Equal(t, 404, look(t, app, "/_fogofogo").Code, "it is another path")
	assert.Equal(t, "hello", look(t, app, "/").Body.String())
}

// What needs something stands behind it, whatever the order of registration.
func TestDebugProviders(t *testing.T) {
	var got struct {
		Providers []struct {
			Number   int
			Type     string
			Lifetime string
			Needs    []int
			Used     bool
		}
	}
	w := look(t, debugApp(fogo.WithDebug()), "/_fogo/providers", asJSON)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Len(t, got.Providers, 2)
	assert.Equal(t, "*fogo_test.debugDB", got.Providers[0].Type)
	assert.Equal(t, "Singleton", got.Providers[0].Lifetime)
	assert.Equal(t, "*fogo_test.debugTx", got.Providers[1].Type)
	assert.Equal(t, []int{1}, got.Providers[1].Needs)
	assert.True(t, got.Providers[1].Used)
}

func TestDebugIsNotThere(t *testing.T) {
	from := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	with := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for _, row := range []struct {
		name   string
		opts   []fogo.Option
		change func(*http.Request)
	}{
		{name: "in production"},
		{"in production, asked for", nil, with("X-Debug", "1")},
		{"to other machines", []fogo.Option{fogo.WithDebug()}, from("192.0.2.1:5")},
		{"to other machines that claim to be here", []fogo.Option{fogo.WithDebug()}, func(r *http.Request) {
			r.RemoteAddr = "192.0.2.1:5"
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
		}},
		{"through a proxy on this machine", []fogo.Option{fogo.WithDebug()}, with("X-Forwarded-For", "127.0.0.1")},
		{"by another name", []fogo.Option{fogo.WithDebug()}, func(r *http.Request) { r.Host = "evil.example" }},
	} {
		for _, accept := range []string{browserAccepts, "application/json"} {
			app := debugApp(row.opts...)
			for _, path := range []string{"/_fogo", "/_fogo/", "/_fogo/state", "/api/users/7"} {
				var changes []func(*http.Request)
				if row.change != nil {
					changes = append(changes, row.change)
				}
				w := look(t, app, path, append(changes, with("Accept", accept))...)
				want := 404
				if path == "/api/users/7" {
					want = 500
				}
				assert.Equal(t, want, w.Code, "%s %s", row.name, path)
				assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
				assert.NotContains(t, w.Body.String(), "secret")
				assert.NotContains(t, w.Body.String(), "debug")
			}
		}
	}
}

func TestDebugOptions(t *testing.T) {
	app := debugApp(fogo.WithDebug(fogo.DebugPrefix("ops/fogo/"), fogo.DebugRemote(), fogo.DebugMask("X-Tenant"), nil))
	remote := func(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.1:5", "shop.test" }
	assert.Equal(t, 200, look(t, app, "/ops/fogo/", remote).Code)
	assert.Equal(t, 404, look(t, app, "/_fogo/", remote).Code)
	w := look(t, app, "/api/users/7", remote, func(r *http.Request) { r.Header.Set("X-Tenant", "acme") })
	assert.Contains(t, w.Body.String(), "a secret of the database")
	assert.Contains(t, w.Body.String(), `href="/ops/fogo/"`)
	assert.NotContains(t, w.Body.String(), "acme")
	assert.Equal(t, "_fogo/", look(t, debugApp(fogo.WithDebug(fogo.DebugPrefix("/"))), "/_fogo").Header().Get("Location"))
}

func TestDebugWarnsOnce(t *testing.T) {
	var log bytes.Buffer
	logger := fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
	app := debugApp(logger, fogo.WithDebug())
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Start(t.Context()))
	for range 3 {
		look(t, app, "/_fogo/", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:5" })
	}
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN msg=\"debug mode is on"))
	assert.Equal(t, 1, strings.Count(log.String(), "debug mode was refused"))

	log.Reset()
	require.NoError(t, debugApp(logger).Start(t.Context()))
	assert.NotContains(t, log.String(), "debug")
}

func TestDebugBuildProblems(t *testing.T) {
	broken := func(opts ...fogo.Option) *fogo.App {
		app := fogo.New(opts...)
		app.Get("/<script>/{id}", func(tx *debugTx, id int) string { return "" })
		app.Get("/{", func() string { return "" })
		return app
	}
	app := broken(fogo.WithDebug())
	for range 2 {
		w := look(t, app, "/anything")
		body := w.Body.String()
		assert.Equal(t, 500, w.Code)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Contains(t, body, "There are 2 problems.")
		assert.Contains(t, body, "debug_test.go:")
		assert.Contains(t, body, "nothing found")
		assert.Contains(t, body, "register a provider")
		assert.NotContains(t, body, "<script>")
	}
	assert.Equal(t, 500, look(t, app, "/_fogo/").Code)
	var got struct {
		Status int
		Debug  struct {
			Problems []struct{ Title, Func string }
		}
	}
	w := look(t, app, "/", asJSON)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.Len(t, got.Debug.Problems, 2)

	remote := func(r *http.Request) { r.RemoteAddr = "192.0.2.1:5" }
	for _, w := range []*httptest.ResponseRecorder{look(t, broken(), "/"), look(t, app, "/", remote)} {
		assert.Equal(t, 500, w.Code)
		assert.NotContains(t, w.Body.String(), "problems")
		assert.NotContains(t, w.Body.String(), "provider")
	}
}

func newUnreachable() (*debugDB, error) { return nil, errDebug }

func TestDebugStartProblems(t *testing.T) {
	app := fogo.New(fogo.WithDebug())
	app.Provide(inject.Singleton, newUnreachable)
	app.Get("/", func(*debugDB) string { return "" })
	w := look(t, app, "/")
	assert.Contains(t, w.Body.String(), "There is one problem.")
	assert.Contains(t, w.Body.String(), "a secret of the database")
	assert.Contains(t, w.Body.String(), "newUnreachable")
}

// Supervisors are told the same as in production.
func TestDebugLeavesHealthAlone(t *testing.T) {
	app := fogo.New(fogo.WithDebug(), fogo.WithHealth("/healthz", "/readyz"))
	app.OnStart(func() error { return errDebug })
	w := look(t, app, "/healthz")
	assert.Equal(t, 200, w.Code)
	assert.JSONEq(t, `{"status":"alive"}`, w.Body.String())
	w = look(t, app, "/readyz")
	assert.Equal(t, 503, w.Code)
	assert.JSONEq(t, `{"status":"failed"}`, w.Body.String())
	assert.Equal(t, 500, look(t, app, "/").Code)
}

func TestDebugAfterStop(t *testing.T) {
	app := debugApp(fogo.WithDebug())
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(t.Context()))
	assert.Equal(t, 503, look(t, app, "/_fogo/").Code)
	assert.Equal(t, 503, look(t, app, "/").Code)
}

// An application made from another has a debug mode of its own.
func TestDebugIsEachApplicationsOwn(t *testing.T) {
	app := debugApp(fogo.WithDebug())
	plain := debugApp()
	assert.Equal(t, 200, look(t, app.With(), "/_fogo/").Code)
	assert.Equal(t, 404, look(t, plain, "/_fogo/").Code)
	assert.Equal(t, 200, look(t, plain.With(fogo.WithDebug()), "/_fogo/").Code)
	assert.Equal(t, 404, look(t, plain, "/_fogo/").Code, "still")
}

// What the request was told on its way is there for who wraps the application.
func TestDebugKeepsThePattern(t *testing.T) {
	app := debugApp(fogo.WithDebug())
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/api/users/7", http.NoBody)
	app.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, "GET /api/users/{debug_user}", r.Pattern)
}

func TestDebugSockets(t *testing.T) {
	app := debugApp(fogo.WithDebug())
	srv := httptest.NewServer(app)
	defer srv.Close()
	hostile := http.Header{"User-Agent": {"<script>alert(1)</script>"}}
	conn, _, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+"/chat/x", &ws.DialOptions{ClientOptions: ws.ClientOptions{Header: hostile}})
	require.NoError(t, err)
	require.NoError(t, conn.SendText("x"))
	_, err = conn.Receive(t.Context())
	require.NoError(t, err)
	w := look(t, app, "/_fogo/sockets")
	assert.Contains(t, w.Body.String(), "WEBSOCKET /chat/{room}")
	assert.Contains(t, w.Body.String(), "&lt;script&gt;alert")
	assert.NotContains(t, w.Body.String(), "<script>alert")
	assert.Contains(t, w.Body.String(), "127.0.0.1:")
	var got struct {
		Open    int
		Sockets []struct{ Messages int }
	}
	require.NoError(t, json.Unmarshal(look(t, app, "/_fogo/sockets", asJSON).Body.Bytes(), &got))
	assert.Equal(t, 1, got.Open)
	require.Len(t, got.Sockets, 1)
	assert.Equal(t, 1, got.Sockets[0].Messages)
	require.NoError(t, conn.Close(ws.CodeNormal))
	require.NoError(t, app.Stop(context.Background()))
}

// TestTheLinkerDropsDebugMode: who never calls WithDebug pays nothing for it.
func TestTheLinkerDropsDebugMode(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the linker")
	}
	const with, without = "fogo.New(fogo.WithDebug())", "fogo.New()"
	for program, linked := range map[string]bool{without: false, with: true} {
		dir := t.TempDir()
		src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
		require.NoError(t, os.WriteFile(src, []byte(strings.Replace(unreachable, without, program, 1)), 0o600))
		out, err := exec.Command("go", "build", "-o", bin, src).CombinedOutput()
		require.NoError(t, err, "%s", out)
		symbols, err := exec.Command("go", "tool", "nm", bin).CombinedOutput()
		require.NoError(t, err)
		assert.Equal(t, linked, strings.Contains(string(symbols), "internal/debugpage.(*Error).HTML"), program)
		assert.Equal(t, linked, strings.Contains(string(symbols), "internal/debugpage.Stack"), program)
		assert.NotContains(t, string(symbols), "NobodyCallsThis", "with debug mode too the linker drops methods")
	}
}
