// Package cors lets pages of other origins read answers: cross-origin resource
// sharing, after the Fetch Standard. It adapts github.com/rs/cors, whose
// options it checks, and is a module of its own because of it.
//
//	app.Use(cors.Must(cors.Options{
//		Origins:     []string{"https://example.com", "https://*.example.com"},
//		Methods:     []string{"GET", "POST", "PUT", "DELETE"},
//		Headers:     []string{"Authorization"},
//		Credentials: true,
//	}))
//
// Register it on the application, not on a group: a preflight is an OPTIONS
// request, for which a group seldom has a route.
//
// # Options
//
//	option          default
//	Origins, Allow  none: it is an error to name nobody
//	Methods         GET, HEAD, POST
//	Headers         Accept, Content-Type, X-Requested-With, and those that are named
//	Exposed         none but those that scripts may always read
//	Credentials     false
//	PrivateNetwork  false
//	MaxAge          10 minutes
//
// # Performance
//
// One allocation for a request from another origin.
//
// # Security
//
// CORS opens; it closes nothing. Without it browsers keep answers from pages of
// other origins already. Requests that a form could send are made and carried
// out all the same: what changes something needs a check of its own against
// forgery, such as net/http.CrossOriginProtection. WebSockets are not subject
// to CORS: package ws checks their origin itself.
package cors
