package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lastly does with messages and the disconnect what its functions say.
type lastly struct {
	receive func(conn *ws.WebSocket, m ws.Text) error
	closed  func(ctx context.Context, conn *ws.WebSocket, code ws.Code, reason ws.Reason) error
}

func (l *lastly) OnReceive(conn *ws.WebSocket, m ws.Text) error {
	if l.receive == nil {
		return conn.SendText(string(m))
	}
	return l.receive(conn, m)
}

func (l *lastly) OnDisconnect(ctx context.Context, conn *ws.WebSocket, code ws.Code, reason ws.Reason) error {
	return l.closed(ctx, conn, code, reason)
}

func TestSocketOnDisconnectCode(t *testing.T) {
	fails := func(err error) func(*ws.WebSocket, ws.Text) error {
		return func(*ws.WebSocket, ws.Text) error { return err }
	}
	tests := []struct {
		name    string
		receive func(conn *ws.WebSocket, m ws.Text) error
		act     func(t *testing.T, c *rawSocket)
		want    string
	}{
		{"the peer's code and reason", nil, func(_ *testing.T, c *rawSocket) { c.send(rawClose, closing(4001, "bye")) }, "4001 bye"},
		{"1005 if its frame was empty", nil, func(_ *testing.T, c *rawSocket) { c.send(rawClose, "") }, "1005 "},
		{"1006 if the connection dropped", nil, func(_ *testing.T, c *rawSocket) { _ = c.conn.Close() }, "1006 "},
		{"1006 in the middle of a message", nil, func(_ *testing.T, c *rawSocket) { c.send(0x01, "half"); _ = c.conn.Close() }, "1006 "},
		{"1011 after a handler's error", fails(errors.New("x")), func(_ *testing.T, c *rawSocket) { c.send(rawText, "x") }, "1011 "},
		{"1011 after a panic", func(*ws.WebSocket, ws.Text) error { panic("x") }, func(_ *testing.T, c *rawSocket) { c.send(rawText, "x") }, "1011 "},
		{"1011 after Goexit", func(*ws.WebSocket, ws.Text) error { goexit(); return nil }, func(_ *testing.T, c *rawSocket) { c.send(rawText, "x") }, "1011 "},
		{"the code of an error", fails(ws.CloseError{Code: 4002, Reason: "no"}), func(_ *testing.T, c *rawSocket) { c.send(rawText, "x") }, "4002 no"},
		{"our own code", func(c *ws.WebSocket, _ ws.Text) error { return c.Close(4003, "own") }, func(_ *testing.T, c *rawSocket) { c.send(rawText, "x") }, "4003 own"},
		{"1003 for the wrong kind", nil, func(_ *testing.T, c *rawSocket) { c.send(rawBinary, "x") }, "1003 expected a text message"},
		{"1007 for text that is not UTF-8", nil, func(_ *testing.T, c *rawSocket) { c.send(rawText, "\xff") }, "1007 text is not valid UTF-8"},
		{"1002 for a broken frame", nil, func(_ *testing.T, c *rawSocket) { c.send(0x83, "x") }, "1002 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events := make(chan string, 10)
			s := serveSocketWith(t, func(c *endpoint.Config) { c.WebSocket.CloseTimeout = 50 * time.Millisecond },
				lastly{tt.receive, func(ctx context.Context, conn *ws.WebSocket, code ws.Code, reason ws.Reason) error {
					// Close on a closed connection is nil, whatever the code.
					for _, c := range []ws.Code{code, 1000, 1005, 1006, 999, 0} {
						assert.NoError(t, conn.Close(c), "%d", c)
					}
					events <- fmt.Sprintf("%d %s", code, reason)
					return conn.SendText("late") // which is no failure worth a line
				}})
			c := s.raw("/")
			tt.act(t, c)
			require.Contains(t, take(t, events), tt.want)
			nothing(t, events)
			assert.NotContains(t, s.log.String(), "OnDisconnect failed")
		})
	}
}

type ctxKey struct{}

func TestSocketOnDisconnectContext(t *testing.T) {
	type seen struct {
		err      error
		deadline time.Time
		value    any
		conn     error
	}
	got := make(chan seen, 1)
	s := serveSocket(t, lastly{nil, func(ctx context.Context, conn *ws.WebSocket, _ ws.Code, _ ws.Reason) error {
		deadline, _ := ctx.Deadline()
		got <- seen{ctx.Err(), deadline, ctx.Value(ctxKey{}), conn.Context().Err()}
		return nil
	}})
	s.wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), ctxKey{}, "claims")))
		})
	})
	require.NoError(t, s.dial("/").Close(1000))
	v := take(t, got)
	assert.NoError(t, v.err, "fresh")
	assert.WithinDuration(t, time.Now().Add(10*time.Second), v.deadline, 5*time.Second)
	assert.Equal(t, "claims", v.value)
	assert.ErrorIs(t, v.conn, context.Canceled)
}

func TestSocketOnDisconnectFails(t *testing.T) {
	tests := []struct {
		name   string
		closed func() error
		log    []string
	}{
		{"an error is logged", func() error { return errors.New("disk full") }, []string{"OnDisconnect failed", "disk full"}},
		{"a panic is logged with its stack", func() error { panic("disk gone") }, []string{"OnDisconnect failed", "disk gone", "stack="}},
		{"Goexit keeps nothing from being cleaned up", func() error { goexit(); return nil }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			released := make(chan struct{})
			in := provide(t, inject.PerConnection, func() (*tape, func()) { return nil, func() { close(released) } })
			s := serveSocket(t, lastlyHolds{tt.closed}, endpoint.Injector(in))
			require.NoError(t, s.dial("/").Close(1000))
			take(t, released)
			s.wantLog(tt.log...)
			require.NoError(t, take(t, s.shutdown()))
		})
	}
}

// lastlyHolds is a lastly with something to be cleaned up.
type lastlyHolds struct{ closed func() error }

func (l *lastlyHolds) OnReceive(ws.Data, *tape) {}
func (l *lastlyHolds) OnDisconnect() error      { return l.closed() }

func TestSocketClientDropsDuringALongMessage(t *testing.T) {
	working, goOn := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	events := make(chan string, 10)
	s := serveSocket(t, lastly{
		func(*ws.WebSocket, ws.Text) error {
			close(working)
			<-goOn
			ended.Store(true)
			return nil
		},
		func(_ context.Context, _ *ws.WebSocket, code ws.Code, _ ws.Reason) error {
			events <- fmt.Sprint(uint16(code), ended.Load())
			return nil
		},
	})
	c := s.raw("/")
	c.send(rawText, "x")
	take(t, working)
	require.NoError(t, c.conn.(*net.TCPConn).SetLinger(0)) // RST
	require.NoError(t, c.conn.Close())
	nothing(t, events) // events come one at a time
	close(goOn)
	require.Equal(t, "1006 true", take(t, events))
	nothing(t, events)
	require.Empty(t, s.log.String())
}

// pairHooks counts how often OnConnect and OnDisconnect ran.
type pairHooks struct{ in, out *atomic.Int32 }

func (p *pairHooks) OnConnect()                { p.in.Add(1) }
func (p *pairHooks) OnReceive(ws.Data)         {}
func (p *pairHooks) OnDisconnect(code ws.Code) { p.out.Add(int32(code)) }

func TestSocketOnDisconnectFollowsOnConnectThatCouldNotBeAccepted(t *testing.T) {
	var in, out atomic.Int32
	s := serveSocket(t, pairHooks{&in, &out})
	s.wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
	})
	res, _ := s.refused("/")
	require.Equal(t, 500, res.StatusCode)
	require.Equal(t, int32(1), in.Load())
	require.Equal(t, int32(ws.CodeAbnormal), out.Load())
}
