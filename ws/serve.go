package ws

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
)

// Handler takes the events of one connection, one at a time and in order.
type Handler interface {
	// Message is called for every message. While it runs nothing else is read,
	// so a slow handler slows down its peer. It may send, and it may close.
	// The message's bytes are the handler's, unless it is a Borrower.
	Message(conn *WebSocket, m Message)

	// Closed is called exactly once, after the last Message has returned: with the
	// peer's code, [CodeNoStatus] if its Close frame was empty, [CodeAbnormal] if the
	// connection dropped, or the code that this side closed with.
	Closed(conn *WebSocket, code Code, reason Reason)
}

// Borrower is a [Handler] that gives the bytes of a message back: when Message returns they are used again.
// A message then costs no allocation. See also [Options].Borrow.
type Borrower interface {
	// BorrowsMessages is asked once, by Serve.
	BorrowsMessages() bool
}

var errHandler = errors.New("ws: Serve needs a handler")

// Serve hands the reading of the connection over to h and returns at once. It accepts the handshake if nobody did.
//
// An error (the handshake could not be accepted, Serve was called before) means that h will not be called. After
// nil its Closed method will be called exactly once, also on a connection that has ended already.
// From then on Receive returns [ErrServing].
//
// The calls come on a goroutine of the connection's. An idle one has none if it is a plain TCP or Unix socket, has
// a [Tracker], and the system is Linux, macOS or a BSD; see [Options].NoParking.
//
// While a handler is at work on a message, closing the connection from elsewhere ends it for the peer, but the
// descriptor may be kept until Message returns.
//
// A panic in Message is logged with its stack, and closes the connection with 1011; so does
// runtime.Goexit. A panic in Closed is logged.
func (c *WebSocket) Serve(h Handler) error {
	if h == nil {
		return errHandler
	}
	if !c.is(flagOpen) {
		if err := c.Accept(); err != nil {
			return err
		}
	}
	if !c.beginServing(h) {
		return ErrServing
	}
	if c.reading.try() {
		if c.in.canPark && c.in.idle() && c.park() {
			return nil
		}
		c.reading.give()
	}
	go c.run()
	return nil
}

// beginServing reports false if that has happened before.
func (c *WebSocket) beginServing(h Handler) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(flagServing) {
		return false
	}
	c.handler = h
	if b, ok := h.(Borrower); c.opts.borrow() || ok && b.BorrowsMessages() {
		c.state.Or(flagLends)
	}
	c.state.Or(flagServing)
	return true
}

// run reads and handles messages until the connection parks or ends.
func (c *WebSocket) run() {
	parked := false
	defer func() { // deferred: also after Goexit in a handler
		if !parked {
			defer c.finish() // last
			c.sayClosed()
		}
	}()
	for more := true; more; {
		if raw := c.canStay(); raw != nil {
			more = c.serveStaying(raw)
		} else {
			more, parked = c.serveOne()
		}
	}
}

// serveOne handles one message. It reports whether there may be another, or whether the connection
// has parked and belongs to somebody else.
func (c *WebSocket) serveOne() (more, parked bool) {
	m, err := c.receive(context.Background())
	switch {
	case err == errParked:
		return false, true
	case err == errDraining:
		c.shut(CodeGoingAway, "")
		return false, false
	case err != nil:
		return false, false
	}
	return c.handle(m), false
}

// handle hands a message to the handler. It reports whether there may be another.
func (c *WebSocket) handle(m Message) (more bool) {
	defer func() {
		if !more {
			c.broken(recover())
		}
	}()
	c.handler.Message(c, m)
	return true
}

// broken ends a connection whose handler did not return.
func (c *WebSocket) broken(v any) {
	c.panicked("Message", v)
	c.fail(CodeInternalError, "", nil)
}

// sayClosed makes the last call of the handler.
func (c *WebSocket) sayClosed() {
	c.fail(CodeInternalError, "", nil) // if Goexit left it open
	_ = c.await()                      // another goroutine may just be closing
	defer func() {
		if v := recover(); v != nil {
			c.panicked("Closed", v)
		}
	}()
	code, reason, _ := c.CloseCode()
	c.handler.Closed(c, code, reason)
}

func (c *WebSocket) panicked(method string, v any) {
	c.opts.logger().Error("ws: panic in handler",
		slog.String("method", method),
		slog.Any("panic", v),
		slog.String("remote", c.RemoteAddr().String()),
		slog.String("stack", string(debug.Stack())))
}
