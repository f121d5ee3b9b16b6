// Package memnet is a network in memory: a [net.Listener] and connections
// between goroutines, for tests that need no ports.
//
// Unlike [net.Pipe] its connections are buffered, as sockets are: a write
// returns once the bytes fit into the buffer, so two sides that both write
// before they read do not block each other. Deadlines, half-close and end of
// file behave as on TCP. What it doesn't have is RST: closing with unread bytes loses nothing.
//
// Everything blocks on sync.Cond and channels only, so it works in testing/synctest.
package memnet

import (
	"context"
	"net"
	"sync"
)

// DefaultBuffer is the size of the buffer of each direction of a connection.
const DefaultBuffer = 64 << 10

// Addr is the address of everything here.
type Addr struct{}

// Network returns "memnet".
func (Addr) Network() string { return "memnet" }

// String returns "memnet".
func (Addr) String() string { return "memnet" }

// Listener accepts what its Dial method dials. It is safe for concurrent use.
type Listener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

// Listen returns a new listener. Close it to end a pending Accept.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects to the listener. It blocks until Accept takes the connection,
// ctx is done (its error), or the listener is closed (an error that matches [net.ErrClosed]).
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	client, server := Pipe(DefaultBuffer)
	select {
	case <-l.done: // select has no order: a closed listener must not accept by chance
		return nil, opError("dial", net.ErrClosed)
	default:
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, opError("dial", net.ErrClosed)
	case <-ctx.Done():
		return nil, opError("dial", ctx.Err())
	}
}

// DialContext is Dial with the signature of http.Transport.DialContext. Network and address are ignored.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

// Accept returns the next connection, or an error that matches [net.ErrClosed].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, opError("accept", net.ErrClosed)
	}
}

// Close ends Accept and Dial. Connections live on. It always returns nil.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns [Addr].
func (l *Listener) Addr() net.Addr { return Addr{} }

func opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "memnet", Addr: Addr{}, Err: err}
}
