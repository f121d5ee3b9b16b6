package compress

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serve runs a server over loopback, and a client that leaves encodings alone.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	t.Cleanup(srv.Close)
	tr, ok := srv.Client().Transport.(*http.Transport)
	require.True(t, ok)
	tr.DisableCompression = true
	return srv
}

// do sends a request with header fields, given as name and value in turn.
func do(t *testing.T, srv *httptest.Server, method, path string, body io.Reader, header ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, srv.URL+path, body)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, b
}

func assertProblem(t *testing.T, resp *http.Response, body []byte, status int) {
	t.Helper()
	assert.Equal(t, status, resp.StatusCode)
	assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	var p map[string]any
	require.NoError(t, json.Unmarshal(body, &p), string(body))
	assert.Equal(t, "about:blank", p["type"])
	assert.Equal(t, http.StatusText(status), p["title"])
	assert.EqualValues(t, status, p["status"])
	assert.NotEmpty(t, p["detail"])
}

// encode compresses with the libraries alone.
func encode(t testing.TB, e string, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	switch e {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "zstd":
		z, err := zstd.NewWriter(&buf)
		require.NoError(t, err)
		w = z
	case "br":
		w = brotli.NewWriter(&buf)
	default:
		return b
	}
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// decode reads with the libraries alone.
func decode(t testing.TB, e string, r io.Reader) io.Reader {
	t.Helper()
	switch e {
	case "gzip":
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		return z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		require.NoError(t, err)
		return z
	case "br":
		return brotli.NewReader(r)
	}
	return r
}

func decoded(t testing.TB, e string, b []byte) string {
	t.Helper()
	out, err := io.ReadAll(decode(t, e, bytes.NewReader(b)))
	require.NoError(t, err)
	return string(out)
}

// words is a text of n bytes that shrinks as texts do.
func words(n int) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "word%d and ", rnd.IntN(1000))
	}
	return b.String()[:n]
}

// text answers with a text of a type.
func text(contentType, s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, s)
	}
}

// readEvents reads three events of a stream, and tells of each.
func readEvents(t *testing.T, body io.Reader, seen chan<- struct{}) {
	t.Helper()
	lines := bufio.NewScanner(body)
	for i := range 3 {
		require.True(t, lines.Scan(), "%v", lines.Err())
		assert.Equal(t, fmt.Sprintf("data: %d", i), lines.Text())
		require.True(t, lines.Scan())
		seen <- struct{}{}
	}
	assert.False(t, lines.Scan())
}

// events waits after each item until it was seen.
func events(seen <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		if err := rc.Flush(); err != nil { // the client learns that the stream is open
			panic(err)
		}
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := rc.Flush(); err != nil {
				panic(err)
			}
			select {
			case <-seen:
			case <-r.Context().Done():
				return
			}
		}
	}
}
