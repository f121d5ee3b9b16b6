package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// direct is a Proxy that says: none. Tests don't depend on the environment.
func direct(*http.Request) (*url.URL, error) { return nil, nil }

// echoServer is a real server that sends every message back.
func echoServer(t testing.TB, secure bool) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if secure {
		srv.EnableHTTP2 = true // which Dial must not accept
		srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := ws.New(w, r, nil)
	if err != nil {
		http.Error(w, err.Error(), err.(*ws.HandshakeError).Status)
		return
	}
	defer c.Finish()
	for m, err := range c.Messages(c.Context()) {
		if err != nil || c.Send(m.Kind, m.Data) != nil {
			return
		}
	}
}

// wsURL is a server's URL with the scheme ws or wss, as host if one is given.
func wsURL(srv *httptest.Server, host ...string) string {
	u, _ := url.Parse(srv.URL)
	u.Scheme = "ws" + u.Scheme[len("http"):]
	if len(host) > 0 {
		u.Host = net.JoinHostPort(host[0], u.Port())
	}
	return u.String()
}

// trusting is a configuration that knows the certificates of the test servers, which are for example.com and 127.0.0.1.
func trusting(t testing.TB) *tls.Config {
	t.Helper()
	return testTLS(t).client
}

type testTLSConfigs struct{ client, server *tls.Config }

// testTLS borrows certificates from httptest.
func testTLS(t testing.TB) testTLSConfigs {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return testTLSConfigs{
		client: &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		server: &tls.Config{Certificates: srv.TLS.Certificates},
	}
}

// dialed opens a connection that has to work, and tries it.
func dialed(t testing.TB, rawURL string, opts *ws.DialOptions) (*ws.WebSocket, *http.Response) {
	t.Helper()
	c, resp, err := ws.Dial(soon(t), rawURL, opts)
	require.NoError(t, err)
	t.Cleanup(c.Finish)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.NoError(t, c.SendText("hello"))
	s, err := c.ReceiveText(soon(t))
	require.NoError(t, err)
	require.Equal(t, "hello", s)
	return c, resp
}

// refused is for dials that have to fail with a HandshakeError.
func refused(t testing.TB, rawURL string, opts *ws.DialOptions) (*ws.HandshakeError, *http.Response) {
	t.Helper()
	c, resp, err := ws.Dial(soon(t), rawURL, opts)
	require.Nil(t, c)
	var he *ws.HandshakeError
	require.ErrorAs(t, err, &he)
	return he, resp
}

// scripted is a server on a real socket whose connections f handles, one goroutine each.
func scripted(t testing.TB, f func(net.Conn)) string {
	t.Helper()
	return scriptedOn(t, listenTCP(t), f)
}

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func scriptedOn(t testing.TB, l net.Listener, f func(net.Conn)) string {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				f(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait() // each ends when its client hangs up
	})
	return l.Addr().String()
}

// untilHangUp reads until the client is gone.
func untilHangUp(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// testProxy is a proxy that leads everything to one address, whatever it is asked for.
type testProxy struct {
	to     string
	answer string // what CONNECT is answered with; default a 200
	method byte   // the authentication that SOCKS5 chooses
	reply  string // what SOCKS5 answers a request with; default success

	mu      sync.Mutex
	targets []string      // what was asked for
	headers []http.Header // of CONNECT
	users   []string      // of SOCKS5
}

func (p *testProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.targets)
}

// serveHTTP is an HTTP proxy that knows nothing but CONNECT.
func (p *testProxy) serveHTTP(conn net.Conn) {
	br := bufio.NewReader(conn)
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	if r.Method != http.MethodConnect {
		_, _ = io.WriteString(conn, "HTTP/1.1 405 Only CONNECT\r\n\r\n")
		return
	}
	p.mu.Lock()
	p.targets, p.headers = append(p.targets, r.RequestURI), append(p.headers, r.Header)
	p.mu.Unlock()
	if p.answer != "" {
		_, _ = io.WriteString(conn, p.answer)
		untilHangUp(conn)
		return
	}
	// Some proxies send fields that mean nothing here.
	p.join(conn, br, "HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n")
}

// serveSOCKS is a SOCKS5 proxy.
func (p *testProxy) serveSOCKS(conn net.Conn) {
	br := bufio.NewReader(conn)
	take := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(br, b)
		return b
	}
	_ = take(int(take(2)[1])) // the methods
	_, _ = conn.Write([]byte{5, p.method})
	if p.method == 2 {
		name := string(take(int(take(2)[1])))
		password := string(take(int(take(1)[0])))
		p.mu.Lock()
		p.users = append(p.users, name+":"+password)
		p.mu.Unlock()
		if password == "wrong" {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
	}
	var host string
	switch kind := take(4)[3]; kind {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = string(take(int(take(1)[0])))
	case 4:
		host = net.IP(take(16)).String()
	}
	port := binary.BigEndian.Uint16(take(2))
	p.mu.Lock()
	p.targets = append(p.targets, net.JoinHostPort(host, strconv.Itoa(int(port))))
	p.mu.Unlock()
	if p.reply != "" {
		_, _ = io.WriteString(conn, p.reply)
		return
	}
	p.join(conn, br, "\x05\x00\x00\x03\x04host\x00\x01")
}

// join answers and passes bytes on, both ways.
func (p *testProxy) join(conn net.Conn, br io.Reader, answer string) {
	up, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer up.Close()
	_, _ = io.WriteString(conn, answer)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(up, br)
		_ = up.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(conn, up)
	_ = conn.Close()
	wg.Wait()
}

// through is a Proxy option.
func through(format string, args ...any) func(*http.Request) (*url.URL, error) {
	u, err := url.Parse(fmt.Sprintf(format, args...))
	return func(*http.Request) (*url.URL, error) { return u, err }
}

// watchedConn counts, over real TCP, what was opened and not closed.
type watchedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// counting is a DialContext that counts open connections.
func counting(open *atomic.Int64) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &watchedConn{Conn: conn, open: open}, nil
	}
}

// allClosed waits until nothing is open.
func allClosed(t testing.TB, open *atomic.Int64) {
	t.Helper()
	require.Eventually(t, func() bool { return open.Load() == 0 }, 10*time.Second, time.Millisecond)
}
