// Reading and writing without telling the scheduler.
//
// syscall.Read gives the processor of its goroutine up while it is in the kernel, for it might wait there, and must get
// it back afterwards; on a busy machine another goroutine has it by then. A call that can't wait needs none of that.
//
// Why it can't: every descriptor of this package is non-blocking. Detach and Conn see to that, and those of package
// net are. So the kernel copies what there is, up to short bytes, does the work of the network for it, which over
// the loopback interface is the receiver's too, and returns. That is some microseconds, in which this
// thread can't be stopped for a garbage collection; longer texts, whose copying takes longer, go the usual way.
//
// Why the pointer is good: it is converted in the call's own argument list (package unsafe, rule 4), so the bytes are
// kept until the call returns. If they lie on the goroutine's stack they don't move either: stacks move when their
// goroutine calls something that needs more of it, or is stopped where that is safe, which in here it never is.
// An empty slice has no first byte and goes the usual way.

//go:build linux && !race && !msan && !asan

package poll

import (
	"syscall"
	"unsafe"
)

// short is how many bytes are read or written without telling the scheduler.
const short = 32 << 10

func sysRead(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > short {
		return syscall.Read(fd, p)
	}
	return result(syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p))))
}

func sysWrite(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > short {
		return syscall.Write(fd, p)
	}
	return result(syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p))))
}

// result is what a system call returned.
func result(n, _ uintptr, e syscall.Errno) (int, error) {
	if e != 0 {
		return -1, e
	}
	return int(n), nil
}
