// Package fogotest is a test client for applications, over HTTP and WebSockets,
// without a network.
//
//	func TestChat(t *testing.T) {
//		t.Parallel()
//		c := fogotest.New(t, newApp(), fogotest.Replace[Store](fakeStore{}))
//		c.Get("/rooms/7").ExpectStatus(200).ExpectJSON(Room{ID: 7})
//
//		ann, bob := c.WebSocket("/chat/7"), c.WebSocket("/chat/7")
//		ann.SendText("hello")
//		bob.ExpectText("hello")
//		bob.Close(ws.CodeNormal)
//	}
//
// # Applications
//
// [New] makes an application of the test's own from the registrations of the
// one it is given: with Singletons of its own, providers replaced, and a life
// that begins in New and ends with the test. One app may be a package variable
// that all tests use, in parallel.
//
// # HTTP
//
// Requests go to the application's ServeHTTP on the goroutine of the test. So a
// panic outside of views, in a middleware for example, is the test's, and a
// debugger steps into the handler. The answer comes when the handler has
// returned.
//
// # WebSockets
//
// [Client.WebSocket] opens a connection through a real http.Server on a network
// in memory, and a real client from package ws: handshake, frames and the
// closing handshake are those of production. Waiting has a limit, see
// [Timeout].
//
// # Errors
//
// An error that nobody decided on, answered with 500 or with close code 1011,
// fails the test at its end with its text, and a panic with its stack: the
// client isn't told, so the test is. [Client.Errors] takes them, [AllowErrors]
// ignores them.
//
// # Concurrency
//
// A [Client] and what it makes are safe with the race detector and t.Parallel.
// Methods whose name begins with Expect, and others that say so, may end the
// test and are for its goroutine. For what Singletons and middleware share the
// application answers itself.
//
// # Performance
//
// A client costs a build of the application, some microseconds for each route,
// and the making of its Singletons. The server is started by the first
// WebSocket.
//
// # Security
//
// A client skips nothing: guards, the origin check and limits are those of the
// application. Requests seem to go to example.com, and those with an Origin
// header of another host are refused for WebSockets as in production.
package fogotest
