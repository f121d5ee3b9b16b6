package fleet

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

// conn is a connection. There are hundreds of thousands of them, so it is small.
type conn struct {
	fd    int32
	left  uint32 // bytes to come of the data frame being read
	at    uint32 // bytes of the message that were compared
	out   uint32 // bytes to be sent of messages
	state state
	flags uint8
}

type state uint8

const (
	gone state = iota
	connecting
	shaking // the handshake is sent
	open
	closing // a Close frame came and was answered
)

const (
	final   = 1 << iota // the data frame being read is the last of its message
	partial             // there is something in Fleet.rest
	pinged
)

// Fleet is a client with many connections.
type Fleet struct {
	opts    Options
	server  unix.SockaddrInet4
	request []byte

	ep, wake int // epoll, and an eventfd that ends its wait
	events   []unix.EpollEvent
	buf      []byte

	conns   []conn
	rest    map[int32][]byte // beginnings of what must be seen whole: answers, headers, control frames
	pending int              // handshakes under way
	counts  Counts
	err     error // the first thing that went wrong

	size   int    // of a message's frame
	frames []byte // some of them in a row
	want   []byte

	onReply func(i int32) // what a run does at a reply, and after all of one read
	after   func(i int32)

	mu   sync.Mutex
	jobs []func()
}

// New makes a fleet without connections.
func New(o Options) (*Fleet, error) {
	if !o.Server.Addr().Is4() {
		return nil, fmt.Errorf("the server's address %v is not one of IPv4", o.Server)
	}
	if o.Path == "" {
		o.Path = "/ws"
	}
	if o.Window == 0 {
		o.Window = 256
	}
	f := &Fleet{
		opts: o, server: unix.SockaddrInet4{Port: int(o.Server.Port()), Addr: o.Server.Addr().As4()},
		request: wire.Handshake(o.Server.String(), o.Path),
		events:  make([]unix.EpollEvent, 512), buf: make([]byte, 256<<10),
		rest: map[int32][]byte{}, counts: Counts{Closes: map[int]int{}},
	}
	var err error
	if f.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if f.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return nil, err
	}
	return f, unix.EpollCtl(f.ep, unix.EPOLL_CTL_ADD, f.wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1})
}

// SetMessage says what is sent from now on, up to inflight of them in one write.
func (f *Fleet) SetMessage(m Message, inflight int) {
	f.frames = nil
	for range max(inflight, 1) {
		f.frames = wire.Frame(f.frames, m.Op, m.Send)
	}
	f.size = len(f.frames) / max(inflight, 1)
	f.want = m.Want
}

// Counts is a copy of what was counted.
func (f *Fleet) Counts() Counts {
	c := f.counts
	c.Closes = maps.Clone(c.Closes)
	return c
}

// Close cuts all connections with a RST, which leaves nothing in TIME_WAIT for
// the runs to come, and ends the fleet.
func (f *Fleet) Close() {
	for i := range f.conns {
		if c := &f.conns[i]; c.state != gone {
			_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			_ = unix.Close(int(c.fd))
			c.state = gone
		}
	}
	_ = unix.Close(f.ep)
	_ = unix.Close(f.wake)
}

// Do has a function run by the goroutine that is in [Fleet.Run], and waits for it.
func (f *Fleet) Do(job func()) {
	done := make(chan struct{})
	f.mu.Lock()
	f.jobs = append(f.jobs, func() { defer close(done); job() })
	f.mu.Unlock()
	_, _ = unix.Write(f.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-done
}

// Run answers pings and Close frames, and runs jobs, until the process ends.
// What goes wrong is told by the next job that can fail.
func (f *Fleet) Run() {
	for {
		f.poll(-1)
		f.mu.Lock()
		jobs := f.jobs
		f.jobs = nil
		f.mu.Unlock()
		for _, job := range jobs {
			job()
		}
	}
}

// poll waits for events, and handles them.
func (f *Fleet) poll(wait time.Duration) {
	ms := -1
	if wait >= 0 {
		ms = int(wait.Milliseconds())
	}
	n, err := unix.EpollWait(f.ep, f.events, ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		f.fail(err)
	}
	for _, ev := range f.events[:max(n, 0)] {
		if ev.Fd < 0 {
			_, _ = unix.Read(f.wake, f.buf[:8])
			continue
		}
		f.event(ev.Fd, ev.Events)
	}
}

func (f *Fleet) event(i int32, events uint32) {
	c := &f.conns[i]
	if c.state == connecting {
		f.connected(i, events)
		return
	}
	if c.state != gone && events&unix.EPOLLOUT != 0 && c.out > 0 {
		f.flush(i)
	}
	if c.state != gone && events&^unix.EPOLLOUT != 0 {
		f.readable(i, events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
		if f.after != nil {
			f.after(i)
		}
	}
}

// until polls as long as more says so, for a limited time.
func (f *Fleet) until(limit time.Duration, what string, more func() bool) error {
	for deadline := time.Now().Add(limit); more(); {
		if f.err != nil {
			return f.err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("%s took more than %v", what, limit)
		}
		f.poll(min(left, 100*time.Millisecond) + time.Millisecond)
	}
	return f.err
}

// fail keeps the first error.
func (f *Fleet) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// Grow opens n more connections.
func (f *Fleet) Grow(n int, limit time.Duration) error {
	f.conns = slices.Grow(f.conns, n)
	todo, want := n, f.counts.Open+n
	err := f.until(limit, "opening", func() bool {
		for ; todo > 0 && f.pending < f.opts.Window && f.err == nil; todo-- {
			if err := f.start(); err != nil {
				f.fail(err)
			}
		}
		return todo > 0 || f.pending > 0
	})
	if err == nil && f.counts.Open != want {
		err = fmt.Errorf("%d of %d connections are open", f.counts.Open, want)
	}
	return err
}

// start begins to connect.
func (f *Fleet) start() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket %d: %w", len(f.conns)+1, err)
	}
	i := int32(len(f.conns))
	f.conns = append(f.conns, conn{fd: int32(fd), state: connecting})
	f.pending++
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if n := len(f.opts.Sources); n > 0 {
		if err := bind(fd, f.opts.Sources[int(i)%n]); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
	}
	if err := unix.Connect(fd, &f.server); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connection %d: %w", i+1, err)
	}
	// Edge-triggered, so that what is asked for never has to be changed.
	return unix.EpollCtl(f.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: i,
	})
}

// bind chooses the address and leaves the port to connect, which then needs to
// be free for this one server only and not for everybody.
func bind(fd int, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()})
}

// connected sends the handshake once the connection is there.
func (f *Fleet) connected(i int32, events uint32) {
	c := &f.conns[i]
	if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		code, _ := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
		f.fail(fmt.Errorf("connection %d: %w", i+1, unix.Errno(code)))
		return
	}
	c.state = shaking
	if n, err := unix.Write(int(c.fd), f.request); n != len(f.request) {
		f.fail(fmt.Errorf("the handshake of connection %d: %d bytes were written: %w", i+1, n, err))
	}
}
