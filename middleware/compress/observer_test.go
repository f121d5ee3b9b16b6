package compress

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWritersOfRequests: what the server's writer can do, the one behind
// Requests can.
func TestWritersOfRequests(t *testing.T) {
	body := encode(t, "gzip", []byte(words(5000)))
	mux := http.NewServeMux()
	mux.HandleFunc("/write", func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "a")
		_, _ = io.Copy(w, io.LimitReader(bytes.NewReader([]byte("bc")), 1))
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
		_ = rw.Flush()
	})
	srv := serve(t, Requests(RequestOptions{})(mux))
	resp, text := do(t, srv, "POST", "/write", bytes.NewReader(body), "Content-Encoding", "gzip")
	assert.Equal(t, 202, resp.StatusCode)
	assert.Equal(t, "ab", string(text))
	_, text = do(t, srv, "POST", "/hijack", bytes.NewReader(body), "Content-Encoding", "gzip")
	assert.Equal(t, "ab", string(text))
}

// TestAReaderThatStays: the handler returns while its goroutine waits for the
// body. The decoder is not given to another request.
func TestAReaderThatStays(t *testing.T) {
	in, out := io.Pipe()
	failed := make(chan error)
	h := Requests(RequestOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reading := make(chan struct{})
		go func() {
			close(reading)
			_, err := io.ReadAll(r.Body)
			failed <- err
		}()
		<-reading
		// It holds the lock, or is about to take it: both are allowed for.
		time.Sleep(10 * time.Millisecond)
	}))
	r := httptest.NewRequest("POST", "/", in)
	r.Header.Set("Content-Encoding", "gzip")
	h.ServeHTTP(httptest.NewRecorder(), r)
	go func() {
		_, _ = out.Write([]byte("no gzip at all, whatever the header said"))
		_ = out.Close()
	}()
	require.Error(t, <-failed)
}
