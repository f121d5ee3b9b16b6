//go:build linux

package poll

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

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

// The same with Remove: the duplicate is not heard of.
func TestNoStaleRegistration(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := park(t, server)
		require.NoError(t, p.Add(fd, 1))
		require.NoError(t, p.Remove(fd))
		fd = detached(t, revive(t, fd))
		write1(t, client, "a")
		expectNone(t, events)
		require.NoError(t, p.Add(fd, 2))
		expect(t, events, 2)
		require.NoError(t, p.Remove(fd))
	})
}

func TestDetachedDescriptor(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		fd := detached(t, server)
		require.GreaterOrEqual(t, fd, 3)
		require.NotZero(t, control(t, fd, syscall.F_GETFD)&syscall.FD_CLOEXEC)
		require.NotZero(t, control(t, fd, syscall.F_GETFL)&syscall.O_NONBLOCK)
	})
}

func control(t *testing.T, fd, command int) int {
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(command), 0)
	require.Zero(t, errno)
	return int(flags)
}

func TestAbstractAddress(t *testing.T) {
	noNewDescriptors(t)
	server, client := pair(t, "unix", "@fogo-poll-test")
	checkAddresses(t, server)
	checkAddresses(t, client)
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
