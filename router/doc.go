// Package router matches requests to views. A [Router] takes registrations, in
// groups that share a prefix, providers, guards and middleware; building it
// compiles all of them into a [Built], an http.Handler that never changes.
//
//	r := router.New()
//	r.Provide(inject.Singleton, NewDB)
//	r.Get("/users/{id:int}", getUser).Name("user")
//	api := r.Group("/api")
//	api.Guard(requireToken)
//	api.WebSocket("/chat/{room}", Chat{})
//	built, err := r.Build(router.BuildOptions{})
//
// Package fogo puts configuration and a server around it, and is what
// applications use.
//
// # Patterns
//
// Patterns are those of [net/http.ServeMux] and the most specific one wins.
// There are two differences: a trailing slash matches only itself, a subtree is
// written {path...}; and variables may have constraints, {id:int}, {id:uuid} or
// a regular expression, {slug:[a-z-]+}. A segment that does not satisfy its
// constraint doesn't match: 404, or another route. Two patterns that match the
// same request, neither more specific, are an error that shows such a request.
//
// # Methods
//
// HEAD is answered by GET, and OPTIONS with the allowed methods, unless there
// is a route for them. A path that exists for other methods gets 405 with
// Allow. An upgrade request goes to the path's socket if it has one; a plain
// GET where there is only a socket gets 426. Paths that aren't clean are
// redirected with 307, as ServeMux does. Refusals are problem objects (RFC
// 9457).
//
// # Groups
//
// What a group has holds for all its routes and the groups inside it, whatever
// the order of the calls. Guards run outermost first and before the view, for
// HTTP, WebSockets and mounted handlers alike. Providers of an inner group
// override those of an outer one.
//
// # Middleware
//
// A middleware is a func(http.Handler) http.Handler. That of a router runs for
// every request, also for 404, 405, OPTIONS and redirects; that of a group on
// its routes only. Both run after matching: r.Pattern is set, and so are path
// values. Changing the path or the method of a request in a middleware changes
// what the view sees, not which view it is; rewrite paths around the whole
// handler.
//
// # URLs
//
// [Route.URL] makes the path that leads to a route, and its query, from values
// that are checked against the types that the route's plan parses them as; what
// it returns leads back to the same values. [Route.AbsoluteURL] adds scheme and
// host. [Built.URL] and [Built.URLFor] find routes by name, "shop:item" for one
// in what is mounted under the name "shop". All of that needs a build, because
// only it knows where a router is mounted.
//
// # Hosts
//
// The host of a pattern is literal: a name in ASCII (punycode for others), an
// IPv4 address, or an IPv6 address in brackets. Requests are matched without
// regard to case, port and the dot of a fully qualified name. There are no
// variables in hosts, as there are none in ServeMux: "{tenant}.example.com"
// would need an order between hosts, and would take every name that somebody
// points at the server. Take the host from the request in a provider or a guard
// instead, where it can be looked up before it is believed.
//
// # Files
//
// [Group.Static] serves a file system to GET and HEAD:
//
//	a directory                   its index.html, else 404; never a list
//	/dir, /dir/index.html         301 to /dir/
//	names that begin with a dot   404, but for /.well-known
//	..  \  NUL  %2F in a path     404
//	.br .zst .gz beside a file    sent by Accept-Encoding, in this order where
//	                              equally liked; not if older than the file
//	Vary                          Accept-Encoding, if a file has variants
//	Content-Type                  by the extension, else by the first bytes, never
//	                              HTML or XML; with nosniff
//	ETag                          time and size; of an embed.FS a hash
//	Last-Modified, ranges         as of endpoint.File
//	Cache-Control                 no-cache, which is to ask each time
//	  with a hash in the name     public, max-age=31536000, immutable; private
//	                              behind guards; see [Immutable]
//
// # Building
//
// Nothing fails while registering. [Router.Build] returns a [BuildError] with
// every problem of every route, in order of registration, each with the file
// and line to look at. Registrations that come after the first build are
// errors too.
//
// # Performance
//
// A request costs a walk through the tree of its method, see package
// internal/pattern; without middleware nothing is allocated. A path that a client
// escaped in an unusual way is unescaped anew. Middleware costs two allocations for each request that passes any:
// a context that carries the result of matching, and the copy of the request
// that has it. Setting path values allocates, so it is done only where somebody
// may ask for them: on routes with middleware, for handlers served as they are,
// and where a view or one of its providers takes the *http.Request.
//
// # Security
//
// Guards stand before everything in their group, or the build fails; there is
// no route that they silently leave out. The files of [Group.Static] are
// reached through [io/fs], whose names cannot leave the file system;
// directories are never listed, but a file system made with os.DirFS follows
// symbolic links, so prefer os.Root. Guards are found by patterns and not by
// files: a file system that has a directory for some only, below one for all, can
// be reached by the other route where the case of letters makes no difference, as
// on Windows and macOS; make it two file systems. The value of {path...} has
// slashes that a client escaped beside real ones. Redirects stay on the host: their targets
// are cleaned paths. Nothing limits the rate of requests.
//
// A Host header is whatever a client wants. Absolute URLs are made of it only if
// BuildOptions.BaseURL and PublicURL are not set and the route has no host of its
// own, and only if it is a host and a port and nothing else; that doesn't make
// it yours. What is sent to others, such as a link for a new password, needs a
// PublicURL.
package router
