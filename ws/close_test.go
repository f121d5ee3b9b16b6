package ws_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestCloseFromOurSide(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		ctx := c.Context()
		closed := make(chan error)
		go func() { closed <- c.Close(4001, "enough") }()
		require.Equal(t, "enough", p.expectClose(4001))
		<-ctx.Done() // before the peer has answered
		requireClosed(t, context.Cause(ctx), 4001)
		requireClosed(t, c.SendText("late"), 4001)
		select {
		case <-c.Done():
			t.Fatal("done before the peer answered")
		default:
		}
		p.send(fin|opText, "crossing") // dropped
		p.send(fin|opClose, closeBody(4001, ""))
		require.NoError(t, <-closed)
		p.expectEOF()
		<-c.Done()
		_, err := c.Receive(soon(t))
		requireClosed(t, err, 4001)
	})
}

func TestCloseWakesAReceive(t *testing.T) {
	c, p := open(t, nil)
	got := receive(context.Background(), c)
	half := p.frame(fin|opText, "hello")
	p.write(half[:7]) // in the middle of a message
	closed := make(chan error)
	go func() { closed <- c.Close(ws.CodeNormal) }()
	p.expectClose(ws.CodeNormal)
	requireClosed(t, (<-got).err, ws.CodeNormal) // at once
	p.write(half[7:])
	p.send(fin|opClose, closeBody(1000, ""))
	require.NoError(t, <-closed)
	p.expectEOF()
}

func TestCloseTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, &ws.Options{CloseTimeout: 3 * time.Second})
		start := time.Now()
		require.NoError(t, c.Close(ws.CodeNormal))
		require.Equal(t, 3*time.Second, time.Since(start))
		p.expectClose(ws.CodeNormal)
		p.expectEOF()
	})
}

func TestCloseTimeoutAgainstAChattyPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				time.Sleep(100 * time.Millisecond)
				if _, err := io.WriteString(p.conn, p.frame(fin|opText, "more")); err != nil {
					return
				}
			}
		})
		start := time.Now()
		require.NoError(t, c.Close(ws.CodeNormal))
		require.Equal(t, ws.DefaultCloseTimeout, time.Since(start))
		wg.Wait()
	})
}

func TestCloseCodes(t *testing.T) {
	for _, code := range []ws.Code{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		c, _ := open(t, nil)
		err := c.Close(code)
		require.Error(t, err, "code %d", code)
		require.NotErrorIs(t, err, ws.ErrClosed)
		require.NoError(t, c.SendText("still open"))
		c.Fail(ws.CodeNormal, "")
		require.NoError(t, c.Close(code), "on a closed connection any code will do")
	}
	c, _ := open(t, nil)
	require.Error(t, c.Close(ws.CodeNormal, "\xff"))
	require.NoError(t, c.SendText("still open"))
}

func TestCodeValid(t *testing.T) {
	for n := range 1 << 16 {
		want := n >= 1000 && n <= 1003 || n >= 1007 && n <= 1014 || n >= 3000 && n <= 4999
		require.Equal(t, want, ws.Code(n).Valid(), n)
	}
	require.Equal(t, "1001 going away", ws.CodeGoingAway.String())
	require.Equal(t, "4321", ws.Code(4321).String())
	require.Equal(t, "text", ws.KindText.String())
	require.Equal(t, "binary", ws.KindBinary.String())
	require.Equal(t, "kind(0)", ws.Kind(0).String())
}

func TestReasonIsCutBetweenRunes(t *testing.T) {
	for n := range 5 {
		c, p := open(t, nil)
		p.send(fin|opClose, "")
		c.Fail(4000, strings.Repeat("x", n)+strings.Repeat("€", 50))
		reason := p.expectClose(4000)
		require.True(t, utf8.ValidString(reason))
		require.LessOrEqual(t, len(reason), 123)
		require.Greater(t, len(reason), 120)
	}
}

func TestBothSidesCloseAtOnce(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		for range 50 {
			c, p := open(t, nil)
			got := receive(context.Background(), c)
			var wg sync.WaitGroup
			wg.Go(func() { _ = c.Close(4000) })
			p.send(fin|opClose, closeBody(4001, ""))
			f, _ := p.read()
			require.Equal(t, byte(fin|opClose), f)
			p.expectEOF() // exactly one Close frame
			wg.Wait()
			err := (<-got).err
			require.ErrorIs(t, err, ws.ErrClosed)
			code, _, _ := c.CloseCode()
			requireClosed(t, err, code)
		}
	})
}

func TestManyClose(t *testing.T) {
	c, p := open(t, nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { require.NoError(t, c.Close(ws.Code(4000+i))) })
	}
	f, body := p.read()
	require.Equal(t, byte(fin|opClose), f)
	p.send(fin|opClose, body)
	p.expectEOF()
	wg.Wait()
}

func TestFailDoesNotLoseItsFrame(t *testing.T) {
	// Unread bytes in a socket make the kernel send RST at close, which can overtake the Close frame.
	for range 20 {
		c, p := overTCP(t, nil)
		p.send(fin|opBinary, strings.Repeat("x", 500_000))
		p.send(fin|opBinary, strings.Repeat("x", 500_000))
		c.Fail(ws.CodePolicyViolation, "no")
		require.Equal(t, "no", p.expectClose(ws.CodePolicyViolation))
		p.expectEOF()
		_ = p.conn.Close()
	}
}

func TestFailMendsItsArguments(t *testing.T) {
	c, p := open(t, nil)
	c.Fail(ws.CodeAbnormal, "\xff")
	require.Empty(t, p.expectClose(ws.CodeInternalError))
	<-c.Done()
	c.Fail(4000, "again")
	p.expectEOF()
}

func TestBytesBehindAClose(t *testing.T) {
	c, p := overTCP(t, nil)
	p.write(p.frame(fin|opClose, closeBody(1000, "")) + p.frame(fin|opText, "late"))
	_, err := c.Receive(soon(t))
	requireClosed(t, err, ws.CodeNormal)
	p.expectClose(ws.CodeNormal)
	p.expectEOF()
}

func TestContextEndsOnHangUp(t *testing.T) {
	c, p := open(t, nil)
	ctx := c.Context()
	require.Same(t, ctx, c.Context())
	got := receive(ctx, c)
	require.NoError(t, p.conn.Close())
	<-ctx.Done()
	requireClosed(t, context.Cause(ctx), ws.CodeAbnormal)
	requireClosed(t, (<-got).err, ws.CodeAbnormal)
}

func TestContextAskedForAfterTheEnd(t *testing.T) {
	c, _ := open(t, nil)
	c.Fail(4000, "")
	require.Error(t, c.Context().Err())
	requireClosed(t, context.Cause(c.Context()), 4000)
	<-c.Done()
}

func TestOwnContextReceiveIsClosedNotCanceled(t *testing.T) {
	for range 50 {
		c, p := open(t, nil)
		got := receive(c.Context(), c)
		derived, cancel := context.WithCancel(c.Context())
		second := receive(derived, c) // waits for its turn
		go func() { _ = c.Close(4000) }()
		requireClosed(t, (<-got).err, 4000)
		requireClosed(t, (<-second).err, 4000)
		cancel()
		p.expectClose(4000)
		p.send(fin|opClose, "")
		<-c.Done()
	}
}

func TestCloseError(t *testing.T) {
	for _, err := range []error{
		ws.CloseError{Code: 4000, Reason: "r"},
		&ws.CloseError{Code: 4000, Reason: "r"},
	} {
		var ptr *ws.CloseError
		var val ws.CloseError
		require.ErrorAs(t, err, &ptr)
		require.ErrorAs(t, err, &val)
		require.Equal(t, ws.Code(4000), ptr.Code)
		require.Equal(t, ws.Code(4000), val.Code)
		require.NotErrorIs(t, err, ws.ErrClosed)
		require.Equal(t, `ws: closed with 4000: "r"`, err.Error())
	}
	require.Equal(t, "ws: closed with 1000 normal closure", ws.CloseError{Code: 1000}.Error())

	c, p := open(t, nil)
	p.send(fin|opClose, closeBody(1001, "bye"))
	_, err := c.Receive(soon(t))
	require.EqualError(t, err, `ws: connection closed: 1001 going away "bye"`)
	var val ws.CloseError
	require.True(t, errors.As(err, &val))
	require.Equal(t, ws.CloseError{Code: 1001, Reason: "bye"}, val)
}

func TestFinish(t *testing.T) {
	c, p := open(t, nil)
	c.Finish()
	p.expectClose(ws.CodeNormal)
	c.Finish()

	unanswered, p := pair(t, nil)
	unanswered.Finish()
	require.NoError(t, unanswered.Accept(), "left as it was")
	p.answer()
	unanswered.Finish()
}
