//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package poll

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnsupported(t *testing.T) {
	require.False(t, Supported)
	_, err := New(func(Token) {})
	require.Equal(t, ErrUnsupported, err)
	_, err = Conn(0)
	require.Equal(t, ErrUnsupported, err)
	require.Equal(t, "unknown", PeerAddr(0).String())
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	_, ok := a.(syscall.Conn)
	require.False(t, ok)
}
