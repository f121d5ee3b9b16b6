package endpoint_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/require"
)

func TestSocketShutdownSends1001(t *testing.T) {
	views := []struct {
		name string
		view any
	}{
		{"per message", func(d ws.Data) ws.Data { return d }},
		{"per connection", func(conn *ws.WebSocket) error {
			for m, err := range conn.Messages(conn.Context()) {
				if err != nil {
					return err
				}
				_ = conn.Send(m.Kind, m.Data)
			}
			return nil
		}},
		{"a class", onlyReceive{}},
	}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			s := serveSocket(t, v.view)
			silent, talked := s.dial("/"), s.dial("/")
			require.NoError(t, talked.SendText("x"))
			require.Equal(t, "x", hearText(t, talked))
			done := s.shutdown()
			for _, c := range []*ws.WebSocket{silent, talked} {
				wantClose(t, c, ws.CodeGoingAway, "")
			}
			require.NoError(t, take(t, done))
			res, _ := s.refused("/")
			require.Equal(t, 503, res.StatusCode, "nobody is let in any more")
		})
	}
}

func TestSocketShutdownLosesNothing(t *testing.T) {
	d := &diary{}
	in := provide(t, inject.Singleton, func() (*tape, func()) { return &tape{}, func() { d.add("close tape") } })
	require.NoError(t, in.Provide(inject.PerConnection, func(*tape) (*track, func()) {
		return nil, func() { d.add("release track") }
	}))
	working, goOn := make(chan struct{}), make(chan struct{})
	s := serveSocket(t, worker{working: working, goOn: goOn, d: d}, endpoint.Injector(in))
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	take(t, working)
	done := s.shutdown()
	nothing(t, done) // it waits
	close(goOn)
	got, end := ending(t, c)
	require.Equal(t, []ws.Message{text("reply to x")}, got, "the message at work is answered")
	require.Equal(t, ws.CodeGoingAway, end.Code)
	require.NoError(t, take(t, done))
	require.Equal(t, "worked true\ndisconnect 1001\nrelease track\nclose tape", d.String(), "all is done when Shutdown returns")
}

// worker works on a message until it is told to go on.
type worker struct {
	Track         *track `inject:""`
	working, goOn chan struct{}
	d             *diary
}

func (w *worker) OnReceive(ctx context.Context, m ws.Text) ws.Text {
	close(w.working)
	<-w.goOn
	w.d.add("worked %v", ctx.Err() == nil)
	return "reply to " + m
}

func (w *worker) OnDisconnect(code ws.Code) { w.d.add("disconnect %d", code) }

func TestSocketShutdownLetsAViewFinishItsConnection(t *testing.T) {
	d := &diary{}
	s := serveSocket(t, func(conn *ws.WebSocket) error {
		for range conn.Messages(conn.Context()) {
			continue
		}
		time.Sleep(20 * time.Millisecond)
		d.add("saved")
		return nil
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	done := s.shutdown()
	wantClose(t, c, ws.CodeGoingAway, "")
	require.NoError(t, take(t, done))
	require.Equal(t, "saved", d.String())
}

func TestSocketShutdownCutsWhatTakesTooLong(t *testing.T) {
	cause, working := make(chan error, 1), make(chan struct{})
	s := serveSocket(t, func(ctx context.Context, _ ws.Data) {
		close(working)
		<-ctx.Done()
		cause <- context.Cause(ctx)
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	take(t, working)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.h.Shutdown(ctx), context.DeadlineExceeded)
	require.ErrorIs(t, take(t, cause), ws.ErrClosed)
	wantClose(t, c, ws.CodeGoingAway, "")
}

func TestSocketShutdownWhileConnecting(t *testing.T) {
	connecting, goOn := make(chan struct{}), make(chan struct{})
	events := make(chan string, 10)
	s := serveSocket(t, gate{func(*ws.WebSocket) error {
		close(connecting)
		<-goOn
		return nil
	}, events})
	refused := make(chan int, 1)
	go func() {
		_, _, res, _ := s.handshake("/")
		if res != nil {
			refused <- res.StatusCode
		}
	}()
	take(t, connecting)
	require.NoError(t, s.h.Shutdown(soon(t)))
	close(goOn)
	require.Equal(t, 503, take(t, refused))
	require.Equal(t, "1006 ", take(t, events), "OnConnect succeeded, so OnDisconnect follows")
}

func TestSocketHundredClients(t *testing.T) {
	in := func() endpoint.Option {
		in := provide(t, inject.PerConnection, func() *tape { return &tape{} })
		require.NoError(t, in.Provide(inject.PerCall, func(p *tape) (*track, func()) {
			p.n++
			return &track{p.n}, func() {}
		}))
		return endpoint.Injector(in)
	}
	echo := func(c *ws.WebSocket, say string, _ int) (string, error) {
		if err := c.SendText(say); err != nil {
			return "", err
		}
		return c.ReceiveText(c.Context())
	}
	kinds := []struct {
		name string
		view any
		talk func(c *ws.WebSocket, say string, n int) (string, error)
		want func(say string, n int) string
	}{
		{"Data", func(d ws.Data) ws.Data { return d }, echo, func(say string, _ int) string { return say }},
		{"data struct", func(l line) line { return l }, func(c *ws.WebSocket, say string, n int) (string, error) {
			return echo(c, fmt.Sprintf(`{"text":%q,"n":%d}`, say, n), n)
		}, func(say string, n int) string { return fmt.Sprintf(`{"text":%q,"n":%d}`, say, n) }},
		{"class with scopes", crowd{}, echo, func(say string, n int) string { return fmt.Sprint(say, " ", n, " ", n+1) }},
		{"per connection", func(conn *ws.WebSocket, _ *tape) error {
			for m, err := range conn.Messages(conn.Context()) {
				if err != nil {
					return err
				}
				if err := conn.Send(m.Kind, m.Data); err != nil {
					return err
				}
			}
			return nil
		}, echo, func(say string, _ int) string { return say }},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s := serveSocket(t, k.view, in(), endpoint.AsWebSocket())
			const clients, messages = 100, 20
			conns := make([]*ws.WebSocket, clients)
			for i := range conns {
				conns[i] = s.dial("/")
			}
			errs := make(chan error, clients)
			for i, c := range conns {
				go func() { errs <- converse(c, i, messages, k.talk, k.want) }()
			}
			for range conns {
				require.NoError(t, take(t, errs))
			}
			require.Empty(t, s.log.String())
		})
	}
}

func converse(
	c *ws.WebSocket, i, messages int,
	talk func(*ws.WebSocket, string, int) (string, error), want func(string, int) string,
) error {
	for n := 1; n <= messages; n++ {
		say := fmt.Sprintf("client%d message%d", i, n)
		got, err := talk(c, say, n)
		if err != nil {
			return err
		}
		if w := want(say, n); got != w {
			return fmt.Errorf("got %q, want %q", got, w)
		}
	}
	return c.Close(ws.CodeNormal)
}

// crowd counts the messages of its connection.
type crowd struct {
	Tape *tape `inject:""`
	n    int
}

// OnConnect takes a value per call, which the connection's counter counts.
func (c *crowd) OnConnect(*track) {}

func (c *crowd) OnReceive(m ws.Text, tr *track) string {
	c.n++
	return fmt.Sprint(string(m), " ", c.n, " ", tr.n)
}
