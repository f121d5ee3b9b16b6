// Package fogootel traces and measures an application with OpenTelemetry.
//
//	o, err := fogootel.New(fogootel.Options{TracerProvider: tp, MeterProvider: mp})
//	if err != nil { … }
//	app := fogo.New(fogo.WithObserver(o))
//
// It is a module of its own, for the sake of those who don't use it, needs the API
// of OpenTelemetry and no SDK, and is named so that it can be imported beside package otel.
// It has no global state; where the options name no provider or propagator,
// the global one is used.
//
// # Options
//
//	option          default
//	TracerProvider  the global one
//	MeterProvider   the global one
//	Propagator      the global one, which finds no trace unless it was set
//	Public          false: the caller's trace is continued
//	Messages        MessageEvents: events of the connection's span
//	Skip            nil: every call has a span
//
// # Spans
//
//	span                  kind      begins and ends with                parent
//	GET /users/{id}       server    a request, or a handshake           the caller's, by the propagator
//	WEBSOCKET /chat       internal  a connection                        that of its handshake
//	MESSAGE /chat         server    a message, see [Options].Messages   that of its connection, or none
//	provide *main.DB      internal  a provider, see Observer.Providers  that of the call
//
// The context of middleware, guards, providers and handlers has the span of the call,
// that of a message the span of the message or of the connection. A request that no
// route matches is named by its method alone, and an unknown method is "HTTP". A span of a
// request ends with the clean-ups of the call; that of a handshake with its answer.
//
// Errors are recorded as events named "exception". Failed calls (not those that a client is to
// blame for) have the status Error.
//
// # Attributes
//
//	span        attributes
//	call        http.request.method, http.request.method_original, http.route, url.path, url.scheme,
//	            server.address, server.port, client.address, network.peer.address, network.peer.port,
//	            network.protocol.version, user_agent.original; http.response.status_code,
//	            http.response.body.size, error.type
//	connection  http.route; fogo.websocket.close_code, error.type
//	message     http.route, fogo.websocket.message.kind, fogo.websocket.message.size; error.type
//	provider    fogo.provider.type, fogo.provider.function, fogo.provider.lifetime; error.type
//
// The query of the URL is left out, for it may be secret. client.address is the
// address in the request: behind a proxy put middleware.RealIP before the
// application, not into it, for observers come first.
//
// # Metrics
//
//	http.server.request.duration         histogram, s         http.request.method, http.route, http.response.status_code,
//	                                                          url.scheme, network.protocol.version, error.type
//	http.server.active_requests          up-down counter      http.request.method, url.scheme
//	http.server.response.body.size       histogram, By        as the duration
//	fogo.websocket.connections           up-down counter      http.route
//	fogo.websocket.connection.duration   histogram, s         http.route, fogo.websocket.close_code, error.type
//	fogo.websocket.message.duration      histogram, s         http.route, fogo.websocket.message.kind, error.type
//	fogo.websocket.message.size          histogram, By        http.route, fogo.websocket.message.kind
//
// The values of these attributes are bounded by the program. As attributes of
// metrics, close codes that clients choose freely are "3xxx" and "4xxx".
//
// # Security
//
// By default a trace continues that of whoever calls: any client may choose its
// id, and whether it is sampled. Where clients are not trusted, set Options.Public:
// calls have traces of their own then, with a link to the client's. Leave
// propagation.Baggage out of the propagator there: what it takes from a client is
// sent on with the application's own requests.
//
// Texts that a client chose, such as the path, are made valid UTF-8: exporters
// refuse whole batches because of others.
package fogootel
