//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import "syscall"

const (
	evAdd     = syscall.EV_ADD
	evDelete  = syscall.EV_DELETE
	evOneshot = syscall.EV_ONESHOT
)

type event = syscall.Kevent_t

// kernel is a kqueue with filters for reading.
type kernel struct{ fd int }

// open must be called under [syscall.ForkLock].
func (k *kernel) open() (err error) {
	if k.fd, err = syscall.Kqueue(); err == nil {
		syscall.CloseOnExec(k.fd)
	}
	return err
}

// change applies one change and does not wait: kevent without room for events returns at once.
func (k *kernel) change(fd, flags int) error {
	var ev [1]event
	syscall.SetKevent(&ev[0], fd, syscall.EVFILT_READ, flags)
	_, err := syscall.Kevent(k.fd, ev[:], nil, nil)
	return err
}

// wait waits for events.
func (k *kernel) wait(events []event) (int, error) { return syscall.Kevent(k.fd, nil, events, nil) }

func (k *kernel) close() { _ = syscall.Close(k.fd) }
