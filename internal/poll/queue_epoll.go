// The epoll descriptor is itself a file in the runtime's poller: it is readable when one of the
// descriptors in it is. So the goroutine that waits for it is parked like any that reads a connection,
// and no thread sits in a system call whose processor has to be handed to another thread and back.
//
// The runtime registers with edges (EPOLLET). That is safe because of the order: a wait follows only an
// epoll_wait that found nothing, and an event that comes in between wakes the wait at once. The surprise
// is in the other direction: each RawConn.Read forgets such an edge when it begins, so it must not start
// with waiting, and wait stays in one Read until the end.

//go:build linux && !fogo_kqueue

package poll

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// Supported says that there are pollers on this system.
const Supported = true

// batch is how many events are collected at once. The rest waits in the kernel and is fetched after
// other goroutines had their turn.
const batch = 256

// interest: readable, or the peer has ended its direction; once. Errors and hang-ups are always
// reported. What is reported is not looked at: the owner reads, so it finds the data that came before.
const interest = syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT

// queue is an epoll instance.
type queue struct {
	fd   int
	file *os.File // owns fd
	raw  syscall.RawConn

	events [batch]syscall.EpollEvent
}

func (q *queue) open() error {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("poll: %w", os.NewSyscallError("epoll_create1", err))
	}
	// The flag means nothing to epoll, but os.NewFile asks for it.
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return fmt.Errorf("poll: %w", os.NewSyscallError("fcntl", err))
	}
	q.fd, q.file = fd, os.NewFile(uintptr(fd), "epoll")
	if q.raw, err = q.file.SyscallConn(); err == nil {
		err = pollable(q.file)
	}
	if err != nil {
		_ = q.file.Close()
		return err
	}
	return nil
}

func (q *queue) add(fd int, t Token) error { return q.control(syscall.EPOLL_CTL_ADD, fd, t) }
func (q *queue) arm(fd int, t Token) error { return q.control(syscall.EPOLL_CTL_MOD, fd, t) }
func (q *queue) remove(fd int) error       { return q.control(syscall.EPOLL_CTL_DEL, fd, 0) }

// control changes a registration. The kernel keeps 64 bits for us in each, which package syscall calls
// Fd and Pad and which come back as they went.
func (q *queue) control(op, fd int, t Token) error {
	ev := syscall.EpollEvent{Events: interest, Fd: int32(t), Pad: int32(t >> 32)}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(q.fd, op, fd, &ev))
}

// wait delivers events until that returns false or wake was called.
func (q *queue) wait(deliver func(Token) bool) {
	err := q.raw.Read(func(uintptr) bool {
		for {
			n := q.collect()
			for _, ev := range q.events[:n] {
				if !deliver(Token(uint32(ev.Fd)) | Token(uint32(ev.Pad))<<32) {
					return true
				}
			}
			if n < batch {
				return false // everything was seen; what comes now is an edge
			}
			runtime.Gosched()
		}
	})
	if err != nil && !os.IsTimeout(err) {
		panic(fmt.Sprintf("bug: poll: waiting for epoll: %v", err))
	}
}

// collect fetches events and does not wait.
func (q *queue) collect() int {
	for {
		n, err := syscall.EpollWait(q.fd, q.events[:], 0)
		switch err {
		case nil:
			return n
		case syscall.EINTR:
		default:
			panic(fmt.Sprintf("bug: poll: epoll_wait: %v", err))
		}
	}
}

// wake ends wait, also one that has not begun.
func (q *queue) wake() { _ = q.file.SetReadDeadline(time.Unix(1, 0)) }

func (q *queue) close() { _ = q.file.Close() }
