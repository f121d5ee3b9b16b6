package interop

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gorilla opens a connection with github.com/gorilla/websocket.
func gorilla(t *testing.T, s *server, path string, subprotocols ...string) *websocket.Conn {
	t.Helper()
	// The small buffer makes NextWriter send fragments.
	d := websocket.Dialer{Subprotocols: subprotocols, WriteBufferSize: 64, HandshakeTimeout: patience}
	c, res, err := d.Dial(s.ws(path), nil)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func gorillaKind(text bool) int {
	if text {
		return websocket.TextMessage
	}
	return websocket.BinaryMessage
}

func gorillaSay(t *testing.T, c *websocket.Conn, text string) string {
	t.Helper()
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte(text)))
	kind, data, err := c.ReadMessage()
	require.NoError(t, err)
	require.Equal(t, websocket.TextMessage, kind)
	return string(data)
}

// gorillaEnd reads the Close frame.
func gorillaEnd(t *testing.T, c *websocket.Conn, code int, reason string) {
	t.Helper()
	_, _, err := c.ReadMessage()
	var ce *websocket.CloseError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, code, ce.Code)
	require.Equal(t, reason, ce.Text)
}

func TestGorillaMessages(t *testing.T) {
	s := start(t)
	echo, binary, own := gorilla(t, s, "/echo"), gorilla(t, s, "/binary"), gorilla(t, s, "/own")
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			for _, c := range []*websocket.Conn{echo, binary, own} {
				require.NoError(t, c.WriteMessage(gorillaKind(m.text), []byte(m.data)))
				kind, data, err := c.ReadMessage()
				require.NoError(t, err)
				if c == binary {
					assert.Equal(t, websocket.BinaryMessage, kind)
				} else {
					assert.Equal(t, gorillaKind(m.text), kind)
				}
				assert.True(t, m.data == string(data), "%d bytes are others", len(data))
			}
		})
	}
}

func TestGorillaFragments(t *testing.T) {
	s := start(t)
	t.Run("from the client", func(t *testing.T) {
		c := gorilla(t, s, "/echo")
		want := strings.Repeat("fragment é ", 1000)
		w, err := c.NextWriter(websocket.TextMessage)
		require.NoError(t, err)
		n := 0
		for part := range strings.SplitAfterSeq(want, "é") {
			_, err = io.WriteString(w, part)
			require.NoError(t, err)
			// Now and then: a peer may send ws.DefaultMaxControlFrames in a second.
			if n++; n%20 == 0 {
				require.NoError(t, c.WriteControl(websocket.PingMessage, []byte("between"), time.Now().Add(patience)))
			}
		}
		require.NoError(t, w.Close())
		_, data, err := c.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	})
	t.Run("from the server", func(t *testing.T) {
		c := gorilla(t, s, "/film")
		require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("300000")))
		kind, data, err := c.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, websocket.BinaryMessage, kind)
		require.Equal(t, make([]byte, 300000), data)
	})
}

func TestGorillaTypedMessages(t *testing.T) {
	s := start(t)
	c := gorilla(t, s, "/orders")
	var got receipt
	require.NoError(t, c.WriteJSON(order{"tea", 2}))
	require.NoError(t, c.ReadJSON(&got))
	require.Equal(t, receipt{"tea ✓", 6}, got)
	require.Contains(t, gorillaSay(t, c, `{"item":"tea"}`), `{"location":"message.count","message":"must be at least 1"}`)
	require.Equal(t, `{"text":"x ✓","sum":3}`, gorillaSay(t, c, `{"item":"x","count":1}`))
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte(`{"item":`)))
	_, _, err := c.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseInvalidFramePayloadData), "%v", err)

	c = gorilla(t, s, "/countdown")
	require.Equal(t, "3", gorillaSay(t, c, "3"))
	for _, want := range []string{"2", "1"} {
		_, data, err := c.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
}

func TestGorillaCloses(t *testing.T) {
	s := start(t)
	t.Run("the server with a code and a reason", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=g1")
		require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("close")))
		gorillaEnd(t, c, 4001, "tschüß")
		s.wantEnd("g1", ending{4001, "tschüß", 1})
	})
	t.Run("the server after an error", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=g2")
		require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("fail")))
		gorillaEnd(t, c, websocket.CloseInternalServerErr, "")
		s.wantEnd("g2", ending{1011, "", 1})
	})
	t.Run("the server for the wrong kind", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=g3")
		require.NoError(t, c.WriteMessage(websocket.BinaryMessage, []byte("x")))
		gorillaEnd(t, c, websocket.CloseUnsupportedData, "expected a text message")
		s.wantEnd("g3", ending{1003, "expected a text message", 0})
	})
	t.Run("a view that returns", func(t *testing.T) {
		c := gorilla(t, s, "/own")
		require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("quit")))
		gorillaEnd(t, c, websocket.CloseNormalClosure, "")
	})
	t.Run("the client with a code and a reason", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=g4")
		require.NoError(t, c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4010, "adiós")))
		gorillaEnd(t, c, 4010, "")
		s.wantEnd("g4", ending{4010, "adiós", 0})
	})
	t.Run("the client with an empty frame", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=g5")
		require.NoError(t, c.WriteMessage(websocket.CloseMessage, nil))
		gorillaEnd(t, c, websocket.CloseNoStatusReceived, "")
		s.wantEnd("g5", ending{1005, "", 0})
	})
	t.Run("the client hangs up", func(t *testing.T) {
		require.NoError(t, gorilla(t, s, "/rooms/1?tag=g6").Close())
		s.wantEnd("g6", ending{1006, "", 0})
	})
	t.Run("the server that stops", func(t *testing.T) {
		c := gorilla(t, s, "/leaving")
		res, err := http.Get(s.URL + "/leave")
		require.NoError(t, err)
		_ = res.Body.Close()
		gorillaEnd(t, c, websocket.CloseGoingAway, "")
	})
}

func TestGorillaHandshake(t *testing.T) {
	s := start(t)
	t.Run("path, query and state", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/42?tag=g+h")
		require.Equal(t, "42 g h  1", gorillaSay(t, c, "x"))
		require.Equal(t, "42 g h  2", gorillaSay(t, c, "x"))
	})
	t.Run("a subprotocol", func(t *testing.T) {
		c := gorilla(t, s, "/rooms/1?tag=gs", "v1.rooms", "v2.rooms")
		require.Equal(t, "v2.rooms", c.Subprotocol())
		require.Equal(t, "1 gs v2.rooms 1", gorillaSay(t, c, "x"))
	})
	for path, status := range map[string]int{"/guarded": 401, "/rooms/one?tag=x": 400, "/rooms/1": 400, "/nowhere": 404} {
		t.Run("refused: "+path, func(t *testing.T) {
			_, res, err := websocket.DefaultDialer.Dial(s.ws(path), nil)
			require.ErrorIs(t, err, websocket.ErrBadHandshake)
			require.Equal(t, status, res.StatusCode)
			if path == "/guarded" {
				body, _ := io.ReadAll(res.Body)
				require.Contains(t, string(body), "who are you?")
			}
		})
	}
	t.Run("a page of another origin", func(t *testing.T) {
		_, res, err := websocket.DefaultDialer.Dial(s.ws("/echo"), http.Header{"Origin": {"https://elsewhere.example"}})
		require.ErrorIs(t, err, websocket.ErrBadHandshake)
		require.Equal(t, 403, res.StatusCode)
	})
	t.Run("let in", func(t *testing.T) {
		require.Equal(t, "x", gorillaSay(t, gorilla(t, s, "/guarded?token=good"), "x"))
	})
}

func TestGorillaPings(t *testing.T) {
	s := start(t)
	t.Run("from the client", func(t *testing.T) {
		c := gorilla(t, s, "/echo")
		var got string
		c.SetPongHandler(func(data string) error { got = data; return nil })
		require.NoError(t, c.WriteControl(websocket.PingMessage, []byte("are you there?"), time.Now().Add(patience)))
		require.Equal(t, "x", gorillaSay(t, c, "x")) // reads the pong on the way
		require.Equal(t, "are you there?", got)
	})
	t.Run("from the server", func(t *testing.T) {
		c := gorilla(t, s, "/pinged")
		pings, answer := 0, c.PingHandler()
		c.SetPingHandler(func(data string) error {
			if pings++; pings == 3 {
				require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("enough")))
			}
			return answer(data)
		})
		_, data, err := c.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, "enough", string(data))
		require.GreaterOrEqual(t, pings, 3)
	})
}
