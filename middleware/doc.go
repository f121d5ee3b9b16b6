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
// # Options
//
//	RequestID          default
//	Trusted, TrustAll  nobody: every id is generated
//	Generate           96 random bits in hexadecimal
//
//	AccessLog          default
//	Skip               nil: every request is logged, without its query
//	Level              Info, from 500 on Warn
//	Attrs              nil: no more attributes
//	Connections        false: the end of a hijacked connection is that of its handler
//
//	RealIP             default
//	Trusted, Unix      nobody, so nothing changes
//	Header             XForwardedFor
//	Host               false: X-Forwarded-Host never counts
//	Prefix             false: nor does X-Forwarded-Prefix
//
//	SecurityHeaders        default
//	FrameAncestors         'none', and X-Frame-Options: DENY
//	ContentSecurityPolicy  none besides frame-ancestors
//	ReferrerPolicy         strict-origin-when-cross-origin
//	PermissionsPolicy      none
//	OpenerPolicy           same-origin
//	ResourcePolicy         same-origin
//	EmbedderPolicy         none
//	HSTS                   one year, over TLS only
//	HSTSSubdomains         false
//	HSTSPreload            false
//
// X-Content-Type-Options: nosniff has no option. [BodyLimit] and [Timeout] have no
// default: the number of bytes and the time are said. [Recover] has no options:
// 500, or the connection is cut if the answer had begun.
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
// what a ServeMux further in sets there; and the server removes the files of a
// multipart form only if its own request has the form. Those of this package
// hand both back.
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
//
// Timeout does not end the wait for a body that comes slowly, for reading heeds no
// context: that is what http.Server.ReadTimeout is for, and with Fogo's Run the
// rate that it asks of bodies.
package middleware
