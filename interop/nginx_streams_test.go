//go:build linux

package interop

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/ws"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serveUntil serves an application until the function is called, which returns
// what Serve does.
func serveUntil(t *testing.T, app *fogo.App) (net.Addr, func() error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, app.Start(t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, ln) }()
	return ln.Addr(), sync.OnceValue(func() error { cancel(); return <-done })
}

// dial opens a WebSocket through nginx.
func (n *nginx) dial(t *testing.T, scheme, host, name, path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	d := websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+n.ports[name])
		},
		TLSClientConfig: &tls.Config{RootCAs: n.roots}, HandshakeTimeout: patience,
	}
	c, resp, err := d.Dial(fmt.Sprintf("%s://%s:%s%s", scheme, host, n.ports[name], path), header)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, resp, err
}

func TestNginxWebSockets(t *testing.T) {
	backend := serve(t, behind(middleware.XForwardedFor, false))
	pass := "proxy_pass http://" + backend.String() + "; "
	n := proxy(t, `
		server { listen 127.0.0.1:{good}; location / { `+pass+headers+` } }
		server { listen 127.0.0.1:{tls} ssl; location / { `+pass+headers+` } }
		server { listen 127.0.0.1:{nohost} ssl; location / { `+pass+` proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } }
		server { listen 127.0.0.1:{bare}; location / { `+pass+` } }
		server { listen 127.0.0.1:{forgets}; location / { `+pass+` proxy_http_version 1.1; proxy_set_header Host $http_host; } }
		server { listen 127.0.0.1:{old}; location / { `+pass+` proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }
	`, "good", "tls", "nohost", "bare", "forgets", "old").ready(t)
	origin := func(name, scheme, host string) http.Header {
		return http.Header{"Origin": {scheme + "://" + host + ":" + n.ports[name]}}
	}
	for _, row := range []struct {
		name, server, scheme, path string
		header                     http.Header
		status                     int
		says                       string
	}{
		{"upgraded", "good", "ws", "/echo", origin("good", "http", "example.com"), 101, ""},
		{"TLS ends at the proxy", "tls", "wss", "/echo", origin("tls", "https", "example.com"), 101, ""},
		{"a page of another site", "tls", "wss", "/echo", origin("tls", "https", "evil.example"), 403, "origin not allowed"},
		{"a page of another port", "tls", "wss", "/echo", origin("good", "https", "example.com"), 403, "origin not allowed"},
		{"no browser", "tls", "wss", "/echo", nil, 101, ""},
		{"the proxy hides the host", "nohost", "wss", "/echo", origin("nohost", "https", "example.com"), 403, "origin not allowed"},
		{"the proxy hides the host, which is configured", "nohost", "wss", "/named", origin("nohost", "https", "example.com"), 101, ""},
		{"the proxy knows nothing", "bare", "ws", "/echo", nil, 426, "Upgrade"},
		{"the proxy forgets Upgrade", "forgets", "ws", "/echo", nil, 426, "Upgrade"},
		{"the proxy speaks HTTP/1.0", "old", "ws", "/echo", nil, 400, "HTTP/1.1, this is HTTP/1.0 (a proxy in between?)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, resp, err := n.dial(t, row.scheme, "example.com", row.server, row.path, row.header)
			require.NotNil(t, resp, "%v", err)
			require.Equal(t, row.status, resp.StatusCode)
			if row.status != http.StatusSwitchingProtocols {
				body, _ := io.ReadAll(resp.Body)
				assert.Contains(t, string(body), row.says)
				return
			}
			require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("through")))
			_, b, err := c.ReadMessage()
			require.NoError(t, err)
			assert.Equal(t, "through", string(b))
			require.NoError(t, c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(patience)))
			_, _, err = c.ReadMessage()
			assert.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "%v", err)
		})
	}
}

// TestNginxEvents: each event arrives when it is sent, though nginx buffers
// answers by default.
func TestNginxEvents(t *testing.T) {
	next := make(chan int)
	ended := make(chan struct{})
	app := fogo.New()
	app.Get("/events", func(ctx context.Context) iter.Seq[int] {
		return func(yield func(int) bool) {
			defer close(ended)
			for {
				select {
				case n := <-next:
					if !yield(n) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}
	})
	n := proxy(t, `server { listen 127.0.0.1:{a}; location / { proxy_pass http://`+serve(t, app).String()+`; } }`, "a").ready(t)
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:"+n.ports["a"]+"/events", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "text/event-stream")
	go func() { next <- 0 }() // the header of the answer comes with it
	resp, err := n.client(t, "127.0.0.1").Do(req)
	require.NoError(t, err)
	lines := bufio.NewScanner(resp.Body)
	for i := range 4 {
		if i > 0 {
			next <- i
		}
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
		}
		require.Equal(t, fmt.Sprintf("data: %d", i), lines.Text(), "%v", lines.Err())
	}
	// And the stream ends when the client leaves.
	resp.Body.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		assert.Fail(t, "the stream goes on")
	}
}

// TestNginxDrain: one of two backends ends while everybody keeps asking, and
// nobody is answered wrongly. nginx keeps connections to both.
func TestNginxDrain(t *testing.T) {
	var served [2]atomic.Int64
	backend := func(i int) (net.Addr, func() error) {
		app := fogo.New(fogo.WithDrainDelay(500 * time.Millisecond))
		app.Get("/jobs/{text}", func(text string) string {
			served[i].Add(1)
			time.Sleep(time.Millisecond)
			return strings.Repeat(text, 2000)
		})
		app.WebSocket("/echo", func(text ws.Text) ws.Text { return text })
		return serveUntil(t, app)
	}
	first, stopFirst := backend(0)
	second, stopSecond := backend(1)
	n := proxy(t, upstream("pair", first, second)+upstream("one", first)+`
		server { listen 127.0.0.1:{a};
			location / { proxy_pass http://pair; proxy_http_version 1.1; proxy_set_header Connection ""; }
			location /echo { proxy_pass http://one; `+headers+` }
		}`, "a").ready(t)
	socket, _, err := n.dial(t, "ws", "127.0.0.1", "a", "/echo", nil)
	require.NoError(t, err)

	var over atomic.Bool
	var wg sync.WaitGroup
	for i := range 6 {
		client, text := n.client(t, "127.0.0.1"), fmt.Sprint("client", i)
		wg.Go(func() {
			for !over.Load() {
				resp, err := client.Get("http://127.0.0.1:" + n.ports["a"] + "/jobs/" + text)
				if !assert.NoError(t, err) {
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				assert.NoError(t, err)
				if !assert.Equal(t, 200, resp.StatusCode) || !assert.True(t, strings.Repeat(text, 2000) == string(b)) {
					return
				}
			}
		})
	}
	both := func() bool { return served[0].Load() > 100 && served[1].Load() > 100 }
	require.Eventually(t, both, patience, time.Millisecond)
	said := make(chan error, 1)
	go func() {
		_, _, err := socket.ReadMessage()
		said <- err
	}()
	assert.NoError(t, stopFirst())
	err = <-said
	assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	last, since := served[0].Load(), served[1].Load()
	require.Eventually(t, func() bool { return served[1].Load() > since+200 }, patience, time.Millisecond)
	assert.Equal(t, last, served[0].Load())
	over.Store(true)
	wg.Wait()
	assert.NoError(t, stopSecond())
}

// TestNginxOverAUnixSocket: the peer has no address, and is believed where that is
// said. Debug mode takes it for no client of this machine.
func TestNginxOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	listens := make(chan net.Addr, 1)
	app := fogo.New(fogo.WithDebug(), fogo.WithSocketMode(0o660), fogo.WithOnListen(func(a net.Addr) { listens <- a }))
	app.Use(middleware.RealIP(middleware.RealIPOptions{Unix: true}))
	app.Get("/ip", func(r *http.Request) string { return middleware.ClientIP(r).String() + " " + middleware.Scheme(r) })
	app.WebSocket("/echo", func(text ws.Text) ws.Text { return text })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx, "unix:"+path) }()
	require.Equal(t, path, (<-listens).String())
	n := proxy(t, `server { listen 127.0.0.1:{a}; location / { proxy_pass http://unix:`+path+`:; `+headers+` } }`, "a").ready(t)
	c, base := n.client(t, "127.0.0.5"), "http://127.0.0.1:"+n.ports["a"]
	assert.Equal(t, "127.0.0.5 http", fetch(t, c, base+"/ip", 200, "X-Forwarded-For", "203.0.113.9"))
	fetch(t, c, base+"/_fogo/", 404)
	socket, _, err := n.dial(t, "ws", "127.0.0.1", "a", "/echo", nil)
	require.NoError(t, err)
	require.NoError(t, socket.WriteMessage(websocket.TextMessage, []byte("through")))
	_, b, err := socket.ReadMessage()
	require.NoError(t, err)
	assert.Equal(t, "through", string(b))
	socket.Close()
	cancel()
	require.NoError(t, <-done)
	assert.NoFileExists(t, path)
}
