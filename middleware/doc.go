// Package middleware has the middleware that servers of net/http need. Each is
// a func(http.Handler) http.Handler. The package imports only the standard
// library and goes with any router; applications of Fogo take it with Use.
//
//	app.Use(
//		middleware.RealIP(middleware.RealIPOptions{Trusted: proxies}),
//		middleware.RequestID(middleware.RequestIDOptions{Trusted: proxies}),
//		middleware.AccessLog(logger, middleware.AccessLogOptions{}),
//		middleware.Recover(logger),
//		middleware.SecurityHeaders(middleware.SecurityOptions{}),
//		middleware.Timeout(10*time.Second),
//		middleware.BodyLimit(1<<20),
//	)
//
// That is also the order they are meant to stand in. What has dependencies is
// a module of its own: middleware/compress, middleware/cors and
// middleware/ratelimit. Compression and CORS belong inside of AccessLog and
// Recover, a limit of the rate inside of RealIP.
//
// # Defaults
//
//	RequestID        every id is generated: 96 random bits; nobody's is taken over
//	AccessLog        every request, at Info, from 500 on at Warn; without the query
//	RealIP           nobody is trusted, so nothing changes; the host of X-Forwarded-Host never counts
//	Recover          500; the connection is cut if the answer had begun
//	BodyLimit        no default: the number of bytes is said
//	Timeout          no default: the time is said
//	SecurityHeaders  X-Content-Type-Options: nosniff
//	                 X-Frame-Options: DENY
//	                 Content-Security-Policy: frame-ancestors 'none'
//	                 Referrer-Policy: strict-origin-when-cross-origin
//	                 Cross-Origin-Opener-Policy: same-origin
//	                 Cross-Origin-Resource-Policy: same-origin
//	                 Strict-Transport-Security: max-age=31536000, over TLS only
//
// # Answers
//
// What a middleware answers itself is a problem object, application/problem+json
// (RFC 9457), of the form that Fogo's own errors have. From 500 on it has the id of the
// request.
//
// # Streams and WebSockets
//
// Nothing here holds back an answer. The writers that handlers get pass on
// Flush, Hijack and ReadFrom, and have Unwrap for http.ResponseController, so
// that server-sent events, WebSockets, deadlines and files sent by the kernel
// work through all of them.
//
// # Patterns
//
// [AccessLog] logs Request.Pattern. Middleware that passes on a copy of its
// request, as every one must that adds to the context, hides from those outside
// what a ServeMux further in sets there. Those of this package hand it back.
//
// # Performance
//
// Nothing is pooled that a handler may keep. Per request, SecurityHeaders
// allocates nothing; BodyLimit nothing where there is no body; Recover one
// writer, or none directly inside of AccessLog; RequestID a context, a copy of
// the request and an id; RealIP the same for trusted peers; Timeout six times,
// for a timer and a context of its own. AccessLog allocates one writer, what slog copies, and what
// the logger's handler does.
//
// # Security
//
// Header fields about the client are believed only if the connection comes from
// a network that the options name, and then from their end: see [RealIP]. Ids of
// requests and hosts are checked for what they may contain before anything
// writes them. Paths are logged as attributes, which the handlers of package
// slog escape.
package middleware
