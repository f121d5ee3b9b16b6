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
//     ends on SIGINT, on SIGTERM, or with its context.
//
// # Parameters and results
//
// What a parameter may be is the matter of package resolve, what providers may
// look like that of package inject, what results become that of package
// endpoint, and connections that of package ws. Package fogotest tests
// applications without a network.
//
// # Shutting down
//
// A drain loses nothing that is in flight: the listener is closed, requests
// under way are answered, each WebSocket is closed with 1001 once the message
// at hand has been dealt with. What is not over within the timeout has its
// context cancelled and, shortly after, its connection cut. Then the stop hooks
// run, and Singletons are closed in the reverse order of their making.
//
// # Logging
//
// The library prints nothing. It returns errors as data, and logs what nobody
// can be given through the slog.Logger of [WithLogger]. [WithOnListen] tells
// the address, [WithObserver] every error of a handler.
//
// # Performance
//
// A request costs an App one atomic load, on top of what the router and the
// view cost. Building takes some tens of microseconds for each route.
//
// # Security
//
// The server of Run gives a client 10 s for the header of a request and 64 KiB
// for its size, and closes connections that were idle for two minutes. There is
// no limit of time for a whole request, for that would end streams: bodies are
// limited in size, and writes have deadlines of their own. An error that nobody
// decided on is answered with 500 and without its text. Not limited are the
// number of connections and their rate; a proxy, or [WithServer], does that.
package fogo
