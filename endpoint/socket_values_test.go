package endpoint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// origin is a params struct over all sources of a handshake.
type origin struct {
	Room RoomID  `path:"room_id"`
	Page Page    `query:"page"`
	Key  APIKey  `header:"X-Key"`
	Who  Session `cookie:"who"`
	Not  *string `query:"not"`
}

func (o origin) String() string { return words(o.Room, o.Page, o.Key, o.Who, o.Not == nil) }

// words are values with blanks between them.
func words(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

// Who is a cookie, Names are query parameters.
type (
	Who  string
	Name []string
)

// visitor is made once per message of what the handshake said and of the message.
type visitor struct{ text string }

func newVisitor(r *http.Request, o origin, m resolve.Message[line]) *visitor {
	return &visitor{words(r.Method, o, m.Value.Text)}
}

// extracted extracts itself from the handshake.
type extracted struct{ text string }

func (e *extracted) Extract(o origin, h http.Header) error {
	e.text = o.String() + h.Get("X-Key")
	return nil
}

const (
	valuesPath = "/r/5?page=2&name=a&name=b"
	valuesWant = "5 2 key me true"
)

var valuesHeader = []string{"X-Key", "key", "Cookie", "who=me"}

// everywhere tells per message, and at the end, what the handshake said.
type everywhere struct{ events chan string }

func (e *everywhere) OnReceive(
	r *http.Request, h http.Header, u *url.URL, q url.Values, o origin, w resolve.Cookie[Who],
	n resolve.Query[Name], x extracted, route resolve.Route, v *visitor, m resolve.Message[line],
) string {
	who, _ := r.Cookie("who")
	return strings.Join([]string{
		r.URL.String(), r.PathValue("room_id"), r.Header.Get("X-Key"), who.Value, h.Get("X-Key"), u.Path, q.Get("page"),
		o.String(), string(w.Value), fmt.Sprint(n.Value), x.text, route.Pattern, route.Method, v.text, m.Value.Text,
	}, "|")
}

func (e *everywhere) OnDisconnect(r *http.Request, o origin, id RoomID, x extracted, q url.Values) {
	e.events <- strings.Join([]string{r.URL.String(), r.PathValue("room_id"), o.String(), fmt.Sprint(id), x.text, q.Get("page")}, "|")
}

func TestSocketHandshakeValuesInEveryEvent(t *testing.T) {
	events := make(chan string, 1)
	in := provide(t, inject.PerCall, newVisitor)
	s := serveSocket(t, everywhere{events}, endpoint.Injector(in), endpoint.Pattern("/r/{room_id}"))
	s.wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			// The request is the server's again, as if it used it for another.
			clear(r.Header)
			r.URL.Path, r.URL.RawQuery = "/r/666", "page=666"
			r.SetPathValue("room_id", "666")
		})
	})
	c := s.dial(valuesPath, valuesHeader...)
	for _, say := range []string{"x", "y"} {
		runtime.GC()
		require.NoError(t, c.SendText(`{"text":"`+say+`"}`))
		require.Equal(t, strings.Join([]string{
			valuesPath, "5", "key", "me", "key", "/r/5", "2", valuesWant, "me", "[a b]", valuesWant + "key",
			"/r/{room_id}", "WEBSOCKET", "GET " + valuesWant + " " + say, say,
		}, "|"), hearText(t, c))
	}
	require.NoError(t, c.Close(1000))
	require.Equal(t, strings.Join([]string{valuesPath, "5", valuesWant, "5", valuesWant + "key", "2"}, "|"), take(t, events))
}

func TestSocketHandshakeValuesAreEachConnectionsOwn(t *testing.T) {
	s := serveSocket(t, func(id RoomID, r *http.Request, o origin, _ ws.Data) string {
		return words(id, o.Room, r.URL.Path)
	}, endpoint.Pattern("/r/{room_id}"))
	conns := make([]*ws.WebSocket, 20)
	for i := range conns {
		conns[i] = s.dial(fmt.Sprintf("/r/%d?page=1", i), valuesHeader...)
	}
	for range 2 {
		for i, c := range conns {
			require.NoError(t, c.SendText("x"))
			require.Equal(t, fmt.Sprintf("%d %d /r/%d", i, i, i), hearText(t, c))
		}
	}
}

func TestSocketExplainTellsDetachedCopies(t *testing.T) {
	h, err := endpoint.New(everywhere{}, endpoint.Injector(provide(t, inject.PerCall, newVisitor)), endpoint.Pattern("/r/{room_id}"))
	require.NoError(t, err)
	golden(t, h.Explain())
}

func TestSocketContextValuesSurvive(t *testing.T) {
	middleware := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancel(context.WithValue(r.Context(), ctxKey{}, "claims"))
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	claims := func(ctx context.Context, r *http.Request, p *tape) string {
		return words(ctx.Value(ctxKey{}), r.Context().Value(ctxKey{}), ctx.Err(), r.Context().Err(), p.n)
	}
	in := func() endpoint.Option {
		return endpoint.Injector(provide(t, inject.PerCall, func(ctx context.Context) *tape {
			return &tape{len(ctx.Value(ctxKey{}).(string))}
		}))
	}
	const want = "claims claims <nil> <nil> 6"
	t.Run("per message", func(t *testing.T) {
		s := serveSocket(t, func(ctx context.Context, r *http.Request, p *tape, _ ws.Data) string { return claims(ctx, r, p) }, in())
		s.wrap(middleware)
		c := s.dial("/")
		for range 2 {
			require.NoError(t, c.SendText("x"))
			require.Equal(t, want, hearText(t, c))
		}
	})
	t.Run("per connection", func(t *testing.T) {
		s := serveSocket(t, func(ctx context.Context, r *http.Request, p *tape, conn *ws.WebSocket) error {
			return conn.SendText(claims(ctx, r, p))
		}, in())
		s.wrap(middleware)
		require.Equal(t, want, hearText(t, s.dial("/")))
	})
}

func TestSocketFieldsLiveAsLongAsTheConnection(t *testing.T) {
	_, err := endpoint.New(tracked{}, endpoint.Injector(provide(t, inject.PerCall, func() *track { return nil })))
	require.ErrorContains(t, err, "a field of endpoint_test.tracked would keep *endpoint_test.track")
}

func TestSocketProblems(t *testing.T) {
	pattern := endpoint.Pattern("/r/{room_id}")
	tests := []struct {
		name string
		view any
		opts []endpoint.Option
	}{
		{"a component that is not provided", func(ws.Data, *tape) {}, nil},
		{"a scalar without a variable", func(ws.Data, Page) {}, nil},
		{"a variable that nobody takes", func(ws.Data) {}, []endpoint.Option{pattern}},
		{"http.ResponseWriter", func(ws.Data, http.ResponseWriter) {}, nil},
		{"a body", func(*ws.WebSocket, resolve.Body[line]) {}, nil},
		{"two messages", func(ws.Text, resolve.Message[line]) {}, nil},
		{"two kinds of message", func(ws.Text, ws.Binary) {}, nil},
		{"the code before the end", func(ws.Data, ws.Code) {}, nil},
		{"an HTTP guard", func(ws.Data) {}, []endpoint.Option{endpoint.Guards(func(http.ResponseWriter) error { return nil })}},
		{"a guard that takes the message", func(ws.Data) {}, []endpoint.Option{endpoint.Guards(func(ws.Data) error { return nil })}},
		{"a guard that is none", func(ws.Data) {}, []endpoint.Option{endpoint.Guards(func() bool { return true })}},
		{"OnConnect with a value", connectTells{}, nil},
		{"OnConnect with a message", connectReads{}, nil},
		{"OnDisconnect with a value", closedTells{}, nil},
		{"OnDisconnect with a message", closedReads{}, nil},
		{"a hook without OnReceive", noReceive{}, nil},
		{"misspelt", misspeltReceive{}, nil},
		{"a provider takes the message of a view that does not", func(*ws.WebSocket, *visitor) {}, []endpoint.Option{
			endpoint.Injector(provide(t, inject.PerCall, func(m resolve.Message[line]) *visitor { return nil })),
		}},
		{"a provider that outlives the message takes it", func(ws.Data, *visitor) {}, []endpoint.Option{
			endpoint.Injector(provide(t, inject.PerConnection, func(m resolve.Message[line]) *visitor { return nil })),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := endpoint.New(tt.view, tt.opts...)
			require.Error(t, err)
			golden(t, err.Error())
		})
	}
}

type connectTells struct{ onlyReceive }

func (connectTells) OnConnect() (string, error) { return "", nil }

type connectReads struct{ onlyReceive }

func (connectReads) OnConnect(ws.Data) {}

type closedTells struct{ onlyReceive }

func (closedTells) OnDisconnect() string { return "" }

type closedReads struct{ onlyReceive }

func (closedReads) OnDisconnect(ws.Data) {}

type noReceive struct{}

func (noReceive) Get()       {}
func (noReceive) OnConnect() {}

type misspeltReceive struct{}

func (misspeltReceive) OnRecieve(ws.Data) {}

func TestSocketHooksOfEmbeddedTypes(t *testing.T) {
	c := serveSocket(t, struct2{}).dial("/")
	require.NoError(t, c.SendText("x"))
	assert.Equal(t, "x", hearText(t, c))
}

type struct2 struct{ onlyReceive }
