// Package observe has the interfaces through which metrics, traces and error
// trackers watch an application. It imports nothing but the standard library;
// fogo/observe/prometheus and fogo/observe/otel, which implement them, are
// modules of their own.
//
// # Observers
//
// An observer is a value with the methods of at least one of these interfaces:
//
//	interface           is told of
//	CallObserver        HTTP requests and handshakes: begin, end
//	ProviderObserver    values that a provider made
//	MessageObserver     WebSocket messages: begin, end
//	ConnectionObserver  WebSockets: opened, closed
//	ErrorObserver       errors, each before the client is told
//
// It is given to an application with fogo.WithObserver, and to a single
// endpoint with the field Observers of endpoint.Config. Which interfaces it has
// decides, when the application is built, what is observed at all: without a
// ProviderObserver no plan has a step for one. One that has none of them, or
// half of one, is an error of the build.
//
// # Calls
//
// A call is whatever the application answers. CallObserver is told of each
// exactly once, also if no route matches (with the route ""), if middleware
// answers, if a handshake is refused, if a stream is aborted, and if somebody
// panics. It begins before all middleware and ends after it.
//
// A call that takes over the connection, as a handshake does, ends there with
// the status 101. What comes after it on a WebSocket are a connection and its
// messages. A view that owns its connection reads its messages itself, and they
// are not observed.
//
// What is answered while there is no application to answer is not observed:
// before it is started, while it stops, and by the health checks of fogo.WithHealth.
//
// The order of events on a WebSocket is: BeginCall, EndCall, OpenConnection,
// then BeginMessage and EndMessage for each message, then CloseConnection. A
// handshake that is refused has no connection.
//
// # Contexts
//
// The Begin methods and OpenConnection return a context: the one they were
// given or one that comes from it, for example with a span. Everything inside sees its
// values: middleware, guards, providers, handlers; those of a connection are seen by
// all its messages. The matching End method is given the same context.
// Of the context of a connection only the values count: it ends with the connection.
//
// # Labels
//
// What an event calls itself is bounded by the program and never by its
// clients, so that it can be a label of a metric: Call.Method is a known method
// or [OtherMethod], Call.Route a pattern and no path, Class one of six. What a
// client chose is in Call.Request, and in ConnectionEnd.Code, for which there
// is [ConnectionEnd.CodeLabel].
//
// # Several observers
//
// They begin in the order in which they were given, each with the context that
// the one before returned, and end in the reverse order.
//
// # Performance
//
// Without observers nothing is observed: there is one test of a flag for each
// request, and none for each provider. With a CallObserver a request costs one
// allocation and two looks at the clock, with a ProviderObserver each value two looks at
// the clock. A context that is another than the given one costs a copy of the request.
//
// # Security
//
// Observers see requests as they came, with credentials. They are called by
// many goroutines at once, on the way of the answer: they must not block and
// must not panic. A panic of an observer is none of the handler's: net/http
// logs it and cuts the connection.
package observe
