//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
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

// stormTime bounds the tests that run until it is over.
func stormTime() time.Duration {
	if testing.Short() {
		return 300 * time.Millisecond
	}
	return 2 * time.Second
}

// slots is what a user keeps: who waits under which token.
type slots struct {
	mu      sync.Mutex
	waiting map[Token]chan struct{}
	stale   int // events that came after their token was withdrawn
}

func (s *slots) ready(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.waiting[t]; ok {
		delete(s.waiting, t)
		close(c)
	} else {
		s.stale++
	}
}

func (s *slots) enter(t Token) chan struct{} {
	c := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[t] = c
	return c
}

// withdraw reports whether the event had not come.
func (s *slots) withdraw(t Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.waiting[t]
	delete(s.waiting, t)
	return ok
}

// Descriptors' numbers change owners all the time; each event must be that of its token, which is also
// what the peer sends.
func TestReuseStorm(t *testing.T) {
	noNewDescriptors(t)
	s := &slots{waiting: map[Token]chan struct{}{}}
	p := poller(t, s.ready)
	end := time.Now().Add(stormTime())
	var owners sync.WaitGroup
	var rounds, early atomic.Int64
	for i := range 16 {
		owners.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for g := 1; time.Now().Before(end) && !t.Failed(); g++ {
				rounds.Add(1)
				if !tenancy(t, p, s, token(i, g), r) {
					early.Add(1)
				}
			}
		})
	}
	owners.Wait()
	require.NoError(t, p.Close())
	require.Empty(t, s.waiting)
	t.Logf("%d rounds, %d removed early, %d stale events", rounds.Load(), early.Load(), s.stale)
}

// tenancy is the life of one connection. It reports whether it got its event.
func tenancy(t *testing.T, p *Poller, s *slots, token Token, r *rand.Rand) bool {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if !assert.NoError(t, err) {
		return false
	}
	fd, peer := fds[0], fds[1]
	assert.NoError(t, syscall.SetNonblock(fd, true))
	if r.IntN(2) == 0 { // as Detach and Close do, so that numbers move
		c, err := Conn(fd)
		assert.NoError(t, err)
		fd, err = Detach(c.(syscall.Conn))
		assert.NoError(t, err)
		assert.NoError(t, c.Close())
	}
	event := s.enter(token)
	assert.NoError(t, p.Add(fd, token))
	message := binary.LittleEndian.AppendUint64(nil, uint64(token))
	sent := make(chan struct{})
	pause := time.Duration(r.IntN(3)) * 20 * time.Microsecond
	go func() {
		defer close(sent)
		time.Sleep(pause)
		_, err := syscall.Write(peer, message)
		assert.NoError(t, err)
	}()
	came := await(s, token, event, r)
	assert.NoError(t, p.Remove(fd))
	if came {
		got := make([]byte, 16)
		n, again, err := Read(fd, got)
		assert.NoError(t, err)
		if !again || n > 0 {
			assert.Equal(t, message, got[:n])
		} else {
			assert.True(t, byNumber, "an event of another descriptor")
		}
	}
	<-sent
	assert.NoError(t, Close(fd))
	assert.NoError(t, syscall.Close(peer))
	return came
}

// await waits for the event, or for a random time.
func await(s *slots, token Token, event chan struct{}, r *rand.Rand) bool {
	if r.IntN(2) == 0 {
		select {
		case <-event:
		case <-time.After(time.Duration(r.IntN(100)) * time.Microsecond):
			return !s.withdraw(token)
		}
	}
	<-event
	return true
}

// sink is a parked connection that counts what arrives.
type sink struct {
	fd      int
	r       *rand.Rand
	next    [writers]uint32 // number expected from each writer
	total   int
	part    []byte // of a message
	revived int
}

// Messages are a writer's index and a number that grows.
const (
	writers  = 4
	messages = 2000
	size     = 8
)

// No wake-up is lost: many write to each connection while its owner arms it, reads it, and every now and
// then takes it from the poller and back. Every message arrives, in its writer's order.
func TestNoLostWakeUp(t *testing.T) {
	for _, procs := range []int{1, 2, 8} {
		t.Run(fmt.Sprintf("%d processors", procs), func(t *testing.T) {
			noNewDescriptors(t)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			testNoLostWakeUp(t, 50, messages/5)
			testNoLostWakeUp(t, 2, messages)
		})
	}
}

func testNoLostWakeUp(t *testing.T, connections, messages int) {
	sinks := make([]*sink, connections)
	done := make(chan *sink, connections)
	var p *Poller
	created := make(chan struct{})
	p = poller(t, func(token Token) {
		<-created
		i, g := token.parts()
		go sinks[i].wake(t, p, i, g, writers*messages, done)
	})
	var senders sync.WaitGroup
	for i := range sinks {
		server, client := kinds["tcp"](t)
		sinks[i] = &sink{fd: park(t, server), r: rand.New(rand.NewPCG(2, uint64(i)))}
		for w := range writers {
			senders.Go(func() { send(t, client, w, messages) })
		}
	}
	for i, s := range sinks {
		require.NoError(t, p.Add(s.fd, token(i, 0)))
	}
	close(created)
	revived := 0
	for range sinks {
		select {
		case s := <-done:
			revived += s.revived
			assert.NoError(t, Close(s.fd))
		case <-time.After(3 * patience):
			require.Fail(t, "a wake-up is lost")
		}
	}
	senders.Wait()
	require.NotZero(t, revived)
}

func send(t *testing.T, c net.Conn, writer, messages int) {
	r := rand.New(rand.NewPCG(3, uint64(writer)))
	for n := range messages {
		var m [size]byte
		binary.LittleEndian.PutUint32(m[:], uint32(writer))
		binary.LittleEndian.PutUint32(m[4:], uint32(n))
		if _, err := c.Write(m[:]); !assert.NoError(t, err) {
			return
		}
		if r.IntN(20) == 0 {
			time.Sleep(time.Duration(r.IntN(200)) * time.Microsecond)
		}
	}
}

// wake reads what is there and waits again, until everything has come.
func (s *sink) wake(t *testing.T, p *Poller, i, generation, all int, done chan *sink) {
	wait := p.Arm
	if s.r.IntN(8) == 0 {
		assert.NoError(t, p.Remove(s.fd))
		s.take(t)
		wait = p.Add
	} else {
		s.read(t)
	}
	if s.total < all && !t.Failed() {
		assert.NoError(t, wait(s.fd, token(i, generation+1)))
		return
	}
	_ = p.Remove(s.fd) // it may not be registered
	done <- s
}

// read reads messages, sometimes not all that are there.
func (s *sink) read(t *testing.T) {
	var buf [size]byte
	for range 1 + s.r.IntN(10) {
		n, again, err := Read(s.fd, buf[len(s.part):])
		if !assert.NoError(t, err) || again {
			return
		}
		s.count(t, buf[len(s.part):][:n])
	}
}

// take makes a connection of the descriptor, waits for a message, and makes it bare again.
func (s *sink) take(t *testing.T) {
	s.revived++
	c, err := Conn(s.fd)
	assert.NoError(t, err)
	buf := make([]byte, size-len(s.part))
	_, err = io.ReadFull(c, buf)
	assert.NoError(t, err)
	s.count(t, buf)
	s.fd, err = Detach(c.(syscall.Conn))
	assert.NoError(t, err)
	assert.NoError(t, c.Close())
}

// count checks a message when it is complete.
func (s *sink) count(t *testing.T, bytes []byte) {
	if s.part = append(s.part, bytes...); len(s.part) < size {
		return
	}
	w := binary.LittleEndian.Uint32(s.part)
	if assert.Less(t, w, uint32(writers)) {
		assert.Equal(t, s.next[w], binary.LittleEndian.Uint32(s.part[4:]))
		s.next[w]++
	}
	s.total++
	s.part = s.part[:0]
}
