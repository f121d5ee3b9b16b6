package ws_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// events is a handler that notes what it sees.
type events struct {
	mu        sync.Mutex
	list      []string
	onMessage func(*ws.WebSocket, ws.Message)
	onClosed  func(*ws.WebSocket, ws.Code, ws.Reason)
	closed    chan struct{}
}

func newEvents() *events { return &events{closed: make(chan struct{})} }

func (e *events) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

func (e *events) Message(c *ws.WebSocket, m ws.Message) {
	e.note("%v %s", m.Kind, m.Data)
	if e.onMessage != nil {
		e.onMessage(c, m)
	}
}

func (e *events) Closed(c *ws.WebSocket, code ws.Code, reason ws.Reason) {
	defer close(e.closed) // a second call panics
	e.note("closed %d %s", code, reason)
	if e.onClosed != nil {
		e.onClosed(c, code, reason)
	}
}

func (e *events) want(t *testing.T, list ...string) {
	t.Helper()
	select {
	case <-e.closed:
	case <-time.After(20 * time.Second):
		t.Fatal("Closed was not called")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Equal(t, list, e.list)
}

func TestServe(t *testing.T) {
	rows := []struct {
		name string
		end  func(*ws.WebSocket, *peer)
		want string
	}{
		{"peer closes", func(_ *ws.WebSocket, p *peer) { p.send(fin|opClose, closeBody(4000, "bye")) }, "closed 4000 bye"},
		{"peer closes without a code", func(_ *ws.WebSocket, p *peer) { p.send(fin|opClose, "") }, "closed 1005 "},
		{"peer drops", func(_ *ws.WebSocket, p *peer) { _ = p.conn.Close() }, "closed 1006 "},
		{"peer breaks the protocol", func(_ *ws.WebSocket, p *peer) { p.send(fin|opCont, "") }, "closed 1002 unexpected continuation data frame"},
		{"we close", func(c *ws.WebSocket, p *peer) {
			go func() { _ = c.Close(4001, "enough") }()
			p.expectClose(4001)
			p.send(fin|opClose, closeBody(4001, ""))
		}, "closed 4001 enough"},
		{"we fail", func(c *ws.WebSocket, _ *peer) { c.Fail(4002, "") }, "closed 4002 "},
	}
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				c, p := open(t, nil)
				e := newEvents()
				e.onMessage = func(c *ws.WebSocket, m ws.Message) {
					_ = c.Send(m.Kind, m.Data)
					_, err := c.Receive(context.Background())
					require.ErrorIs(t, err, ws.ErrServing)
				}
				e.onClosed = func(c *ws.WebSocket, code ws.Code, _ ws.Reason) {
					require.NoError(t, c.Close(code), "right in OnDisconnect, whatever the code")
					require.Error(t, c.Context().Err())
					requireClosed(t, c.SendText("x"), code)
				}
				require.NoError(t, c.Serve(e))
				require.ErrorIs(t, c.Serve(e), ws.ErrServing)
				p.send(fin|opText, "a")
				p.expect(fin|opText, "a")
				p.send(fin|opBinary, "b")
				p.expect(fin|opBinary, "b")
				row.end(c, p)
				e.want(t, "text a", "binary b", row.want)
			})
		}
	})
}

func TestServeAccepts(t *testing.T) {
	c, p := pair(t, nil)
	require.Error(t, c.Serve(nil))
	e := newEvents()
	require.NoError(t, c.Serve(e))
	p.answer()
	_ = p.conn.Close()
	e.want(t, "closed 1006 ")

	c, _ = pair(t, nil)
	require.NoError(t, c.Reject(400, nil, nil))
	require.ErrorIs(t, c.Serve(newEvents()), ws.ErrClosed)
}

func TestServeOnAClosedConnection(t *testing.T) {
	c, _ := open(t, nil)
	c.Fail(4000, "")
	e := newEvents()
	require.NoError(t, c.Serve(e))
	e.want(t, "closed 4000 ")
}

func TestCloseInMessage(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		e := newEvents()
		e.onMessage = func(c *ws.WebSocket, _ ws.Message) { _ = c.Close(4000) }
		require.NoError(t, c.Serve(e))
		p.send(fin|opText, "a")
		p.send(fin|opText, "never seen")
		p.expectClose(4000)
		p.send(fin|opClose, closeBody(4000, ""))
		p.expectEOF()
		e.want(t, "text a", "closed 4000 ")
	})
}

func TestPanicsInHandlers(t *testing.T) {
	rows := []struct {
		name string
		bad  func()
		log  string
	}{
		{"panic", func() { panic("secret") }, "secret"},
		{"Goexit", runtime.Goexit, "panic="},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var buf bytes.Buffer
			var tracker ws.Tracker
			log := slog.New(slog.NewTextHandler(&buf, nil))
			c, p := open(t, &ws.Options{Logger: log, Tracker: &tracker})
			e := newEvents()
			e.onMessage = func(*ws.WebSocket, ws.Message) { row.bad() }
			e.onClosed = func(*ws.WebSocket, ws.Code, ws.Reason) { row.bad() }
			require.NoError(t, c.Serve(e))
			p.send(fin|opText, "a")
			require.Empty(t, p.expectClose(ws.CodeInternalError), "nothing of it for the peer")
			p.expectEOF()
			e.want(t, "text a", "closed 1011 ")
			_ = p.conn.Close()
			require.NoError(t, tracker.Shutdown(soon(t)), "released all the same")
			require.Contains(t, buf.String(), row.log)
			require.Contains(t, buf.String(), "serve_test.go", "the stack")
			require.Contains(t, buf.String(), "method=Message")
		})
	}
	c, p := open(t, nil) // no logger
	e := newEvents()
	e.onMessage = func(*ws.WebSocket, ws.Message) { panic("dropped") }
	require.NoError(t, c.Serve(e))
	p.send(fin|opText, "a")
	p.expectClose(ws.CodeInternalError)
	<-e.closed
}
