package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestDial(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%v", secure), func(t *testing.T) {
			srv := echoServer(t, secure)
			var open atomic.Int64
			opts := &ws.DialOptions{Proxy: direct, TLS: trusting(t), DialContext: counting(&open)}
			c, resp := dialed(t, wsURL(srv)+"/a?b=c", opts)
			require.Equal(t, secure, resp.TLS != nil)
			require.Equal(t, srv.Listener.Addr().String(), c.RemoteAddr().String())
			require.Empty(t, opts.TLS.NextProtos, "the caller's configuration is left alone")

			want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
			for range 3 {
				go func() { _ = c.SendBytes(want) }()
				got, err := c.ReceiveBytes(soon(t))
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got))
			}

			// A read that timed out doesn't spoil the next.
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			defer cancel()
			_, err := c.Receive(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, c.SendText("again"))
			s, err := c.ReceiveText(soon(t))
			require.NoError(t, err)
			require.Equal(t, "again", s)

			got := receive(soon(t), c)
			require.EqualValues(t, 1, open.Load())
			require.NoError(t, c.Close(ws.CodeNormal))
			requireClosed(t, (<-got).err, ws.CodeNormal)
			allClosed(t, &open)
		})
	}
}

func TestDialRequest(t *testing.T) {
	type key struct{}
	seen := make(chan *http.Request, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Add("Set-Cookie", "new=3; Path=/")
		c, err := ws.New(w, r, &ws.Options{Subprotocols: []string{"v1"}})
		if err == nil {
			_ = c.Accept()
			c.Finish()
		}
	}))
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	u, _ := url.Parse(srv.URL)
	jar.SetCookies(u, []*http.Cookie{{Name: "kept", Value: "2"}})
	opts := &ws.DialOptions{
		ClientOptions: ws.ClientOptions{
			Options: ws.Options{Subprotocols: []string{"v2", "v1"}},
			Header:  http.Header{"cookie": {"own=1"}, "X-Token": {"t"}, "host": {"other.example"}},
		},
		Proxy: direct, Jar: jar,
	}
	with := strings.Replace(wsURL(srv), "ws://", "ws://u:p@", 1) + "/x"
	c, _, err := ws.Dial(context.WithValue(soon(t), key{}, "v"), with, opts)
	require.NoError(t, err)
	t.Cleanup(c.Finish)
	require.Equal(t, "v1", c.Subprotocol())
	require.Equal(t, "v", c.Context().Value(key{}))

	r := <-seen
	user, password, _ := r.BasicAuth()
	require.Equal(t, "u:p", user+":"+password)
	require.Equal(t, "other.example", r.Host)
	require.Equal(t, "t", r.Header.Get("X-Token"))
	require.Equal(t, []string{"own=1; kept=2"}, r.Header["Cookie"])
	unchanged := http.Header{"cookie": {"own=1"}, "X-Token": {"t"}, "host": {"other.example"}}
	require.Equal(t, unchanged, opts.Header)
	cookies := jar.Cookies(u)
	require.Len(t, cookies, 2)
	require.Equal(t, "new=3", cookies[1].String())
}

// The answer and the first message come in one segment.
func TestDialEarlyData(t *testing.T) {
	for _, secure := range []bool{false, true} {
		l := listenTCP(t)
		scheme := "ws://"
		if secure {
			l, scheme = tls.NewListener(l, testTLS(t).server), "wss://"
		}
		early := rawFrame(fin|opText, "early", false) + rawFrame(fin|opBinary, strings.Repeat("x", 20_000), false)
		addr := scriptedOn(t, l, func(conn net.Conn) {
			answerWith(t, conn, good+"\r\n"+early)
			untilHangUp(conn)
		})
		c, _, err := ws.Dial(soon(t), scheme+addr, &ws.DialOptions{Proxy: direct, TLS: trusting(t)})
		require.NoError(t, err)
		s, err := c.ReceiveText(soon(t))
		require.NoError(t, err)
		require.Equal(t, "early", s)
		b, err := c.ReceiveBytes(soon(t))
		require.NoError(t, err)
		require.Len(t, b, 20_000)
		c.Finish()
	}
}

func TestDialRefusals(t *testing.T) {
	rows := []struct {
		name, answer, detail string
		status               int
		body                 int // bytes of it
	}{
		{"with a body", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", "403 Forbidden", 403, 2},
		{"in chunks", "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", "403 No", 403, 2},
		{"a long body", "HTTP/1.0 500 X\r\n\r\n" + strings.Repeat("x", 2<<20), "500 X", 500, 1 << 20},
		{"no WebSocket", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK", 200, 0},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", "302 Found", 302, 0},
		{"wrong key", strings.Replace(good, "%s", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1) + "\r\n", "Accept", 101, 0},
		{"extension", good + "Sec-WebSocket-Extensions: x\r\n\r\n", "extension", 101, 0},
		{"subprotocol", good + "Sec-WebSocket-Protocol: x\r\n\r\n", "subprotocol", 101, 0},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "no answer", 0, 0},
		{"nothing", "", "no answer", 0, 0},
		{"endless header", "HTTP/1.1 101 X\r\nA: " + strings.Repeat("x", 2<<20), "no answer", 0, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			addr := scripted(t, func(conn net.Conn) { answerWith(t, conn, row.answer) })
			var open atomic.Int64
			he, resp := refused(t, "ws://"+addr+"/here", &ws.DialOptions{Proxy: direct, DialContext: counting(&open)})
			require.Equal(t, row.status, he.Status)
			require.Contains(t, he.Detail, row.detail)
			allClosed(t, &open)
			require.Equal(t, row.status != 0, resp != nil)
			if resp == nil || row.status == 101 {
				return
			}
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.LessOrEqual(t, len(body), row.body)
			require.GreaterOrEqual(t, len(body), row.body*99/100, "but for the header") // which counts, too
			if row.status == 302 {
				to, err := resp.Location()
				require.NoError(t, err)
				require.Equal(t, "http://"+addr+"/there", to.String())
			}
		})
	}
}

// A refusal may set cookies, and its Location can be dialled as it is.
func TestDialRedirectByHand(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("seen"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		echo(w, r)
	}))
	t.Cleanup(srv.Close)
	jar, _ := cookiejar.New(nil)
	opts := &ws.DialOptions{Proxy: direct, Jar: jar}
	_, resp := refused(t, wsURL(srv), opts)
	to, err := resp.Location()
	require.NoError(t, err)
	dialed(t, to.String(), opts)
}

func TestDialArguments(t *testing.T) {
	never := func(context.Context, string, string) (net.Conn, error) { panic("dialled") }
	for _, row := range []struct {
		url, message string
		change       func(*ws.DialOptions)
	}{
		{"example.com", "scheme", nil},
		{"ftp://example.com", "scheme", nil},
		{"ws://", "no host", nil},
		{"ws://:80", "no host", nil},
		{"ws://example.com/#x", "fragment", nil},
		{"ws://example.com/%zz", "escape", nil},
		{"ws://example.com:65536", "port 65536", nil},
		{"ws://example.com:x", "port", nil},
		{"ws://é b", "ws: ", nil},
		{"ws://xn--é.example", "no name", nil},
		{"ws://example.com", "Upgrade", func(o *ws.DialOptions) { o.Header = http.Header{"Upgrade": {"x"}} }},
		{"ws://example.com", "token", func(o *ws.DialOptions) { o.Subprotocols = []string{"a b"} }},
		{"ws://example.com", "scheme of a proxy", func(o *ws.DialOptions) { o.Proxy = through("ftp://p") }},
		{"ws://example.com", "the proxy for example.com:80", func(o *ws.DialOptions) { o.Proxy = through("http://:1") }},
		{"ws://example.com", "finding the proxy", func(o *ws.DialOptions) { o.Proxy = through("http://%%zz") }},
	} {
		opts := &ws.DialOptions{Proxy: direct, DialContext: never}
		if row.change != nil {
			row.change(opts)
		}
		c, resp, err := ws.Dial(soon(t), row.url, opts)
		require.ErrorContains(t, err, row.message, row.url)
		require.True(t, c == nil && resp == nil)
		var he *ws.HandshakeError
		require.False(t, errors.As(err, &he), "%v: nothing was sent", err)
	}
}

// Names go out in ASCII, whatever the URL is written in.
func TestDialAddresses(t *testing.T) {
	for rawURL, want := range map[string]string{
		"ws://example.com":           "example.com:80",
		"wss://example.com":          "example.com:443",
		"wss://example.com:/":        "example.com:443",
		"ws://example.com:81/a":      "example.com:81",
		"http://example.com":         "example.com:80",
		"wss://[::1]":                "[::1]:443",
		"ws://bücher.example":        "xn--bcher-kva.example:80",
		"ws://b%C3%BCcher.example:1": "xn--bcher-kva.example:1",
	} {
		stop := errors.New("stop")
		he, _ := refused(t, rawURL, &ws.DialOptions{
			Proxy: direct,
			DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
				require.Equal(t, "tcp "+want, network+" "+addr)
				return nil, stop
			},
		})
		require.ErrorIs(t, he, stop)
		require.Equal(t, "no connection to "+want, he.Detail)
	}
}

func TestDialUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its sockets have other paths")
	}
	dir, err := os.MkdirTemp("", "ws") // t.TempDir may be too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(echo)}}
	srv.Start()
	t.Cleanup(srv.Close)
	c, _ := dialed(t, "ws://socket/", &ws.DialOptions{
		Proxy: direct,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	})
	require.NoError(t, c.Close(ws.CodeNormal))
}

// TLS is checked, and is HTTP/1.1.
func TestDialTLS(t *testing.T) {
	srv := echoServer(t, true)
	he, _ := refused(t, wsURL(srv), &ws.DialOptions{Proxy: direct})
	var unknown *tls.CertificateVerificationError
	require.ErrorAs(t, he, &unknown)
	require.Contains(t, he.Detail, "no TLS with 127.0.0.1:")

	to := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	opts := &ws.DialOptions{Proxy: direct, TLS: trusting(t), DialContext: to}
	_, resp := dialed(t, "wss://example.com", opts)
	require.Equal(t, "http/1.1", resp.TLS.NegotiatedProtocol)
	require.Equal(t, "example.com", resp.TLS.ServerName)
	he, _ = refused(t, "wss://other.example", opts)
	require.ErrorAs(t, he, &unknown)
	opts.TLS.ServerName = "example.com"
	dialed(t, "wss://other.example", opts)

	he, _ = refused(t, strings.Replace(wsURL(srv), "wss:", "ws:", 1), &ws.DialOptions{Proxy: direct})
	require.Equal(t, http.StatusBadRequest, he.Status, "plain HTTP to a TLS port")

}

// Servers that speak HTTP/2 alone say so in the TLS handshake, or, as Go's, later.
func TestDialHTTP2Only(t *testing.T) {
	config := testTLS(t).server
	config.NextProtos = []string{"other"} // with h2 crypto/tls would let us pass
	strict := scriptedOn(t, tls.NewListener(listenTCP(t), config), func(conn net.Conn) { untilHangUp(conn) })
	he, _ := refused(t, "wss://"+strict, &ws.DialOptions{Proxy: direct, TLS: trusting(t)})
	require.ErrorContains(t, he, "no application protocol")

	srv := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	srv.Config.Protocols = &http.Protocols{}
	srv.Config.Protocols.SetHTTP2(true)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	he, _ = refused(t, wsURL(srv), &ws.DialOptions{Proxy: direct, TLS: trusting(t)})
	require.NotEqual(t, 101, he.Status)
}

// One DialOptions serves everybody.
func TestDialConcurrently(t *testing.T) {
	plain, secure := echoServer(t, false), echoServer(t, true)
	proxy := &testProxy{to: secure.Listener.Addr().String()}
	addr := scripted(t, proxy.serveHTTP)
	jar, _ := cookiejar.New(nil)
	var open atomic.Int64
	opts := &ws.DialOptions{
		TLS: trusting(t), DialContext: counting(&open), Jar: jar,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Hostname() == "example.com" {
				return url.Parse("http://" + addr)
			}
			return nil, nil
		},
	}
	urls := []string{wsURL(plain), wsURL(secure), wsURL(secure, "example.com")}
	failed := make(chan error, 100)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { failed <- exchangeOnce(urls[i%len(urls)], opts) })
	}
	wg.Wait()
	for range 100 {
		require.NoError(t, <-failed)
	}
	allClosed(t, &open)
}

func exchangeOnce(rawURL string, opts *ws.DialOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, _, err := ws.Dial(ctx, rawURL, opts)
	if err != nil {
		return err
	}
	if err := c.SendText("x"); err != nil {
		return err
	}
	if _, err := c.ReceiveText(ctx); err != nil {
		return err
	}
	return c.Close(ws.CodeNormal)
}

// descriptors counts those of the process, where that can be done.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc/self/fd")
	}
	return len(list)
}

func TestDialLeavesNoDescriptors(t *testing.T) {
	srv := echoServer(t, true)
	hangsUp := scripted(t, func(conn net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(conn)) })
	opts := &ws.DialOptions{Proxy: direct, TLS: trusting(t)}
	before := descriptors(t)
	for range 50 {
		require.NoError(t, exchangeOnce(wsURL(srv), opts))
		refused(t, "ws://"+hangsUp, opts)
		refused(t, wsURL(srv), &ws.DialOptions{Proxy: direct}) // an unknown certificate
	}
	require.Eventually(t, func() bool { return descriptors(t) < before+20 }, 10*time.Second, 10*time.Millisecond)
}
