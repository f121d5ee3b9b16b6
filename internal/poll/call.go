//go:build (linux && (race || msan || asan)) || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import "syscall"

// sysRead and sysWrite are the system calls. On these systems, and where a sanitizer wants to know
// what they do with memory, they are those of package syscall.

func sysRead(fd int, p []byte) (int, error)  { return syscall.Read(fd, p) }
func sysWrite(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }
