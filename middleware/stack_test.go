package middleware_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

// stack is all of the package, in the order of its documentation.
func stack(l *log) wrap {
	return middleware.Chain(
		middleware.RealIP(middleware.RealIPOptions{Trusted: loopback}),
		middleware.RequestID(middleware.RequestIDOptions{Trusted: loopback}),
		middleware.AccessLog(l.logger(), middleware.AccessLogOptions{}),
		middleware.Recover(l.logger()),
		middleware.SecurityHeaders(middleware.SecurityOptions{}),
		middleware.Timeout(time.Minute),
		middleware.BodyLimit(1<<20),
	)
}

// TestStack: streams, connections, files and errors through everything, over
// real connections.
func TestStack(t *testing.T) {
	var l log
	saw := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/events", events(saw))
	mux.Handle("/ws", upgrade)
	mux.HandleFunc("/copy", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "doc.go") })
	mux.HandleFunc("/deadline", func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, rc.SetReadDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, rc.EnableFullDuplex())
		_, canRead := w.(io.ReaderFrom)
		assert.True(t, canRead)
		_, canFlush := w.(http.Flusher)
		assert.True(t, canFlush)
		_, canHijack := w.(http.Hijacker)
		assert.True(t, canHijack)
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("oh") })
	srv := serve(t, stack(&l)(mux))

	resp, err := srv.Client().Get(srv.URL + "/events")
	require.NoError(t, err)
	readEvents(t, resp.Body, saw)
	resp.Body.Close()

	conn, in := dialUpgrade(t, srv.Listener.Addr().String())
	echo(t, conn, in)
	conn.Close()

	_, body := do(t, srv, "POST", "/copy", strings.NewReader("abc"))
	assert.Equal(t, "abc", body)
	resp, body = do(t, srv, "GET", "/file", nil, "Range", "bytes=0-9")
	assert.Equal(t, 206, resp.StatusCode)
	assert.Equal(t, "// Package", body)
	resp, _ = do(t, srv, "GET", "/deadline", nil)
	assert.Equal(t, 200, resp.StatusCode)
	resp, body = do(t, srv, "GET", "/panic", nil)
	assertProblem(t, resp.Header, resp.Status, body, 500)
	assert.Equal(t, "DENY", resp.Header.Get("X-Frame-Options"))
	assert.Contains(t, body, resp.Header.Get("X-Request-Id"))

	statuses := map[any]int{}
	for _, rec := range l.wait(t, 8) {
		statuses[rec["status"]]++
	}
	assert.Equal(t, map[any]int{200.0: 3, 206.0: 1, 101.0: 2, 500.0: 1, nil: 1}, statuses)
}

// TestHTTP2: where nothing can be hijacked.
func TestHTTP2(t *testing.T) {
	var l log
	srv := newHTTP2(t, stack(&l)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		_, _, err := http.NewResponseController(w).Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		_, _ = io.Copy(io.Discard, r.Body)
	})))
	resp, _ := do(t, srv, "POST", "/", strings.NewReader("abc"))
	assert.Equal(t, 200, resp.StatusCode)
	assert.NotEmpty(t, resp.Header.Get("Strict-Transport-Security"))
	resp, body := do(t, srv, "POST", "/", strings.NewReader(strings.Repeat("x", 2<<20)))
	assertProblem(t, resp.Header, resp.Status, body, 413)
	resp, body = do(t, srv, "POST", "/", unknownLength(strings.Repeat("x", 2<<20)))
	assertProblem(t, resp.Header, resp.Status, body, 413)
}
