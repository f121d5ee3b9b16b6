package observe

import (
	"context"
	"net/http"
	"time"
)

// Observer is told what an application does. It has the methods of one or more
// of [CallObserver], [ProviderObserver], [MessageObserver],
// [ConnectionObserver] and [ErrorObserver]; [NewSet] finds out which. The
// methods are called from many goroutines at once.
type Observer any

// CallObserver is told of HTTP requests, handshakes of WebSockets among them.
type CallObserver interface {
	// BeginCall is called before middleware. It returns ctx, or a context that
	// comes from it, for everything inside.
	BeginCall(ctx context.Context, c Call) context.Context
	// EndCall is called once for each BeginCall, with the context that this
	// returned: when the answer is complete and all clean-ups have run, or
	// when the connection was taken over.
	EndCall(ctx context.Context, c Call, end CallEnd)
}

// Call is a request.
type Call struct {
	// Request is the request as it came. Its context has none of the values
	// that observers add, and it must not be kept after EndCall.
	Request *http.Request
	// Method is that of the request, or [OtherMethod] if it is no known one.
	Method string
	// Route is the pattern without a method, "/users/{id}", and "" if none
	// matched. For a route of a router that is mounted it is the mount's in
	// BeginCall, "/api/{path...}", and the whole one in EndCall.
	Route string
	// WebSocket is true if the request is matched by a WebSocket: a handshake.
	// In a router that is mounted it is known only in EndCall.
	WebSocket bool
}

// OtherMethod stands for methods that are not known, of which clients can invent any number.
const OtherMethod = "_OTHER"

// CallEnd is how a call ended.
type CallEnd struct {
	// Status is that of the answer, 101 if the connection was taken over, and
	// 0 if there was none.
	Status int
	// Bytes are those of the body that were handed to the server.
	Bytes int64
	// Duration is the time since BeginCall.
	Duration time.Duration
	// Class says what became of the call beside its status.
	Class Class
	// Err is the error that was answered, or nil: what the handler, a provider or
	// a guard returned, or what somebody panicked with. The status of an
	// answer makes none.
	Err error
}

// ProviderObserver is told of the values that providers make: for calls, for
// connections and, at the start, for the application.
type ProviderObserver interface {
	// ObserveProvider is called when a constructor has returned or panicked.
	// ctx is the call's.
	ObserveProvider(ctx context.Context, p Provider)
}

// Provider is a value that was made, or failed to be.
type Provider struct {
	// Type is what is provided: "*main.DB".
	Type string
	// Func is the constructor's name: "main.NewDB".
	Func string
	// Lifetime is "Singleton", "PerConnection" or "PerCall".
	Lifetime string
	// Start is when the constructor was called. What it depends on was made before.
	Start time.Time
	// Duration is how long it took.
	Duration time.Duration
	// Class is OK, Failed or Panicked.
	Class Class
	// Err is the error that it returned, or the panic.
	Err error
}

// MessageObserver is told of the messages that views are called with.
type MessageObserver interface {
	// BeginMessage is called when a message has arrived. It returns ctx, or a
	// context that comes from it, for everything that handles the message.
	BeginMessage(ctx context.Context, m Message) context.Context
	// EndMessage is called once for each BeginMessage, with the context that
	// this returned: when the reply was sent and all clean-ups have run, and before a
	// client is told of an error.
	EndMessage(ctx context.Context, m Message, end MessageEnd)
}

// Message is a message of a WebSocket.
type Message struct {
	// Route is the pattern of its view.
	Route string
	// Binary tells binary messages from text.
	Binary bool
	// Size is its length in bytes, decompressed.
	Size int
}

// Kind is "text" or "binary".
func (m Message) Kind() string {
	if m.Binary {
		return "binary"
	}
	return "text"
}

// MessageEnd is how the handling of a message ended.
type MessageEnd struct {
	Duration time.Duration
	Class    Class
	// Err is what it ended with, or nil.
	Err error
}

// ConnectionObserver is told of WebSockets.
type ConnectionObserver interface {
	// OpenConnection is called when a handshake is accepted, before its answer is
	// sent. It returns ctx, or a context that comes from it, whose values all
	// messages and the disconnect see; and a view that owns its connection, as
	// soon as it is accepted.
	OpenConnection(ctx context.Context, c Connection) context.Context
	// CloseConnection is called once for each OpenConnection, with the context
	// that this returned: when the connection has ended and all clean-ups have run.
	CloseConnection(ctx context.Context, c Connection, end ConnectionEnd)
}

// Connection is a WebSocket.
type Connection struct {
	// Route is the pattern of its view.
	Route string
}

// ConnectionEnd is how a connection ended.
type ConnectionEnd struct {
	// Code is the close code (RFC 6455 section 7.4): the peer's, 1005 if it sent
	// none, 1006 if the connection dropped, or the one it was closed with. A
	// client may send any from 3000 to 4999, see CodeLabel.
	Code int
	// Duration is the time since OpenConnection.
	Duration time.Duration
	Class    Class
	// Err is the error that it ended with, or nil.
	Err error
}

// ErrorObserver is told of every error of a handler, guard or provider, the
// faults of requests and messages, and panics, each before it is answered: for
// error trackers, and for tests, which can rely on it when they see the answer.
// It is not told of requests that no route takes, nor of a client that left in the
// middle of a stream.
type ErrorObserver interface {
	// ObserveError is called with the context of the call or message.
	ObserveError(ctx context.Context, e Error)
}

// Error is an error that was not handled.
type Error struct {
	// Request is that of the call; nil on a WebSocket after its handshake. It
	// must not be kept.
	Request *http.Request
	// Route is the pattern of the view.
	Route string
	Err   error
	Class Class
}

// ErrorFunc is a function as an [ErrorObserver].
type ErrorFunc func(ctx context.Context, e Error)

// ObserveError calls f.
func (f ErrorFunc) ObserveError(ctx context.Context, e Error) { f(ctx, e) }
