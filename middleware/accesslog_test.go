package middleware_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

// accessLogged serves a handler behind AccessLog.
func accessLogged(t *testing.T, opts middleware.AccessLogOptions, h http.Handler) (*httptest.Server, *log) {
	var l log
	return serve(t, middleware.AccessLog(l.logger(), opts)(h)), &l
}

func TestAccessLog(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /items/{id}", text("hello"))
	mux.HandleFunc("/none", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/created", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(500) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(202)
	})
	mux.HandleFunc("/failed", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	mux.HandleFunc("/copied", func(w http.ResponseWriter, _ *http.Request) {
		n, err := io.Copy(w, io.LimitReader(strings.NewReader(strings.Repeat("x", 100)), 70))
		assert.EqualValues(t, 70, n)
		assert.NoError(t, err)
	})
	rows := []struct {
		name, method, path string
		status, bytes      int
		route, level       string
	}{
		{"a text", "GET", "/items/1?secret=1", 200, 5, "GET /items/{id}", "INFO"},
		{"HEAD has no bytes", "HEAD", "/items/1", 200, 0, "GET /items/{id}", "INFO"},
		{"nothing written", "GET", "/none", 200, 0, "/none", "INFO"},
		{"the first status counts", "GET", "/created", 201, 0, "/created", "INFO"},
		{"103 is not the answer", "GET", "/early", 202, 0, "/early", "INFO"},
		{"a failure warns", "GET", "/failed", 503, 3, "/failed", "WARN"},
		{"copied", "GET", "/copied", 200, 70, "/copied", "INFO"},
		{"not found", "GET", "/nowhere", 404, 19, "", "INFO"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			srv, l := accessLogged(t, middleware.AccessLogOptions{}, mux)
			do(t, srv, row.method, row.path, nil)
			rec := l.wait(t, 1)[0]
			path, _, _ := strings.Cut(row.path, "?")
			assert.Equal(t, "request", rec["msg"])
			assert.Equal(t, row.level, rec["level"])
			assert.Equal(t, row.method, rec["method"])
			assert.Equal(t, path, rec["path"])
			assert.Equal(t, row.route, rec["route"])
			assert.EqualValues(t, row.status, rec["status"])
			assert.EqualValues(t, row.bytes, rec["bytes"])
			assert.Contains(t, rec["remote"], "127.0.0.1:")
			assert.Greater(t, rec["duration"], 0.0)
			assert.NotContains(t, rec, "aborted")
			assert.NotContains(t, rec, "request_id")
			assert.Len(t, l.records(), 1)
		})
	}
}

// TestPatternsBehindCopies: the middleware inside pass on copies of the request.
func TestPatternsBehindCopies(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("POST /items/{id}", text("hello"))
	mux.HandleFunc("POST /panics", func(http.ResponseWriter, *http.Request) { panic("oh") })
	var l log
	srv := serve(t, middleware.Chain(
		middleware.AccessLog(l.logger(), middleware.AccessLogOptions{}),
		middleware.RealIP(middleware.RealIPOptions{Trusted: loopback}),
		middleware.RequestID(middleware.RequestIDOptions{}),
		middleware.Recover(slog.New(slog.DiscardHandler)),
		middleware.Timeout(time.Minute),
		middleware.BodyLimit(10),
	)(mux))
	resp, _ := do(t, srv, "POST", "/items/1", strings.NewReader("abc"))
	rec := l.wait(t, 1)[0]
	assert.Equal(t, "POST /items/{id}", rec["route"])
	assert.Equal(t, resp.Header.Get("X-Request-Id"), rec["request_id"], "of a middleware inside")
	do(t, srv, "POST", "/panics", strings.NewReader("abc"))
	rec = l.wait(t, 2)[1]
	assert.Equal(t, "POST /panics", rec["route"])
	assert.EqualValues(t, 500, rec["status"])
}

func TestAccessLogOfPanics(t *testing.T) {
	rows := []struct {
		name   string
		handle func(w http.ResponseWriter)
		status int
	}{
		{"before the answer", func(http.ResponseWriter) { panic("oh") }, 0},
		{"in the middle", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x"); panic("oh") }, 200},
		{"that abort", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 0},
	}
	for _, row := range rows {
		var l log
		h := middleware.AccessLog(l.logger(), middleware.AccessLogOptions{})(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { row.handle(w) }))
		assert.Panics(t, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) }, row.name)
		rec := l.records()[0]
		assert.EqualValues(t, row.status, rec["status"], row.name)
		assert.Equal(t, true, rec["aborted"], row.name)
	}
}

// TestAccessLogOfLeavers: the client goes before the answer is complete.
func TestAccessLogOfLeavers(t *testing.T) {
	srv, l := accessLogged(t, middleware.AccessLogOptions{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	require.NoError(t, err)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	cancel()
	resp.Body.Close()
	rec := l.wait(t, 1)[0]
	assert.Equal(t, true, rec["aborted"])
	assert.EqualValues(t, 200, rec["status"])
}

func TestAccessLogOfStreams(t *testing.T) {
	saw := make(chan struct{})
	srv, l := accessLogged(t, middleware.AccessLogOptions{}, events(saw))
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Empty(t, l.records(), "it isn't over")
	readEvents(t, resp.Body, saw)
	assert.EqualValues(t, 27, l.wait(t, 1)[0]["bytes"])
}

func TestAccessLogOfConnections(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /ws", upgrade)
	for _, connections := range []bool{false, true} {
		var l log
		srv := serve(t, middleware.Chain(
			middleware.AccessLog(l.logger(), middleware.AccessLogOptions{
				Connections: connections,
				Attrs:       func(r *http.Request) []slog.Attr { return []slog.Attr{slog.String("agent", r.UserAgent())} },
			}),
			middleware.RequestID(middleware.RequestIDOptions{Trusted: loopback}),
			middleware.Timeout(time.Minute), // which passes on another copy, and another writer
			middleware.Recover(l.logger()),
		)(mux))
		conn, in := dialUpgrade(t, srv.Listener.Addr().String(), "X-Request-Id", "abc", "User-Agent", "me")
		first := l.wait(t, 1)[0]
		assert.Equal(t, "request", first["msg"])
		assert.EqualValues(t, 101, first["status"])
		echo(t, conn, in)
		assert.Len(t, l.records(), 1)
		conn.Close()
		last := l.wait(t, 2)[1]
		assert.Equal(t, "connection over", last["msg"])
		assert.Greater(t, last["duration"], first["duration"])
		for _, rec := range []map[string]any{first, last} {
			assert.Equal(t, "abc", rec["request_id"])
			assert.Equal(t, "/ws", rec["path"])
			assert.Equal(t, "GET /ws", rec["route"])
			assert.Equal(t, "me", rec["agent"])
		}
		assert.Len(t, l.records(), 2)
	}
}

// TestWatchedConnections: the end is told once, and whether a connection can be
// polled shows.
func TestWatchedConnections(t *testing.T) {
	var l log
	h := middleware.AccessLog(l.logger(), middleware.AccessLogOptions{Connections: true})(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if !assert.NoError(t, err) {
				return
			}
			_, polled := conn.(syscall.Conn)
			below, wrapped := conn.(interface{ NetConn() net.Conn })
			assert.True(t, wrapped)
			_, tcp := below.NetConn().(*net.TCPConn)
			assert.Equal(t, tcp, polled)
			conn.Close()
			conn.Close()
		}))
	srv := serve(t, h)
	_, err := srv.Client().Get(srv.URL)
	assert.Error(t, err)
	assert.Len(t, l.wait(t, 2), 2)
	srv = httptest.NewTLSServer(h)
	defer srv.Close()
	_, err = srv.Client().Get(srv.URL)
	assert.Error(t, err)
	assert.Len(t, l.wait(t, 4), 4)
}

func TestAccessLogOptions(t *testing.T) {
	srv, l := accessLogged(t, middleware.AccessLogOptions{
		Skip:  func(r *http.Request) bool { return r.URL.Path == "/health" },
		Level: func(status int) slog.Level { return slog.Level(status) },
	}, text(""))
	do(t, srv, "GET", "/health", nil)
	do(t, srv, "GET", "/", nil)
	recs := l.wait(t, 1)
	assert.Len(t, recs, 1)
	assert.Equal(t, "ERROR+192", recs[0]["level"])
}

// TestAnIDOfNobodyIsNotLogged: without RequestID the header is the client's.
func TestAnIDThatIsNotSaneIsNotLogged(t *testing.T) {
	srv, l := accessLogged(t, middleware.AccessLogOptions{}, text(""))
	do(t, srv, "GET", "/", nil, "X-Request-Id", "a b")
	do(t, srv, "GET", "/", nil, "X-Request-Id", "abc")
	recs := l.wait(t, 2)
	assert.NotContains(t, recs[0], "request_id")
	assert.Equal(t, "abc", recs[1]["request_id"], "as Fogo would log it")
}

// noHijack is an http.ResponseWriter that can neither be flushed nor hijacked.
type noHijack struct{ http.ResponseWriter }

func TestAWriterThatCannot(t *testing.T) {
	for name, m := range map[string]wrap{
		"AccessLog": middleware.AccessLog(slog.New(slog.DiscardHandler), middleware.AccessLogOptions{}),
		"Recover":   middleware.Recover(slog.New(slog.DiscardHandler)),
		"Timeout":   middleware.Timeout(time.Hour),
	} {
		w := httptest.NewRecorder()
		m(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			rc := http.NewResponseController(w)
			_, _, err := rc.Hijack()
			assert.ErrorIs(t, err, http.ErrNotSupported, name)
			assert.True(t, errors.Is(rc.Flush(), http.ErrNotSupported), name)
			w.WriteHeader(418)
		})).ServeHTTP(noHijack{w}, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, 418, w.Code, name)
	}
}
