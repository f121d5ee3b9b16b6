package router

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { leak.Main(m) }

// text is a view that answers with a word.
func text(s string) func() string { return func() string { return s } }

// build builds a router that has to be good, and starts it.
func build(t testing.TB, r *Router, opts ...func(*BuildOptions)) *Built {
	t.Helper()
	var o BuildOptions
	for _, f := range opts {
		f(&o)
	}
	b, err := r.Build(o)
	require.NoError(t, err)
	require.NoError(t, b.Start(context.Background()))
	t.Cleanup(func() { assert.NoError(t, b.Stop(context.Background())) })
	return b
}

// do sends a request and returns the answer.
func do(h http.Handler, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// upgrade makes a request a WebSocket handshake.
func upgrade(r *http.Request) {
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-Websocket-Version", "13")
	r.Header.Set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

// line is a line number behind a file name.
var line = regexp.MustCompile(`(_test\.go):\d+`)

// golden compares a text with testdata/<test>.golden, but for line numbers.
func golden(t *testing.T, got string) {
	t.Helper()
	got = line.ReplaceAllString(got, "$1:N")
	name := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// plain is a handler that tells what it sees of the request.
var plain = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.Method+" "+r.URL.EscapedPath())
})

func TestServe(t *testing.T) {
	r := New()
	r.Get("/", text("root"))
	r.Get("/items/{id:int}", func(id int) int { return id + 1 })
	r.Get("/items/{name}", func(name string) string { return "name " + name })
	r.Post("/items/{name}", text("posted"), endpoint.IgnoreVars("name"))
	r.Get("/slash/", text("slash"))
	r.Get("/files/{path...}", func(path string) string { return "file " + path })
	r.Handle("/any", text("any"))
	r.Handle("PURGE /cache", text("purged"))
	r.Handle("/raw", plain)
	r.Get("api.example.com/host", text("api"))
	r.Get("/host", text("others"))
	r.Head("/head", func() {})
	r.Options("/opts", text("own options"))
	r.Get("/both", text("plain"))
	r.WebSocket("/both", socket)
	r.WebSocket("/socket", socket)
	r.Endpoint("/class", class{})
	r.Patch("/change", text("patched"))
	r.Delete("/change", text("deleted"))
	r.Put("/change", text("put"))
	r.Endpoint("/classes/1", socketClass{})
	r.WebSocket("/classes/2", socketClass{})
	b := build(t, r)

	for _, c := range []struct {
		name, method, target string
		change               func(*http.Request)
		status               int
		body, pattern        string
		header               string // Allow or Location or Upgrade
	}{
		{name: "root", method: "GET", target: "/", status: 200, body: "root", pattern: "GET /"},
		{name: "constrained", method: "GET", target: "/items/41", status: 200, body: "42", pattern: "GET /items/{id:int}"},
		{name: "unconstrained", method: "GET", target: "/items/abc", status: 200, body: "name abc", pattern: "GET /items/{name}"},
		{name: "escaped slash stays inside", method: "GET", target: "/items/a%2Fb", status: 200, body: "name a/b", pattern: "GET /items/{name}"},
		{name: "method decides", method: "POST", target: "/items/41", status: 200, body: "posted", pattern: "POST /items/{name}"},
		{name: "slash", method: "GET", target: "/slash/", status: 200, body: "slash", pattern: "GET /slash/"},
		{name: "no subtree", method: "GET", target: "/slash/x", status: 404},
		{name: "no slash", method: "GET", target: "/slash", status: 404},
		{name: "rest", method: "GET", target: "/files/a/b", status: 200, body: "file a/b", pattern: "GET /files/{path...}"},
		{name: "rest empty", method: "GET", target: "/files/", status: 200, body: "file ", pattern: "GET /files/{path...}"},
		{name: "any method", method: "PATCH", target: "/any", status: 200, body: "any", pattern: "/any"},
		{name: "any method includes OPTIONS", method: "OPTIONS", target: "/any", status: 200, body: "any", pattern: "/any"},
		{name: "other method", method: "PURGE", target: "/cache", status: 200, body: "purged", pattern: "PURGE /cache"},
		{name: "raw handler", method: "DELETE", target: "/raw", status: 200, body: "DELETE /raw", pattern: "/raw"},
		{name: "host", method: "GET", target: "http://API.example.com:8080/host", status: 200, body: "api", pattern: "GET api.example.com/host"},
		{name: "no host", method: "GET", target: "http://example.com/host", status: 200, body: "others", pattern: "GET /host"},
		{name: "HEAD by GET", method: "HEAD", target: "/items/41", status: 200, pattern: "GET /items/{id:int}"},
		{name: "own HEAD", method: "HEAD", target: "/head", status: 204, pattern: "HEAD /head"},
		{name: "GET without", method: "GET", target: "/head", status: 405, header: "HEAD, OPTIONS"},
		{name: "own OPTIONS", method: "OPTIONS", target: "/opts", status: 200, body: "own options", pattern: "OPTIONS /opts"},
		{name: "OPTIONS", method: "OPTIONS", target: "/items/41", status: 204, header: "GET, HEAD, POST, OPTIONS"},
		{name: "OPTIONS nowhere", method: "OPTIONS", target: "/nowhere", status: 404},
		{name: "OPTIONS of a socket", method: "OPTIONS", target: "/socket", status: 204, header: "GET, HEAD, OPTIONS"},
		{name: "405", method: "DELETE", target: "/items/41", status: 405, header: "GET, HEAD, POST, OPTIONS"},
		{name: "404", method: "GET", target: "/nowhere", status: 404},
		{name: "426", method: "GET", target: "/socket", status: 426, header: "websocket"},
		{name: "426 for HEAD", method: "HEAD", target: "/socket", status: 426, header: "websocket"},
		{name: "405 on a socket", method: "POST", target: "/socket", status: 405, header: "GET, HEAD, OPTIONS"},
		{name: "GET beside a socket", method: "GET", target: "/both", status: 200, body: "plain", pattern: "GET /both"},
		{name: "upgrade beside a GET", method: "GET", target: "/both", change: upgrade, status: 418, pattern: "WEBSOCKET /both"},
		{name: "upgrade without a socket takes the method", method: "GET", target: "/items/41", change: upgrade, status: 200, body: "42", pattern: "GET /items/{id:int}"},
		{name: "upgrade by POST is a POST", method: "POST", target: "/socket", change: upgrade, status: 405, header: "GET, HEAD, OPTIONS"},
		{name: "class", method: "GET", target: "/class", status: 200, body: "got", pattern: "GET /class"},
		{name: "class post", method: "POST", target: "/class", status: 200, body: "posted", pattern: "POST /class"},
		{name: "class 405", method: "PUT", target: "/class", status: 405, header: "GET, HEAD, POST, OPTIONS"},
		{name: "PATCH", method: "PATCH", target: "/change", status: 200, body: "patched", pattern: "PATCH /change"},
		{name: "DELETE", method: "DELETE", target: "/change", status: 200, body: "deleted", pattern: "DELETE /change"},
		{name: "no GET", method: "GET", target: "/change", status: 405, header: "PUT, PATCH, DELETE, OPTIONS"},
		{name: "class with socket", method: "GET", target: "/classes/1", status: 200, body: "got", pattern: "GET /classes/1"},
		{name: "its socket", method: "GET", target: "/classes/1", change: upgrade, status: 418, pattern: "WEBSOCKET /classes/1"},
		{name: "registered as a socket", method: "GET", target: "/classes/2", change: upgrade, status: 418, pattern: "WEBSOCKET /classes/2"},
		{name: "has its verbs too", method: "GET", target: "/classes/2", status: 200, body: "got", pattern: "GET /classes/2"},
		{name: "unclean", method: "GET", target: "/a/../items//x?q=1", status: 307, header: "/items/x?q=1"},
		{name: "unclean keeps escapes", method: "POST", target: "/items/./a%20b", status: 307, header: "/items/a%20b"},
		{name: "no redirect to another host", method: "GET", target: "http://example.com//evil.com/x", status: 307, header: "/evil.com/x"},
		{name: "no slash redirect", method: "GET", target: "/slash/x/", status: 404},
		{name: "server-wide OPTIONS", method: "OPTIONS", target: "/", change: func(r *http.Request) { r.RequestURI = "*" }, status: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen *http.Request
			w := do(b, c.method, c.target, func(r *http.Request) {
				seen = r
				r.Pattern = "left over"
				if c.change != nil {
					c.change(r)
				}
			})
			assert.Equal(t, c.status, w.Code, w.Body)
			if c.status < 300 {
				assert.Equal(t, c.body, w.Body.String())
			}
			assert.Equal(t, c.pattern, seen.Pattern)
			got := w.Header().Get("Allow") + w.Header().Get("Location") + w.Header().Get("Upgrade")
			assert.Equal(t, c.header, got)
			if c.status >= 400 && c.status != 400 && c.status != 418 {
				assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			}
		})
	}
}

// class is a class view.
type class struct{}

func (class) Get() string  { return "got" }
func (class) Post() string { return "posted" }

// socketClass has a socket beside its verb.
type socketClass struct{}

func (socketClass) Get() string                      { return "got" }
func (socketClass) OnConnect(*ws.WebSocket) error    { return endpoint.NewError(http.StatusTeapot, "") }
func (socketClass) OnReceive(*ws.WebSocket, ws.Data) {}

func TestSlashRedirect(t *testing.T) {
	r := New()
	r.Get("/a/b", text("b"))
	r.Get("/c/{x}/", text("c"), endpoint.IgnoreVars("x"))
	inner := New()
	inner.Get("/in/", text("in"))
	r.Mount("/m", inner)
	b := build(t, r, func(o *BuildOptions) { o.RedirectSlash = true })
	srv := httptest.NewServer(b)
	defer srv.Close()
	client := srv.Client()
	defer client.CloseIdleConnections()
	for _, c := range []struct{ path, body, location string }{
		{"/a/b/", "b", "../b"},
		{"/a/b/?q=1", "b", "../b?q=1"},
		{"/c/1", "c", "./1/"},
		{"/c/a:b", "c", "./a:b/"},
		{"/m/in", "in", "./in/"},
	} {
		w := do(b, "GET", c.path)
		assert.Equal(t, 307, w.Code, c.path)
		assert.Equal(t, c.location, w.Header().Get("Location"), c.path)
		resp, err := client.Get(srv.URL + c.path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, c.body, string(body), "the client arrives")
	}
	assert.Equal(t, 404, do(b, "GET", "/a").Code)
	assert.Equal(t, 404, do(b, "POST", "/a/b/").Code, "no route takes it there either")
}

func TestPathValues(t *testing.T) {
	values := func(r *http.Request) string { return r.PathValue("x") + r.PathValue("y") }
	same := func(next http.Handler) http.Handler { return next }
	r := New()
	r.Get("/view/{x}/{y}", func(r *http.Request) string { return values(r) })
	r.Get("/plain/{x}/{y}", func(x, y string) string { return x + y })
	r.Handle("/raw/{x}/{y}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, values(r)) }))
	g := r.Group("/g/{x}")
	g.Use(same)
	g.Get("/{y}", func(x, y string) string { return x + y })
	b := build(t, r)
	for path, set := range map[string]bool{"/view/1/2": true, "/plain/1/2": false, "/raw/1/2": true, "/g/1/2": true} {
		var seen *http.Request
		w := do(b, "GET", path, func(r *http.Request) { seen = r })
		assert.Equal(t, "12", w.Body.String(), path)
		want := ""
		if set {
			want = "12"
		}
		assert.Equal(t, want, values(seen), path)
	}
}

func TestServeAlone(t *testing.T) {
	r := New()
	r.Get("/x", text("x"))
	assert.Equal(t, "x", do(r, "GET", "/x").Body.String())
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	bad := New()
	bad.Get("/{x", text("x"))
	for range 2 {
		assert.Equal(t, 500, do(bad, "GET", "/x").Code)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "the router cannot serve"))
}

func TestErrorsAreTheConfigs(t *testing.T) {
	b := build(t, New(), func(o *BuildOptions) { o.Config = endpoint.Config{} })
	w := httptest.NewRecorder()
	b.Answer(w, httptest.NewRequest("GET", "/", nil), endpoint.NewError(410, "gone"))
	assert.Equal(t, 410, w.Code)
	w = do(b, "GET", "/x")
	assert.JSONEq(t, `{"type":"about:blank","title":"Not Found","status":404}`, w.Body.String())
}
