package observe_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hear receives one message.
func hear(t *testing.T, c *ws.WebSocket) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := c.Receive(ctx)
	require.NoError(t, err)
	return string(m.Data)
}

// readToEnd answers the closing handshake.
func readToEnd(t *testing.T, c *ws.WebSocket) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if _, err := c.Receive(ctx); err != nil {
			require.ErrorIs(t, err, ws.ErrClosed)
			return
		}
	}
}

// room is a class whose hooks tell what their contexts have.
type room struct{ saw string }

func (r *room) OnConnect(ctx context.Context) { r.saw = fmt.Sprint(ctx.Value(key{})) }

func (r *room) OnReceive(ctx context.Context, _ ws.Text) string {
	return fmt.Sprint(r.saw, " ", ctx.Value(key{}))
}

func (r *room) OnDisconnect(ctx context.Context, l *list) { l.note("bye %v", ctx.Value(key{})) }

// echo answers what it is sent, and fails if that is asked for.
func echo(text ws.Text) (string, error) {
	switch text {
	case "fail":
		return "", errSecret
	case "refuse":
		return "", ws.CloseError{Code: 4001, Reason: "no"}
	case "panic":
		panic("oops")
	case "exit":
		runtime.Goexit()
	}
	return string(text), nil
}

func TestSockets(t *testing.T) {
	const opened = `open "/echo/{room}", call`
	handshake := []string{`begin GET "/echo/{room}" true`, `end GET "/echo/{room}" 101 0 bytes ok, call`, opened}
	tests := []struct {
		name string
		send string
		want []string
	}{
		{"ok", "hello", []string{
			`message "/echo/{room}" text 5, connection`, `handled "/echo/{room}" ok, message`, `close "/echo/{room}" 4000 ok, connection`,
		}},
		{"failed", "fail", []string{
			`message "/echo/{room}" text 4, connection`, `handled "/echo/{room}" failed, message secret`,
			`error "/echo/{room}" false failed, message secret`, `close "/echo/{room}" 1011 failed, connection secret`,
		}},
		{"a close code", "refuse", []string{
			`message "/echo/{room}" text 6, connection`, `handled "/echo/{room}" refused, message ` + ws.CloseError{Code: 4001, Reason: "no"}.Error(),
			`error "/echo/{room}" false refused, message ` + ws.CloseError{Code: 4001, Reason: "no"}.Error(),
			`close "/echo/{room}" 4001 refused, connection ` + ws.CloseError{Code: 4001, Reason: "no"}.Error(),
		}},
		{"a panic", "panic", []string{
			`message "/echo/{room}" text 5, connection`, `handled "/echo/{room}" panic, message panic oops, stack true`,
			`error "/echo/{room}" false panic, message panic oops, stack true`, `close "/echo/{room}" 1011 panic, connection panic oops, stack true`,
		}},
		{"Goexit", "exit", []string{
			`message "/echo/{room}" text 4, connection`, `handled "/echo/{room}" failed, message ` + inject.ErrGoexit.Error(),
			`close "/echo/{room}" 1011 failed, connection ` + inject.ErrGoexit.Error(),
		}},
	}
	s := serve(t, func(app *fogo.App) { app.WebSocket("/echo/{room}", echo, endpoint.IgnoreVars("room")) })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.clear()
			c, err := s.dial("/echo/x")
			require.NoError(t, err)
			require.NoError(t, c.SendText(tt.send))
			if tt.send == "hello" {
				assert.Equal(t, "hello", hear(t, c))
				require.NoError(t, c.Close(4000))
			}
			readToEnd(t, c)
			want := append(append([]string(nil), handshake...), tt.want...)
			assert.Equal(t, want, s.wait(t, len(want)))
		})
	}
}

func TestRefusedHandshakes(t *testing.T) {
	s := serve(t, func(app *fogo.App) {
		app.WebSocket("/guarded", func(*ws.WebSocket) error { return endpoint.NewError(403, "no") })
		app.WebSocket("/code", func(*ws.WebSocket) error { return ws.CloseError{Code: 4000} })
		app.WebSocket("/fail", func(*ws.WebSocket) error { return errSecret })
		app.WebSocket("/itself", func(c *ws.WebSocket) error { return c.Reject(http.StatusTooManyRequests, nil, nil) })
	})
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"/guarded", []string{`begin GET "/guarded" true`, `error "/guarded" true refused, call no`, `end GET "/guarded" 403 # bytes refused, call no`}},
		{"/code", []string{`begin GET "/code" true`, `error "/code" true refused, call ws: closed with 4000`, `end GET "/code" 403 # bytes refused, call ws: closed with 4000`}},
		{"/fail", []string{`begin GET "/fail" true`, `error "/fail" true failed, call secret`, `end GET "/fail" 500 # bytes failed, call secret`}},
		{"/itself", []string{`begin GET "/itself" true`, `end GET "/itself" 429 0 bytes refused, call`}},
		{"/nowhere", []string{`begin GET "" false`, `end GET "" 404 # bytes refused, call`}},
	} {
		s.clear()
		_, err := s.dial(tt.path)
		require.Error(t, err)
		got := s.wait(t, len(tt.want))
		require.Len(t, got, len(tt.want), "%q", got)
		for i, want := range tt.want {
			if tt.path == "/code" {
				want = replaceCode(want)
			}
			assert.True(t, matches(want, got[i]), "want %s\ngot  %s", want, got[i])
		}
	}
	s.clear()
	assert.Equal(t, 426, s.do("GET", "/fail"))
	assert.Len(t, s.wait(t, 2), 2)
}

func replaceCode(line string) string {
	const said = "ws: closed with 4000"
	if i := len(line) - len(said); i > 0 && line[i:] == said {
		return line[:i] + ws.CloseError{Code: 4000}.Error()
	}
	return line
}

// A view that owns its connection sees what observers put into the context as
// soon as it is accepted; its messages are its own.
func TestOwnedConnections(t *testing.T) {
	var before, after any
	var done error
	s := serve(t, func(app *fogo.App) {
		app.WebSocket("/own", func(ctx context.Context, r *http.Request, c *ws.WebSocket) error {
			before = ctx.Value(key{})
			if err := c.SendText("hello"); err != nil {
				return err
			}
			after = ctx.Value(key{})
			for range c.Messages(ctx) {
				return errSecret
			}
			derived, cancel := context.WithCancel(ctx)
			defer cancel()
			<-derived.Done()
			done = derived.Err()
			return nil
		})
	})
	c, err := s.dial("/own")
	require.NoError(t, err)
	assert.Equal(t, "hello", hear(t, c))
	require.NoError(t, c.SendText("x"))
	readToEnd(t, c)
	want := []string{
		`begin GET "/own" true`, `end GET "/own" 101 0 bytes ok, call`, `open "/own", call`,
		`error "/own" true failed, connection secret`, `close "/own" 1011 failed, connection secret`,
	}
	assert.Equal(t, want, s.wait(t, len(want)))
	assert.Equal(t, []any{"call", "connection"}, []any{before, after})
	s.clear()
	c, err = s.dial("/own")
	require.NoError(t, err)
	require.NoError(t, c.Close(1000))
	assert.Equal(t, `close "/own" 1000 ok, connection`, s.wait(t, 4)[3])
	assert.ErrorIs(t, done, context.Canceled)
}

// Every hook of a class sees its context; so does the disconnect.
func TestClassOfSocket(t *testing.T) {
	said := &list{}
	s := serve(t, func(app *fogo.App) {
		app.Value(said)
		app.WebSocket("/room", room{})
	})
	c, err := s.dial("/room")
	require.NoError(t, err)
	require.NoError(t, c.SendText("x"))
	assert.Equal(t, "call message", hear(t, c))
	require.NoError(t, c.Close(1000))
	assert.Equal(t, []string{"bye connection"}, said.wait(t, 1))
}

// A connection that waits in the poller is observed as others are.
func TestParkedConnections(t *testing.T) {
	tracker := &ws.Tracker{}
	l := &list{}
	app := fogo.New(fogo.WithWebSocket(ws.Options{Tracker: tracker}), fogo.WithObserver(messages{l}), fogo.WithObserver(connections{l}))
	app.WebSocket("/echo", echo)
	require.NoError(t, app.Start(t.Context()))
	s := serveApp(t, l, app)
	c, err := s.dial("/echo")
	require.NoError(t, err)
	require.NoError(t, c.SendText("one"))
	assert.Equal(t, "one", hear(t, c))
	if runtime.GOOS == "linux" {
		require.Eventually(t, func() bool { return tracker.Parked() == 1 }, patience, time.Millisecond)
	}
	require.NoError(t, c.SendText("two"))
	assert.Equal(t, "two", hear(t, c))
	c.Fail(1001, "")
	assert.Equal(t, []string{
		`open "/echo", <nil>`,
		`message "/echo" text 3, connection`, `handled "/echo" ok, message`,
		`message "/echo" text 3, connection`, `handled "/echo" ok, message`,
		`close "/echo" 1001 ok, connection`,
	}, s.wait(t, 6))
}

// Observers without an interface are not asked, and nothing of theirs is there.
func TestMessagesAlone(t *testing.T) {
	l := &list{}
	s := serveWith(t, l, func(app *fogo.App) {
		app.WebSocket("/echo", func(ctx context.Context, text ws.Text) string { return fmt.Sprint(ctx.Value(key{})) })
	}, fogo.WithObserver(messages{l}))
	c, err := s.dial("/echo")
	require.NoError(t, err)
	require.NoError(t, c.SendText("x"))
	assert.Equal(t, "message", hear(t, c))
	require.NoError(t, c.Close(1000))
	assert.Equal(t, []string{`message "/echo" text 1, <nil>`, `handled "/echo" ok, message`}, s.wait(t, 2))
}

// The context of a message ends with its connection.
func TestMessageContextEnds(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, func(app *fogo.App) {
		app.WebSocket("/wait", func(ctx context.Context, c *ws.WebSocket, _ ws.Text) {
			go func() { _ = c.Close(1000) }()
			derived, cancel := context.WithCancel(ctx)
			defer cancel()
			<-derived.Done()
			ended <- ctx.Err()
		})
	})
	c, err := s.dial("/wait")
	require.NoError(t, err)
	require.NoError(t, c.SendText("x"))
	readToEnd(t, c)
	assert.ErrorIs(t, <-ended, context.Canceled)
	assert.Equal(t, `close "/wait"`, s.wait(t, 6)[5][:13])
}

// Calls, messages and ends that come at once are told one for one.
func TestConcurrency(t *testing.T) {
	s := serve(t, func(app *fogo.App) {
		app.Provide(inject.PerCall, func() *user { return &user{} })
		app.Get("/x", func(*user) string { return "x" })
		app.WebSocket("/echo", echo)
	})
	var wg sync.WaitGroup
	const many = 8
	for range many {
		wg.Go(func() {
			for range 10 {
				if status := s.do("GET", "/x"); status != 200 {
					t.Errorf("status %d", status)
				}
			}
		})
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c, _, err := ws.Dial(ctx, "ws"+s.srv.URL[len("http"):]+"/echo", nil)
			if err != nil {
				t.Error(err)
				return
			}
			for range 10 {
				if err := c.SendText("x"); err != nil {
					t.Error(err)
				}
				if _, err := c.Receive(ctx); err != nil {
					t.Error(err)
				}
			}
			_ = c.Close(1000)
		})
	}
	wg.Wait()
	// 3 of a request, 2 of a handshake, of a connection and of a message.
	got := s.wait(t, many*(10*3+2+2+10*2))
	count := map[string]int{}
	for _, line := range got {
		count[line]++
	}
	assert.Len(t, got, many*(10*3+2+2+10*2))
	assert.Equal(t, many*10, count[`end GET "/x" 200 1 bytes ok, call`])
	assert.Equal(t, many*10, count[`made PerCall *observe_test.user ok, call`])
	assert.Equal(t, many*10, count[`handled "/echo" ok, message`])
	assert.Equal(t, many, count[`close "/echo" 1000 ok, connection`])
}

// socketCalls notes the handshakes among calls.
type socketCalls struct{ *list }

func (o socketCalls) BeginCall(ctx context.Context, _ observe.Call) context.Context { return ctx }

func (o socketCalls) EndCall(_ context.Context, c observe.Call, end observe.CallEnd) {
	o.note("%q %t %d", c.Route, c.WebSocket, end.Status)
}

// A WebSocket in a mounted router has its whole route.
func TestMountedSocket(t *testing.T) {
	l := &list{}
	s := serveWith(t, l, func(app *fogo.App) {
		sub := router.New()
		sub.WebSocket("/echo", echo)
		app.Mount("/sub/{id:int}", sub)
	}, fogo.WithObserver(connections{l}), fogo.WithObserver(socketCalls{l}))
	c, err := s.dial("/sub/7/echo")
	require.NoError(t, err)
	require.NoError(t, c.Close(1000))
	assert.Equal(t, []string{
		`"/sub/{id:int}/echo" true 101`, `open "/sub/{id:int}/echo", <nil>`, `close "/sub/{id:int}/echo" 1000 ok, connection`,
	}, s.wait(t, 3))
}
