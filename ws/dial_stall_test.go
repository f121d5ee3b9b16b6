package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// tooShort is a limit that something which never happens doesn't keep.
const tooShort = 50 * time.Millisecond

// stalls are the stages of a dial in which the other side may say nothing more. Each calls
// stuck when that is so, and returns when the client has hung up.
func stalls(t *testing.T, stuck func()) []stall {
	hold := func(conn net.Conn) {
		stuck()
		untilHangUp(conn)
	}
	mute := func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1)) // a client speaks first, in every stage
		hold(conn)
	}
	afterRequest := func(answer string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, answer)
			hold(conn)
		}
	}
	connecting := func(ctx context.Context, _, _ string) (net.Conn, error) {
		stuck()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	silent := scripted(t, mute)
	toSilent := &testProxy{to: silent}
	secret := testTLS(t)
	listenTLS := func() net.Listener { return tls.NewListener(listenTCP(t), secret.server) }
	refusing := afterRequest("HTTP/1.1 200 OK\r\nX-Begun: ")
	return []stall{
		{"connecting", "ws://a.example", "", "no connection to a.example:80", connecting},
		{"answer", "ws://" + silent, "", "no answer", nil},
		{"half an answer", "ws://" + scripted(t, refusing), "", "no answer", nil},
		{"TLS", "wss://" + silent, "", "no TLS with " + silent, nil},
		{"answer over TLS", "wss://" + scriptedOn(t, listenTLS(), afterRequest("")), "", "no answer", nil},
		{"TLS with the proxy", "ws://a.example", "https://" + silent, "no TLS with the proxy https://" + silent, nil},
		{"CONNECT", "ws://a.example", "http://" + silent, "no tunnel through the proxy http://" + silent, nil},
		{"half of CONNECT", "wss://a.example", "http://" + scripted(t, refusing), "no tunnel through the proxy", nil},
		{"SOCKS5", "ws://a.example", "socks5://" + silent, "no tunnel through the proxy socks5://" + silent, nil},
		{"SOCKS5, the request", "ws://a.example", "socks5://u:p@" + scripted(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte{5, 0})
			mute(conn)
		}), "no tunnel through the proxy", nil},
		{"answer behind a proxy", "ws://a.example", "http://" + scripted(t, toSilent.serveHTTP), "no answer", nil},
		{"TLS behind a proxy", "wss://a.example", "https://" + scriptedOn(t, listenTLS(), toSilent.serveHTTP), "no TLS with a.", nil},
		{"TLS behind SOCKS5", "wss://a.example", "socks5://" + scripted(t, toSilent.serveSOCKS), "no TLS with a.", nil},
	}
}

type stall struct {
	name, url, proxy, detail string
	dial                     func(context.Context, string, string) (net.Conn, error)
}

func (s *stall) options(t *testing.T, open *atomic.Int64) *ws.DialOptions {
	opts := &ws.DialOptions{Proxy: direct, DialContext: s.dial, TLS: trusting(t), ProxyTLS: trusting(t)}
	if s.proxy != "" {
		opts.Proxy = through("%s", s.proxy)
	}
	if s.dial == nil {
		opts.DialContext = counting(open)
	}
	return opts
}

func TestDialTimeoutInEachStage(t *testing.T) {
	for _, s := range stalls(t, func() {}) {
		t.Run(s.name, func(t *testing.T) {
			var open atomic.Int64
			opts := s.options(t, &open)
			opts.HandshakeTimeout = tooShort
			he, resp := refused(t, s.url, opts)
			require.ErrorIs(t, he, context.DeadlineExceeded)
			require.Nil(t, resp)
			require.Zero(t, he.Status) // and which stage it was depends on how busy the machine is
			allClosed(t, &open)
		})
	}
}

func TestDialCancelledInEachStage(t *testing.T) {
	stuck := make(chan struct{}, 1)
	for _, s := range stalls(t, func() { stuck <- struct{}{} }) {
		t.Run(s.name, func(t *testing.T) {
			var open atomic.Int64
			opts := s.options(t, &open)
			opts.HandshakeTimeout = time.Minute
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() {
				<-stuck
				cancel()
			}()
			c, resp, err := ws.Dial(ctx, s.url, opts)
			require.ErrorIs(t, err, context.Canceled)
			require.True(t, c == nil && resp == nil)
			var he *ws.HandshakeError
			require.ErrorAs(t, err, &he)
			require.Contains(t, he.Detail, s.detail)
			allClosed(t, &open)
		})
	}
}

func TestDialWithoutTime(t *testing.T) {
	srv := echoServer(t, false)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := ws.Dial(ctx, wsURL(srv), &ws.DialOptions{Proxy: direct})
	require.ErrorIs(t, err, context.Canceled)

	// A dialer that succeeds although it is too late.
	var open atomic.Int64
	count := counting(&open)
	_, _, err = ws.Dial(ctx, wsURL(srv), &ws.DialOptions{
		Proxy: direct,
		DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			return count(context.Background(), network, addr)
		},
	})
	require.ErrorIs(t, err, context.Canceled)
	allClosed(t, &open)
}

// One limit holds for all stages together.
func TestDialTimeoutIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = 4 * time.Second
		opts := &ws.DialOptions{
			Proxy: through("http://proxy.example"),
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(slow)
				client, proxy := memnet.Pipe(memnet.DefaultBuffer)
				go func() {
					defer proxy.Close()
					_, _ = http.ReadRequest(bufio.NewReader(proxy))
					time.Sleep(slow)
					_, _ = io.WriteString(proxy, "HTTP/1.1 200 OK\r\n\r\n")
					untilHangUp(proxy)
				}()
				return client, nil
			},
		}
		start := time.Now()
		he, _ := refused(t, "ws://example.com", opts)
		require.ErrorIs(t, he, context.DeadlineExceeded)
		require.Equal(t, "no answer", he.Detail)
		require.Equal(t, ws.DefaultHandshakeTimeout, time.Since(start))
	})
}

// Neither the timeout nor the end of ctx touches a connection that stands.
func TestDialOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &ws.DialOptions{
			Proxy: direct,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				client, server := memnet.Pipe(memnet.DefaultBuffer)
				go func() {
					defer server.Close()
					answerWith(t, server, good+"\r\n")
					time.Sleep(time.Hour)
					_, _ = io.WriteString(server, rawFrame(fin|opText, "still there", false))
					untilHangUp(server)
				}()
				return client, nil
			},
		}
		opts.PingInterval = -1
		ctx, cancel := context.WithCancel(context.Background())
		c, _, err := ws.Dial(ctx, "ws://example.com", opts)
		require.NoError(t, err)
		defer c.Finish()
		cancel()
		require.NoError(t, c.Context().Err())
		s, err := c.ReceiveText(context.Background())
		require.NoError(t, err)
		require.Equal(t, "still there", s)
	})
}

// A server that vanishes ends whoever reads.
func TestDialServerHangsUp(t *testing.T) {
	addr := scripted(t, func(conn net.Conn) {
		answerWith(t, conn, good+"\r\n"+rawFrame(fin|opText, "bye", false))
	})
	c, _, err := ws.Dial(soon(t), "ws://"+addr, &ws.DialOptions{Proxy: direct})
	require.NoError(t, err)
	s, err := c.ReceiveText(soon(t))
	require.NoError(t, err)
	require.Equal(t, "bye", s)
	_, err = c.Receive(soon(t))
	requireClosed(t, err, ws.CodeAbnormal)
}

// The body of a refusal is what came in time.
func TestDialRefusalWithASlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := memnet.Pipe(memnet.DefaultBuffer)
		go func() {
			defer server.Close()
			answerWith(t, server, "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno")
			untilHangUp(server)
		}()
		he, resp := refused(t, "ws://example.com", &ws.DialOptions{
			Proxy:       direct,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil },
		})
		require.Equal(t, http.StatusForbidden, he.Status)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "no", string(body))
	})
}
