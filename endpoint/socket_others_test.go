package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// currentUser must never be filled by a client.
type currentUser struct {
	Name  string `json:"name"`
	Admin bool   `json:"admin"`
}

// backing is an interface with two implementors.
type backing interface{ Load() string }

type (
	memory struct{}
	disk   struct{}
)

func (memory) Load() string { return "memory" }
func (disk) Load() string   { return "disk" }

// The rows of what other frameworks get wrong, as far as sockets are concerned.
// Those that are wrong signatures are errors of the build.
func TestSocketMistakesAreFoundByTheBuild(t *testing.T) {
	room := endpoint.Pattern("/r/{room_id}")
	tests := []struct {
		name string
		view any
		opts []endpoint.Option
		want string
	}{
		{"a forgotten provider is not filled from the message",
			func(ws.Text, currentUser) {}, nil, "endpoint_test.currentUser"},
		{"nor before a message",
			func(_ *ws.WebSocket, _ currentUser, _ line) {}, nil, "endpoint_test.currentUser"},
		{"nor in a view that owns its connection",
			func(_ currentUser, _ *ws.WebSocket) {}, nil, "endpoint_test.currentUser"},
		{"nor in OnConnect", connectsUser{}, nil, "endpoint_test.currentUser"},
		{"a missing provider does not wait for the first message",
			func(ws.Data, *tape) {}, nil, "nothing provides"},
		{"more scalars than variables", func(_ ws.Data, a, b int) {}, []endpoint.Option{room}, "the numbers must be equal"},
		{"fewer scalars than variables", func(ws.Data) {}, []endpoint.Option{room}, "nothing takes the path variable {room_id}"},
		{"a tag that names no variable", func(ws.Data, struct {
			ID int `path:"id"`
		}) {
		}, []endpoint.Option{room}, "path variable {id}"},
		{"an interface is never searched for", func(ws.Data, backing) {}, []endpoint.Option{
			endpoint.Injector(provide(t, inject.Singleton, func() memory { return memory{} }, func() disk { return disk{} })),
		}, "endpoint_test.backing"},
		{"a resource for the life of a stream is not slipped into", func(*ws.WebSocket, *tx) {}, []endpoint.Option{
			endpoint.Injector(provide(t, inject.PerCall, func() (*tx, func()) { return nil, nil })),
		}, "inject.Hold"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := endpoint.New(tt.view, tt.opts...)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

type connectsUser struct{ onlyReceive }

func (connectsUser) OnConnect(currentUser) {}

func TestSocketDiamondIsMadeOncePerScope(t *testing.T) {
	made := map[string]int{}
	in := provide(t, inject.Singleton, func() *diary { made["singleton"]++; return &diary{} })
	require.NoError(t, in.Provide(inject.PerCall, func(*diary) *tape { made["top"]++; return &tape{made["top"]} }))
	require.NoError(t, in.Provide(inject.PerCall, func(p *tape) *track { return &track{p.n} }))
	require.NoError(t, in.Provide(inject.PerCall, func(p *tape) *db { return &db{p.n} }))
	c := serveSocket(t, func(_ ws.Data, a *track, b *db) string { return fmt.Sprint(a.n, b.n) }, endpoint.Injector(in)).dial("/")
	for n := 1; n <= 3; n++ {
		require.NoError(t, c.SendText("the same"))
		require.Equal(t, fmt.Sprint(n, n), hearText(t, c))
	}
	require.Equal(t, map[string]int{"singleton": 1, "top": 3}, made)
}

func TestSocketErrorTextNeverReachesTheClient(t *testing.T) {
	secret := errors.New("pq: password is hunter2")
	for name, view := range map[string]any{
		"handshake": gate{func(*ws.WebSocket) error { return secret }, nil},
		"message":   func(ws.Data) error { return secret },
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSocket(t, view)
			c, _, res, err := s.handshake("/")
			if err != nil {
				assert.Equal(t, 500, res.StatusCode)
				body := make([]byte, 1000)
				n, _ := res.Body.Read(body)
				assert.NotContains(t, string(body[:n]), "hunter2")
			} else {
				require.NoError(t, c.SendText("x"))
				wantClose(t, c, 1011, "")
			}
			s.wantLog("hunter2")
		})
	}
}

func TestSocketPathIsNotOverriddenByTheMessageOrTheQuery(t *testing.T) {
	type join struct {
		RoomID int `json:"room_id"`
	}
	c := serveSocket(t, func(id RoomID, m resolve.Message[join]) string { return fmt.Sprint(id, m.Value.RoomID) },
		endpoint.Pattern("/r/{room_id}")).dial("/r/1?room_id=2")
	require.NoError(t, c.SendText(`{"room_id":3}`))
	require.Equal(t, "1 3", hearText(t, c))
}

func TestSocketGuardsRunForHTTPAndForSockets(t *testing.T) {
	in := provide(t, inject.Singleton, func() *tape { return &tape{4} })
	s := serveSocket(t, both{}, endpoint.Injector(in), endpoint.Guards(checkToken))
	require.Equal(t, 401, s.get("GET", "/").StatusCode)
	res, _ := s.refused("/")
	require.Equal(t, 401, res.StatusCode)
	s.dial("/", "Token", "good")
}

func TestSocketClaimsSurviveTheUpgrade(t *testing.T) {
	s := serveSocket(t, func(ctx context.Context, _ ws.Data) string { return fmt.Sprint(ctx.Value(ctxKey{}), ctx.Err()) })
	s.wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), ctxKey{}, "alice")))
		})
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("who"))
	require.Equal(t, "alice<nil>", strings.ReplaceAll(hearText(t, c), " ", ""))
}

func TestSocketConcurrentWritesDoNotPanic(t *testing.T) {
	const writers, each = 20, 20
	s := serveSocket(t, func(conn *ws.WebSocket, _ ws.Data) {
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for range each {
					_ = conn.SendText(strings.Repeat(string(rune('a'+w)), 100))
				}
			})
		}
		wg.Wait()
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	for range writers * each {
		m := hearText(t, c)
		require.Equal(t, strings.Repeat(m[:1], 100), m)
	}
}

func TestSocketHasAReadLimitByDefault(t *testing.T) {
	c := serveSocket(t, func(d ws.Data) int { return len(d) }).dial("/")
	require.NoError(t, c.SendBytes(make([]byte, 1<<20)))
	require.Equal(t, "1048576", hearText(t, c))
	go func() { _ = c.SendBytes(make([]byte, 1<<20+1)) }()
	_, end := ending(t, c)
	require.Equal(t, ws.CodeMessageTooBig, end.Code)
}

func TestSocketPingsAndGivesUpWhoDoesNotAnswer(t *testing.T) {
	events := make(chan string, 1)
	s := serveSocketWith(t, func(c *endpoint.Config) {
		c.WebSocket.PingInterval, c.WebSocket.PongTimeout = 10*time.Millisecond, 20*time.Millisecond
	}, lastly{nil, func(_ context.Context, _ *ws.WebSocket, code ws.Code, _ ws.Reason) error {
		events <- fmt.Sprint(uint16(code))
		return nil
	}})
	c := s.raw("/")
	first, _ := c.read()
	require.Equal(t, byte(rawPing), first)
	require.Equal(t, "1006", take(t, events)) // the ping stays unanswered
}

func TestSocketViewsOfOneInjectorDoNotDisturbEachOther(t *testing.T) {
	in := inject.New()
	require.NoError(t, in.Provide(inject.PerCall, func(id RoomID) *tape { return &tape{int(id)} }))
	a := serveSocket(t, func(p *tape, _ ws.Data) int { return p.n }, endpoint.Injector(in), endpoint.Pattern("/a/{room_id}"))
	b := serveSocket(t, func(_ ws.Data, p *tape, page int) string { return fmt.Sprint(p.n, page) },
		endpoint.Injector(in), endpoint.Pattern("/b/{page}/{room_id}"))
	ca, cb := a.dial("/a/1"), b.dial("/b/2/3")
	for range 2 {
		require.NoError(t, ca.SendText("x"))
		require.Equal(t, "1", hearText(t, ca))
		require.NoError(t, cb.SendText("x"))
		require.Equal(t, "3 2", hearText(t, cb))
	}
}
