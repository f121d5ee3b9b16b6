package ws

import (
	"context"
	"errors"
	"iter"
	"time"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
	"github.com/goccy/go-json"
)

// Receive returns the next message, whole and checked: its size within
// MaxMessage, text valid UTF-8. Pings that come before it are answered. It accepts the handshake if nobody did.
//
// Once closing has begun, from either side or because the connection dropped or the peer broke
// the protocol, the error matches [ErrClosed] and holds a [CloseError]. A cancelled Receive returns the context's
// error and leaves the connection usable, even in the middle of a message: the next one goes on with it.
//
// Somebody has to receive for a connection to live: only then are pings
// answered, pongs seen, and a hang-up noticed.
func (c *WebSocket) Receive(ctx context.Context) (Message, error) {
	if c.is(flagServing) {
		return Message{}, ErrServing
	}
	if err := c.ready(); err != nil {
		return Message{}, err
	}
	c.state.Or(flagPulled)
	m, err := c.receive(ctx)
	if err == errDraining {
		c.shut(CodeGoingAway, "")
		return Message{}, c.closedErr()
	}
	return m, err
}

// errParked tells the goroutine of Serve that the connection is no longer its own.
var errParked = errors.New("ws: parked")

// errDraining tells who reads that the connection shall be closed with 1001 now.
var errDraining = errors.New("ws: draining")

// receive is Receive for both styles.
func (c *WebSocket) receive(ctx context.Context) (Message, error) {
	// Before ctx is looked at: if that is the connection's own, closing has cancelled it.
	if err := c.stopped(nil); err != nil {
		return Message{}, err
	}
	if err := c.reading.wait(ctx, nil, 0); err != nil {
		if c.is(flagClosing) {
			err = c.closedErr()
		}
		return Message{}, err
	}
	parked := false
	defer func() {
		if !parked {
			c.reading.give()
		}
	}()
	if ctx.Done() != nil && !c.ownContext(ctx) {
		stop := context.AfterFunc(ctx, c.kick)
		defer stop() // a kick that is under way hits nobody, or somebody who shrugs it off
	}
	m, err := c.take(ctx)
	parked = err == errParked
	return m, err
}

// take is receive with the reading turn held.
func (c *WebSocket) take(ctx context.Context) (Message, error) {
	c.in.lends = c.is(flagLends)
	m, err := c.nextMessage(ctx)
	if err == errParked || err == errAgain {
		return m, err
	}
	if err == nil && c.is(flagServing) && c.in.more() && !c.is(flagCollects) {
		c.in.collecting = true
		c.state.Or(flagCollects)
	}
	c.in.rest()
	return m, err
}

// ownContext reports whether ctx is the connection's own. When that is
// cancelled the reader is kicked anyway, so it isn't watched: that saves three allocations for each message.
func (c *WebSocket) ownContext(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked != nil && ctx == c.asked.ctx
}

// stopped returns why reading should stop, if it should.
func (c *WebSocket) stopped(ctx context.Context) error {
	s := c.state.Load()
	switch {
	case s&flagClosing != 0:
		return c.closedErr()
	case s&flagDraining != 0:
		return errDraining
	case ctx == nil || ctx.Err() == nil:
		return nil
	case c.is(flagClosing): // only now: ctx may be the connection's own, which that has cancelled
		return c.closedErr()
	}
	return ctx.Err()
}

// nextMessage reads up to a message and handles control frames on the way. The reading turn is held.
func (c *WebSocket) nextMessage(ctx context.Context) (Message, error) {
	for {
		if err := c.stopped(ctx); err != nil {
			return Message{}, err
		}
		if c.in.canPark && c.state.Load()&(flagServing|flagStaying) == flagServing && c.in.idle() && c.tryPark() {
			return Message{}, errParked
		}
		op, payload, err := c.in.next()
		if err == errAgain {
			return Message{}, err
		}
		if err != nil {
			if err := c.readFailed(err); err != nil {
				return Message{}, err
			}
			continue
		}
		if (op == gobwas.OpPing || op == gobwas.OpPong && !c.life.answered(1)) && c.in.flooded() {
			c.fail(CodePolicyViolation, "too many control frames", nil)
			return Message{}, c.closedErr()
		}
		switch op {
		case gobwas.OpText:
			return Message{Kind: KindText, Data: payload}, nil
		case gobwas.OpBinary:
			return Message{Kind: KindBinary, Data: payload}, nil
		case gobwas.OpClose:
			c.peerCloses(payload)
			return Message{}, c.closedErr()
		case gobwas.OpPing:
			// RFC 6455 section 5.5.2: a Pong "as soon as is practical", with the same data.
			c.sendControl(gobwas.OpPong, payload)
		case gobwas.OpPong:
			c.pong(payload)
		}
	}
}

// readFailed decides what an error of the reader means. After nil reading goes on.
func (c *WebSocket) readFailed(err error) error {
	var v *violation
	switch {
	case errors.As(err, &v):
		c.fail(v.code, Reason(v.text), v)
	case isTimeout(err):
		// A kick: the caller looks for its reason after the deadline is gone, so a later one is not lost.
		_ = c.conn.SetReadDeadline(time.Time{})
		return nil
	default:
		c.lose(err)
	}
	return c.closedErr()
}

// ReceiveText returns the next message, which has to be text: a binary one closes the connection with 1003.
func (c *WebSocket) ReceiveText(ctx context.Context) (string, error) {
	b, err := c.receiveKind(ctx, KindText)
	return string(b), err
}

// ReceiveBytes returns the next message, which has to be binary: a text
// closes the connection with 1003. For both kinds use [WebSocket.Receive].
func (c *WebSocket) ReceiveBytes(ctx context.Context) ([]byte, error) {
	return c.receiveKind(ctx, KindBinary)
}

func (c *WebSocket) receiveKind(ctx context.Context, kind Kind) ([]byte, error) {
	m, err := c.Receive(ctx)
	if err != nil {
		return nil, err
	}
	if m.Kind != kind {
		c.fail(CodeUnsupportedData, Reason(kind.String()+" messages only"), nil)
		return nil, c.closedErr()
	}
	return m.Data, nil
}

// ReceiveJSON decodes the next message, of either kind, into v. One that is
// not JSON, or does not fit v, closes the connection with 1007; the error is also the decoder's.
func (c *WebSocket) ReceiveJSON(ctx context.Context, v any) error {
	m, err := c.Receive(ctx)
	if err != nil {
		return err
	}
	if m.Kind == KindBinary && !utf8.Valid(m.Data) {
		// RFC 8259 section 8.1: JSON between systems is UTF-8. The decoder doesn't look.
		c.fail(CodeInvalidPayload, "invalid JSON", ErrInvalidText)
		return c.closedErr()
	}
	err = json.Unmarshal(m.Data, v)
	var misuse *json.InvalidUnmarshalError
	if err == nil || errors.As(err, &misuse) {
		return err // v is no pointer: not the peer's fault
	}
	c.fail(CodeInvalidPayload, "invalid JSON", err)
	return c.closedErr()
}

// Messages ranges over the messages to come:
//
//	for m, err := range conn.Messages(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// It ends silently when the connection was closed with 1000, 1001 or an empty Close
// frame, by either side. Every other end is yielded once, as the error of [WebSocket.Receive].
func (c *WebSocket) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := c.Receive(ctx)
			if err != nil {
				if !ordinary(err) {
					yield(Message{}, err)
				}
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// ordinary reports whether err is nothing but the end of a conversation.
func ordinary(err error) bool {
	var e *closedError
	if !errors.As(err, &e) {
		return false
	}
	switch e.close.Code {
	case CodeNormal, CodeGoingAway, CodeNoStatus:
		return e.cause == nil
	}
	return false
}
