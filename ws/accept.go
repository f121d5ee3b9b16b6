package ws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofogo/fogo/internal/deflate"
)

// AcceptOption changes how a handshake is accepted: [Subprotocol], [Header], [BaseContext].
type AcceptOption func(*acceptance) error

// acceptance is what the options work on.
type acceptance struct {
	hs     *handshake
	sub    string
	header http.Header
	base   context.Context

	compression deflate.Params
	extensions  string
}

// Subprotocol chooses the subprotocol, "" for none. The client must have offered it
// (RFC 6455 section 4.2.2, item 5.5). Without this option it is the first of [Options].Subprotocols that the client offered, if any.
func Subprotocol(name string) AcceptOption {
	return func(a *acceptance) error {
		if name != "" && !slices.Contains(a.hs.offered, name) {
			return fmt.Errorf("ws: subprotocol %q was not offered, only %q", name, a.hs.offered)
		}
		a.sub = name
		return nil
	}
}

// Header adds header fields to the 101 answer. The handshake's own, and values with
// line breaks, are errors. Fields that middleware has put into the response writer's header are sent as well.
func Header(h http.Header) AcceptOption {
	return func(a *acceptance) error {
		for name, values := range h {
			if err := checkField(name, values); err != nil {
				return err
			}
			name = http.CanonicalHeaderKey(name)
			a.header[name] = append(a.header[name], values...)
		}
		return nil
	}
}

// BaseContext puts the values of ctx in the place of those of the request's
// context, for [WebSocket.Context]. Use context.Background to keep none in memory.
func BaseContext(ctx context.Context) AcceptOption {
	return func(a *acceptance) error {
		a.base = ctx
		return nil
	}
}

// Offered returns the subprotocols that the client offered, in its order; nil once the handshake was answered.
func (c *WebSocket) Offered() []string {
	c.answering.Lock()
	defer c.answering.Unlock()
	if c.hs == nil {
		return nil
	}
	return slices.Clone(c.hs.offered)
}

// errRefused is returned by what needs a connection after the handshake was refused.
var errRefused = fmt.Errorf("%w, with a refusal: %w", ErrAccepted, ErrClosed)

// Accept answers the handshake with 101 and takes the connection over from
// net/http, through [http.ResponseController]. It runs by itself at the first send or receive.
// On an accepted connection it returns nil, or [ErrAccepted] if there are options.
//
// After an error of an option, a [HijackError], or a [HandshakeError] with 503 (the [Tracker]
// is shutting down) nothing was written and the request can still be answered. Another error matches
// [ErrClosed]: the connection broke meanwhile.
func (c *WebSocket) Accept(opts ...AcceptOption) (err error) {
	if c.is(flagOpen) && len(opts) == 0 {
		return nil
	}
	defer func() {
		if _, broke := err.(*closedError); broke {
			c.leave()
		}
	}()
	c.answering.Lock()
	defer c.answering.Unlock()
	switch {
	case c.is(flagRejected):
		return errRefused
	case c.is(flagOpen):
		if len(opts) == 0 {
			return nil // another goroutine was faster
		}
		return ErrAccepted
	}
	a := acceptance{hs: c.hs, header: http.Header{}, base: c.currentBase(), sub: c.preferred()}
	for _, opt := range opts {
		if err := opt(&a); err != nil {
			return err
		}
	}
	if o := c.opts.compression(); o != nil {
		a.compression, a.extensions, _ = deflate.Accept(c.hs.r.Header["Sec-Websocket-Extensions"], o.config(c.opts.Overflow))
	}
	return c.accept(&a)
}

// preferred returns our best subprotocol that the client offered.
func (c *WebSocket) preferred() string {
	for _, p := range c.opts.subprotocols() {
		if slices.Contains(c.hs.offered, p) {
			return p
		}
	}
	return ""
}

// accept does what was decided. answering is held.
func (c *WebSocket) accept(a *acceptance) error {
	answer := a.answer() // before hijacking: the header belongs to net/http
	c.owned = true
	if t := c.opts.tracker(); t != nil {
		if err := t.add(c, c.opts.maxConnections()); err != nil {
			c.owned = false
			return err
		}
	}
	c.deflate = newDeflation(c.opts, a.compression, false)
	if err := c.hijack(); err != nil {
		c.owned = false
		c.tracked.remove(c) // but it has not left: it can still be accepted
		return err
	}
	c.hs.answered()
	c.sub, c.hs = a.sub, nil // the request can be collected
	c.setBase(valuesOf(a.base))
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.opts.handshakeTimeout()))
	_, err := c.conn.Write(answer)
	if c.state.Or(flagOpen)&flagDraining != 0 {
		go c.drain() // it came while we were not open yet
	}
	if err != nil {
		c.lose(err)
		c.mu.Lock()
		c.owned = false // nobody was told of it
		c.mu.Unlock()
		c.tracked.remove(c)
		return c.closedErr()
	}
	c.watch()
	return nil
}

// currentBase returns what the connection's context is made of; nil if it was made.
func (c *WebSocket) currentBase() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base
}

func (c *WebSocket) setBase(base context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil || c.asked.ctx == nil {
		c.base = base
	}
}

// hijack takes the connection from net/http, with the bytes that came behind the request.
func (c *WebSocket) hijack() error {
	conn, rw, err := http.NewResponseController(c.hs.w).Hijack()
	if err != nil {
		return hijackError(c.hs.w, err)
	}
	_ = conn.SetDeadline(time.Time{}) // net/http does so, others may not
	c.conn = conn
	if isBare(conn) {
		c.state.Or(flagBare)
	}
	c.in = newReader(c)
	if rw != nil {
		if n := rw.Reader.Buffered(); n > 0 {
			p, _ := rw.Reader.Peek(n) // copied: the bufio.Reader goes
			c.in.preload(p)
		}
	}
	return nil
}

func hijackError(w http.ResponseWriter, err error) error {
	he := &HijackError{}
	if !errors.Is(err, http.ErrNotSupported) {
		he.Err = err
	}
	// As http.ResponseController goes; what says that it is not supported asked
	// the one below.
	for {
		he.Type = fmt.Sprintf("%T", w)
		if _, ok := w.(http.Hijacker); ok && he.Err != nil {
			return he
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return he
		}
		w = u.Unwrap()
	}
}

// answer makes the 101 response (RFC 6455 section 4.2.2, item 5).
func (a *acceptance) answer() []byte {
	b := append(make([]byte, 0, 256), "HTTP/1.1 101 Switching Protocols\r\n"+
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	b = append(append(b, acceptKey(a.hs.key)...), "\r\n"...)
	if a.sub != "" {
		b = append(append(append(b, "Sec-WebSocket-Protocol: "...), a.sub...), "\r\n"...)
	}
	if a.extensions != "" {
		b = append(append(append(b, "Sec-WebSocket-Extensions: "...), a.extensions...), "\r\n"...)
	}
	for name, values := range a.hs.w.Header() {
		_, set := a.header[name]
		if !set && checkField(name, values) == nil {
			a.header[name] = values
		}
	}
	names := make([]string, 0, len(a.header))
	for name := range a.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range a.header[name] {
			b = append(append(append(append(b, name...), ": "...), v...), "\r\n"...)
		}
	}
	return append(b, "\r\n"...)
}

// checkField reports what forbids a header field in the answer to a handshake.
func checkField(name string, values []string) error {
	if !isToken(name) {
		return fmt.Errorf("ws: header name %q is not a token", name)
	}
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Connection", "Upgrade", "Content-Length", "Content-Type", "Transfer-Encoding", "Trailer", "Date":
		return fmt.Errorf("ws: header %s cannot be set on a handshake", canonical)
	default:
		if strings.HasPrefix(canonical, "Sec-Websocket-") {
			return fmt.Errorf("ws: header %s is the handshake's own", canonical)
		}
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("ws: header %s has control characters in its value %q", name, v)
		}
	}
	return nil
}

// Reject answers the handshake with an HTTP status from 200 to 599 instead, with these header fields and this body.
// The connection is closed for good then; what needs one returns an error that matches [ErrClosed].
// If the handshake was answered before, the error matches [ErrAccepted].
func (c *WebSocket) Reject(status int, header http.Header, body []byte) error {
	if status < 200 || status > 599 {
		return fmt.Errorf("ws: status %d cannot refuse a handshake: use 200 to 599", status)
	}
	defer func() {
		if c.is(flagRejected) {
			c.leave()
		}
	}()
	c.answering.Lock()
	defer c.answering.Unlock()
	switch {
	case c.is(flagRejected):
		return errRefused
	case c.is(flagOpen):
		return ErrAccepted
	}
	w := c.hs.w
	c.refused()
	for name, values := range header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(status)
	if len(body) == 0 {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// refused makes the connection one that never was. answering is held.
func (c *WebSocket) refused() {
	c.hs.answered()
	c.hs = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = nil
	c.state.Or(flagRejected | flagEnded)
	c.canceled(errRefused)
	c.ended()
}

// newConn returns an open connection over conn; the client's side of it.
func newConn(conn net.Conn, opts *Options, base context.Context, p deflate.Params) *WebSocket {
	c := &WebSocket{opts: opts, client: true, conn: conn, base: base, deflate: newDeflation(opts, p, true)}
	if isBare(conn) {
		c.state.Or(flagBare)
	}
	c.in = newReader(c)
	c.state.Or(flagOpen)
	return c
}
