// Package fogo is a framework for HTTP and WebSocket handlers of any signature.
// You write
//
//	func(ctx context.Context, db *DB, id UserID) (User, error)
//	func(conn *ws.WebSocket, data ws.Data) error
//
// and register it. Where each parameter comes from is found out once, when the
// application is built, and proven; per call an injector fills them in.
//
//	app := fogo.New()
//	app.Provide(inject.Singleton, NewDB)
//	app.Get("/users/{user_id}", getUser)
//	app.WebSocket("/chat/{room}", Chat{})
//	err := app.Run(ctx, ":8000")
//
// # The application
//
// An [App] is a router, whose methods register everything (see package router
// for patterns, groups, guards and middleware), with options and a life:
//
//   - [App.Build] checks every route and returns all problems at once. It makes
//     nothing, so it is a test of its own.
//   - [App.Start] makes the Singletons and runs the start hooks.
//   - [App.ServeHTTP] answers requests, under any server.
//   - [App.Drain] closes the WebSockets, [App.Stop] runs the stop hooks and
//     closes the Singletons.
//   - [App.Run] does all of that around a server of its own, with limits, and
//     ends on SIGINT, on SIGTERM, or with its context. [App.Serve] does it on a
//     listener that you made.
//
// Functions with any injectable parameters take part in it: OnStart, OnStop and
// Ready register them, and Build checks them with everything else.
//
//	app.OnStart(func(ctx context.Context, db *DB) error { return db.Migrate(ctx) })
//	app.OnStop(func(log *slog.Logger, q *Queue) error { return q.Flush() })
//	app.Ready(func(ctx context.Context, db *DB) error { return db.Ping(ctx) }).Name("database")
//
// # Parameters and results
//
// What a parameter may be is the matter of package resolve, what providers may
// look like that of package inject, what results become that of package
// endpoint, and connections that of package ws. Package fogotest tests
// applications without a network.
//
// # Starting and stopping
//
// Singletons are made, dependencies first; start hooks run in order; then the
// addresses are opened and connections accepted. If anything of that fails, what
// was made is closed again, and Run returns everything that went wrong.
//
// When its context ends or a signal comes, Run loses nothing that is in flight:
//
//  1. The application says that it is not ready ([WithHealth]). For the time of
//     [WithDrainDelay] it goes on serving, and asks clients to close the
//     connections that they keep.
//  2. The listeners are closed, and connections that are idle. [Draining] tells
//     streams without an end.
//  3. WebSockets are closed with 1001, in batches, each once the message at hand
//     has been dealt with. Requests under way are answered.
//  4. What is not over within [WithShutdownTimeout] has its context cancelled,
//     which is the first that handlers notice of the end, and two seconds later
//     its connection closed. It is named in the error that Run returns. What is
//     deaf to all of that is left behind, and takes no time from what follows.
//  5. Stop hooks run, the last one first. One that is overdue is logged by its
//     name, and waited for.
//  6. Singletons are closed in the reverse order of their making.
//
// A second signal cuts 1 to 4 short and leaves two seconds for what is polite
// enough to look at its context; a third one kills.
//
// # Defaults
//
//	what                                            default           changed with
//	header of a request, TLS handshake              10 s              WithServer: ReadHeaderTimeout
//	size of a header                                64 KiB            WithServer: MaxHeaderBytes
//	idle connection                                 2 min             WithServer: IdleTimeout
//	size of a body                                  1 MiB             WithMaxBody, endpoint.MaxBody
//	files of all uploads on disk, together          1 GiB             resolve.Uploads: MaxSpool
//	a body must arrive with                         1 KiB/s           WithBodyRate
//	… and may be late by                            20 s              WithBodyRate
//	taking 64 KiB of an answer                      30 s              WithWriteTimeout
//	a whole request, a whole answer, a stream       no limit
//	HTTP/2 connection without a sign of life        1 min + 15 s      WithServer: HTTP2
//	TCP keep-alive, with WebSockets                 3 min, 3 × 1 min  WithKeepAlive
//	TCP keep-alive, without                         that of net, 15 s WithKeepAlive
//	WebSocket: ping, pong, write, message size      see ws.Options    WithWebSocket
//	HTTP/2                                          with TLS          WithH2C, WithServer: Protocols
//	permissions of a Unix socket                    the system's      WithSocketMode
//	delay of a drain                                none              WithDrainDelay
//	drain                                           30 s              WithShutdownTimeout
//	… from cancelled contexts to closed connections 2 s
//	stop hooks and closing Singletons               30 s, 2 s or more WithShutdownTimeout
//	clean-up of a call                              10 s              WithCleanupTimeout
//	readiness check                                 2 s               Ready(…).Timeout
//	result of the checks is told again for          1 s
//	paths for health and readiness                  none              WithHealth
//	absolute URLs                                   Host of request   WithBaseURL, WithPublicURL
//	debug mode                                      off               WithDebug
//	… shown to                                      this machine      DebugRemote
//	… pages about the application                   /_fogo            DebugPrefix
//
// # Behind a proxy
//
// Nothing that a proxy says is believed until middleware.RealIP is told whom to
// trust; then [WithBaseURL] makes absolute URLs as clients see them, or
// [WithPublicURL] without asking. Redirects of this module are relative where they
// can be, so that they survive a prefix that the proxy strips. For nginx:
//
//	proxy_http_version 1.1;
//	proxy_set_header Upgrade $http_upgrade;
//	proxy_set_header Connection $connection_upgrade;  # map: "upgrade" if $http_upgrade is set, else ""
//	proxy_set_header Host $http_host;
//	proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
//	proxy_set_header X-Forwarded-Proto $scheme;
//	proxy_set_header X-Forwarded-Host $http_host;
//
// Without the first three lines handshakes of WebSockets are answered with 426, or
// 400 if the proxy speaks HTTP/1.0. Their check of the origin compares with Host:
// where the proxy changes that, or drops its port as $host does, name the origins
// in ws.Options. Streams ask the proxy by X-Accel-Buffering not to be held back.
// With [WithDrainDelay] a proxy that keeps connections is asked to close them
// before the listener is gone, and requests need not be sent again.
//
// # Logging
//
// The library prints nothing. It returns errors as data, and logs what nobody
// can be given through the slog.Logger of [WithLogger]. [WithOnListen] tells
// the address, [WithObserver] what the application does.
//
// # Performance
//
// A request costs an App one atomic load, on top of what the router and the
// view cost. Building takes some tens of microseconds for each route. The server
// of Run adds an allocation for the deadlines of its answer, and a copy of the
// http.Request if it has a body.
//
// # Security
//
// No client can hold a handler for ever under Run: the header of a request, its
// body and each piece of the answer must move on, as the table says. An error
// that nobody decided on is answered with 500 and without its text; health is
// answered without the text of what failed. Not limited are the number of
// connections and their rate; a proxy, a listener given to Serve, or middleware
// does that. Under a server of your own none of the limits of the table that
// [WithServer] or Run stand for are there.
package fogo
