package ws

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/internal/poll"
)

// WebSocket is one connection, of the server's or the client's side.
//
// On a server it begins as an unanswered handshake ([New]). [WebSocket.Accept],
// or the first send or receive, answers it with 101; [WebSocket.Reject] and
// Close answer it with something else. Then it is open until one side
// closes it or the network does.
//
// All methods may be called from any goroutine. Sends take turns in the order in which they came.
// Receives take turns too: each message goes to one of them.
//
// Whoever accepted a connection and reads it with Receive calls
// [WebSocket.Finish] when done; [WebSocket.Serve] does that by itself.
type WebSocket struct {
	opts    *Options // may be nil: its methods know the defaults
	client  bool
	state   atomic.Uint32 // flags below
	deflate *deflation    // what was agreed on, nil for nothing; written before flagOpen is set
	sub     string        // agreed subprotocol; written before flagOpen is set

	answering sync.Mutex // held to answer the handshake
	hs        *handshake // guarded by answering; nil once answered, so that the request can be collected

	out      outbox
	deadline instant // of the transport's writes; the writer's

	reading turn    // held while bytes are taken from the transport
	in      *reader // guarded by reading; nil while parked
	handler Handler // of Serve; set before flagServing

	mu     sync.Mutex // guards the rest
	conn   net.Conn   // the transport; nil while parked. Set before flagOpen. It stays while one reads or writes
	fd     int32      // the bare descriptor while parked
	down   bool       // the TCP connection is closed
	owned  bool       // a Finish is still to come
	token  poll.Token // of the stay in the poller
	base   context.Context
	asked  *asked       // made by Context and Done
	closed *closedError // made when closing begins, never changed
	pings  *pings       // made by Ping
	left   func()       // of Options.Admit

	life liveness // has its own rules

	prev, next *WebSocket // guarded by the Tracker's mutex
	tracked    *Tracker   // written before flagOpen is set
}

// asked is what most connections are never asked for.
type asked struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// about returns what is asked for. mu is held.
func (c *WebSocket) about() *asked {
	if c.asked == nil {
		c.asked = &asked{}
	}
	return c.asked
}

// canceled cancels the context, if there is one. mu is held.
func (c *WebSocket) canceled(why error) {
	if c.asked != nil && c.asked.cancel != nil {
		c.asked.cancel(why)
	}
}

// ended closes the channel of Done, if there is one. mu is held.
func (c *WebSocket) ended() {
	if c.asked != nil && c.asked.done != nil {
		close(c.asked.done)
	}
}

// The flags of WebSocket.state. None is ever cleared but flagParked and what stands after it, without flagTalked.
const (
	flagOpen     = 1 << iota // the handshake was answered with 101
	flagRejected             // the handshake was answered with something else
	flagClosing              // the code is known, nothing but a Close frame may be sent any more
	flagEnded                // the closing handshake is over or given up
	flagServing              // Serve reads
	flagPulled               // Receive was called
	flagDraining             // the tracker wants the connection to end after the message being handled
	flagLends                // the handler of Serve gives its messages back
	flagBare                 // the transport is a socket and nothing else
	flagParked               // there is no transport: the bare descriptor waits in the poller
	flagTalked               // it has been awake before: what comes soon after a handshake need not go on
	flagStaying              // the reader stays in the runtime's poller, see stay.go
	flagHungUp               // the socket is shut down; the reader closes it when its stay is over
	flagCollects             // replies are collected: more messages have come than the one being handled
)

func (c *WebSocket) is(flag uint32) bool { return c.state.Load()&flag != 0 }

// Accepted reports whether the handshake was answered with 101, be the connection still open or not.
func (c *WebSocket) Accepted() bool { return c.is(flagOpen) }

// Subprotocol returns the agreed subprotocol, or "" if there is none (yet).
func (c *WebSocket) Subprotocol() string {
	if !c.is(flagOpen) {
		return ""
	}
	return c.sub
}

// RemoteAddr returns the peer's network address, also when the connection has ended.
// Before the connection is accepted that is what net/http calls Request.RemoteAddr.
// Of one that has been parked and was then reset by its peer it can't be had any more: it says "unknown".
func (c *WebSocket) RemoteAddr() net.Addr {
	if c.is(flagOpen) {
		return c.peerAddr()
	}
	c.answering.Lock()
	defer c.answering.Unlock()
	switch {
	case c.hs != nil:
		return requestAddr(c.hs.r.RemoteAddr)
	case c.is(flagOpen):
		return c.peerAddr()
	}
	return requestAddr("")
}

func (c *WebSocket) peerAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed != nil && c.closed.peer != nil {
		return c.closed.peer
	}
	return c.askPeerAddr()
}

// askPeerAddr asks the transport. mu is held.
func (c *WebSocket) askPeerAddr() net.Addr {
	if c.is(flagParked) {
		return poll.PeerAddr(int(c.fd))
	}
	return c.conn.RemoteAddr()
}

// requestAddr is the address of a client whose connection is still net/http's.
type requestAddr string

func (requestAddr) Network() string  { return "tcp" }
func (a requestAddr) String() string { return string(a) }

// Context returns the connection's own context. It has the values of the
// handshake request's context but not its cancellation: net/http cancels
// that one as soon as the handler returns. It is cancelled, with a cause that wraps
// [ErrClosed], when closing begins, from either side, or when a write fails or the reader sees the end.
// It is made by the first call, so connections that never ask don't pay for it.
func (c *WebSocket) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.about()
	if a.ctx != nil {
		return a.ctx
	}
	base := c.base
	if base == nil {
		base = context.Background()
	}
	a.ctx, a.cancel = context.WithCancelCause(context.WithoutCancel(base))
	c.base = nil
	if c.is(flagClosing) {
		a.cancel(c.closed)
	}
	return a.ctx
}

// Done returns a channel that is closed when the connection has ended: the
// closing handshake is over, or was given up, or the handshake was refused.
// The context is cancelled earlier, when closing begins.
func (c *WebSocket) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.about()
	if a.done == nil {
		a.done = make(chan struct{})
		if c.is(flagEnded) {
			close(a.done)
		}
	}
	return a.done
}

// CloseCode returns the code and reason the connection was closed with, once closing has begun:
// the peer's, [CodeNoStatus] if its Close frame was empty, [CodeAbnormal] if the connection
// dropped, or those this side closed with. Whichever came first stays.
func (c *WebSocket) CloseCode() (Code, Reason, bool) {
	if !c.is(flagClosing) {
		return 0, "", false
	}
	e := c.closedErr()
	return e.close.Code, e.close.Reason, true
}

// closedErr returns what every method returns once closing has begun.
func (c *WebSocket) closedErr() *closedError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// ready accepts the handshake if nobody did, and fails unless the connection is open.
func (c *WebSocket) ready() error {
	s := c.state.Load()
	if s&flagOpen == 0 {
		if err := c.Accept(); err != nil {
			return err
		}
		s = c.state.Load()
	}
	if s&flagClosing != 0 {
		return c.closedErr()
	}
	return nil
}

// begin starts the closing with a code. It reports false if that has happened before.
func (c *WebSocket) begin(code Code, reason Reason, cause error) bool {
	if !c.decide(&closedError{close: CloseError{Code: code, Reason: reason}, cause: cause}) {
		return false
	}
	c.shutOutbox()
	return true
}

// decide says once and for all why the connection is closed.
func (c *WebSocket) decide(why *closedError) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagClosing | flagRejected) {
		return false
	}
	if c.is(flagBare) {
		why.peer = c.askPeerAddr() // a socket that was parked doesn't know it any more when it is closed
	}
	c.closed = why
	c.state.Or(flagClosing)
	c.canceled(why)
	return true
}

// parting is how the TCP connection is left when a WebSocket ends.
type parting uint8

const (
	// hangUp closes at once: nothing is under way in either direction, or nobody is there.
	hangUp parting = iota
	// halfClose ends the writing side and reads on for a while. Closing a socket with unread
	// bytes in it makes the kernel send RST, which can destroy our Close frame before the peer reads it.
	halfClose
	// awaitEOF lets the server go first. RFC 6455 section 7.1.1: "the underlying TCP
	// connection, in most normal cases, SHOULD be closed first by the server".
	awaitEOF
)

// end makes the connection ended, once. The code must be known (begin).
func (c *WebSocket) end(how parting) {
	c.mu.Lock()
	if c.is(flagEnded) {
		c.mu.Unlock()
		return
	}
	c.state.Or(flagEnded)
	c.ended()
	c.mu.Unlock()
	c.unwatch()
	if how == hangUp {
		c.hangUp()
		return
	}
	c.kick() // a reader elsewhere gives way
	go c.depart(how)
}

// hangUp closes the TCP connection.
func (c *WebSocket) hangUp() {
	c.closeTransport()
	c.mu.Lock()
	c.down = true
	release := !c.owned
	c.mu.Unlock()
	if release {
		c.gone()
	}
}

// depart reads what the peer still sends, up to its end or CloseTimeout, then closes the TCP connection.
func (c *WebSocket) depart(how parting) {
	defer c.hangUp()
	limit := c.opts.closeTimeout()
	deadline := time.Now().Add(limit)
	conn := c.transport()
	_ = conn.SetWriteDeadline(deadline)
	if half, ok := conn.(interface{ CloseWrite() error }); ok && how == halfClose {
		if half.CloseWrite() != nil {
			return
		}
	}
	if c.reading.wait(nil, nil, limit) != nil {
		return
	}
	defer c.reading.give()
	_ = conn.SetReadDeadline(deadline)
	c.in.stay.until = deadline
	c.in.disown()
	buf := c.in.take()
	for {
		if _, err := c.readBeside(buf); err != nil && !c.kicked(err, deadline) {
			break
		}
	}
	c.in.drop()
}

// Finish says that the owner of an accepted connection is done with it: a
// connection that is still open is closed with 1000, without waiting for the peer.
// [Tracker.Shutdown] waits for it. Only who reads with Receive has to call it, best deferred;
// after [WebSocket.Serve] it has no effect. So it has twice, and on connections never accepted.
func (c *WebSocket) Finish() {
	if c.is(flagOpen) && !c.is(flagServing) {
		c.finish()
	}
}

func (c *WebSocket) finish() {
	c.Fail(CodeNormal, "")
	c.mu.Lock()
	release := c.owned && c.down
	c.owned = false
	c.mu.Unlock()
	if release {
		c.gone()
	}
}

// gone is the last thing that happens to a connection.
func (c *WebSocket) gone() {
	c.tracked.remove(c)
	c.leave()
}

// leave tells the application, once, that what it admitted is over. No mutex is held: it may do what it likes.
func (c *WebSocket) leave() {
	c.mu.Lock()
	leave := c.left
	c.left = nil
	c.mu.Unlock()
	if leave != nil {
		leave()
	}
}

// kick wakes a reader that waits for bytes: it sees a timeout and looks for
// the reason. A kick that hits nobody, or somebody else, is harmless: a
// reader without a reason to stop clears the deadline and goes on.
//
// A parked connection gets a reader that way.
func (c *WebSocket) kick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagParked) {
		c.wake(nil, false)
		return
	}
	_ = c.conn.SetReadDeadline(past)
}

// past is a deadline that is always over. Not the zero time, which means none.
var past = time.Unix(1, 0)

// source is where the reader of a connection takes its bytes from: the network, watched by liveness.
type source WebSocket

var _ io.Reader = (*source)(nil)

func (s *source) Read(p []byte) (int, error) {
	c := (*WebSocket)(s)
	if c.in.collecting {
		c.in.collecting = false
		c.uncork() // before anything that may take long
	}
	if c.is(flagStaying) {
		return c.readStaying(p)
	}
	s.life.waiting()
	c.in.note()
	n, err := s.conn.Read(p)
	s.life.got(n)
	if n > 0 && c.in.canPark {
		c.in.tired.Store(false)
	}
	return n, err
}
