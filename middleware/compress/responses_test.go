package compress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const everything = "gzip, br, zstd"

// set answers with a long text and the header fields given, and the status of
// the query.
func set(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for i := 0; i < len(header); i += 2 {
			if w.Header().Set(header[i], header[i+1]); header[i+1] == "" {
				w.Header().Del(header[i])
			}
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, words(5000))
	}
}

func TestResponses(t *testing.T) {
	long := words(5000)
	rows := []struct {
		name   string
		handle http.HandlerFunc
		method string
		header []string
		want   string // the Content-Encoding
		vary   bool
	}{
		{"the best one", set(200), "GET", []string{"Accept-Encoding", everything}, "zstd", true},
		{"what the client likes", set(200), "GET", []string{"Accept-Encoding", "gzip, zstd;q=0.5"}, "gzip", true},
		{"brotli", set(200), "GET", []string{"Accept-Encoding", "br"}, "br", true},
		{"POST", set(201), "POST", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"an error", set(404), "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"the client says nothing", set(200), "GET", nil, "", true},
		{"the client refuses", set(200), "GET", []string{"Accept-Encoding", "*;q=0"}, "", true},
		{"the length is known", set(200, "Content-Length", "5000"), "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"a type that is guessed", set(200, "Content-Type", ""), "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"a type that doesn't shrink", set(200, "Content-Type", "image/png"), "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"encoded already", set(200, "Content-Encoding", "x-own"), "GET", []string{"Accept-Encoding", "gzip"}, "x-own", false},
		{"identity is no encoding", set(200, "Content-Encoding", "identity"), "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"no-transform", set(200, "Cache-Control", "public, No-Transform"), "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"a digest", set(200, "Content-Digest", "sha-256=:x:"), "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"a part", set(206, "Content-Range", "bytes 0-4999/9999"), "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"a part was asked for", set(200), "GET", []string{"Accept-Encoding", "gzip", "Range", "bytes=0-9"}, "", true},
		{"small", text("text/plain", words(1023)), "GET", []string{"Accept-Encoding", "gzip"}, "", true},
		{"just big enough", text("text/plain", words(1024)), "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"in small pieces", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 50 {
				fmt.Fprintf(w, "piece number %d of a text that goes on and on;", i)
			}
		}, "GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"copied", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(long), 4000))
		},
			"GET", []string{"Accept-Encoding", "gzip"}, "gzip", true},
		{"little copied", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(long), 40))
		},
			"GET", []string{"Accept-Encoding", "gzip"}, "", true},
		{"a lot copied as it is", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(long), 4000))
		},
			"GET", nil, "", true},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"nothing at all", func(http.ResponseWriter, *http.Request) {}, "GET", []string{"Accept-Encoding", "gzip"}, "", false},
		{"only a status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }, "GET", []string{"Accept-Encoding", "gzip"}, "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			plain, want := do(t, serve(t, row.handle), row.method, "/", nil)
			resp, got := do(t, serve(t, Responses(Options{})(row.handle)), row.method, "/", nil, row.header...)
			assert.Equal(t, plain.StatusCode, resp.StatusCode)
			assert.Equal(t, row.want, resp.Header.Get("Content-Encoding"))
			assert.Equal(t, row.vary, resp.Header.Get("Vary") == "Accept-Encoding", resp.Header)
			assert.Equal(t, plain.Header.Get("Content-Type"), resp.Header.Get("Content-Type"))
			assert.Equal(t, string(want), decoded(t, row.want, got))
			if resp.Uncompressed || row.want != "" && row.want != "x-own" {
				assert.Less(t, len(got), len(want))
			} else {
				assert.Equal(t, plain.ContentLength, resp.ContentLength)
			}
		})
	}
}

func TestFieldsOfACompressedAnswer(t *testing.T) {
	rows := []struct {
		name      string
		set, want http.Header
	}{
		{"a strong tag", http.Header{"Etag": {`"x"`}}, http.Header{"Etag": {`W/"x"`}, "Vary": {"Accept-Encoding"}}},
		{"a weak tag", http.Header{"Etag": {`W/"x"`}}, http.Header{"Etag": {`W/"x"`}, "Vary": {"Accept-Encoding"}}},
		{"ranges", http.Header{"Accept-Ranges": {"bytes"}}, http.Header{"Vary": {"Accept-Encoding"}}},
		{"Vary", http.Header{"Vary": {"Origin, Accept"}}, http.Header{"Vary": {"Origin, Accept", "Accept-Encoding"}}},
		{"Vary, with it", http.Header{"Vary": {"Origin, accept-encoding"}}, http.Header{"Vary": {"Origin, accept-encoding"}}},
		{"Vary, everything", http.Header{"Vary": {"*"}}, http.Header{"Vary": {"*"}}},
		{"a length", http.Header{"Content-Length": {"5000"}}, http.Header{"Vary": {"Accept-Encoding"}}},
	}
	for _, row := range rows {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range row.set {
				w.Header()[k] = v
			}
			_, _ = io.WriteString(w, words(5000))
		})).ServeHTTP(w, r)
		row.want["Content-Encoding"] = []string{"gzip"}
		row.want["Content-Type"] = []string{"text/plain; charset=utf-8"}
		assert.Equal(t, row.want, w.Header(), row.name)
	}
}

// TestNotModified: the tag that was weakened comes back, and goes out again.
func TestNotModified(t *testing.T) {
	name := t.TempDir() + "/text.txt"
	require.NoError(t, os.WriteFile(name, []byte(words(5000)), 0o600))
	srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"x"`)
		http.ServeFile(w, r, name)
	})))
	resp, body := do(t, srv, "GET", "/", nil, "Accept-Encoding", "gzip")
	tag := resp.Header.Get("Etag")
	assert.Equal(t, `W/"x"`, tag)
	assert.Equal(t, words(5000), decoded(t, "gzip", body))
	resp, _ = do(t, srv, "GET", "/", nil, "Accept-Encoding", "gzip", "If-None-Match", tag)
	assert.Equal(t, 304, resp.StatusCode)
	assert.Equal(t, tag, resp.Header.Get("Etag"))
	assert.Equal(t, "Accept-Encoding", resp.Header.Get("Vary"))
	resp, _ = do(t, srv, "GET", "/", nil, "If-None-Match", `"x"`)
	assert.Equal(t, 304, resp.StatusCode)
	assert.Equal(t, `"x"`, resp.Header.Get("Etag"))
	// Parts are of the file as it is.
	resp, body = do(t, srv, "GET", "/", nil, "Accept-Encoding", "gzip", "Range", "bytes=0-9")
	assert.Equal(t, 206, resp.StatusCode)
	assert.Equal(t, words(5000)[:10], string(body))
}

func TestStreams(t *testing.T) {
	for _, streams := range []bool{false, true} {
		for _, e := range []string{"gzip", "br", "zstd"} {
			saw := make(chan struct{})
			srv := serve(t, Responses(Options{Streams: streams})(events(saw)))
			r, err := http.NewRequest("GET", srv.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", e)
			resp, err := srv.Client().Do(r)
			require.NoError(t, err)
			got := resp.Header.Get("Content-Encoding")
			if streams {
				assert.Equal(t, e, got)
			} else {
				assert.Empty(t, got)
			}
			readEvents(t, decode(t, got, resp.Body), saw)
			resp.Body.Close()
		}
	}
}

// TestFlushInTheMiddle: what was flushed of a compressed answer can be read.
func TestFlushInTheMiddle(t *testing.T) {
	seen := make(chan struct{})
	srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, words(2000))
		w.(http.Flusher).Flush()
		<-seen
		_, _ = io.WriteString(w, "end")
	})))
	r, err := http.NewRequest("GET", srv.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body := decode(t, "gzip", resp.Body)
	first := make([]byte, 2000)
	_, err = io.ReadFull(body, first)
	require.NoError(t, err)
	assert.Equal(t, words(2000), string(first))
	close(seen)
	rest, err := io.ReadAll(body)
	require.NoError(t, err)
	assert.Equal(t, "end", string(rest))
}

// TestHalfAnAnswer does not look like a whole one.
func TestHalfAnAnswer(t *testing.T) {
	srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, words(50_000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})))
	for _, e := range []string{"gzip", "br", "zstd"} {
		r, err := http.NewRequest("GET", srv.URL, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", e)
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		_, err = io.ReadAll(decode(t, e, resp.Body))
		assert.Error(t, err, e)
		resp.Body.Close()
	}
}

// TestPanicsBeforeTheAnswer leave it to whoever recovers outside.
func TestPanicsBeforeTheAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	assert.Panics(t, func() {
		Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "held back")
			panic("oh")
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	})
	assert.Empty(t, w.Body.String())
	assert.False(t, w.Flushed)
}

// TestUpgrades pass untouched, and what else is hijacked works.
func TestUpgrades(t *testing.T) {
	for _, header := range []string{"Connection: Upgrade\r\nUpgrade: websocket\r\n", ""} {
		srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, wrapped := w.(*writer)
			assert.Equal(t, header == "", wrapped)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n")
			_ = rw.Flush()
			line, _ := rw.ReadString('\n')
			fmt.Fprintf(rw, "echo %s", line)
			_ = rw.Flush()
		})))
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n%s\r\n", header)
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, 101, resp.StatusCode)
		fmt.Fprintf(conn, "hello\n")
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "echo hello\n", line)
		conn.Close()
	}
}

// TestEarlyHints leave everything open.
func TestEarlyHints(t *testing.T) {
	srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(201)
		w.WriteHeader(500)
		_, _ = io.WriteString(w, words(2000))
		w.WriteHeader(500)
	})))
	resp, body := do(t, srv, "GET", "/", nil, "Accept-Encoding", "gzip")
	assert.Equal(t, 201, resp.StatusCode)
	assert.Equal(t, words(2000), decoded(t, "gzip", body))
}

func TestOptions(t *testing.T) {
	srv := serve(t, Responses(Options{
		Encodings: []Encoding{Brotli, Gzip}, Level: Smallest, MinSize: 10, Types: []string{"Image/X"},
	})(text("image/x", words(20))))
	resp, body := do(t, srv, "GET", "/", nil, "Accept-Encoding", everything)
	assert.Equal(t, "br", resp.Header.Get("Content-Encoding"))
	assert.Equal(t, words(20), decoded(t, "br", body))
	assert.PanicsWithError(t, "compress: there is no Encoding(9); use Gzip, Zstd and Brotli", func() { Responses(Options{Encodings: []Encoding{9}}) })
	assert.PanicsWithError(t, "compress: there is no level 9", func() { Responses(Options{Level: 9}) })
	assert.PanicsWithError(t, "compress: there is no Encoding(9); use Gzip, Zstd and Brotli", func() { Requests(RequestOptions{Encodings: []Encoding{9}}) })
}

// TestManyAtOnce: pooled encoders keep answers apart, at all levels.
func TestManyAtOnce(t *testing.T) {
	for _, l := range []Level{Balanced, Fastest, Smallest} {
		srv := serve(t, Responses(Options{Level: l})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 20 {
				_, _ = io.WriteString(w, r.URL.Path+words(500))
			}
		})))
		done := make(chan struct{})
		for i := range 16 {
			go func() {
				defer func() { done <- struct{}{} }()
				e := []string{"gzip", "br", "zstd"}[i%3]
				path := fmt.Sprintf("/%d", i)
				for range 10 {
					_, body := do(t, srv, "GET", path, nil, "Accept-Encoding", e)
					assert.Equal(t, strings.Repeat(path+words(500), 20), decoded(t, e, body))
				}
			}()
		}
		for range 16 {
			<-done
		}
	}
}
