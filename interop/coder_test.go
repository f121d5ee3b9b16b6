package interop

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// coder opens a connection with github.com/coder/websocket.
func coder(t *testing.T, s *server, path string, subprotocols ...string) (context.Context, *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c, _, err := websocket.Dial(ctx, s.ws(path), &websocket.DialOptions{Subprotocols: subprotocols})
	require.NoError(t, err)
	c.SetReadLimit(1 << 21)
	t.Cleanup(func() { _ = c.CloseNow() })
	return ctx, c
}

func coderKind(text bool) websocket.MessageType {
	if text {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

func coderSay(ctx context.Context, t *testing.T, c *websocket.Conn, text string) string {
	t.Helper()
	require.NoError(t, c.Write(ctx, websocket.MessageText, []byte(text)))
	kind, data, err := c.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, websocket.MessageText, kind)
	return string(data)
}

// coderEnd reads the Close frame.
func coderEnd(ctx context.Context, t *testing.T, c *websocket.Conn, code websocket.StatusCode, reason string) {
	t.Helper()
	_, _, err := c.Read(ctx)
	var ce websocket.CloseError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, websocket.CloseError{Code: code, Reason: reason}, ce)
}

func TestCoderMessages(t *testing.T) {
	s := start(t)
	ctx, echo := coder(t, s, "/echo")
	_, binary := coder(t, s, "/binary")
	_, own := coder(t, s, "/own")
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			for _, c := range []*websocket.Conn{echo, binary, own} {
				require.NoError(t, c.Write(ctx, coderKind(m.text), []byte(m.data)))
				kind, data, err := c.Read(ctx)
				require.NoError(t, err)
				if c == binary {
					assert.Equal(t, websocket.MessageBinary, kind)
				} else {
					assert.Equal(t, coderKind(m.text), kind)
				}
				assert.True(t, m.data == string(data), "%d bytes are others", len(data))
			}
		})
	}
}

func TestCoderFragments(t *testing.T) {
	s := start(t)
	ctx, c := coder(t, s, "/echo")
	w, err := c.Writer(ctx, websocket.MessageText)
	require.NoError(t, err)
	for range 1000 { // each Write is a frame
		_, err = io.WriteString(w, "piece ")
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	_, data, err := c.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("piece ", 1000), string(data))

	ctx, c = coder(t, s, "/film")
	require.NoError(t, c.Write(ctx, websocket.MessageText, []byte("300000")))
	kind, data, err := c.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, websocket.MessageBinary, kind)
	require.Len(t, data, 300000)
}

func TestCoderTypedMessages(t *testing.T) {
	s := start(t)
	ctx, c := coder(t, s, "/orders")
	require.NoError(t, wsjson.Write(ctx, c, order{"tea", 2}))
	var got receipt
	require.NoError(t, wsjson.Read(ctx, c, &got))
	require.Equal(t, receipt{"tea ✓", 6}, got)
	require.Contains(t, coderSay(ctx, t, c, `{"item":"tea"}`), `"location":"message.count"`)
	require.NoError(t, c.Write(ctx, websocket.MessageText, []byte(`[]`)))
	_, _, err := c.Read(ctx)
	require.Equal(t, websocket.StatusInvalidFramePayloadData, websocket.CloseStatus(err), "%v", err)
}

func TestCoderCloses(t *testing.T) {
	s := start(t)
	for say, want := range map[string]ending{
		"close": {4001, "tschüß", 1}, "fail": {1011, "", 1}, "leave": {1000, "left", 1},
	} {
		t.Run("the server: "+say, func(t *testing.T) {
			ctx, c := coder(t, s, "/rooms/1?tag=c"+say)
			require.NoError(t, c.Write(ctx, websocket.MessageText, []byte(say)))
			coderEnd(ctx, t, c, websocket.StatusCode(want.Code), want.Reason)
			s.wantEnd("c"+say, want)
		})
	}
	t.Run("the client", func(t *testing.T) {
		_, c := coder(t, s, "/rooms/1?tag=c1")
		require.NoError(t, c.Close(4010, "adiós"))
		s.wantEnd("c1", ending{4010, "adiós", 0})
	})
	t.Run("the client hangs up", func(t *testing.T) {
		_, c := coder(t, s, "/rooms/1?tag=c2")
		require.NoError(t, c.CloseNow())
		s.wantEnd("c2", ending{1006, "", 0})
	})
	t.Run("the server that stops", func(t *testing.T) {
		ctx, c := coder(t, s, "/leaving")
		res, err := http.Get(s.URL + "/leave")
		require.NoError(t, err)
		_ = res.Body.Close()
		coderEnd(ctx, t, c, websocket.StatusGoingAway, "")
	})
}

func TestCoderHandshake(t *testing.T) {
	s := start(t)
	ctx, c := coder(t, s, "/rooms/42?tag=ch", "v1.rooms", "v2.rooms")
	require.Equal(t, "v2.rooms", c.Subprotocol())
	require.Equal(t, "42 ch v2.rooms 1", coderSay(ctx, t, c, "x"))
	_, res, err := websocket.Dial(ctx, s.ws("/guarded"), nil)
	require.Error(t, err)
	require.Equal(t, 401, res.StatusCode)
}

func TestCoderPings(t *testing.T) {
	s := start(t)
	ctx, c := coder(t, s, "/pinged")
	ctx = c.CloseRead(ctx) // answers pings
	for range 5 {
		require.NoError(t, c.Ping(ctx)) // waits for the pong
	}
}
