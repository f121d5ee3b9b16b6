package ws

import (
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/deflate"
	"github.com/gofogo/fogo/internal/memnet"
)

func timeoutError() error { return &os.PathError{Op: "read", Path: "x", Err: os.ErrDeadlineExceeded} }

func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tn turn
		require.True(t, tn.try())
		require.False(t, tn.try())

		require.ErrorIs(t, tn.wait(none, nil, time.Second), os.ErrDeadlineExceeded)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, tn.wait(ctx, nil, 0), context.Canceled)
		done := make(chan struct{})
		close(done)
		require.ErrorIs(t, tn.wait(none, done, 0), ErrClosed)
		require.Nil(t, tn.queue)

		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				_ = tn.wait(none, nil, 0)
				order <- i
				tn.give()
			}()
			synctest.Wait() // in line
		}
		tn.give()
		for i := range 3 {
			require.Equal(t, i, <-order)
		}
		synctest.Wait()
		require.True(t, tn.try())
	})
}

func TestTurnUnderContention(t *testing.T) {
	var tn turn
	var wg sync.WaitGroup
	inside := 0
	for i := range 50 {
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*10*time.Microsecond)
				if tn.wait(ctx, nil, 0) == nil {
					inside++ // the race detector watches
					tn.give()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	require.True(t, tn.try(), "no turn is lost")
}

// connected returns two connections over memory.
func connected(t testing.TB, opts *Options) (client, server *WebSocket) {
	t.Helper()
	a, b := memnet.Pipe(memnet.DefaultBuffer)
	client, server = newConn(a, opts, context.Background(), deflate.Params{}), newConn(b, opts, context.Background(), deflate.Params{})
	server.client = false
	server.in.side = 1 // StateServerSide
	t.Cleanup(func() {
		_ = a.Close()
		_ = b.Close()
	})
	return client, server
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	for _, size := range []int{10, 1000, 16 << 10} {
		client, server := connected(t, nil)
		data := make([]byte, size)
		ctx := server.Context()
		own := testing.AllocsPerRun(200, func() {
			require.NoError(t, client.SendBytes(data))
			if _, err := server.Receive(ctx); err != nil {
				t.Fatal(err)
			}
		})
		require.LessOrEqual(t, own, 1.0, "size %d: the message's bytes, nothing else", size)

		cancelable, cancel := context.WithCancel(context.Background())
		watched := testing.AllocsPerRun(200, func() {
			require.NoError(t, client.SendBytes(data))
			if _, err := server.Receive(cancelable); err != nil {
				t.Fatal(err)
			}
		})
		require.LessOrEqual(t, watched, own+4, "size %d", size)
		cancel()
	}
}

func TestIdleConnectionHoldsNoBuffer(t *testing.T) {
	client, server := connected(t, nil)
	require.NoError(t, client.SendText("x"))
	_, err := server.Receive(context.Background())
	require.NoError(t, err)
	require.Nil(t, server.in.buf)
	require.Nil(t, server.in.msg)
	require.Nil(t, server.asked)
}

func TestIdleConnectionIsSmall(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("words have another size")
	}
	// The next size class of the allocator is 352.
	require.LessOrEqual(t, reflect.TypeFor[WebSocket]().Size(), uintptr(320))
}

func TestAcceptDropsTheRequest(t *testing.T) {
	// The handshake holds request and response writer; both must go.
	c := &WebSocket{hs: &handshake{}}
	c.refused()
	require.Nil(t, c.hs)
}

func TestErrorTexts(t *testing.T) {
	boom := errors.New("boom")
	for _, row := range []struct {
		err  error
		want string
	}{
		{&closedError{close: CloseError{Code: 1006}, cause: boom}, "ws: connection closed: 1006 abnormal closure: boom"},
		{&HandshakeError{Status: 400, Detail: "d"}, "ws: handshake (400): d"},
		{&HandshakeError{Detail: "d", Err: boom}, "ws: handshake: d: boom"},
		{&HijackError{Type: "T", Err: boom}, "ws: hijacking through T: boom"},
		{errRefused, "ws: the handshake is already answered, with a refusal: ws: connection closed"},
	} {
		require.EqualError(t, row.err, row.want)
	}
	require.Equal(t, 500, (&HandshakeError{}).StatusCode())
	require.ErrorIs(t, &HandshakeError{Err: boom}, boom)
	require.ErrorIs(t, &HijackError{Err: boom}, boom)
	require.ErrorIs(t, &closedError{cause: boom}, boom)
}

func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{125, 16 << 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			client, server := connected(b, nil)
			data := make([]byte, size)
			ctx := context.Background()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_ = client.SendBytes(data)
				m, _ := server.Receive(ctx)
				_ = server.Send(m.Kind, m.Data)
				_, _ = client.Receive(ctx)
			}
		})
	}
}

// lateCut is a transport on which writes are cut off slowly.
type lateCut struct {
	net.Conn
	written func() // called after the first write
}

func (l *lateCut) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if f := l.written; f != nil {
		l.written = nil
		f()
	}
	return n, err
}

func (l *lateCut) SetWriteDeadline(d time.Time) error {
	if d.Equal(past) {
		time.Sleep(time.Second) // whoever may write begins to
	}
	return l.Conn.SetWriteDeadline(d)
}

// A context that ends when its message has just left must not break the message behind it.
func TestCancellationDoesNotHitTheNextWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connected(t, &Options{MaxMessage: -1})
		big := make([]byte, 4*memnet.DefaultBuffer)
		next := make(chan error, 1)
		ctx, cancel := context.WithCancel(context.Background())
		client.conn = &lateCut{client.conn, func() {
			go func() { next <- client.SendBytes(big) }()
			time.Sleep(time.Second) // it stands in line
			cancel()
		}}
		require.NoError(t, client.SendTextContext(ctx, "first"))
		for _, want := range []int{len("first"), len(big)} {
			m, err := server.Receive(context.Background())
			require.NoError(t, err)
			require.Len(t, m.Data, want)
		}
		require.NoError(t, <-next)
	})
}
