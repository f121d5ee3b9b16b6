package poll

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

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
