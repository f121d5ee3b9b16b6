package ws_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

func TestSends(t *testing.T) {
	ctx := soon(t)
	long := strings.Repeat("0123456789abcdef", 1<<13) // 128 KiB: more than one write
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, len(long)} {
			errs := make(chan error, 1)
			go func() { errs <- c.SendText(long[:n]) }()
			p.expect(fin|opText, long[:n])
			require.NoError(t, <-errs)
			go func() { errs <- c.SendBytes([]byte(long[:n])) }()
			p.expect(fin|opBinary, long[:n])
			require.NoError(t, <-errs)
		}
		require.NoError(t, c.Send(ws.KindText, []byte("a")))
		require.NoError(t, c.SendJSON(map[string]int{"a": 1}))
		require.NoError(t, c.SendContext(ctx, ws.KindBinary, []byte("b")))
		require.NoError(t, c.SendTextContext(ctx, "c"))
		require.NoError(t, c.SendBytesContext(ctx, []byte("d")))
		require.NoError(t, c.SendJSONContext(ctx, "e"))
		p.expect(fin|opText, "a")
		p.expect(fin|opText, `{"a":1}`)
		p.expect(fin|opBinary, "b")
		p.expect(fin|opText, "c")
		p.expect(fin|opBinary, "d")
		p.expect(fin|opText, `"e"`)
	})
}

func TestSendRefuses(t *testing.T) {
	c, p := open(t, nil)
	require.ErrorIs(t, c.SendText("a\xff"), ws.ErrInvalidText)
	require.ErrorIs(t, c.Send(ws.KindText, []byte("a\xff")), ws.ErrInvalidText)
	require.ErrorContains(t, c.Send(0, nil), "kind(0)")
	require.Error(t, c.SendJSON(math.NaN()))
	_, err := c.Writer(soon(t), 7)
	require.ErrorContains(t, err, "kind(7)")
	done, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, c.SendTextContext(done, "x"), context.Canceled)
	require.NoError(t, c.SendBytes([]byte("a\xff")))
	p.expect(fin|opBinary, "a\xff")
}

func TestConcurrentWriters(t *testing.T) {
	const writers, each = 100, 20
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		got := receive(context.Background(), c) // pongs come from here
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for j := range each {
					s := fmt.Sprintf("%d/%d/%s", i, j, strings.Repeat("x", i*j))
					if i%10 == 0 {
						w, err := c.Writer(context.Background(), ws.KindText)
						if err == nil {
							_, _ = io.WriteString(w, s[:1])
							_ = w.(interface{ Flush() error }).Flush()
							_, _ = io.WriteString(w, s[1:])
							err = w.Close()
						}
						require.NoError(t, err)
						continue
					}
					require.NoError(t, c.SendText(s))
				}
			})
		}
		wg.Go(func() {
			for range 50 {
				_, _ = io.WriteString(p.conn, p.frame(fin|opPing, "p"))
			}
		})
		next := map[string]int{}
		var message string
		for messages, pongs := 0, 0; messages < writers*each || pongs < 50; {
			first, payload := p.read()
			if first == fin|opPong {
				pongs++
				continue
			}
			if message == "" {
				require.Equal(t, byte(opText), first&0x0f)
			} else {
				require.Equal(t, byte(opCont), first&0x0f)
			}
			message += payload
			if first&fin == 0 {
				continue
			}
			messages++
			parts := strings.Split(message, "/")
			require.Len(t, parts, 3)
			require.Equal(t, fmt.Sprint(next[parts[0]]), parts[1], "each writer's order is kept")
			next[parts[0]]++
			message = ""
		}
		wg.Wait()
		c.Fail(1000, "")
		requireClosed(t, (<-got).err, 1000)
	})
}

func TestWriter(t *testing.T) {
	c, p := open(t, nil)
	w, err := c.Writer(soon(t), ws.KindText)
	require.NoError(t, err)
	euros := strings.Repeat("€", 10_000) // 30 000 bytes: a fragment ends within a rune
	n, err := io.WriteString(w, euros)
	require.NoError(t, err)
	require.Equal(t, len(euros), n)
	go func() { _ = c.SendText("after") }() // waits for its turn
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	_, err = w.Write([]byte("x"))
	require.Error(t, err)
	first, a := p.read()
	require.Equal(t, byte(opText), first)
	require.Zero(t, len(a)%3, "whole runes")
	first, b := p.read()
	require.Equal(t, byte(fin|opCont), first)
	require.Equal(t, euros, a+b)
	p.expect(fin|opText, "after")

	require.NoError(t, c.SendReader(soon(t), ws.KindBinary, strings.NewReader("short")))
	p.expect(fin|opBinary, "short")
}

func TestWriterInvalidText(t *testing.T) {
	c, p := open(t, nil)
	w, err := c.Writer(soon(t), ws.KindText)
	require.NoError(t, err)
	_, err = io.WriteString(w, "\xff")
	require.NoError(t, err)
	require.ErrorIs(t, w.Close(), ws.ErrInvalidText)
	require.ErrorIs(t, w.Close(), ws.ErrInvalidText)
	require.NoError(t, c.SendText("nothing was sent"))
	p.expect(fin|opText, "nothing was sent")

	w, err = c.Writer(soon(t), ws.KindText)
	require.NoError(t, err)
	_, _ = io.WriteString(w, "a\xe2")
	require.NoError(t, w.(interface{ Flush() error }).Flush())
	p.expect(opText, "a")
	require.ErrorIs(t, w.Close(), ws.ErrInvalidText)
	p.expectClose(ws.CodeInternalError)
}

func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := memnet.Pipe(1000)
		c, p := pairOver(t, server, client, "", nil)
		require.NoError(t, c.Accept())
		p.answer()
		start := time.Now()
		ctx := c.Context()
		err := c.SendText(strings.Repeat("x", 2000)) // nobody reads
		requireClosed(t, err, ws.CodeAbnormal)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.GreaterOrEqual(t, time.Since(start), ws.DefaultWriteTimeout)
		require.LessOrEqual(t, time.Since(start), ws.DefaultWriteTimeout*5/4)
		require.Error(t, ctx.Err())
	})
}

func TestSendContextCutsAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := memnet.Pipe(1000)
		c, p := pairOver(t, server, client, "", nil)
		require.NoError(t, c.Accept())
		p.answer()
		ctx, cancel := context.WithCancel(context.Background())
		errs := make(chan error)
		go func() { errs <- c.SendTextContext(ctx, strings.Repeat("x", 2000)) }()
		synctest.Wait()
		waiting := make(chan error)
		go func() { waiting <- c.SendTextContext(ctx, "waits for its turn") }()
		synctest.Wait()
		cancel()
		err := <-errs
		requireClosed(t, err, ws.CodeAbnormal)
		require.ErrorIs(t, err, context.Canceled)
		require.Error(t, <-waiting)
	})
}

func TestSendsWaitForAWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		w, err := c.Writer(context.Background(), ws.KindBinary)
		require.NoError(t, err)
		start := time.Now()
		err = c.SendText("x")
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NotErrorIs(t, err, ws.ErrClosed)
		require.Equal(t, ws.DefaultWriteTimeout, time.Since(start))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.SendTextContext(ctx, "x"), context.DeadlineExceeded)
		require.NoError(t, w.Close())
		p.expect(fin|opBinary, "")
		require.NoError(t, c.SendText("y"))
		p.expect(fin|opText, "y")

		w, err = c.Writer(context.Background(), ws.KindBinary)
		require.NoError(t, err)
		go func() {
			time.Sleep(time.Second)
			c.Fail(4000, "")
		}()
		requireClosed(t, c.SendTextContext(context.Background(), "x"), 4000)
		requireClosed(t, w.Close(), 4000)
	})
}

func TestSendToADroppedPeer(t *testing.T) {
	c, p := overTCP(t, nil)
	ctx := c.Context()
	require.NoError(t, p.conn.Close())
	var err error
	for err == nil { // the first may go into the socket's buffer
		err = c.SendText(strings.Repeat("x", 10000))
	}
	requireClosed(t, err, ws.CodeAbnormal)
	<-ctx.Done()
	requireClosed(t, c.SendText("x"), ws.CodeAbnormal)
	require.NoError(t, c.Close(ws.CodeNormal))
}

func TestReceiversTakeTurns(t *testing.T) {
	c, p := open(t, nil)
	const n = 20
	got := make(chan string, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			s, err := c.ReceiveText(soon(t))
			require.NoError(t, err)
			got <- s
		})
	}
	for i := range n {
		p.send(fin|opText, fmt.Sprint(i))
	}
	wg.Wait()
	seen := map[string]bool{}
	for range n {
		seen[<-got] = true
	}
	require.Len(t, seen, n)
}
