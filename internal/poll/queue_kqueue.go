// A kqueue can't be put into the runtime's poller as an epoll instance can: the runtime asks for both
// filters, and a kqueue has only one to read. So a thread waits in kevent, and a pipe ends that.
//
// The token is not in the kernel. The udata of an event is a pointer for package syscall, and an integer
// in a pointer stops the program when the garbage collector takes it for an address of its heap. So
// there is a map. The surprise: an event is known by its descriptor's number only, and between collecting
// it and looking it up the number may have got another owner. The new owner then gets a call without
// anything to read, which the contract allows, and its own event when it comes must not be a second call:
// that is what waits is for.

//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && fogo_kqueue)

package poll

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Supported says that there are pollers on this system.
const Supported = true

// batch is how many events are collected at once.
const batch = 256

// queue is a kqueue. Registrations are EV_ONESHOT, which deletes them with the event: EV_DISPATCH, which
// only disables them, is not in package syscall for all of these systems.
type queue struct {
	kernel kernel
	pipe   [2]int // writing end closed by wake

	mu      sync.Mutex // guards entries, and is held during changes so that they agree with the kernel
	entries map[int]entry
}

// entry is one descriptor that was added and not removed.
type entry struct {
	token Token
	waits bool // an event is to be delivered
}

func (q *queue) open() (err error) {
	q.entries = map[int]entry{}
	// No child may be forked between the making of a descriptor and its mark to be closed there.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err = q.kernel.open(); err != nil {
		return fmt.Errorf("poll: %w", os.NewSyscallError("kqueue", err))
	}
	if err = syscall.Pipe(q.pipe[:]); err != nil {
		q.kernel.close()
		return fmt.Errorf("poll: %w", os.NewSyscallError("pipe", err))
	}
	syscall.CloseOnExec(q.pipe[0])
	syscall.CloseOnExec(q.pipe[1])
	if err = q.change(q.pipe[0], evAdd); err != nil {
		q.wake()
		q.close()
		return fmt.Errorf("poll: %w", err)
	}
	return nil
}

func (q *queue) add(fd int, t Token) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.entries[fd]; ok {
		return syscall.EEXIST
	}
	return q.enter(fd, t)
}

func (q *queue) arm(fd int, t Token) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.entries[fd]; !ok {
		return syscall.ENOENT
	}
	return q.enter(fd, t)
}

// enter registers, or registers again, which looks anew whether there is something to read.
func (q *queue) enter(fd int, t Token) error {
	if err := q.change(fd, evAdd|evOneshot); err != nil {
		return err
	}
	q.entries[fd] = entry{token: t, waits: true}
	return nil
}

func (q *queue) remove(fd int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.entries[fd]; !ok {
		return syscall.ENOENT
	}
	delete(q.entries, fd)
	// After an event the kernel has no registration any more.
	if err := q.change(fd, evDelete); !errors.Is(err, syscall.ENOENT) {
		return err
	}
	return nil
}

// change applies one change. If a signal interrupts it, it may have been applied or not; all that are
// used here may be applied twice.
func (q *queue) change(fd, flags int) error {
	for {
		if err := q.kernel.change(fd, flags); err != syscall.EINTR {
			return os.NewSyscallError("kevent", err)
		}
	}
}

// wait delivers events until that returns false or wake was called.
func (q *queue) wait(deliver func(Token) bool) {
	events := make([]event, batch)
	for {
		n, err := q.kernel.wait(events)
		// macOS has been seen to return ETIMEDOUT, though there is no timeout.
		if err != nil && err != syscall.EINTR && err != syscall.ETIMEDOUT {
			panic(fmt.Sprintf("bug: poll: kevent: %v", err))
		}
		for i := range max(n, 0) {
			fd := int(events[i].Ident)
			if fd == q.pipe[0] {
				return
			}
			if t, ok := q.take(fd); ok && !deliver(t) {
				return
			}
		}
	}
}

// take returns the token of a descriptor that waits, and ends its waiting.
func (q *queue) take(fd int) (Token, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.entries[fd]
	if !ok || !e.waits {
		return 0, false
	}
	e.waits = false
	q.entries[fd] = e
	return e.token, true
}

// wake ends wait, also one that has not begun: the pipe is at its end from now on.
func (q *queue) wake() { _ = syscall.Close(q.pipe[1]) }

func (q *queue) close() {
	_ = syscall.Close(q.pipe[0])
	q.kernel.close()
}
