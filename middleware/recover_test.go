package middleware_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

func TestRecover(t *testing.T) {
	var l log
	mux := http.NewServeMux()
	mux.HandleFunc("/before", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Cache-Control", "public")
		w.Header().Set("Etag", `"x"`)
		w.Header().Set("Expires", "Thu, 31 Dec 2099 23:59:59 GMT")
		w.Header().Set("Content-Digest", "sha-256=:x:")
		panic("the secret")
	})
	mux.HandleFunc("/middle", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 10000))
		panic("oh")
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		panic("oh")
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	srv := serve(t, middleware.Chain(
		middleware.RequestID(middleware.RequestIDOptions{Trusted: loopback}),
		middleware.Recover(l.logger()),
	)(mux))

	resp, body := do(t, srv, "GET", "/before", nil, "X-Request-Id", `a"b\c`)
	assertProblem(t, resp.Header, resp.Status, body, 500)
	assert.NotContains(t, body, "secret")
	assert.Contains(t, body, `"request_id":"a\"b\\c"`)
	assert.Empty(t, resp.Header.Get("Cache-Control"))
	assert.Empty(t, resp.Header.Get("Etag"))
	assert.Empty(t, resp.Header.Get("Expires"), "it would be cached")
	assert.Empty(t, resp.Header.Get("Content-Digest"))
	rec := l.records()[0]
	assert.Equal(t, "handler panicked", rec["msg"])
	assert.Equal(t, "the secret", rec["error"])
	assert.Equal(t, "/before", rec["route"])
	assert.Equal(t, `a"b\c`, rec["request_id"])
	assert.Contains(t, rec["stack"], "recover_test.go")

	resp, body = do(t, srv, "HEAD", "/before", nil)
	assert.Equal(t, 500, resp.StatusCode)
	assert.Empty(t, body)
	assert.Positive(t, resp.ContentLength)

	resp, body = do(t, srv, "GET", "/early", nil)
	assertProblem(t, resp.Header, resp.Status, body, 500)

	resp, body = do(t, srv, "GET", "/status", nil)
	assertProblem(t, resp.Header, resp.Status, body, 500)

	resp, err := srv.Client().Get(srv.URL + "/middle")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	require.Error(t, err, "half an answer must not look like a whole one")
	assert.Len(t, l.wait(t, 5), 5)

	_, err = srv.Client().Get(srv.URL + "/abort")
	require.Error(t, err)
	assert.Len(t, l.records(), 5, "an abort is not logged")
}

func TestRecoverAfterHijacking(t *testing.T) {
	var l log
	srv := serve(t, middleware.Recover(l.logger())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrade(w, r)
		panic("oh")
	})))
	conn, in := dialUpgrade(t, srv.Listener.Addr().String())
	echo(t, conn, in)
	conn.Close()
	assert.Equal(t, "handler panicked", l.wait(t, 1)[0]["msg"])
}
