package poll

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// ErrUnsupported says that this system has no poller.
var ErrUnsupported = errors.New("poll: not supported on " + runtime.GOOS)

// ErrClosed says that the [Poller] is closed.
var ErrClosed = errors.New("poll: the poller is closed")

// A Token stands for a descriptor in the events of a [Poller]. The user chooses it; see the package
// comment on what it must tell.
type Token uint64

// A Poller tells when descriptors become readable, that is when a read would not have to wait: there is
// data, or the end, or an error. Which of them, reading finds out. Its methods may be called at the same
// time, those for one descriptor one after the other.
type Poller struct {
	ready func(Token)
	queue queue

	// mu guards the queue's descriptors: they are in use under RLock and closed when closed is set.
	mu     sync.RWMutex
	closed bool

	// uses orders memory: what a goroutine did before Add or Arm, ready sees. The kernel's locks see to
	// that, but neither Go's memory model nor the race detector knows of them.
	uses atomic.Uint64

	stop atomic.Bool   // no further call of ready
	loop atomic.Uint64 // the goroutine of run
	done chan struct{} // closed when run has returned
}

// New returns a poller with a goroutine that calls ready for each event. All others wait during the
// call, so ready must not block. It may call every method.
func New(ready func(Token)) (*Poller, error) {
	p := &Poller{ready: ready, done: make(chan struct{})}
	if err := p.queue.open(); err != nil {
		return nil, err
	}
	go p.run()
	return p, nil
}

// Add registers a descriptor and waits for it, once: there is at most one call of ready for each Add and
// Arm, at once if there is something to read already, and it sees what was done before Add. A call
// without anything to read is possible. The descriptor must be a non-blocking socket. It is an error if
// it is registered already.
func (p *Poller) Add(fd int, t Token) error {
	return p.use("add", fd, func() error { return p.queue.add(fd, t) })
}

// Arm waits once more for a registered descriptor, as [Poller.Add] does. If it waits already, only its
// token changes. It is an error if it is not registered.
func (p *Poller) Arm(fd int, t Token) error {
	return p.use("arm", fd, func() error { return p.queue.arm(fd, t) })
}

// Remove ends the registration of a descriptor. It must be called before the descriptor is closed or
// given to anybody else. A call of ready may be under way or still come, for an event that was collected
// before. It is an error if the descriptor is not registered.
func (p *Poller) Remove(fd int) error {
	return p.use("remove", fd, func() error { return p.queue.remove(fd) })
}

// use runs f while the queue can't be closed.
func (p *Poller) use(what string, fd int, f func() error) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	p.uses.Add(1)
	if err := f(); err != nil {
		return fmt.Errorf("poll: %s descriptor %d: %w", what, fd, err)
	}
	return nil
}

// Close ends all registrations and waits until the goroutine is gone. After it ready is not called.
// Called from ready itself it can't wait: then the goroutine ends after ready has returned. The
// descriptors remain open and with their owners; those that waited never hear of it. Closing again
// waits and does nothing else. A ready that waits for another goroutine's Close waits for ever.
func (p *Poller) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		p.stop.Store(true)
		p.queue.wake()
	}
	p.mu.Unlock()
	if goroutine() != p.loop.Load() {
		<-p.done
	}
	return nil
}

// run is the poller's goroutine.
func (p *Poller) run() {
	p.loop.Store(goroutine())
	p.queue.wait(p.deliver)
	// Close has set closed and woken us, so nobody uses the queue: waiting for the lock waits for those
	// who came before.
	p.mu.Lock()
	p.queue.close()
	p.mu.Unlock()
	close(p.done)
}

// deliver calls ready and reports whether to go on.
func (p *Poller) deliver(t Token) bool {
	if p.stop.Load() {
		return false
	}
	p.uses.Load()
	p.ready(t)
	return true
}

// goroutine returns the number of the calling goroutine: "goroutine 12 [running]:" starts its stack.
// Close asks whom it would wait for. There is no other way to know it, and none that fails more gently:
// should the text change one day, both numbers are 0 and Close does not wait.
func goroutine() uint64 {
	var buf [40]byte
	fields := bytes.Fields(buf[:runtime.Stack(buf[:], false)])
	if len(fields) < 2 {
		return 0
	}
	n, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return n
}
