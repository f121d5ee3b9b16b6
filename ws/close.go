package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
)

// Close closes the connection: it sends one Close frame, waits up to
// CloseTimeout for the peer's, and closes the TCP connection (RFC 6455 section 7.1.2).
// The connection's context is cancelled at once, sends and receives under way elsewhere end,
// and messages that the peer sent meanwhile are dropped.
//
// The reason has to be UTF-8 and is cut to 123 bytes, never through a rune. Of several, the first counts.
//
// On a connection that is closed already Close returns nil, whatever the code: so a handler may pass
// on the code it was told. While another goroutine closes, it waits for that one. Before the
// handshake was answered Close refuses it with 403. A network error doesn't show: the connection
// is closed then too. What remains are the caller's mistakes: a code that may not be sent, a reason that is not UTF-8.
func (c *WebSocket) Close(code Code, reason ...string) error {
	if c.is(flagClosing | flagRejected) {
		return c.await()
	}
	var text string
	if len(reason) > 0 {
		text = reason[0]
	}
	if !code.Valid() {
		return fmt.Errorf("ws: close code %d may not be sent: use 1000 to 1003, 1007 to 1014, or 3000 to 4999", uint16(code))
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("ws: close reason %q is not valid UTF-8", text)
	}
	if !c.is(flagOpen) {
		err := c.Reject(http.StatusForbidden, nil, nil)
		if !errors.Is(err, ErrAccepted) || c.is(flagRejected) {
			return nil
		}
	}
	c.shut(code, Reason(cutReason(text)))
	return nil
}

// await waits for the end of a connection that is being closed.
func (c *WebSocket) await() error {
	if !c.is(flagEnded) {
		<-c.Done()
	}
	return nil
}

// Fail closes the connection without waiting for the peer: it sends a Close
// frame if that is possible within CloseTimeout, and leaves the rest to a goroutine that reads what the peer still
// sends, so that the frame is not lost, and hangs up soon. It is for connections
// that cannot go on (RFC 6455 section 7.1.7). An invalid code is sent as 1011, an invalid reason is dropped.
// Before the handshake was answered Fail refuses it with 403; on a closed connection it does nothing.
func (c *WebSocket) Fail(code Code, reason string) {
	if !code.Valid() {
		code = CodeInternalError
	}
	if !utf8.ValidString(reason) {
		reason = ""
	}
	if !c.is(flagOpen) {
		err := c.Reject(http.StatusForbidden, nil, nil)
		if !errors.Is(err, ErrAccepted) || c.is(flagRejected) {
			return
		}
	}
	c.fail(code, Reason(cutReason(reason)), nil)
}

func (c *WebSocket) fail(code Code, reason Reason, cause error) {
	if c.begin(code, reason, cause) {
		c.part(code, reason)
	}
}

// part says goodbye without waiting for an answer. Closing has begun.
func (c *WebSocket) part(code Code, reason Reason) {
	if c.sendClose(code, reason, c.opts.closeTimeout()) != nil {
		c.end(hangUp)
		return
	}
	c.end(halfClose)
}

// lose ends a connection that the network has lost.
func (c *WebSocket) lose(cause error) {
	if c.begin(CodeAbnormal, "", cause) {
		c.end(hangUp)
	}
}

// shut is the closing handshake from our side.
func (c *WebSocket) shut(code Code, reason Reason) {
	if !c.begin(code, reason, nil) {
		_ = c.await()
		return
	}
	limit := c.opts.closeTimeout()
	deadline := time.Now().Add(limit)
	// After begin: a reader that clears the deadline looks at the flag afterwards.
	c.kick()
	if c.sendClose(code, reason, limit) != nil || c.reading.wait(nil, nil, limit) != nil {
		c.end(hangUp)
		return
	}
	defer c.reading.give()
	c.in.disown()
	how := hangUp
	if c.awaitClose(deadline) && c.client {
		how = awaitEOF
	}
	c.in.drop()
	c.end(how)
}

// awaitClose reads up to the peer's Close frame and reports whether it came
// in time. Whatever else comes is dropped. The reading turn is held.
func (c *WebSocket) awaitClose(deadline time.Time) bool {
	_ = c.conn.SetReadDeadline(deadline)
	c.in.stay.until = deadline
	for !c.in.closed {
		op, _, err := c.in.next()
		if err != nil && !c.kicked(err, deadline) {
			return false
		}
		c.in.closed = err == nil && op == gobwas.OpClose
	}
	return true
}

// kicked reports whether a read ended before its deadline because of a kick meant for
// somebody else, such as one by a context that closing has cancelled; the deadline is then set again.
func (c *WebSocket) kicked(err error, deadline time.Time) bool {
	if !isTimeout(err) || !time.Now().Before(deadline) {
		return false
	}
	return c.conn.SetReadDeadline(deadline) == nil
}

// peerCloses handles the payload of a Close frame. The reading turn is held.
func (c *WebSocket) peerCloses(payload []byte) {
	c.in.closed = true
	code, reason, err := parseClose(payload)
	if err != nil {
		c.fail(err.code, Reason(err.text), err)
		return
	}
	if !c.begin(code, reason, nil) {
		return // both sides closed at once: our Close sees c.in.closed
	}
	// RFC 6455 section 5.5.1: "the endpoint typically echos the status code it received."
	how := hangUp
	if c.sendClose(code, "", c.opts.closeTimeout()) == nil {
		switch {
		case c.client:
			how = awaitEOF
		case c.is(flagBare) || c.in.r < c.in.w:
			how = halfClose // bytes behind a Close frame may lie in the socket
		}
	}
	c.end(how)
}

// parseClose reads the payload of a Close frame (RFC 6455 section 5.5.1).
func parseClose(p []byte) (Code, Reason, *violation) {
	switch len(p) {
	case 0:
		return CodeNoStatus, "", nil
	case 1:
		// "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer".
		return 0, "", &violation{CodeProtocolError, "close frame with half a code"}
	}
	code := Code(binary.BigEndian.Uint16(p))
	if !code.Valid() {
		return 0, "", &violation{CodeProtocolError, "close frame with an invalid code"}
	}
	if !utf8.Valid(p[2:]) {
		// RFC 6455 section 8.1.
		return 0, "", &violation{CodeInvalidPayload, "close reason is not valid UTF-8"}
	}
	return code, Reason(p[2:]), nil
}

// sendClose writes the one Close frame, behind the messages that still wait. Closing must have begun:
// that keeps everything else from being sent after it.
func (c *WebSocket) sendClose(code Code, reason Reason, limit time.Duration) error {
	if err := c.acquire(none, true, limit); err != nil {
		return err
	}
	if c.out.cutShort() {
		c.release()
		return errBroken
	}
	return c.lastWords(code, reason, time.Now().Add(limit))
}

// errBroken says that a frame was cut short, so that nothing can follow it.
var errBroken = errors.New("ws: a frame was cut short")

// lastWords writes what is left and the Close frame. The caller is the writer; nobody will be after it.
func (c *WebSocket) lastWords(code Code, reason Reason, deadline time.Time) error {
	defer c.release()
	conn := c.transport()
	_ = conn.SetWriteDeadline(deadline)
	f := framing{op: gobwas.OpClose, fin: true, masked: c.client}
	_, err := conn.Write(appendFrame(c.out.remains(), f, closePayload(code, reason)))
	return err
}

func closePayload(code Code, reason Reason) []byte {
	if code == CodeNoStatus {
		return nil // an empty frame is answered by an empty frame
	}
	return append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+maxReason), uint16(code)), reason...)
}
