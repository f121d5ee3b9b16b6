//go:build linux && !fogo_kqueue

package poll

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// byNumber says that an event tells no more than the number of its descriptor, which may be another's.
const byNumber = false

// TestStaleRegistration shows why Remove is no formality: closing a descriptor whose socket lives on
// leaves the registration behind, and nobody can end it.
func TestStaleRegistration(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := park(t, server)
		require.NoError(t, p.Add(fd, 1))
		duplicate, err := Detach(revive(t, fd).(syscall.Conn)) // wrong: fd was not removed
		require.NoError(t, err)
		t.Cleanup(func() { Close(duplicate) })
		require.NoError(t, Close(fd)) // as a clean-up of the connection would
		require.ErrorIs(t, p.Remove(fd), syscall.EBADF)
		write1(t, client, "a")
		expect(t, events, 1)
		require.NoError(t, p.Add(duplicate, 2), "for the kernel it is another one")
		expect(t, events, 2)
		require.NoError(t, p.Remove(duplicate))
	})
}

func TestAddArmRemoveDoNotAllocate(t *testing.T) {
	fd, _ := socketpair(t)
	p := poller(t, func(Token) {})
	allocs := testing.AllocsPerRun(100, func() {
		_ = p.Add(fd, 1)
		_ = p.Arm(fd, 1)
		_ = p.Remove(fd)
	})
	require.Zero(t, allocs)
}
