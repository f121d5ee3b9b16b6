package together

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/middleware/compress"
	"github.com/gofogo/fogo/middleware/cors"
	"github.com/gofogo/fogo/middleware/ratelimit"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// log collects the records of a logger.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// find waits for a record with a message and a path.
func (l *log) find(t *testing.T, msg, path string) map[string]any {
	t.Helper()
	var found map[string]any
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for line := range strings.Lines(l.buf.String()) {
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == msg && m["path"] == path {
				found = m
				return true
			}
		}
		return false
	}, 5*time.Second, time.Millisecond, "%s of %s", msg, path)
	return found
}

// stack is everything, in the documented order.
func stack(l *log, streams bool) []func(http.Handler) http.Handler {
	logger := slog.New(slog.NewJSONHandler(l, nil))
	local := middleware.PrivateNetworks()
	return []func(http.Handler) http.Handler{
		middleware.RealIP(middleware.RealIPOptions{Trusted: local}),
		middleware.RequestID(middleware.RequestIDOptions{Trusted: local}),
		middleware.AccessLog(logger, middleware.AccessLogOptions{}),
		middleware.Recover(logger),
		middleware.SecurityHeaders(middleware.SecurityOptions{}),
		cors.Must(cors.Options{Origins: []string{"https://a.example"}, Methods: []string{"GET", "PUT"}}),
		ratelimit.Must(ratelimit.Options{Limit: 20, Window: time.Hour}),
		middleware.Timeout(200 * time.Millisecond),
		middleware.BodyLimit(1 << 20),
		compress.Requests(compress.RequestOptions{}),
		compress.Responses(compress.Options{Streams: streams, Encodings: []compress.Encoding{compress.Gzip}}),
	}
}

// Text is a body and a message.
type Text struct {
	Text string `json:"text"`
}

// newApp is an application with a view of each kind.
func newApp(l *log, streams bool, seen <-chan struct{}) *fogo.App {
	app := fogo.New(fogo.WithLogger(slog.New(slog.NewJSONHandler(l, nil))))
	app.Use(stack(l, streams)...)
	app.Get("/long", func() string { return strings.Repeat("the same again and again ", 200) })
	app.Put("/echo", func(b resolve.Body[Text]) Text { return b.Value })
	app.Get("/fails", func() error { return io.ErrNoProgress })
	app.Get("/slow", func(r *http.Request) error { <-r.Context().Done(); return r.Context().Err() })
	app.Get("/id", func(r *http.Request) string { return resolve.RequestID(r) + " " + r.RemoteAddr })
	app.Get("/events", func() iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range 3 {
				if !yield(i) {
					return
				}
				<-seen
			}
		}
	})
	app.WebSocket("/ws", func(conn *ws.WebSocket, m ws.Text) error { return conn.SendText("echo " + string(m)) })
	return app
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func serveApp(t *testing.T, app *fogo.App) *httptest.Server {
	t.Helper()
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, app.Stop(context.WithoutCancel(t.Context()))) }) // which is over by then
	return serve(t, app)
}

func do(t *testing.T, srv *httptest.Server, method, path string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, body)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

func zip(s string) io.Reader {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return &b
}

func TestRequests(t *testing.T) {
	var l log
	srv := serveApp(t, newApp(&l, false, nil))

	resp, body := do(t, srv, "GET", "/long", nil) // the client unpacks by itself
	assert.True(t, resp.Uncompressed)
	assert.Len(t, body, 5000)
	rec := l.find(t, "request", "/long")
	assert.Less(t, rec["bytes"], 500.0, "as they were sent")
	assert.Equal(t, "GET /long", rec["route"])
	assert.Equal(t, resp.Header.Get("X-Request-Id"), rec["request_id"])
	assert.Equal(t, "DENY", resp.Header.Get("X-Frame-Options"))
	assert.NotEmpty(t, resp.Header.Get("RateLimit"))

	_, body = do(t, srv, "GET", "/id", nil, "X-Request-Id", "abc", "X-Forwarded-For", "203.0.113.7")
	assert.Equal(t, "abc 203.0.113.7:0", body)

	_, body = do(t, srv, "PUT", "/echo", zip(`{"text":"hello"}`), "Content-Encoding", "gzip", "Content-Type", "application/json")
	assert.JSONEq(t, `{"text":"hello"}`, body)
}

func TestRefusals(t *testing.T) {
	var l log
	srv := serveApp(t, newApp(&l, false, nil))
	asJSON := []string{"Content-Type", "application/json"}
	gzipped := append([]string{"Content-Encoding", "gzip"}, asJSON...)
	rows := []struct {
		name, method, path string
		body               io.Reader
		header             []string
		status             int
	}{
		{"a bomb", "PUT", "/echo", zip(`{"text":"` + strings.Repeat("0", 10<<20) + `"}`), gzipped, 413},
		{"a broken body", "PUT", "/echo", strings.NewReader("\x1f\x8b\x08"), gzipped, 400},
		{"an unknown encoding", "PUT", "/echo", strings.NewReader("{}"), append([]string{"Content-Encoding", "br"}, asJSON...), 415},
		{"a big body", "PUT", "/echo", strings.NewReader(strings.Repeat(" ", 2<<20)), asJSON, 413},
		{"too slow", "GET", "/slow", nil, nil, 503},
		{"a failure", "GET", "/fails", nil, nil, 500},
		{"no route", "GET", "/nowhere", nil, nil, 404},
		{"another method", "PUT", "/long", nil, nil, 405},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			resp, body := do(t, srv, row.method, row.path, row.body, row.header...)
			assert.Equal(t, row.status, resp.StatusCode, body)
			assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
			var p map[string]any
			require.NoError(t, json.Unmarshal([]byte(body), &p))
			assert.EqualValues(t, row.status, p["status"])
			if row.status >= 500 {
				assert.Equal(t, resp.Header.Get("X-Request-Id"), p["request_id"])
			}
		})
	}
	resp, _ := do(t, srv, "OPTIONS", "/echo", nil, "Origin", "https://a.example", "Access-Control-Request-Method", "PUT")
	assert.Equal(t, 204, resp.StatusCode)
	assert.Equal(t, "https://a.example", resp.Header.Get("Access-Control-Allow-Origin"))
	for range 20 {
		resp, _ = do(t, srv, "GET", "/id", nil)
	}
	assert.Equal(t, 429, resp.StatusCode)
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
}

// TestStreams: each event arrives before the next one is made, and the timeout
// is over meanwhile.
func TestStreams(t *testing.T) {
	for _, streams := range []bool{false, true} {
		var l log
		saw := make(chan struct{})
		srv := serveApp(t, newApp(&l, streams, saw))
		r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/events", nil)
		require.NoError(t, err)
		r.Header.Set("Accept", "text/event-stream")
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		assert.Equal(t, streams, resp.Uncompressed)
		lines := bufio.NewScanner(resp.Body)
		for i := range 3 {
			require.True(t, lines.Scan())
			assert.Equal(t, fmt.Sprintf("data: %d", i), lines.Text())
			require.True(t, lines.Scan())
			time.Sleep(100 * time.Millisecond)
			saw <- struct{}{}
		}
		assert.False(t, lines.Scan())
		assert.NoError(t, lines.Err())
		resp.Body.Close()
		assert.EqualValues(t, 200, l.find(t, "request", "/events")["status"])
	}
}

// TestSockets: a WebSocket of Fogo's, and a plain handler that hijacks.
func TestSockets(t *testing.T) {
	var l log
	srv := serveApp(t, newApp(&l, true, nil))
	conn, in := dial(t, srv)
	time.Sleep(300 * time.Millisecond) // longer than the timeout
	for range 3 {
		_, err := conn.Write(frame("hello"))
		require.NoError(t, err)
		head := make([]byte, 2)
		_, err = io.ReadFull(in, head)
		require.NoError(t, err)
		assert.Equal(t, byte(0x81), head[0])
		text := make([]byte, head[1])
		_, err = io.ReadFull(in, text)
		require.NoError(t, err)
		assert.Equal(t, "echo hello", string(text))
	}
	assert.EqualValues(t, 101, l.find(t, "request", "/ws")["status"])
	conn.Close()
	assert.NotEmpty(t, l.find(t, "connection over", "/ws")["request_id"])

	plain := serve(t, middleware.Chain(stack(&l, true)...)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw)
	})))
	conn, in = dial(t, plain)
	_, err := io.WriteString(conn, "raw\n")
	require.NoError(t, err)
	line, err := in.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "raw\n", line)
	conn.Close()
}

// dial does an opening handshake by hand.
func dial(t *testing.T, srv *httptest.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAccept-Encoding: gzip\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, 101, resp.StatusCode)
	return conn, in
}

// frame is a text frame of a client, masked with zeros.
func frame(s string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(s)), 0, 0, 0, 0}, s...)
}
