// How a connection that talks waits for its next message.
//
// A net.Conn can only try to read, and wait if there is nothing. Between a reply and the next message there never is:
// that read costs every message a system call. So the reader of a connection that talks stays in the runtime's poller:
// it works inside one call of syscall.RawConn.Read for as long as messages keep coming, and after a read that got less
// than it had room for it waits at once. The poller is edge-triggered: whatever arrives after such a read is an event (epoll(7), question 9).
//
// The surprise: while a stay lasts nobody else can read or close the descriptor, for both wait for RawConn.Read to
// return. A handler that closes its connection would wait for itself. So during a stay
//
//   - the reader holds the reading turn while it waits, as any reader does. Who has the turn meanwhile, while
//     a handler runs, is closing the connection: it asks the socket now and then instead of waiting for it;
//   - who closes the socket shuts it down, which the peer sees and which wakes everybody, and the reader closes it
//     when the stay is over.
//
// So the descriptor is good for as long as WebSocket.mu is held and the stay lasts, and whoever writes may use it
// as it is: what the socket takes at once needs no deadline, and nothing else of a net.Conn.
//
// What an event cannot tell is that there was more behind the bytes than bytes: an end of the stream that came in one
// piece with them, say. The reader hears of that when its connection has been quiet and wants to park.

package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gofogo/fogo/internal/poll"
)

// stay is the part of a reader that concerns its stay.
type stay struct {
	fd      int       // the socket's, -1 while nobody knows it; changed with WebSocket.mu held
	holds   bool      // the reader has the reading turn, which guards the rest: it isn't in a handler
	drained bool      // the socket has no bytes until the poller says so
	until   time.Time // for who closes the connection: how long to ask
}

// errAgain tells the reader of a stay that it has to wait.
var errAgain = errors.New("ws: nothing to read")

// canStay returns the descriptor to stay with if the connection talks.
func (c *WebSocket) canStay() syscall.RawConn {
	if !c.in.hot || c.in.tired.Load() || c.is(flagClosing|flagDraining) {
		return nil
	}
	conn, ok := c.conn.(syscall.Conn) // it can't go away: only its reader parks, and that's us
	if !ok {
		return nil // it is lost
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// serveStaying handles messages until there is a reason to leave: the connection is over, closes, is drained, or
// has been quiet for long enough to park. It reports whether there may be more messages.
func (c *WebSocket) serveStaying(raw syscall.RawConn) (more bool) {
	if !c.beginStay() {
		return true // somebody closes it: serveOne waits for that
	}
	defer c.endStay() // deferred: also after Goexit in a handler
	more = true
	err := raw.Read(func(fd uintptr) (leave bool) {
		c.know(int(fd))
		leave, more = c.converse()
		return leave
	})
	if err != nil && c.readFailed(err) != nil { // the turn is held: it failed to wait
		return false
	}
	return more
}

// know takes note of the descriptor.
func (c *WebSocket) know(fd int) {
	if c.in.stay.fd == fd {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.stay.fd = fd
}

// converse handles the messages that have come. It reports whether to leave, or to wait for more of them, and
// whether there may be more at all. There is one defer for all of them.
func (c *WebSocket) converse() (leave, more bool) {
	returned := false
	defer func() {
		if !returned {
			leave, more = true, false
			c.broken(recover())
		}
	}()
	for {
		m, err := c.receiveStaying()
		switch {
		case err == nil:
			c.handler.Message(c, m)
			continue
		case err == errAgain:
			more = true
		case err == errLeave:
			leave, more = true, true
		default:
			leave = true
		}
		returned = true
		return leave, more
	}
}

// errLeave ends a stay without a word about the connection.
var errLeave = errors.New("ws: the stay is over")

// beginStay takes the reading turn.
func (c *WebSocket) beginStay() bool {
	if !c.reading.try() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagClosing | flagDraining) {
		c.reading.give()
		return false
	}
	c.in.stay = stay{holds: true, fd: -1}
	c.state.Or(flagStaying)
	return true
}

// endStay gives the turn back, and makes up for a Close that had to be put off.
func (c *WebSocket) endStay() {
	c.mu.Lock()
	before := c.state.And(^uint32(flagStaying | flagHungUp))
	c.mu.Unlock()
	c.life.got(0)
	if before&flagHungUp != 0 {
		_ = c.conn.Close() // nothing could be done about an error
	}
	if c.in.stay.holds {
		c.in.stay.holds = false
		c.reading.give()
	}
}

// receiveStaying returns the next message. With errAgain it keeps the reading turn.
func (c *WebSocket) receiveStaying() (Message, error) {
	st := &c.in.stay
	if !st.holds {
		if c.is(flagClosing|flagDraining) || !c.reading.try() {
			return Message{}, errLeave // somebody closes it: wait for that outside
		}
		st.holds = true
	}
	if c.in.tired.Load() && c.in.idle() {
		return Message{}, errLeave
	}
	m, err := c.take(context.Background())
	if err == errDraining {
		err = errLeave
	}
	if err != errAgain {
		st.holds = false
		c.reading.give()
	}
	return m, err
}

// readStaying is source.Read during a stay, with the reading turn held.
func (c *WebSocket) readStaying(p []byte) (int, error) {
	st := &c.in.stay
	if !st.holds {
		return c.readBeside(p)
	}
	if !st.drained {
		n, again, err := poll.Read(st.fd, p)
		if !again {
			st.drained = err == nil && n < len(p)
			c.life.got(n)
			if n > 0 {
				c.in.tired.Store(false)
			}
			return n, err
		}
	}
	st.drained = false // the next call comes after an event
	c.life.waiting()
	c.in.note()
	return 0, errAgain
}

// readBeside reads while the connection's reader stays and is in a handler. It is for who closes the connection.
func (c *WebSocket) readBeside(p []byte) (n int, err error) {
	for wait := 50 * time.Microsecond; c.is(flagStaying); wait = min(2*wait, 10*time.Millisecond) {
		n, again, err := tryRead(c.conn, p)
		switch {
		case !again:
			return n, err
		case !time.Now().Before(c.in.stay.until):
			return 0, os.ErrDeadlineExceeded
		}
		time.Sleep(wait)
	}
	return c.conn.Read(p)
}

// tryRead reads from a bare socket without waiting.
func tryRead(conn net.Conn, p []byte) (n int, again bool, err error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, false, err
	}
	if e := raw.Control(func(fd uintptr) { n, again, err = poll.Read(int(fd), p) }); e != nil {
		return 0, false, io.EOF // it was closed
	}
	return n, again, err
}

// writeStaying writes what the socket takes at once, if the connection's reader stays.
func (c *WebSocket) writeStaying(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagStaying) && c.in.stay.fd >= 0 {
		n, _, err = poll.Write(c.in.stay.fd, b)
	}
	return n, err
}

// closeTransport closes the TCP connection.
func (c *WebSocket) closeTransport() {
	conn := c.transport()
	c.mu.Lock()
	staying := c.is(flagStaying)
	if staying {
		c.state.Or(flagHungUp)
		_ = poll.Shutdown(conn.(syscall.Conn))
	}
	c.mu.Unlock()
	if !staying {
		_ = conn.Close() // nothing could be done about an error
	}
}
