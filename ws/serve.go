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
	// The message's bytes are the handler's.
	Message(conn *WebSocket, m Message)

	// Closed is called exactly once, after the last Message has returned: with the
	// peer's code, [CodeNoStatus] if its Close frame was empty, [CodeAbnormal] if the
	// connection dropped, or the code that this side closed with.
	Closed(conn *WebSocket, code Code, reason Reason)
}

var errHandler = errors.New("ws: Serve needs a handler")

// Serve hands the reading of the connection over to h and returns at once. It accepts the handshake if nobody did.
//
// An error (the handshake could not be accepted, Serve was called before) means that h will not be called. After
// nil its Closed method will be called exactly once, also on a connection that has ended already.
// From then on Receive returns [ErrServing].
//
// On which goroutine the calls come is not promised. Today each connection has
// one of its own; a later version will park idle connections without one behind this same method.
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
	if c.state.Or(flagServing)&flagServing != 0 {
		return ErrServing
	}
	go c.serve(h)
	return nil
}

func (c *WebSocket) serve(h Handler) {
	defer c.finish()     // last
	defer c.sayClosed(h) // deferred: also after Goexit in a handler
	for c.serveOne(h) {
	}
}

// serveOne handles one message and reports whether there may be another.
func (c *WebSocket) serveOne(h Handler) (more bool) {
	m, err := c.receive(context.Background())
	if err == errDraining {
		c.shut(CodeGoingAway, "")
	}
	if err != nil {
		return false
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		c.panicked("Message", recover())
		more = false
		c.fail(CodeInternalError, "", nil)
	}()
	h.Message(c, m)
	returned = true
	return true
}

// sayClosed makes the last call of the handler.
func (c *WebSocket) sayClosed(h Handler) {
	c.fail(CodeInternalError, "", nil) // if Goexit left it open
	_ = c.await()                      // another goroutine may just be closing
	defer func() {
		if v := recover(); v != nil {
			c.panicked("Closed", v)
		}
	}()
	code, reason, _ := c.CloseCode()
	h.Closed(c, code, reason)
}

func (c *WebSocket) panicked(method string, v any) {
	c.opts.logger().Error("ws: panic in handler",
		slog.String("method", method),
		slog.Any("panic", v),
		slog.String("remote", c.RemoteAddr().String()),
		slog.String("stack", string(debug.Stack())))
}
