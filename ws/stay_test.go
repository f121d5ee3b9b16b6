package ws_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// obeying is a handler that does what messages say, and echoes the others.
type obeying struct {
	*echoing
	do map[string]func(*ws.WebSocket)
}

func (s obeying) Message(c *ws.WebSocket, m ws.Message) {
	if f := s.do[string(m.Data)]; f != nil {
		f(c)
		return
	}
	s.echoing.Message(c, m)
}

// staying serves a connection that talks: its reader stays in the runtime's poller.
func staying(t *testing.T, linger time.Duration, do map[string]func(*ws.WebSocket)) (*ws.WebSocket, *peer, *echoing, *ws.Tracker) {
	t.Helper()
	h := obeying{newEchoing(), do}
	tr := &ws.Tracker{}
	ws.SetLinger(tr, linger)
	// Whoever waits for a timeout where there should be none waits for too long.
	c, p := overTCP(t, &ws.Options{Tracker: tr, CloseTimeout: time.Minute})
	require.NoError(t, c.Serve(h))
	for range 3 {
		p.send(fin|opText, "hello")
		p.expect(fin|opText, "hello")
	}
	require.True(t, ws.Staying(c))
	return c, p, h.echoing, tr
}

func TestCloseByTheHandlerOfAStay(t *testing.T) {
	before := descriptors(t)
	returned := make(chan error, 1)
	c, p, e, tr := staying(t, time.Minute, map[string]func(*ws.WebSocket){
		"close": func(c *ws.WebSocket) { returned <- c.Close(4001, "enough") },
	})
	p.send(fin|opText, "close")
	p.expectClose(4001)
	p.send(fin|opText, "it is dropped")
	p.send(fin|opClose, closeBody(4001, ""))
	require.NoError(t, <-returned)
	p.expectEOF()
	require.Equal(t, ws.Code(4001), e.wait(t))
	require.False(t, ws.Staying(c))
	_ = p.conn.Close()
	eventually(t, func() bool { return tr.Len() == 0 && descriptors(t) <= before })
}

// TestEndWhileTheHandlerOfAStayWorks: nobody waits for a handler to close a connection, and its peer doesn't either.
func TestEndWhileTheHandlerOfAStayWorks(t *testing.T) {
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	for _, row := range []struct {
		name string
		end  func(*ws.WebSocket, *ws.Tracker)
		code ws.Code
		half bool // the socket is read for a while: the peer has to go
	}{
		{"Close", func(c *ws.WebSocket, _ *ws.Tracker) { _ = c.Close(4002) }, 4002, false},
		{"Fail", func(c *ws.WebSocket, _ *ws.Tracker) { c.Fail(4003, "") }, 4003, true},
		{"cut", func(_ *ws.WebSocket, tr *ws.Tracker) { _ = tr.Shutdown(expired) }, 1001, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := descriptors(t)
			works, goOn := make(chan bool), make(chan bool)
			c, p, e, tr := staying(t, time.Minute, map[string]func(*ws.WebSocket){
				"work": func(*ws.WebSocket) { works <- true; <-goOn },
			})
			p.send(fin|opText, "work")
			<-works
			ended := make(chan bool)
			go func() { defer close(ended); row.end(c, tr) }()
			p.expectClose(row.code)
			p.send(fin|opClose, closeBody(int(row.code), ""))
			<-ended
			p.expectEOF()
			require.True(t, ws.Staying(c), "the handler still works")
			require.Empty(t, e.closed)
			_ = p.conn.Close()
			close(goOn)
			require.Equal(t, row.code, e.wait(t))
			eventually(t, func() bool { return tr.Len() == 0 && descriptors(t) <= before })
		})
	}
}

func TestHandlerOfAStayDoesNotReturn(t *testing.T) {
	before := descriptors(t)
	for _, row := range []struct {
		name string
		do   func(*ws.WebSocket)
	}{
		{"panic", func(*ws.WebSocket) { panic("boom") }},
		{"Goexit", func(*ws.WebSocket) { runtime.Goexit() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, p, e, tr := staying(t, time.Minute, map[string]func(*ws.WebSocket){"end": row.do})
			p.send(fin|opText, "end")
			p.expectClose(1011)
			_ = p.conn.Close()
			require.Equal(t, ws.CodeInternalError, e.wait(t))
			eventually(t, func() bool { return tr.Len() == 0 && descriptors(t) <= before })
		})
	}
}

// TestStreamEndsWithAMessage: bytes and the end of the stream may be one event, of which the first read tells only half.
func TestStreamEndsWithAMessage(t *testing.T) {
	for range 30 {
		got := make(chan bool, 1)
		_, p, e, tr := staying(t, 10*time.Millisecond, map[string]func(*ws.WebSocket){
			"last": func(*ws.WebSocket) { got <- true },
		})
		p.send(fin|opText, "last")
		require.NoError(t, p.conn.(*net.TCPConn).CloseWrite())
		require.Equal(t, ws.CodeAbnormal, e.wait(t))
		require.True(t, <-got)
		eventually(t, func() bool { return tr.Len() == 0 })
	}
}

func TestDrainOfAStay(t *testing.T) {
	works, goOn := make(chan bool), make(chan bool)
	_, p, e, tr := staying(t, time.Minute, map[string]func(*ws.WebSocket){
		"work": func(c *ws.WebSocket) { works <- true; <-goOn; _ = c.SendText("done") },
	})
	p.send(fin|opText, "work")
	<-works
	done := make(chan error, 1)
	go func() { done <- tr.Shutdown(context.Background()) }()
	close(goOn)
	p.expect(fin|opText, "done")
	p.expectClose(1001)
	p.send(fin|opClose, closeBody(1001, ""))
	p.expectEOF()
	require.Equal(t, ws.CodeGoingAway, e.wait(t))
	require.NoError(t, <-done)
}

func TestStayEndsWhenItIsQuiet(t *testing.T) {
	c, p, e, tr := staying(t, 50*time.Millisecond, nil)
	isParked(t, tr)
	require.False(t, ws.Staying(c))
	p.send(fin|opText, "again")
	p.expect(fin|opText, "again")
	_ = p.conn.Close()
	e.wait(t)
}
