//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// big uses all bits of a token.
const big = Token(0xfedc_ba98_8765_4321)

func TestDataAfterAdd(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, big))
		expectNone(t, events)
		write1(t, client, "hello")
		expect(t, events, big)
		all, err := readAll(fd)
		require.NoError(t, err)
		require.Equal(t, "hello", all)
		require.NoError(t, p.Remove(fd))
	})
}

func TestDataBeforeAddAndBeforeArm(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		write1(t, client, "a")
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, 1))
		expect(t, events, 1)
		require.NoError(t, p.Arm(fd, 2)) // nothing was read
		expect(t, events, 2)
		require.NoError(t, p.Remove(fd))
	})
}

func TestOneShot(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, 1))
		write1(t, client, "a")
		expect(t, events, 1)
		write1(t, client, "b")
		expectNone(t, events)
		require.NoError(t, client.Close())
		expectNone(t, events)
		require.NoError(t, p.Arm(fd, 2))
		expect(t, events, 2)
		all, err := readAll(fd)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, "ab", all)
		require.NoError(t, p.Remove(fd))
	})
}

func TestArmChangesTheToken(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, 1))
		require.NoError(t, p.Arm(fd, 2))
		write1(t, client, "a")
		expect(t, events, 2)
		expectNone(t, events)
		require.NoError(t, p.Remove(fd))
	})
}

// What came before the end is read before it, though both are reported at once.
func TestDataBeforeTheEnd(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		write1(t, client, "last words")
		require.NoError(t, client.Close())
		require.NoError(t, p.Add(fd, 1))
		expect(t, events, 1)
		all, err := readAll(fd)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, "last words", all)
		require.NoError(t, p.Remove(fd))
	})
}

func TestHalfClose(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, 1))
		require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
		expect(t, events, 1)
		_, err := readAll(fd)
		require.ErrorIs(t, err, io.EOF)
		n, again, err := Write(fd, []byte("bye"))
		require.NoError(t, err)
		require.False(t, again)
		require.Equal(t, 3, n)
		buf := make([]byte, 3)
		_, err = io.ReadFull(client, buf)
		require.NoError(t, err)
		require.Equal(t, "bye", string(buf))
		require.NoError(t, p.Remove(fd))
	})
}

func TestReset(t *testing.T) {
	noNewDescriptors(t)
	server, client := kinds["tcp"](t)
	p, events := recorder(t)
	fd := detached(t, server)
	require.NoError(t, p.Add(fd, 1))
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	expect(t, events, 1)
	_, err := readAll(fd)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.NoError(t, p.Arm(fd, 2), "a dead socket is reported again")
	expect(t, events, 2)
	require.NoError(t, p.Remove(fd))
	_, _, err = Write(fd, []byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
}

func TestRemove(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := detached(t, server)
		require.NoError(t, p.Add(fd, 1))
		require.NoError(t, p.Remove(fd))
		write1(t, client, "a")
		expectNone(t, events)
		require.NoError(t, p.Add(fd, 2), "it can be added again")
		expect(t, events, 2)
		require.NoError(t, p.Remove(fd))
	})
}

// After Remove a duplicate of the descriptor is not heard of.
func TestNoStaleRegistration(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		fd := park(t, server)
		require.NoError(t, p.Add(fd, 1))
		require.NoError(t, p.Remove(fd))
		fd = detached(t, revive(t, fd))
		write1(t, client, "a")
		expectNone(t, events)
		require.NoError(t, p.Add(fd, 2))
		expect(t, events, 2)
		require.NoError(t, p.Remove(fd))
	})
}

func TestWrongOrder(t *testing.T) {
	noNewDescriptors(t)
	server, _ := kinds["tcp"](t)
	p, _ := recorder(t)
	fd := detached(t, server)
	require.ErrorIs(t, p.Arm(fd, 1), syscall.ENOENT)
	require.ErrorIs(t, p.Remove(fd), syscall.ENOENT)
	require.NoError(t, p.Add(fd, 1))
	require.ErrorIs(t, p.Add(fd, 1), syscall.EEXIST)
	require.NoError(t, p.Remove(fd))
	require.ErrorIs(t, p.Add(-1, 1), syscall.EBADF)
	require.ErrorContains(t, p.Remove(fd), "poll: remove descriptor")
}

// More sockets are ready at once than are collected at once.
func TestManyAtOnce(t *testing.T) {
	noNewDescriptors(t)
	const sockets = 2*batch + 10
	p, events := recorder(t)
	fds, peers := make([]int, sockets), make([]int, sockets)
	for i := range fds {
		fds[i], peers[i] = socketpair(t)
		require.NoError(t, p.Add(fds[i], Token(i)))
	}
	for _, peer := range peers {
		_, _, err := Write(peer, []byte("x"))
		require.NoError(t, err)
	}
	seen := map[Token]bool{}
	for range fds {
		seen[<-events] = true
	}
	require.Len(t, seen, sockets)
	expectNone(t, events)
}

// What is ready before the poller's goroutine has begun to wait is not forgotten.
func TestAddToANewPoller(t *testing.T) {
	noNewDescriptors(t)
	fd, peer := socketpair(t)
	_, _, err := Write(peer, []byte("x"))
	require.NoError(t, err)
	for range 500 {
		events := make(chan Token, 1)
		p, err := New(func(t Token) { events <- t })
		require.NoError(t, err)
		require.NoError(t, p.Add(fd, 1))
		expect(t, events, 1)
		require.NoError(t, p.Close())
	}
}

func TestCloseFromOutside(t *testing.T) {
	noNewDescriptors(t)
	server, client := kinds["tcp"](t)
	fd := detached(t, server)
	var calls atomic.Int32
	p := poller(t, func(Token) { calls.Add(1) })
	require.NoError(t, p.Add(fd, 1))
	within(t, "Close", func() { assert.NoError(t, p.Close()) })
	write1(t, client, "a")
	time.Sleep(moment)
	require.Zero(t, calls.Load())
	require.Equal(t, ErrClosed, p.Add(fd, 1))
	require.Equal(t, ErrClosed, p.Arm(fd, 1))
	require.Equal(t, ErrClosed, p.Remove(fd))
	require.NoError(t, p.Close())
	all, err := readAll(fd)
	require.NoError(t, err)
	require.Equal(t, "a", all, "the descriptor is as it was")
}

func TestCloseFromInside(t *testing.T) {
	noNewDescriptors(t)
	var p *Poller
	var calls atomic.Int32
	called, created := make(chan error, 10), make(chan struct{})
	p = poller(t, func(Token) {
		<-created
		calls.Add(1)
		called <- p.Close()
		called <- p.Close()
	})
	close(created)
	for range 10 { // all ready at once: the rest of the batch is dropped
		fd, peer := socketpair(t)
		_, _, err := Write(peer, []byte("x"))
		require.NoError(t, err)
		if p.Add(fd, 1) == ErrClosed {
			break
		}
	}
	require.NoError(t, <-called)
	require.NoError(t, <-called)
	within(t, "the end of the goroutine", func() { p.Close() })
	require.EqualValues(t, 1, calls.Load())
}

// Another goroutine's Close waits for a call that is under way.
func TestCloseWaits(t *testing.T) {
	noNewDescriptors(t)
	fd, peer := socketpair(t)
	begun, end := make(chan struct{}), make(chan struct{})
	p := poller(t, func(Token) { close(begun); <-end })
	require.NoError(t, p.Add(fd, 1))
	_, _, err := Write(peer, []byte("x"))
	require.NoError(t, err)
	<-begun
	closed := make(chan struct{})
	go func() { defer close(closed); p.Close() }()
	select {
	case <-closed:
		require.Fail(t, "Close did not wait")
	case <-time.After(moment):
	}
	close(end)
	within(t, "Close", func() { <-closed })
}

// Methods race with Close: none may touch a descriptor that is another's by now.
func TestCloseAmongUsers(t *testing.T) {
	noNewDescriptors(t)
	for range 100 {
		p := poller(t, func(Token) {})
		var users sync.WaitGroup
		for range 4 {
			fd, _ := socketpair(t)
			users.Go(func() {
				for p.Add(fd, 1) == nil && p.Arm(fd, 1) == nil && p.Remove(fd) == nil {
					runtime.Gosched()
				}
				assert.Equal(t, ErrClosed, p.Add(fd, 1))
			})
		}
		time.Sleep(time.Millisecond)
		users.Go(func() { p.Close() })
		p.Close()
		users.Wait()
	}
}

func TestReadyMayUseThePoller(t *testing.T) {
	noNewDescriptors(t)
	fd, peer := socketpair(t)
	done := make(chan struct{})
	var p *Poller
	var ready atomic.Pointer[func(Token)]
	p = poller(t, func(t Token) { (*ready.Load())(t) })
	f := func(token Token) {
		all, err := readAll(fd)
		assert.NoError(t, err)
		assert.Equal(t, "x", all)
		if token == 3 {
			assert.NoError(t, p.Remove(fd))
			close(done)
			return
		}
		assert.NoError(t, p.Arm(fd, token+1))
		_, _, err = Write(peer, []byte("x"))
		assert.NoError(t, err)
	}
	ready.Store(&f)
	require.NoError(t, p.Add(fd, 1))
	_, _, err := Write(peer, []byte("x"))
	require.NoError(t, err)
	within(t, "three events", func() { <-done })
}

func TestGoroutine(t *testing.T) {
	here := goroutine()
	require.NotZero(t, here)
	require.Equal(t, here, goroutine())
	there := make(chan uint64)
	go func() { there <- goroutine() }()
	require.NotEqual(t, here, <-there)
}

// socketpair returns two bare descriptors that are connected.
func socketpair(t testing.TB) (int, int) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	for _, fd := range fds {
		require.NoError(t, syscall.SetNonblock(fd, true))
		t.Cleanup(func() { Close(fd) })
	}
	return fds[0], fds[1]
}
