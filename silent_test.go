package fogo_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSilentConnectionDoesNotHoldTheStop: a browser opens connections ahead of
// need, and net/http would wait five seconds for each.
func TestSilentConnectionDoesNotHoldTheStop(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app := fogo.New(fogo.WithShutdownTimeout(30 * time.Second))
	app.Get("/", func() string { return "answered" })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, ln) }()

	dial := func() net.Conn {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	quiet := dial()
	// A request on another connection shows that the server accepted both.
	ask(t, dial())
	stop()

	require.NoError(t, quiet.SetReadDeadline(time.Now().Add(4*time.Second)))
	_, err = quiet.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "hung up on before the five seconds of net/http")
	assert.NoError(t, <-done)
}

func ask(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Contains(t, string(b), "answered")
}
