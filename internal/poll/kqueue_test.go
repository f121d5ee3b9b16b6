//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && fogo_kqueue)

package poll

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// byNumber says that an event tells no more than the number of its descriptor, which may be another's.
const byNumber = true

// The tests named Kernel show what the queue builds upon: on a BSD that the system is so, on Linux that
// the model is.

func openKernel(t *testing.T) *kernel {
	noNewDescriptors(t)
	k := &kernel{}
	require.NoError(t, k.open())
	t.Cleanup(k.close)
	return k
}

// changed applies a change as the queue does.
func changed(k *kernel, fd, flags int) error {
	for {
		if err := k.change(fd, flags); err != syscall.EINTR {
			return err
		}
	}
}

// collected waits for events and returns the descriptors they tell.
func collected(t *testing.T, k *kernel) (fds []int) {
	t.Helper()
	events := make([]event, batch)
	within(t, "an event", func() {
		for n := 0; n <= 0; {
			n, _ = k.wait(events)
			for i := range max(n, 0) {
				fds = append(fds, int(events[i].Ident))
			}
		}
	})
	return fds
}

func send1(t *testing.T, fd int) {
	t.Helper()
	_, _, err := Write(fd, []byte("x"))
	require.NoError(t, err)
}

func TestKernelOneshot(t *testing.T) {
	k := openKernel(t)
	fd, peer := socketpair(t)
	for range 20 {
		require.NoError(t, changed(k, fd, evAdd|evOneshot))
		send1(t, peer)
		require.Equal(t, []int{fd}, collected(t, k))
		require.Equal(t, syscall.ENOENT, changed(k, fd, evDelete), "the event ended the registration")
		require.NoError(t, changed(k, fd, evAdd|evOneshot))
		require.Equal(t, []int{fd}, collected(t, k), "adding looks what is there already")
		require.NoError(t, changed(k, fd, evAdd|evOneshot))
		_, err := readAll(fd)
		require.NoError(t, err)
		require.Contains(t, []error{nil, syscall.ENOENT}, changed(k, fd, evDelete))
	}
}

// Adding again changes the registration that is there: of two events at once the first ends both.
func TestKernelAddsOnce(t *testing.T) {
	k := openKernel(t)
	fd, peer := socketpair(t)
	for range 20 {
		require.NoError(t, changed(k, fd, evAdd|evOneshot))
		require.NoError(t, changed(k, fd, evAdd|evOneshot))
		send1(t, peer)
		require.Equal(t, []int{fd}, collected(t, k))
		require.Equal(t, syscall.ENOENT, changed(k, fd, evDelete))
	}
}

// The end of a pipe is reported again and again: so it wakes also who begins to wait after it.
func TestKernelPipe(t *testing.T) {
	k := openKernel(t)
	var pipe [2]int
	require.NoError(t, syscall.Pipe(pipe[:]))
	defer syscall.Close(pipe[0])
	require.NoError(t, changed(k, pipe[0], evAdd))
	require.NoError(t, syscall.Close(pipe[1]))
	for range 20 {
		require.Equal(t, []int{pipe[0]}, collected(t, k))
	}
}

func TestKernelRefuses(t *testing.T) {
	k := openKernel(t)
	fd, _ := socketpair(t)
	for range 20 {
		require.Equal(t, syscall.ENOENT, changed(k, fd, evDelete))
		require.Equal(t, syscall.EBADF, changed(k, -1, evAdd|evOneshot))
		// macOS looks for the registration first, the others for the descriptor.
		require.Contains(t, []error{syscall.EBADF, syscall.ENOENT}, changed(k, -1, evDelete))
	}
}

func openQueue(t *testing.T) *queue {
	noNewDescriptors(t)
	q := &queue{}
	require.NoError(t, q.open())
	t.Cleanup(func() { q.wake(); q.close() })
	return q
}

// An event is collected, and before its descriptor is looked up the number gets another owner. The new
// one's call comes too early, and its own event is not a second call; but waiting again brings it.
func TestOutdatedEvent(t *testing.T) {
	q := openQueue(t)
	fd, peer := socketpair(t)
	require.NoError(t, q.add(fd, 1))
	send1(t, peer)
	require.Equal(t, []int{fd}, collected(t, &q.kernel))
	require.Equal(t, syscall.ENOENT, changed(&q.kernel, fd, evDelete), "after the event there is nothing in the kernel")
	require.NoError(t, q.remove(fd))
	_, ok := q.take(fd)
	require.False(t, ok, "nobody owns it")

	_, err := readAll(fd)
	require.NoError(t, err)
	require.NoError(t, q.add(fd, 2))
	token, ok := q.take(fd) // with the event of before
	require.Equal(t, []any{Token(2), true}, []any{token, ok})
	send1(t, peer)
	require.Equal(t, []int{fd}, collected(t, &q.kernel))
	_, ok = q.take(fd)
	require.False(t, ok, "a second call")

	require.NoError(t, q.arm(fd, 3))
	require.Equal(t, []int{fd}, collected(t, &q.kernel))
	token, ok = q.take(fd)
	require.Equal(t, []any{Token(3), true}, []any{token, ok})
	require.NoError(t, q.remove(fd))
}

// A wait that fails for no reason of ours is begun anew.
func TestInterruptedWaits(t *testing.T) {
	noNewDescriptors(t)
	p, events := recorder(t)
	fd, peer := socketpair(t)
	require.NoError(t, p.Add(fd, 0))
	for i := range Token(100) {
		send1(t, peer)
		expect(t, events, i)
		_, err := readAll(fd)
		require.NoError(t, err)
		require.NoError(t, p.Arm(fd, i+1))
	}
	require.NoError(t, p.Remove(fd))
}

// A refused change leaves nothing behind that an owner of the number would stumble over.
func TestRefusedAdd(t *testing.T) {
	q := openQueue(t)
	require.ErrorIs(t, q.add(-1, 1), syscall.EBADF)
	require.ErrorIs(t, q.arm(-1, 1), syscall.ENOENT)
	require.Empty(t, q.entries)
}

// Wake comes also to who begins to wait after it, and events do not keep it away.
func TestWake(t *testing.T) {
	noNewDescriptors(t)
	q := &queue{}
	require.NoError(t, q.open())
	fd, peer := socketpair(t)
	require.NoError(t, q.add(fd, 1))
	send1(t, peer)
	q.wake()
	within(t, "wake", func() {
		q.wait(func(Token) bool { _ = q.arm(fd, 1); time.Sleep(time.Microsecond); return true })
	})
	q.close()
}
