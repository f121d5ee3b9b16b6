package ws

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"
)

// What the zero [Options] stand for.
const (
	DefaultMaxMessage       = 1 << 20 // 1 MiB
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultPingInterval     = 30 * time.Second
	DefaultPongTimeout      = 20 * time.Second
	DefaultWriteTimeout     = 10 * time.Second
	DefaultCloseTimeout     = 5 * time.Second
	DefaultMessageTimeout   = time.Minute
	DefaultMaxControlFrames = 100     // a second
	DefaultQueueMessages    = 256     // unless senders block
	DefaultQueueBytes       = 1 << 20 // 1 MiB
)

// Options are the limits and rules of connections. The zero value, and a nil
// pointer, mean the defaults. One Options may serve any number of connections
// and must not be changed after the first use.
type Options struct {
	// MaxMessage limits the bytes of a received message over all its fragments;
	// a bigger one closes the connection with 1009. Default 1 MiB; negative: no limit.
	MaxMessage int64
	// MaxFrame limits a single frame. Default: as MaxMessage; negative: no limit of its own.
	MaxFrame int64

	// MaxControlFrames limits the Pings and Pongs of a peer in a second; more close the connection with 1008. Default 100; negative: no limit.
	MaxControlFrames int
	// MessageTimeout limits the time from the first byte of a message to its last, to about a PingInterval;
	// a slower one closes the connection with 1008. Default 1 min; negative: no limit.
	MessageTimeout time.Duration

	// MaxConnections limits the connections of the Tracker. A handshake beyond is answered with 503. Default: no limit.
	MaxConnections int
	// Admit, if set, is asked about every handshake that is in order otherwise: to limit the connections of an address
	// or a user, say. An error refuses it, with 429 unless it is a [HandshakeError]. The
	// returned function, if not nil, is called once when the connection is over or the handshake refused, be it by an error
	// or because its request ended without an answer. It must not wait for others.
	Admit func(*http.Request) (leave func(), err error)

	// HandshakeTimeout limits writing the answer to the handshake, on a client the whole handshake. Default 10 s.
	HandshakeTimeout time.Duration
	// PingInterval is the silence after which the peer is sent a Ping. Default 30 s; negative: never.
	PingInterval time.Duration
	// PongTimeout is how long a Ping may stay unanswered before the connection
	// is given up. Only time in which somebody reads counts. Any byte from the
	// peer is an answer. Default 20 s; negative: wait for ever.
	PongTimeout time.Duration
	// WriteTimeout limits each write to the network, which may last a quarter longer, and the wait
	// of a Send without a context for its turn. Default 10 s; negative: no limit.
	WriteTimeout time.Duration
	// CloseTimeout limits the wait for the peer's Close frame and for its end of the TCP connection. Default 5 s.
	CloseTimeout time.Duration

	// QueueMessages and QueueBytes bound what waits to be sent when the network, or a peer, is slow; a frame's
	// header counts too. The default of messages is 0 for OverflowBlock: a Send returns when its message is with the kernel, and who comes meanwhile waits.
	// For the other policies it is 256, and then a Send returns at once. Default of bytes: 1 MiB.
	QueueMessages, QueueBytes int
	// Overflow is what happens to a message that finds no room in the queue.
	Overflow Overflow

	// Compression asks for permessage-deflate. Nil: messages are never compressed.
	Compression *Compression

	// Borrow lends handlers of Serve the bytes of their messages: they must not be used any more when
	// Message has returned. That saves the one allocation of a message. See [Borrower].
	Borrow bool

	// NoParking lets every connection under Serve keep its goroutine while it is idle.
	NoParking bool

	// Subprotocols are those the endpoint speaks, best first. A server picks the first that
	// the client offers, a client offers all. RFC 6455 section 1.9.
	Subprotocols []string

	// Origins are the origins allowed to open a connection from a browser;
	// none means "self". Requests without an Origin header do not come from
	// a page and are allowed always. A pattern is one of
	//
	//	self                    the server's own origin, as New describes it
	//	https://example.com     this scheme, host and (default) port
	//	https://*.example.com   every subdomain, of any depth, but not example.com
	//	https://example.com:*   any port
	//	chrome-extension://abc  other schemes work too
	//	example.com             http or https on their default ports
	//	null                    sandboxed pages and files
	//	*                       everything: cross-site requests carry the user's cookies!
	//
	// A pattern that is none of these never matches; [Options.Validate] reports it.
	Origins []string
	// CheckOrigin replaces Origins if set. It is also asked when there is no Origin header.
	CheckOrigin func(*http.Request) bool

	// Logger receives panics of handlers. Nil: they are dropped after the connection was closed with 1011.
	Logger *slog.Logger
	// Tracker, if set, knows the server's connections for [Tracker.Shutdown].
	Tracker *Tracker
}

// Validate reports everything that is wrong with the options, joined. [New] doesn't call it: do so once, at start.
func (o *Options) Validate() error {
	if o == nil {
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for _, p := range o.Subprotocols {
		if !isToken(p) {
			errs = append(errs, fmt.Errorf("ws: subprotocol %q is not a token (RFC 6455 section 4.1)", p))
		}
		if seen[p] {
			errs = append(errs, fmt.Errorf("ws: subprotocol %q is listed twice", p))
		}
		seen[p] = true
	}
	for _, p := range o.Origins {
		if _, ok := parseOriginPattern(p); !ok {
			errs = append(errs, fmt.Errorf("ws: origin pattern %q is none of: self, null, *, "+
				"[scheme://][*.]host[:port]", p))
		}
	}
	if o.CheckOrigin != nil && len(o.Origins) > 0 {
		errs = append(errs, errors.New("ws: CheckOrigin and Origins are both set: CheckOrigin would win, drop one"))
	}
	if o.HandshakeTimeout < 0 || o.CloseTimeout < 0 {
		errs = append(errs, errors.New("ws: HandshakeTimeout and CloseTimeout cannot be switched off"))
	}
	if c := o.Compression; c != nil {
		if err := c.config(o.Overflow).Check(); err != nil {
			errs = append(errs, fmt.Errorf("ws: Compression: %w", err))
		}
	}
	if o.Overflow > OverflowClose || o.QueueMessages < 0 || o.QueueBytes < 0 {
		errs = append(errs, errors.New("ws: Overflow is unknown, or QueueMessages or QueueBytes is negative"))
	}
	return errors.Join(errs...)
}

// The methods below resolve defaults; all work on a nil receiver.

func (o *Options) maxMessage() int64 {
	switch {
	case o == nil || o.MaxMessage == 0:
		return DefaultMaxMessage
	case o.MaxMessage < 0:
		return math.MaxInt64
	}
	return o.MaxMessage
}

func (o *Options) maxFrame() int64 {
	switch {
	case o == nil || o.MaxFrame == 0:
		return o.maxMessage()
	case o.MaxFrame < 0:
		return math.MaxInt64
	}
	return o.MaxFrame
}

// or returns d, the default if d is zero, and zero if d is negative.
func or(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return max(d, 0)
}

func (o *Options) handshakeTimeout() time.Duration {
	if o == nil || o.HandshakeTimeout <= 0 {
		return DefaultHandshakeTimeout
	}
	return o.HandshakeTimeout
}

func (o *Options) closeTimeout() time.Duration {
	if o == nil || o.CloseTimeout <= 0 {
		return DefaultCloseTimeout
	}
	return o.CloseTimeout
}

func (o *Options) pingInterval() time.Duration {
	if o == nil {
		return DefaultPingInterval
	}
	return or(o.PingInterval, DefaultPingInterval)
}

func (o *Options) pongTimeout() time.Duration {
	if o == nil {
		return DefaultPongTimeout
	}
	return or(o.PongTimeout, DefaultPongTimeout)
}

func (o *Options) messageTimeout() time.Duration {
	if o == nil {
		return DefaultMessageTimeout
	}
	return or(o.MessageTimeout, DefaultMessageTimeout)
}

// maxControlFrames is 0 if there is no limit.
func (o *Options) maxControlFrames() int {
	if o == nil || o.MaxControlFrames == 0 {
		return DefaultMaxControlFrames
	}
	return max(0, o.MaxControlFrames)
}

func (o *Options) maxConnections() int {
	if o == nil {
		return 0
	}
	return o.MaxConnections
}

func (o *Options) writeTimeout() time.Duration {
	if o == nil {
		return DefaultWriteTimeout
	}
	return or(o.WriteTimeout, DefaultWriteTimeout)
}

func (o *Options) queue() limits {
	if o == nil {
		return limits{}
	}
	l := limits{messages: o.QueueMessages, bytes: o.QueueBytes, overflow: o.Overflow}
	if l.messages == 0 && l.overflow != OverflowBlock {
		l.messages = DefaultQueueMessages
	}
	if l.bytes == 0 {
		l.bytes = DefaultQueueBytes
	}
	return l
}

func (o *Options) compression() *Compression {
	if o == nil {
		return nil
	}
	return o.Compression
}

func (o *Options) borrow() bool { return o != nil && o.Borrow }

func (o *Options) noParking() bool { return o != nil && o.NoParking }

func (o *Options) subprotocols() []string {
	if o == nil {
		return nil
	}
	return o.Subprotocols
}

func (o *Options) tracker() *Tracker {
	if o == nil {
		return nil
	}
	return o.Tracker
}

func (o *Options) logger() *slog.Logger {
	if o == nil || o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}
