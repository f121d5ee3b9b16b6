package fogo_test

import (
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The zero config means what it says: no probes.
func TestKeepAliveOfConnections(t *testing.T) {
	for _, row := range []struct {
		name string
		opts []fogo.Option
		want int
	}{
		{"by default", nil, 1},
		{"with a config", []fogo.Option{fogo.WithKeepAlive(net.KeepAliveConfig{Enable: true, Idle: time.Minute})}, 1},
		{"without Enable", []fogo.Option{fogo.WithKeepAlive(net.KeepAliveConfig{})}, 0},
	} {
		got := make(chan int, 1)
		r := start(t, proto(fogo.New()), append(row.opts, fogo.WithServer(func(srv *http.Server) {
			srv.ConnState = func(c net.Conn, state http.ConnState) {
				if state == http.StateActive {
					got <- probed(t, c.(*net.TCPConn))
				}
			}
		}))...)
		_, err := r.get("/proto")
		require.NoError(t, err)
		assert.Equal(t, row.want, <-got, row.name)
		require.NoError(t, r.stop(t))
	}
}

// probed reads SO_KEEPALIVE.
func probed(t *testing.T, c *net.TCPConn) (on int) {
	raw, err := c.SyscallConn()
	assert.NoError(t, err)
	assert.NoError(t, raw.Control(func(fd uintptr) {
		on, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
	}))
	assert.NoError(t, err)
	return on
}
