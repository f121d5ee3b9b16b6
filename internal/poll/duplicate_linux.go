//go:build !fogo_kqueue

package poll

import (
	"os"
	"syscall"
)

// above is the first number for duplicates. os.File takes 1 and 2 for the standard streams, and a write
// to a closed pipe there ends the program; they are free if somebody closed os.Stdout.
const above = 3

func duplicate(fd int) (int, error) {
	n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, above)
	if errno != 0 {
		return -1, os.NewSyscallError("fcntl", errno)
	}
	// The mode belongs to the socket, and is already so but after (*net.TCPConn).File and Fd.
	if err := syscall.SetNonblock(int(n), true); err != nil {
		_ = syscall.Close(int(n))
		return -1, os.NewSyscallError("fcntl", err)
	}
	return int(n), nil
}
