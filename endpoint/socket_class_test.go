package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Types that name their sources.
type (
	RoomID  int
	Lang    string
	APIKey  string
	Session string
)

// chat is a class with all three hooks, each with parameters of its own.
type chat struct {
	Greeting string
	Room     RoomID  `path:"room_id"`
	Lang     Lang    `query:"lang" default:"en"`
	Key      *APIKey `header:"X-Key"`
	Session  Session `cookie:"session" default:"none"`
	Tape     *tape   `inject:""`
	Track    *track  `inject:""`

	said   int
	events *chatEvents
}

// chatEvents is a Singleton that the hooks report to.
type chatEvents struct{ all chan string }

func (c *chat) OnConnect(ctx context.Context, conn *ws.WebSocket, r *http.Request, ev *chatEvents) error {
	c.events = ev
	if err := conn.Accept(); err != nil {
		return err
	}
	return conn.SendText(fmt.Sprintf("%s %d %s %s %v", c.Greeting, c.Room, c.Lang, c.Session, r.URL.Query().Get("lang") == string(c.Lang)))
}

func (c *chat) OnReceive(conn *ws.WebSocket, key resolve.Optional[resolve.Header[APIKey]], m ws.Text) string {
	c.said++
	k, _ := key.Get()
	same := c.Key == nil && k.Value == "" || c.Key != nil && *c.Key == k.Value
	return fmt.Sprintf("%d %s %d %d %v", c.said, m, c.Tape.n, c.Track.n, same)
}

func (c *chat) OnDisconnect(code ws.Code, reason ws.Reason, room RoomID) {
	c.events.all <- fmt.Sprintf("%d %q %d %d", code, reason, room, c.said)
}

func TestSocketClass(t *testing.T) {
	events := &chatEvents{make(chan string, 10)}
	tracks := 0
	in := provide(t, inject.Singleton, func() *tape { return &tape{1} }, func() *chatEvents { return events })
	require.NoError(t, in.Provide(inject.PerConnection, func() *track { tracks++; return &track{tracks} }))
	s := serveSocket(t, chat{Greeting: "hi"}, endpoint.Injector(in), endpoint.Pattern("/rooms/{room_id}"))

	a := s.dial("/rooms/7?lang=de", "X-Key", "k", "Api-Key", "k", "Cookie", "session=s1")
	require.Equal(t, "hi 7 de s1 true", hearText(t, a))
	b := s.dial("/rooms/8")
	require.Equal(t, "hi 8 en none false", hearText(t, b))
	for i, c := range []*ws.WebSocket{a, b} {
		for n := 1; n <= 3; n++ { // fields keep state between messages, not between connections
			require.NoError(t, c.SendText("x"))
			require.Equal(t, fmt.Sprintf("%d x 1 %d true", n, i+1), hearText(t, c))
		}
	}
	require.NoError(t, a.Close(4001, "bye"))
	require.Equal(t, `4001 "bye" 7 3`, take(t, events.all))
	require.NoError(t, b.Close(1000))
	require.Equal(t, `1000 "" 8 3`, take(t, events.all))
	nothing(t, events.all)
	require.Empty(t, s.log.String())
}

// onlyReceive has no other hook and no fields.
type onlyReceive struct{}

func (onlyReceive) OnReceive(d ws.Data) ws.Data { return d }

// counted is a class that is no struct.
type counted int

func (c *counted) OnReceive(ws.Data) int {
	*c++
	return int(*c)
}

func TestSocketClassForms(t *testing.T) {
	tests := []struct {
		name  string
		class any
		want  []string
	}{
		{"only OnReceive, which accepts", onlyReceive{}, []string{"x", "x"}},
		{"by pointer", &onlyReceive{}, []string{"x", "x"}},
		{"by nil pointer", (*onlyReceive)(nil), []string{"x", "x"}},
		{"no struct", counted(5), []string{"6", "7"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.class)
			for range 2 { // the prototype stays as it was
				c := s.dial("/")
				for _, want := range tt.want {
					require.NoError(t, c.SendText("x"))
					require.Equal(t, want, hearText(t, c))
				}
			}
		})
	}
}

// gate connects as its function says, and reports its other events.
type gate struct {
	connect func(conn *ws.WebSocket) error
	events  chan string
}

func (g *gate) OnConnect(conn *ws.WebSocket) error { return g.connect(conn) }
func (g *gate) OnReceive(m ws.Text) string         { g.events <- string(m); return string(m) }
func (g *gate) OnDisconnect(code ws.Code, reason ws.Reason) {
	g.events <- fmt.Sprintf("%d %s", code, reason)
}

func TestSocketOnConnectRefuses(t *testing.T) {
	tests := []struct {
		name    string
		connect func(conn *ws.WebSocket) error
		status  int
		body    string
	}{
		{"an endpoint.Error", func(*ws.WebSocket) error { return endpoint.NewError(401, "log in") }, 401,
			`{"type":"about:blank","title":"Unauthorized","status":401,"detail":"log in"}`},
		{"a type with a status", func(*ws.WebSocket) error { return errTeapot{} }, 418,
			`{"type":"about:blank","title":"I'm a teapot","status":418,"detail":"secret brew"}`},
		{"Close is 403", func(c *ws.WebSocket) error { return c.Close(4000, "no") }, 403, ""},
		{"Close, and a late send", func(c *ws.WebSocket) error { _ = c.Close(4000); return c.SendText("x") }, 403, ""},
		{"Reject has its own status and header", func(c *ws.WebSocket) error {
			return c.Reject(302, http.Header{"Location": {"/login"}}, []byte("there"))
		}, 302, "there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events := make(chan string, 10)
			s := serveSocket(t, gate{tt.connect, events})
			res, body := s.refused("/")
			assert.Equal(t, tt.status, res.StatusCode)
			assert.Equal(t, tt.body, body)
			if tt.status == 302 {
				assert.Equal(t, "/login", res.Header.Get("Location"))
			}
			nothing(t, events) // no OnDisconnect
			assert.Empty(t, s.log.String())
		})
	}
}

func TestSocketOnConnectFailsAfterAccepting(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code ws.Code
	}{
		{"an error", errors.New("secret"), 1011},
		{"an HTTP error", endpoint.NewError(401, "secret"), 1011},
		{"faults, of whatever", resolve.Faults{{Location: "x"}}, 1011},
		{"a close error", ws.CloseError{Code: 4009}, 4009},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events := make(chan string, 10)
			s := serveSocket(t, gate{func(c *ws.WebSocket) error {
				_ = c.Accept()
				return tt.err
			}, events})
			c := s.dial("/")
			wantClose(t, c, tt.code, "")
			require.NoError(t, take(t, s.shutdown()), "the connection is given back")
			nothing(t, events)
		})
	}
}

func TestSocketOnConnectAccepts(t *testing.T) {
	events := make(chan string, 10)
	s := serveSocket(t, gate{func(c *ws.WebSocket) error {
		if len(c.Offered()) == 0 {
			return c.Accept()
		}
		return c.Accept(ws.Subprotocol("v2"), ws.Header(http.Header{"X-Served-By": {"gate"}}))
	}, events})
	t.Run("with a subprotocol and header fields", func(t *testing.T) {
		c, _, res, err := s.handshake("/", "Sec-WebSocket-Protocol", "v1, v2")
		require.NoError(t, err)
		require.Equal(t, "v2", c.Subprotocol())
		require.Equal(t, "gate", res.Header.Get("X-Served-By"))
		require.NoError(t, c.Close(1000))
		require.Equal(t, "1000 ", take(t, events))
	})
	t.Run("without", func(t *testing.T) {
		c := s.dial("/")
		require.Empty(t, c.Subprotocol())
		require.NoError(t, c.Close(1000))
		require.Equal(t, "1000 ", take(t, events))
	})
	t.Run("a subprotocol that was not offered is our mistake", func(t *testing.T) {
		res, _ := s.refused("/", "Sec-WebSocket-Protocol", "v1")
		require.Equal(t, 500, res.StatusCode)
		s.wantLog("not offered")
		nothing(t, events)
	})
}

func TestSocketOnConnectConverses(t *testing.T) {
	events := make(chan string, 10)
	s := serveSocket(t, gate{func(c *ws.WebSocket) error {
		m, err := c.Receive(c.Context()) // accepts
		if err != nil {
			return err
		}
		return c.SendText("hello " + string(m.Data))
	}, events})
	c := s.dial("/")
	require.NoError(t, c.SendText("me"))
	require.NoError(t, c.SendText("first"))
	require.Equal(t, "hello me", hearText(t, c))
	require.Equal(t, "first", hearText(t, c))
	require.Equal(t, "first", take(t, events))
	require.NoError(t, c.Close(1000))
	require.Equal(t, "1000 ", take(t, events))
}

// both has a verb and a socket.
type both struct {
	Tape *tape `inject:""`
}

func (b both) Get() string                 { return fmt.Sprint("get ", b.Tape.n) }
func (b both) OnReceive(m ws.Text) ws.Text { return m + ws.Text(fmt.Sprint(b.Tape.n)) }

func TestSocketClassWithVerbs(t *testing.T) {
	in := provide(t, inject.Singleton, func() *tape { return &tape{4} })
	s := serveSocket(t, both{}, endpoint.Injector(in))
	res, err := s.srv.Client().Get(s.srv.URL)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	c := s.dial("/")
	require.NoError(t, c.SendText("s"))
	require.Equal(t, "s4", hearText(t, c))
	require.Equal(t, 405, s.get("POST", "/").StatusCode)
	require.Equal(t, "GET, HEAD, OPTIONS", s.get("POST", "/").Header.Get("Allow"))
}
