// A model of kqueue(2) over epoll, so that the queue of the BSDs runs where there is only Linux. It keeps
// to what the manuals promise and to no more: where they leave something open it takes, now and then,
// what a caller expects least. Like a kqueue, and unlike epoll,
//
//   - an event that is collected ends its EV_ONESHOT registration, so EV_DELETE then finds none;
//   - EV_ADD changes the registration that is there;
//   - an event tells no more than the number of its descriptor;
//   - waiting blocks a thread.
//
// What is open: a signal may interrupt a change before or after it was applied, a wait may be interrupted
// or, on macOS, fail with ETIMEDOUT without a timeout; a call returns as many events as it likes; and what
// it returns may be out of date. The model does not know of close, which for a kqueue ends a
// registration and for epoll does so only with the last duplicate: nobody may close between Add and
// Remove.

//go:build linux && fogo_kqueue

package poll

import (
	"sync"
	"syscall"
	"time"
)

const (
	evAdd     = 0x01
	evDelete  = 0x02
	evOneshot = 0x10
)

type event struct{ Ident uint64 }

// kernel is a kqueue with filters for reading.
type kernel struct {
	inner int // epoll instance with the registrations
	outer int // with nothing but inner in it: threads wait here, without collecting anything

	mu      sync.Mutex // held during changes and collecting, as the kernel does
	changes int        // calls so far
	waits   int
	raw     [batch]syscall.EpollEvent
}

func (k *kernel) open() (err error) {
	if k.inner, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if k.outer, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		_ = syscall.Close(k.inner)
		return err
	}
	err = syscall.EpollCtl(k.outer, syscall.EPOLL_CTL_ADD, k.inner, &syscall.EpollEvent{Events: syscall.EPOLLIN})
	if err != nil {
		k.close()
	}
	return err
}

// change applies one change. Every fifth is interrupted, before or after.
func (k *kernel) change(fd, flags int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	if k.changes%10 == 5 {
		return syscall.EINTR
	}
	err := k.apply(fd, flags)
	if k.changes%10 == 0 {
		return syscall.EINTR
	}
	return err
}

func (k *kernel) apply(fd, flags int) error {
	if flags&evDelete != 0 {
		return syscall.EpollCtl(k.inner, syscall.EPOLL_CTL_DEL, fd, nil)
	}
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP, Fd: int32(fd), Pad: int32(flags)}
	err := syscall.EpollCtl(k.inner, syscall.EPOLL_CTL_ADD, fd, &ev)
	if err == syscall.EEXIST {
		err = syscall.EpollCtl(k.inner, syscall.EPOLL_CTL_MOD, fd, &ev)
	}
	return err
}

// wait waits for events.
func (k *kernel) wait(events []event) (int, error) {
	for {
		n, err := k.collect(events)
		if n > 0 || err != nil {
			return n, err
		}
		var one [1]syscall.EpollEvent
		if _, err := syscall.EpollWait(k.outer, one[:], -1); err != nil {
			return -1, err
		}
	}
}

// collect fetches some of the events there are, and then gives the others time to make them untrue.
func (k *kernel) collect(events []event) (n int, err error) {
	k.mu.Lock()
	k.waits++
	waits := k.waits
	switch waits % 16 {
	case 5:
		err = syscall.EINTR
	case 11:
		err = syscall.ETIMEDOUT
	default:
		n, err = k.fetch(events[:min(len(events), 1+waits%100)])
	}
	k.mu.Unlock()
	if err != nil {
		return -1, err
	}
	if n > 0 && waits%4 == 0 {
		time.Sleep(50 * time.Microsecond)
	}
	return n, nil
}

// fetch must be called with k.mu held.
func (k *kernel) fetch(events []event) (int, error) {
	n, err := syscall.EpollWait(k.inner, k.raw[:len(events)], 0)
	for i := range max(n, 0) {
		fd, flags := int(k.raw[i].Fd), k.raw[i].Pad
		events[i] = event{Ident: uint64(fd)}
		if flags&evOneshot != 0 {
			_ = k.apply(fd, evDelete)
		}
	}
	return n, err
}

func (k *kernel) close() {
	_ = syscall.Close(k.outer)
	_ = syscall.Close(k.inner)
}
