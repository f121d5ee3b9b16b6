package ws_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/poll"
	"github.com/gofogo/fogo/ws"
)

// echoing is a handler that answers every message with itself.
type echoing struct{ closed chan ws.Code }

func newEchoing() *echoing { return &echoing{make(chan ws.Code, 1)} }

func (e *echoing) Message(c *ws.WebSocket, m ws.Message)             { _ = c.Send(m.Kind, m.Data) }
func (e *echoing) Closed(_ *ws.WebSocket, code ws.Code, _ ws.Reason) { e.closed <- code }

// parked serves a connection over TCP and waits until it is parked.
func parked(t *testing.T, linger time.Duration, change func(*ws.Options)) (*ws.WebSocket, *peer, *echoing, *ws.Tracker) {
	t.Helper()
	if !poll.Supported {
		t.Skip("no poller on " + runtime.GOOS)
	}
	tr := &ws.Tracker{}
	ws.SetLinger(tr, linger)
	opts := &ws.Options{Tracker: tr}
	if change != nil {
		change(opts)
	}
	c, p := overTCP(t, opts)
	e := newEchoing()
	require.NoError(t, c.Serve(e))
	require.Equal(t, 1, tr.Parked(), "at once")
	return c, p, e, tr
}

const always = time.Nanosecond // connections park after each batch

func (e *echoing) wait(t *testing.T) ws.Code {
	t.Helper()
	select {
	case code := <-e.closed:
		return code
	case <-time.After(20 * time.Second):
		t.Fatal("Closed was not called")
		return 0
	}
}

func isParked(t *testing.T, tr *ws.Tracker) {
	t.Helper()
	eventually(t, func() bool { return tr.Parked() == 1 })
}

func TestParkedConnectionAnswers(t *testing.T) {
	for _, linger := range []time.Duration{always, 10 * time.Millisecond, time.Minute} {
		t.Run(linger.String(), func(t *testing.T) {
			c, p, e, tr := parked(t, linger, nil)
			for i := range 20 {
				s := strings.Repeat("x", i*i*i*10)
				p.send(fin|opText, s)
				p.expect(fin|opText, s)
				if linger < time.Minute {
					isParked(t, tr)
				}
				if i == 10 {
					require.Equal(t, p.conn.LocalAddr().String(), c.RemoteAddr().String())
				}
			}
			p.send(fin|opClose, closeBody(4000, ""))
			p.expectClose(4000)
			p.expectEOF()
			require.Equal(t, ws.Code(4000), e.wait(t))
			eventually(t, func() bool { return tr.Len() == 0 && tr.Parked() == 0 })
		})
	}
}

// TestFirstMessageParksAtOnce: who says one thing after the handshake need not go on; who does keeps a goroutine.
func TestFirstMessageParksAtOnce(t *testing.T) {
	c, p, e, tr := parked(t, time.Minute, nil)
	p.send(fin|opText, "first")
	p.expect(fin|opText, "first")
	isParked(t, tr)
	for range 2 {
		p.send(fin|opText, "more")
		p.expect(fin|opText, "more")
	}
	require.Zero(t, tr.Parked())
	require.True(t, ws.Staying(c))
	_ = p.conn.Close()
	e.wait(t)
}

func TestParkedConnectionHasNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	_, p, e, _ := parked(t, always, nil)
	require.LessOrEqual(t, runtime.NumGoroutine(), before+1, "the poller's")
	_ = p.conn.Close()
	require.Equal(t, ws.CodeAbnormal, e.wait(t))
	// eventually has a goroutine of its own.
	eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestParkedInTheMiddleOfAFrame(t *testing.T) {
	_, p, e, tr := parked(t, always, nil)
	for _, frame := range []string{p.frame(fin|opText, "hello"), p.frame(fin|opBinary, strings.Repeat("x", 10000))} {
		for _, cut := range []int{1, 3, len(frame) - 1} {
			p.write(frame[:cut])
			eventually(t, func() bool { return tr.Parked() == 0 })
			time.Sleep(2 * time.Millisecond)
			require.Zero(t, tr.Parked(), "not with half a frame")
			p.write(frame[cut:])
			_, payload := p.read()
			require.Contains(t, frame, string(payload[0]^0x12))
			isParked(t, tr)
		}
	}
	p.send(opText, "frag")
	eventually(t, func() bool { return tr.Parked() == 0 })
	p.send(fin|opPing, "")
	p.expect(fin|opPong, "")
	require.Zero(t, tr.Parked(), "nor with half a message")
	p.send(fin|opCont, "ment")
	p.expect(fin|opText, "fragment")
	_ = p.conn.Close()
	e.wait(t)
}

func TestSendToAParkedConnection(t *testing.T) {
	c, p, e, tr := parked(t, always, nil)
	for i := range 100 {
		require.NoError(t, c.SendText(fmt.Sprint(i)))
	}
	require.Equal(t, 1, tr.Parked(), "what the socket takes needs no goroutine")
	for i := range 100 {
		p.expect(fin|opText, fmt.Sprint(i))
	}
	// More than a socket takes.
	big := strings.Repeat("x", 8<<20)
	errs := make(chan error)
	go func() { errs <- c.SendText(big) }()
	p.expect(fin|opText, big)
	require.NoError(t, <-errs)
	isParked(t, tr)
	w, err := c.Writer(soon(t), ws.KindText)
	require.NoError(t, err)
	_, _ = io.WriteString(w, "a")
	require.NoError(t, w.(interface{ Flush() error }).Flush())
	p.expect(opText, "a")
	_, _ = io.WriteString(w, "b")
	require.NoError(t, w.Close())
	p.expect(fin|opCont, "b")
	_ = p.conn.Close()
	require.Equal(t, ws.CodeAbnormal, e.wait(t))
}

func TestEndOfAParkedConnection(t *testing.T) {
	rows := []struct {
		name string
		end  func(t *testing.T, c *ws.WebSocket, p *peer, tr *ws.Tracker)
		want ws.Code
	}{
		{"we close", func(t *testing.T, c *ws.WebSocket, p *peer, _ *ws.Tracker) {
			go func() { _ = c.Close(4001) }()
			p.expectClose(4001)
			p.send(fin|opClose, closeBody(4001, ""))
			p.expectEOF()
		}, 4001},
		{"we fail", func(t *testing.T, c *ws.WebSocket, p *peer, _ *ws.Tracker) {
			c.Fail(4002, "")
			p.expectClose(4002)
			p.expectEOF()
		}, 4002},
		{"peer hangs up", func(_ *testing.T, _ *ws.WebSocket, p *peer, _ *ws.Tracker) { _ = p.conn.Close() }, 1006},
		{"peer resets", func(t *testing.T, _ *ws.WebSocket, p *peer, _ *ws.Tracker) {
			require.NoError(t, p.conn.(*net.TCPConn).SetLinger(0))
			_ = p.conn.Close()
		}, 1006},
		{"shutdown", func(t *testing.T, _ *ws.WebSocket, p *peer, tr *ws.Tracker) {
			go func() { assert.NoError(t, tr.Shutdown(soon(t))) }()
			p.expectClose(1001)
			p.send(fin|opClose, closeBody(1001, ""))
			p.expectEOF()
		}, 1001},
		{"cut", func(t *testing.T, _ *ws.WebSocket, p *peer, tr *ws.Tracker) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			require.ErrorIs(t, tr.Shutdown(ctx), context.Canceled)
		}, 1001},
		{"peer breaks the protocol", func(_ *testing.T, _ *ws.WebSocket, p *peer, _ *ws.Tracker) {
			p.send(fin|opCont, "")
			p.expectClose(1002)
		}, 1002},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, p, e, tr := parked(t, always, nil)
			ctx := c.Context()
			row.end(t, c, p, tr)
			require.Equal(t, row.want, e.wait(t))
			if row.name != "peer resets" { // then the system has forgotten it
				require.Equal(t, p.conn.LocalAddr().String(), c.RemoteAddr().String())
			}
			<-ctx.Done()
			<-c.Done()
			_ = p.conn.Close()
			eventually(t, func() bool { return tr.Len() == 0 && tr.Parked() == 0 })
			requireClosed(t, c.SendText("x"), row.want)
		})
	}
}

// TestEndWakesOnce: a socket at its end is readable for ever, so a connection that parked again would wake again, and so on.
func TestEndWakesOnce(t *testing.T) {
	for _, reset := range []bool{false, true} {
		_, p, e, tr := parked(t, always, nil)
		if reset {
			require.NoError(t, p.conn.(*net.TCPConn).SetLinger(0))
		}
		_ = p.conn.Close()
		require.Equal(t, ws.CodeAbnormal, e.wait(t))
		require.Equal(t, 1, ws.Stays(tr))
	}
}

func TestParkedConnectionIsPinged(t *testing.T) {
	c, p, e, tr := parked(t, always, func(o *ws.Options) {
		o.PingInterval, o.PongTimeout = 20*time.Millisecond, 300*time.Millisecond
	})
	for range 5 {
		p.expect(fin|opPing, "")
		p.send(fin|opPong, "")
	}
	require.Equal(t, 1, tr.Parked(), "pings and pongs need no goroutine")
	p.send(fin|opPing, "hi") // this one does
	for {
		if first, payload := p.read(); first == fin|opPong {
			require.Equal(t, "hi", payload)
			break
		}
	}
	start := time.Now() // from now on it is silent
	require.Equal(t, ws.CodeAbnormal, e.wait(t))
	require.GreaterOrEqual(t, time.Since(start), 290*time.Millisecond)
	requireClosed(t, c.SendText("x"), ws.CodeAbnormal)
}

// Whoever is silent is not waited for: its Close frame, or its end of the TCP connection, would never come.
func TestSilentPeerIsNotWaitedFor(t *testing.T) {
	for name, noParking := range map[string]bool{"parking": false, "no parking": true} {
		t.Run(name, func(t *testing.T) {
			tr := &ws.Tracker{}
			c, p := overTCP(t, &ws.Options{
				Tracker: tr, NoParking: noParking, PingInterval: time.Millisecond, PongTimeout: 20 * time.Millisecond, CloseTimeout: time.Hour,
			})
			e := newEchoing()
			require.NoError(t, c.Serve(e))
			require.Equal(t, ws.CodeAbnormal, e.wait(t))
			eventually(t, func() bool { return tr.Len() == 0 && tr.Parked() == 0 })
			in := p.take(nil)
			require.Equal(t, ws.CodePolicyViolation, in.code, "one that lives is told: %v", in.err)
			p.expectEOF()
		})
	}
}

func TestNoParking(t *testing.T) {
	tr := &ws.Tracker{}
	c, p := overTCP(t, &ws.Options{Tracker: tr, NoParking: true})
	e := newEchoing()
	require.NoError(t, c.Serve(e))
	p.send(fin|opText, "x")
	p.expect(fin|opText, "x")
	require.Zero(t, tr.Parked())
	_ = p.conn.Close()
	e.wait(t)
}

// wrapped is a connection with a state of its own.
type wrapped struct{ *net.TCPConn }

func TestWrappedConnectionsDoNotPark(t *testing.T) {
	server, client := tcpPair(t)
	tr := &ws.Tracker{}
	c, p := pairOver(t, wrapped{server.(*net.TCPConn)}, client, "", &ws.Options{Tracker: tr})
	e := newEchoing()
	require.NoError(t, c.Serve(e))
	p.answer()
	require.Zero(t, tr.Parked())
	_ = p.conn.Close()
	e.wait(t)
}

// TestParkingStorm drives many connections that park and wake all the time, and end in every way.
func TestParkingStorm(t *testing.T) {
	if !poll.Supported {
		t.Skip("no poller on " + runtime.GOOS)
	}
	for _, linger := range []time.Duration{time.Millisecond, 30 * time.Millisecond} {
		t.Run(linger.String(), func(t *testing.T) { parkingStorm(t, linger) })
	}
}

func parkingStorm(t *testing.T, linger time.Duration) {
	before := descriptors(t)
	tr := &ws.Tracker{}
	ws.SetLinger(tr, linger)
	opts := &ws.Options{Tracker: tr, PingInterval: 3 * time.Millisecond}
	until := time.Now().Add(1500 * time.Millisecond)
	var wg sync.WaitGroup
	for i := range 40 {
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for time.Now().Before(until) {
				stormOne(t, opts, rnd)
			}
		})
	}
	wg.Wait()
	eventually(t, func() bool { return tr.Len() == 0 && tr.Parked() == 0 })
	eventually(t, func() bool { return descriptors(t) <= before })
}

func stormOne(t *testing.T, opts *ws.Options, rnd *rand.Rand) {
	server, client := tcpPair(t)
	c, p := pairOver(t, server, client, "", opts)
	e := newEchoing()
	require.NoError(t, c.Serve(obeying{e, map[string]func(*ws.WebSocket){
		"close": func(c *ws.WebSocket) { _ = c.Close(4001) },
		"fail":  func(c *ws.WebSocket) { c.Fail(4002, "") },
	}}))
	p.answer()
	for i := range rnd.IntN(20) {
		s := strings.Repeat(string(rune('a'+i)), rnd.IntN(6000))
		frame := p.frame(fin|opBinary, s)
		cut := rnd.IntN(len(frame))
		p.write(frame[:cut])
		if rnd.IntN(3) == 0 {
			time.Sleep(time.Duration(rnd.IntN(3000)) * time.Microsecond)
		}
		p.write(frame[cut:])
		p.skipPings(s)
		if rnd.IntN(4) == 0 {
			time.Sleep(time.Duration(rnd.IntN(4000)) * time.Microsecond)
		}
	}
	switch rnd.IntN(8) {
	case 0, 1:
		_ = p.conn.(*net.TCPConn).SetLinger(0)
	case 2:
		p.send(fin|opClose, "")
	case 3:
		go c.Fail(4000, "")
	case 4:
		go func() { _ = c.Close(4000) }()
	case 5:
		p.send(fin|opText, "close")
	case 6:
		p.send(fin|opText, "fail")
	}
	if rnd.IntN(2) == 0 {
		frame := p.frame(fin|opBinary, "never whole")
		_, _ = io.WriteString(p.conn, frame[:rnd.IntN(len(frame))])
	}
	_ = p.conn.Close()
	e.wait(t)
}

// skipPings reads up to a binary message, which has to be this one.
func (p *peer) skipPings(want string) {
	p.t.Helper()
	for {
		first, payload := p.read()
		if first == fin|opPing {
			continue
		}
		require.Equal(p.t, byte(fin|opBinary), first)
		require.Equal(p.t, len(want), len(payload))
		require.True(p.t, want == payload)
		return
	}
}
