//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && fogo_kqueue)

package poll

import (
	"os"
	"syscall"
)

// duplicate has dup and a lock against forks, which package syscall has everywhere, in place of fcntl,
// which it keeps for itself.
func duplicate(fd int) (int, error) {
	syscall.ForkLock.RLock()
	n, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, os.NewSyscallError("dup", err)
	}
	// os.File takes 1 and 2 for the standard streams, and a write to a closed pipe there ends the
	// program; they are free if somebody closed os.Stdout.
	if n < 3 {
		defer func() { _ = syscall.Close(n) }()
		return duplicate(fd)
	}
	// The mode belongs to the socket, and is already so but after (*net.TCPConn).File and Fd.
	if err := syscall.SetNonblock(n, true); err != nil {
		_ = syscall.Close(n)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return n, nil
}
