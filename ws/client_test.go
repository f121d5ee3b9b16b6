package ws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

func TestClientAndServer(t *testing.T) {
	type key struct{}
	seen := make(chan *http.Request, 1)
	opts := &ws.Options{
		Subprotocols: []string{"v2", "v1"},
		CheckOrigin:  func(r *http.Request) bool { seen <- r; return true },
	}
	l := serve(t, opts, func(c *ws.WebSocket) {
		e := newEvents()
		e.onMessage = func(c *ws.WebSocket, m ws.Message) { _ = c.Send(m.Kind, m.Data) }
		_ = c.Serve(e)
	})
	conn, err := l.Dial(soon(t))
	require.NoError(t, err)
	ctx := context.WithValue(soon(t), key{}, "v")
	c, resp, err := ws.Client(ctx, conn, "ws://u:p@example.com:81/a?b=c", &ws.ClientOptions{
		Options: ws.Options{Subprotocols: []string{"v1", "v3"}},
		Header:  http.Header{"x-token": {"t"}},
	})
	require.NoError(t, err)
	require.Equal(t, 101, resp.StatusCode)
	r := <-seen
	require.Equal(t, "/a?b=c", r.RequestURI)
	require.Equal(t, "example.com:81", r.Host)
	require.Equal(t, "t", r.Header.Get("X-Token"))
	user, password, _ := r.BasicAuth()
	require.Equal(t, "u:p", user+":"+password)
	require.Equal(t, "v1", c.Subprotocol())
	require.Equal(t, "v", c.Context().Value(key{}))

	for _, n := range []int{0, 1, 1000, 100_000, 1 << 20} {
		want := strings.Repeat("x", n)
		go func() { _ = c.SendText(want) }()
		got, err := c.ReceiveText(soon(t))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NoError(t, c.SendReader(soon(t), ws.KindBinary, strings.NewReader(strings.Repeat("y", 50_000))))
	b, err := c.ReceiveBytes(soon(t))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("y", 50_000), string(b))

	got := receive(soon(t), c)
	require.NoError(t, c.Ping(soon(t)))
	require.NoError(t, c.Close(4000, "bye"))
	requireClosed(t, (<-got).err, 4000)
}

// answerWith plays a server that answers every handshake with the text, in
// which %s is the right accept key.
func answerWith(t *testing.T, conn net.Conn, text string) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	c, err := ws.New(&hijacker{nil, conn, ""}, r, nil)
	require.NoError(t, err)
	_ = c
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, acceptFor(r))
	}
	_, _ = io.WriteString(conn, text)
}

// acceptFor computes the answer to a key by letting a server do it.
func acceptFor(r *http.Request) string {
	server, client := memnet.Pipe(memnet.DefaultBuffer)
	c, err := ws.New(&hijacker{recorder(), server, ""}, r, nil)
	if err != nil {
		return err.Error()
	}
	_ = c.Accept()
	resp, _ := http.ReadResponse(bufio.NewReader(client), nil)
	c.Fail(1000, "")
	_ = client.Close()
	return resp.Header.Get("Sec-WebSocket-Accept")
}

const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"

func TestClientChecksTheAnswer(t *testing.T) {
	rows := []struct{ name, answer, detail string }{
		{"fine", good + "\r\n", ""},
		{"fine, in other case", strings.Replace(good, "websocket", "WebSocket", 1) + "\r\n", ""},
		{"subprotocol", good + "Sec-WebSocket-Protocol: a\r\n\r\n", ""},
		{"other subprotocol", good + "Sec-WebSocket-Protocol: b\r\n\r\n", "subprotocol"},
		{"two subprotocols", good + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n\r\n", "subprotocol"},
		{"extension", good + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension"},
		{"no upgrade", strings.Replace(good, "Upgrade: websocket\r\n", "", 1) + "\r\n", "Upgrade"},
		{"no connection", strings.Replace(good, "Connection: Upgrade\r\n", "", 1) + "\r\n", "Connection"},
		{"wrong key", strings.Replace(good, "%s", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1) + "\r\n", "Accept"},
		{"no key", strings.Replace(good, "Sec-WebSocket-Accept: %s\r\n", "", 1) + "\r\n", "Accept"},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 OK"},
		{"garbage", "SSH-2.0-OpenSSH\r\n\r\n", "no answer"},
		{"endless header", "HTTP/1.1 101 X\r\nA: " + strings.Repeat("x", 2<<20), "no answer"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server, client := memnet.Pipe(4 << 20)
			go answerWith(t, server, row.answer)
			c, _, err := ws.Client(soon(t), client, "wss://example.com", &ws.ClientOptions{
				Options: ws.Options{Subprotocols: []string{"a"}},
			})
			if row.detail == "" {
				require.NoError(t, err)
				_ = server.Close()
				c.Fail(1000, "")
				return
			}
			var he *ws.HandshakeError
			require.ErrorAs(t, err, &he)
			require.ErrorContains(t, err, row.detail)
			_, err = client.Write([]byte("x"))
			require.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

func TestClientArguments(t *testing.T) {
	for _, row := range []struct {
		url  string
		opts *ws.ClientOptions
	}{
		{"example.com", nil},
		{"ftp://example.com", nil},
		{"ws://", nil},
		{"ws://example.com/#x", nil},
		{"ws://example.com/%zz", nil},
		{"ws://example.com", &ws.ClientOptions{Header: http.Header{"Upgrade": {"x"}}}},
		{"ws://example.com", &ws.ClientOptions{Header: http.Header{"X": {"a\r\nb: c"}}}},
		{"ws://example.com", &ws.ClientOptions{Options: ws.Options{Subprotocols: []string{"a b"}}}},
	} {
		client, _ := memnet.Pipe(1)
		_, _, err := ws.Client(soon(t), client, row.url, row.opts)
		require.Error(t, err, row.url)
	}
}

func TestClientHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := memnet.Pipe(10000)
		start := time.Now()
		_, _, err := ws.Client(context.Background(), client, "ws://example.com", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, ws.DefaultHandshakeTimeout, time.Since(start))

		client, _ = memnet.Pipe(10000)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		_, _, err = ws.Client(ctx, client, "ws://example.com", nil)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// clientOf returns a client and the raw server it talks to.
func clientOf(t *testing.T, early string) (*ws.WebSocket, *peer) {
	t.Helper()
	server, client := memnet.Pipe(memnet.DefaultBuffer)
	go answerWith(t, server, good+"\r\n"+strings.ReplaceAll(early, "%", "%%"))
	c, _, err := ws.Client(soon(t), client, "ws://example.com", nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return c, &peer{t: t, conn: server, br: bufio.NewReader(server)}
}

func TestClientFrames(t *testing.T) {
	c, p := clientOf(t, rawFrame(fin|opText, "early", false))
	s, err := c.ReceiveText(soon(t))
	require.NoError(t, err)
	require.Equal(t, "early", s, "sent right behind the 101")
	long := strings.Repeat("0123456789", 20_000)
	for range 2 {
		go func() { _ = c.SendText(long) }()
		p.expect(fin|opText, long) // checks that it is masked
	}
	p.send(fin|opPing, "p")
	got := receive(soon(t), c)
	p.expect(fin|opPong, "p")
	p.send(fin|opText, "x")
	require.NoError(t, (<-got).err)

	// RFC 6455 section 7.1.1: the server closes the TCP connection first.
	got = receive(soon(t), c)
	p.send(fin|opClose, closeBody(1001, ""))
	p.expectClose(1001)
	requireClosed(t, (<-got).err, 1001)
	_ = p.conn.Close()

	c, p = clientOf(t, "")
	p.write(rawFrame(fin|opText, "masked", true))
	_, err = c.Receive(soon(t))
	requireClosed(t, err, ws.CodeProtocolError)
	p.expectClose(ws.CodeProtocolError)
}
