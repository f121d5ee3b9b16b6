package exampletest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/require"
)

// Serve runs a server on a port of its own until the end of the test, and
// returns its address.
func Serve(t testing.TB, serve func(context.Context, net.Listener) error) (addr string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, ln) }()
	stopped := false
	stop = func() {
		t.Helper()
		cancel()
		if stopped {
			return
		}
		stopped = true
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(patience):
			t.Fatal("the server did not stop")
		}
	}
	t.Cleanup(stop)
	return ln.Addr().String(), stop
}

// Do makes a request and returns the answer and its body. Each one has a
// connection of its own, so that none is left behind.
func Do(t testing.TB, method, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

// Dial opens a WebSocket.
func Dial(t testing.TB, addr, path string) *ws.WebSocket {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	return Client(t, conn, path)
}

// Client opens a WebSocket over a connection.
func Client(t testing.TB, conn net.Conn, path string) *ws.WebSocket {
	t.Helper()
	c, _, err := ws.Client(t.Context(), conn, "ws://"+conn.RemoteAddr().String()+path, nil)
	require.NoError(t, err)
	t.Cleanup(c.Finish)
	return c
}

// Receive returns the next message.
func Receive(t testing.TB, c *ws.WebSocket) ws.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := c.Receive(ctx)
	require.NoError(t, err)
	return m
}

// CloseCode reads a connection to its end, dropping the messages that are still
// to come, and gives the code it was closed with; 0 if it was not closed in time.
func CloseCode(c *ws.WebSocket) <-chan ws.Code {
	code := make(chan ws.Code, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var end *ws.CloseError
		for end == nil && ctx.Err() == nil {
			if _, err := c.Receive(ctx); errors.As(err, &end) {
				code <- end.Code
			}
		}
		close(code)
	}()
	return code
}
