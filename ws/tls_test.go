package ws_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestTLS(t *testing.T) {
	var tr ws.Tracker
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.New(w, r, &ws.Options{Tracker: &tr, MaxMessage: 100_000})
		if err != nil {
			http.Error(w, err.Error(), err.(*ws.HandshakeError).Status)
			return
		}
		defer c.Finish()
		for {
			// A read that timed out must not spoil the next.
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			m, err := c.Receive(ctx)
			cancel()
			switch {
			case err == nil:
				_ = c.Send(m.Kind, m.Data)
			case c.Context().Err() != nil:
				return
			}
		}
	}))
	defer srv.Close()
	dial := func(origin string) (*ws.WebSocket, error) {
		conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		c, _, err := ws.Client(soon(t), conn, "wss://"+srv.Listener.Addr().String(), &ws.ClientOptions{
			Header: http.Header{"Origin": {origin}},
		})
		return c, err
	}
	_, err := dial("http://" + srv.Listener.Addr().String())
	require.ErrorContains(t, err, "403")
	c, err := dial(srv.URL)
	require.NoError(t, err)
	for _, n := range []int{10, 5000, 90_000} {
		want := make([]byte, n)
		for range 10 {
			require.NoError(t, c.SendBytes(want))
			time.Sleep(time.Millisecond)
			got, err := c.ReceiveBytes(soon(t))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	require.NoError(t, c.Close(ws.CodeNormal))

	c, err = dial(srv.URL)
	require.NoError(t, err)
	require.NoError(t, c.SendBytes(make([]byte, 100_001)))
	_, err = c.Receive(soon(t))
	requireClosed(t, err, ws.CodeMessageTooBig)

	c, err = dial(srv.URL)
	require.NoError(t, err)
	go func() { _ = tr.Shutdown(context.Background()) }()
	_, err = c.Receive(soon(t))
	requireClosed(t, err, ws.CodeGoingAway)
	require.NoError(t, tr.Shutdown(soon(t)))
}
