// How idle connections wait without a goroutine.
//
// A connection that is served (WebSocket.Serve) needs nothing while it is idle but
// its socket. So when its reader has nothing to do it parks: the descriptor is duplicated, the net.Conn with its
// state in net and runtime is closed, and the bare descriptor waits in the tracker's poller. When it becomes readable,
// or somebody has to do more with it than a write that the socket takes at once, it wakes: the descriptor becomes
// a net.Conn again and a goroutine reads on. A connection that talks doesn't park after every
// message; it keeps its goroutine until it has been quiet for a while.
//
// Rules:
//
//   - WebSocket.mu guards the transition, in both directions, and the descriptor while it is bare.
//   - Only the reader parks, and only when it is the writer too: so neither of them sees the transport go away.
//   - Anybody may wake. The first does; flagParked is cleared when the transport is there.
//   - A token of the poller stands for one stay in it. An event with an old token finds nothing.
//   - A descriptor leaves the poller before it is used for anything else.
//   - A park with unread bytes or half a message doesn't happen, so nothing is lost.

package ws

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gofogo/fogo/internal/poll"
)

// defaultLinger is for how long a connection that talks keeps its goroutine.
const defaultLinger = time.Second

// parking is where the connections of a Tracker are parked.
type parking struct {
	mu     sync.Mutex
	poller *poll.Poller // nil while nothing is parked, at first or for good
	slots  []slot
	unused []uint32 // of slots
	stays  uint32   // counts, so that tokens differ, also from those of a poller before
	parked int
	linger time.Duration // 0: the default

	scratch [readSize]byte // for the poller's goroutine
}

func (c *WebSocket) linger() time.Duration {
	if d := c.tracked.parking.linger; d != 0 {
		return d
	}
	return defaultLinger
}

// slot is a parked connection, or none.
type slot struct {
	c    *WebSocket
	stay uint32
}

func (p *parking) token(i uint32) poll.Token {
	return poll.Token(uint64(p.slots[i].stay)<<32 | uint64(i))
}

// add puts a connection and its descriptor into the poller. From now on an event may come.
func (p *parking) add(c *WebSocket, fd int) (poll.Token, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.poller == nil {
		poller, err := poll.New(p.ready)
		if err != nil {
			return 0, err
		}
		p.poller = poller
	}
	i := uint32(len(p.slots))
	if n := len(p.unused); n > 0 {
		i = p.unused[n-1]
		p.unused = p.unused[:n-1]
	} else {
		p.slots = append(p.slots, slot{})
	}
	p.stays++
	p.slots[i] = slot{c, p.stays}
	t := p.token(i)
	if err := p.poller.Add(fd, t); err != nil {
		p.release(i)
		return 0, err
	}
	p.parked++
	return t, nil
}

// remove ends a stay in the poller.
func (p *parking) remove(fd int, t poll.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.poller.Remove(fd) // it is there
	p.parked--
	p.release(uint32(t))
}

func (p *parking) release(i uint32) {
	p.slots[i].c = nil
	p.unused = append(p.unused, i)
}

// at returns the connection that a token stands for; nil if it has left.
func (p *parking) at(t poll.Token) *WebSocket {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := uint32(t); int(i) < len(p.slots) && p.token(i) == t {
		return p.slots[i].c
	}
	return nil
}

// stop ends the poller if nothing is parked. The next connection that parks starts another.
func (p *parking) stop() {
	p.mu.Lock()
	poller := p.poller
	if poller == nil || p.parked > 0 {
		p.mu.Unlock()
		return
	}
	p.poller, p.slots, p.unused = nil, nil, nil
	p.mu.Unlock()
	_ = poller.Close()
}

// len returns the number of parked connections.
func (p *parking) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parked
}

// ready is called by the poller when a descriptor is readable. It must not block.
func (p *parking) ready(t poll.Token) {
	c := p.at(t)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.is(flagParked) || c.token != t {
		return
	}
	n, again, err := poll.Read(int(c.fd), p.scratch[:])
	switch {
	case err != nil:
		c.wake(nil, true) // whoever reads next sees the end for himself
		return
	case again:
		// A wrong alarm.
	default:
		pongs := countPongs(p.scratch[:n])
		if pongs == 0 || !c.life.answered(pongs) {
			break // others than answers are counted, see reader.flooded
		}
		c.life.got(n)
		c.life.waiting()
		again = true
	}
	if again && p.rearm(int(c.fd), t) == nil {
		return
	}
	if again {
		n = 0
	}
	c.wake(p.scratch[:n], false)
}

func (p *parking) rearm(fd int, t poll.Token) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.poller.Arm(fd, t)
}

// countPongs returns how many empty Pongs b consists of, 0 if there is anything else: the answers of an
// idle peer to our pings need no goroutine. RFC 6455 section 5.5.3.
func countPongs(b []byte) (n int32) {
	const size = 6 // two bytes and the mask
	for ; len(b) >= size && b[0] == 0x8a && b[1] == 0x80; b = b[size:] {
		n++
	}
	if len(b) > 0 {
		return 0
	}
	return n
}

// isBare reports whether conn is a socket and nothing else: one that can be given up and come back. What
// wraps one, TLS or a listener's counter, has a state of its own.
func isBare(conn net.Conn) bool {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		return poll.Supported
	}
	return false
}

// tryPark parks a connection that has nothing to do and is not expected to soon.
func (c *WebSocket) tryPark() bool {
	in := c.in
	if in.hot && !in.tired.Load() {
		return false
	}
	if in.collecting {
		in.collecting = false
		c.uncork()
	}
	if c.park() {
		return true
	}
	// Somebody is sending, or there is no descriptor left. Later, then.
	in.tired.Store(false)
	c.mu.Lock()
	in.hot = true
	c.mu.Unlock()
	c.tracked.pulse.set(c, now()+int64(c.linger()))
	return false
}

// park gives up the goroutine of the caller, who holds the reading turn. After true the
// turn is given back, and nothing of the connection is the caller's any more.
func (c *WebSocket) park() bool {
	if !c.out.tryIdle() {
		return false
	}
	parked := c.giveUpTransport()
	if parked {
		c.reading.give()
	}
	c.release()
	return parked
}

func (c *WebSocket) giveUpTransport() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagClosing | flagDraining) {
		return false
	}
	fd, err := poll.Detach(c.conn.(syscall.Conn))
	if err != nil {
		return false // no descriptor is left: it stays as it is
	}
	t, err := c.tracked.parking.add(c, fd)
	if err != nil {
		_ = poll.Close(fd)
		return false
	}
	_ = c.conn.Close() // the socket lives on in fd
	recycleReader(c.in)
	c.conn, c.in, c.fd, c.token, c.deadline = nil, nil, int32(fd), t, 0
	c.life.waiting()
	c.state.Or(flagParked) // last: ready waits for mu
	return true
}

// wake ends the stay in the poller. A goroutine goes on reading, with the
// bytes that were read already. If the socket is at its end it must find that, and not park again. mu is held.
func (c *WebSocket) wake(read []byte, atEnd bool) {
	c.tracked.parking.remove(int(c.fd), c.token)
	at := now()
	in := newReader(c)
	in.hot = atEnd || c.is(flagTalked) && time.Duration(at-c.life.last.Load()) < c.linger()
	c.state.Or(flagTalked)
	in.preload(read)
	c.life.got(len(read))
	conn, err := poll.Conn(int(c.fd))
	if err != nil {
		conn = lost{err}
	}
	c.conn, c.in, c.fd, c.token = conn, in, -1, 0
	c.state.And(^uint32(flagParked))
	if in.hot {
		c.tracked.pulse.set(c, at+int64(c.linger()))
	}
	go c.run()
}

// transport returns the net.Conn, waking the connection if need be.
func (c *WebSocket) transport() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagParked) {
		c.wake(nil, false)
	}
	return c.conn
}

// writeParked writes what the socket of a parked connection takes at once. If that is not all, the connection wakes.
func (c *WebSocket) writeParked(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.is(flagParked) {
		return 0, nil
	}
	n, _, err := poll.Write(int(c.fd), b)
	if n < len(b) {
		c.wake(nil, false)
	}
	return n, err
}

// attempt writes what the network takes at once. The caller is the writer.
func (c *WebSocket) attempt(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagParked) {
		n, _, err := poll.Write(int(c.fd), b)
		return n, err
	}
	switch {
	case !c.is(flagBare):
		return 0, nil // there is no such thing here
	case c.is(flagStaying) && c.in.stay.fd >= 0:
		n, _, err := poll.Write(c.in.stay.fd, b)
		return n, err
	}
	if err := c.limitWrite(none); err != nil {
		return 0, err
	}
	return tryWrite(c.conn, b)
}

// tryWrite writes to a bare socket without waiting.
func tryWrite(conn net.Conn, b []byte) (n int, err error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return 0, nil // it is lost
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Write(func(fd uintptr) bool {
		n, _, err = poll.Write(int(fd), b)
		return true // also if not all was written
	}); e != nil {
		err = e
	}
	return n, err
}

// lost is the transport of a connection that could not come back. Its reader finds out.
type lost struct{ err error }

func (l lost) Read([]byte) (int, error)       { return 0, l.err }
func (l lost) Write([]byte) (int, error)      { return 0, l.err }
func (lost) Close() error                     { return nil }
func (lost) LocalAddr() net.Addr              { return requestAddr("") }
func (lost) RemoteAddr() net.Addr             { return requestAddr("") }
func (lost) SetDeadline(time.Time) error      { return nil }
func (lost) SetReadDeadline(time.Time) error  { return nil }
func (lost) SetWriteDeadline(time.Time) error { return nil }
