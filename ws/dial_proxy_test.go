package ws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// Every kind of proxy leads to every kind of server, and the names are looked up behind it.
func TestDialThroughProxies(t *testing.T) {
	kinds := []struct {
		scheme string
		start  func(t *testing.T, p *testProxy) string
	}{
		{"http", func(t *testing.T, p *testProxy) string { return scripted(t, p.serveHTTP) }},
		{"https", func(t *testing.T, p *testProxy) string {
			return scriptedOn(t, tls.NewListener(listenTCP(t), testTLS(t).server), p.serveHTTP)
		}},
		{"socks5", func(t *testing.T, p *testProxy) string { return scripted(t, p.serveSOCKS) }},
		{"socks5h", func(t *testing.T, p *testProxy) string { return scripted(t, p.serveSOCKS) }},
	}
	for _, kind := range kinds {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s secure=%v", kind.scheme, secure), func(t *testing.T) {
				srv := echoServer(t, secure)
				_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
				p := &testProxy{to: srv.Listener.Addr().String()}
				addr := kind.start(t, p)
				var open atomic.Int64
				opts := &ws.DialOptions{
					Proxy: through("%s://%s", kind.scheme, addr),
					TLS:   trusting(t), ProxyTLS: trusting(t), DialContext: counting(&open),
				}
				c, _ := dialed(t, wsURL(srv, "example.com"), opts)
				require.Equal(t, []string{"example.com:" + port}, p.asked())
				require.Equal(t, addr, c.RemoteAddr().String())

				want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
				go func() { _ = c.SendBytes(want) }()
				b, err := c.ReceiveBytes(soon(t))
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, b))

				got := receive(soon(t), c)
				require.NoError(t, c.Close(ws.CodeNormal))
				requireClosed(t, (<-got).err, ws.CodeNormal)
				allClosed(t, &open)
			})
		}
	}
}

// The user of an HTTP proxy is sent to it, and to nobody else.
func TestDialProxyUser(t *testing.T) {
	srv := echoServer(t, false)
	p := &testProxy{to: srv.Listener.Addr().String()}
	addr := scripted(t, p.serveHTTP)
	dialed(t, "ws://example.com", &ws.DialOptions{Proxy: through("http://%s", addr)})
	dialed(t, "ws://u:p@example.com", &ws.DialOptions{Proxy: through("http://us%%40er:pass%%3Aword@%s", addr)})
	require.Empty(t, p.headers[0]["Proxy-Authorization"])
	require.Equal(t, "Basic dXNAZXI6cGFzczp3b3Jk", p.headers[1].Get("Proxy-Authorization"))
	require.Empty(t, p.headers[1]["Authorization"], "that is the server's")
	require.Empty(t, p.headers[1]["Upgrade"])

	p.answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
	he, resp := refused(t, "ws://example.com", &ws.DialOptions{Proxy: through("http://user:secret@%s", addr)})
	require.Nil(t, resp, "it is not the server's")
	require.Zero(t, he.Status)
	require.Equal(t, "ws: handshake: no tunnel through the proxy http://"+addr+
		": it answered 407 Proxy Authentication Required", he.Error())
}

func TestDialProxyAnswers(t *testing.T) {
	for _, row := range []struct{ name, answer, message string }{
		{"other success", "HTTP/1.1 204 Fine\r\n\r\n", ""},
		{"refused", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n", "it answered 502 Bad Gateway"},
		{"101", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", "it answered 101 X"},
		{"more than asked for", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 X\r\n\r\n", "more than its answer"},
		{"garbage", "\x05\x00\r\n\r\n", "malformed"},
		{"endless", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 2<<20), "too long"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &testProxy{answer: row.answer}
			var open atomic.Int64
			opts := &ws.DialOptions{
				Proxy:       through("http://%s", scripted(t, p.serveHTTP)),
				DialContext: counting(&open),
			}
			if row.message == "" {
				opts.HandshakeTimeout = tooShort
				row.message = "no answer: context deadline exceeded" // from a server that isn't there
			}
			he, _ := refused(t, "ws://example.com", opts)
			require.ErrorContains(t, he, row.message)
			allClosed(t, &open)
		})
	}
	hangsUp := scripted(t, func(net.Conn) {})
	for _, scheme := range []string{"http", "https", "socks5"} {
		he, _ := refused(t, "ws://example.com", &ws.DialOptions{Proxy: through("%s://%s", scheme, hangsUp)})
		require.Contains(t, he.Detail, "the proxy "+scheme+"://"+hangsUp)
		require.Error(t, he.Err)
	}
}

// TLS with a proxy has a configuration of its own.
func TestDialProxyTLS(t *testing.T) {
	srv := echoServer(t, true)
	p := &testProxy{to: srv.Listener.Addr().String()}
	var certificates atomic.Int64
	config := testTLS(t).server
	config.ClientAuth = tls.RequestClientCert
	config.VerifyConnection = func(state tls.ConnectionState) error {
		certificates.Add(int64(len(state.PeerCertificates)))
		return nil
	}
	addr := scriptedOn(t, tls.NewListener(listenTCP(t), config), p.serveHTTP)
	opts := &ws.DialOptions{Proxy: through("https://%s", addr), TLS: trusting(t)}
	opts.TLS.ServerName = "example.com"
	opts.TLS.Certificates = config.Certificates
	he, _ := refused(t, "wss://other.example", opts)
	require.Equal(t, "no TLS with the proxy https://"+addr, he.Detail)
	opts.ProxyTLS = trusting(t)
	dialed(t, "wss://other.example", opts)
	require.Zero(t, certificates.Load(), "the client's certificate is not the proxy's business")
}

func TestDialSOCKS5(t *testing.T) {
	srv := echoServer(t, false)
	to := srv.Listener.Addr().String()
	long := strings.Repeat("x", 256)
	for _, row := range []struct {
		name, user, host string
		proxy            *testProxy
		message          string // of the error, if there is one
	}{
		{"IPv4", "", "192.0.2.1", &testProxy{to: to}, ""},
		{"IPv6", "", "[2001:db8::1]", &testProxy{to: to}, ""},
		{"mapped", "", "[::ffff:192.0.2.1]", &testProxy{to: to}, ""},
		{"name", "", "example.com", &testProxy{to: to}, ""},
		{"user not needed", "u:p@", "example.com", &testProxy{to: to}, ""},
		{"user", "u:p@", "example.com", &testProxy{to: to, method: 2}, ""},
		{"user without password", "u@", "example.com", &testProxy{to: to, method: 2}, ""},
		{"wrong password", "u:wrong@", "example.com", &testProxy{to: to, method: 2}, "refused the user name"},
		{"long password", "u:" + long + "@", "example.com", &testProxy{to: to, method: 2}, "255 bytes"},
		{"user needed", "", "example.com", &testProxy{to: to, method: 0xff}, "another authentication"},
		{"unknown method", "u:p@", "example.com", &testProxy{to: to, method: 1}, "method 1"},
		{"method not offered", "", "example.com", &testProxy{to: to, method: 2}, "method 2"},
		{"long name", "", long, &testProxy{to: to}, "host name above 255"},
		{"refused", "", "example.com", &testProxy{reply: "\x05\x05"}, "connection refused"},
		{"refused otherwise", "", "example.com", &testProxy{reply: "\x05\x09"}, "reply 9"},
		{"not SOCKS5", "", "example.com", &testProxy{reply: "\x04\x00"}, "doesn't speak SOCKS5"},
		{"unknown address", "", "example.com", &testProxy{reply: "\x05\x00\x00\x07\x00"}, "unknown type 7"},
		{"half an address", "", "example.com", &testProxy{reply: "\x05\x00\x00\x04\x00"}, "EOF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := scripted(t, row.proxy.serveSOCKS)
			opts := &ws.DialOptions{Proxy: through("socks5://%s%s", row.user, addr)}
			if row.message != "" {
				he, _ := refused(t, "ws://"+row.host, opts)
				require.Equal(t, "no tunnel through the proxy socks5://"+addr, he.Detail)
				require.ErrorContains(t, he.Err, row.message)
				return
			}
			dialed(t, "ws://"+row.host, opts)
			want := strings.TrimPrefix(row.host, "[::ffff:")
			require.Equal(t, []string{net.JoinHostPort(strings.Trim(want, "[]"), "80")}, row.proxy.asked())
			if row.proxy.method == 2 {
				u, _ := url.Parse("x://" + row.user)
				password, _ := u.User.Password()
				require.Equal(t, []string{u.User.Username() + ":" + password}, row.proxy.users)
			}
		})
	}
	web := scripted(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	he, _ := refused(t, "ws://example.com", &ws.DialOptions{Proxy: through("socks5://%s", web)})
	require.ErrorContains(t, he, "begins with 0x48")
}

// The environment is read once in the life of a process, so another one does this.
func TestDialProxyFromEnvironment(t *testing.T) {
	const marker = "FOGO_TEST_DIAL"
	if server := os.Getenv(marker); server != "" {
		dialFromEnvironment(t, server)
		return
	}
	srv := echoServer(t, false)
	p := &testProxy{to: srv.Listener.Addr().String()}
	addr := scripted(t, p.serveHTTP)
	cmd := exec.Command(os.Args[0], "-test.run=^TestDialProxyFromEnvironment$", "-test.v")
	cmd.Env = append(os.Environ(), marker+"="+p.to,
		"HTTP_PROXY=http://"+addr, "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=.direct.example", "REQUEST_METHOD=",
		"http_proxy=", "https_proxy=", "no_proxy=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, []string{"proxied.example:80"}, p.asked())
}

func dialFromEnvironment(t *testing.T, server string) {
	dialed(t, "ws://proxied.example", nil)

	var mu sync.Mutex
	var addrs []string
	opts := &ws.DialOptions{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		addrs = append(addrs, addr)
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}}
	dialed(t, "ws://a.direct.example", opts)
	_, _, err := ws.Dial(soon(t), "wss://proxied.example", opts)
	require.ErrorContains(t, err, "no tunnel through the proxy http://127.0.0.1:1")
	require.Equal(t, []string{"a.direct.example:80", "127.0.0.1:1"}, addrs)
}
