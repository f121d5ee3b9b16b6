package memnet_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/internal/memnet"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestBufferedWritesOnBothSides(t *testing.T) {
	a, b := memnet.Pipe(8)
	for _, c := range []net.Conn{a, b} {
		n, err := c.Write([]byte("12345678")) // nobody reads yet
		require.NoError(t, err)
		require.Equal(t, 8, n)
	}
	for _, c := range []net.Conn{a, b} {
		p := make([]byte, 20)
		n, err := c.Read(p)
		require.NoError(t, err)
		require.Equal(t, "12345678", string(p[:n]))
	}
}

func TestWriteWaitsForRoom(t *testing.T) {
	a, b := memnet.Pipe(16)
	want := bytes.Repeat([]byte("0123456789"), 1000)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := a.Write(want)
		assert.NoError(t, err)
		assert.NoError(t, a.Close())
	})
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, want, got)
	wg.Wait()
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := memnet.Pipe(4)
		start := time.Now()
		require.NoError(t, a.SetReadDeadline(start.Add(time.Second)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var ne net.Error
		require.ErrorAs(t, err, &ne)
		require.True(t, ne.Timeout())
		require.Equal(t, time.Second, time.Since(start))

		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Minute)))
		n, err := a.Write([]byte("123456"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 4, n, "what fitted was written")
		require.Equal(t, time.Minute+time.Second, time.Since(start))
	})
}

func TestDeadlineInThePastWakesAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe(4)
		errs := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			errs <- err
		}()
		synctest.Wait()
		require.NoError(t, a.SetReadDeadline(time.Unix(1, 0)))
		require.ErrorIs(t, <-errs, os.ErrDeadlineExceeded)
		require.NoError(t, a.SetDeadline(time.Time{}))
		_, err := b.Write([]byte("x"))
		require.NoError(t, err)
		n, err := a.Read(make([]byte, 1))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestClose(t *testing.T) {
	a, b := memnet.Pipe(64)
	_, err := a.Write([]byte("last words"))
	require.NoError(t, err)
	require.NoError(t, a.Close())
	require.ErrorIs(t, a.Close(), net.ErrClosed)
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "last words", string(got))
	_, err = b.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	_, err = a.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestCloseWrite(t *testing.T) {
	a, b := memnet.Pipe(64)
	require.NoError(t, a.(interface{ CloseWrite() error }).CloseWrite())
	_, err := b.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_, err = b.Write([]byte("still"))
	require.NoError(t, err)
	n, err := a.Read(make([]byte, 9))
	require.NoError(t, err)
	require.Equal(t, 5, n)
}

func TestListener(t *testing.T) {
	l := memnet.Listen()
	require.Equal(t, "memnet", l.Addr().String())
	require.Equal(t, "memnet", l.Addr().Network())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Dial(ctx)
	require.ErrorIs(t, err, context.Canceled)

	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}), ReadHeaderTimeout: time.Second}
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	client := http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
	resp, err := client.Get("http://memnet/hello")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "/hello", string(body))
	client.CloseIdleConnections()
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)

	_, err = l.Dial(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestReadAndWriteDoNotAllocate(t *testing.T) {
	a, b := memnet.Pipe(4096)
	p := make([]byte, 100)
	far := time.Now().Add(time.Hour)
	n := testing.AllocsPerRun(100, func() {
		_ = a.SetWriteDeadline(far)
		_, _ = a.Write(p)
		_, _ = b.Read(p)
	})
	assert.Zero(t, n)
	_ = a.Close()
}
