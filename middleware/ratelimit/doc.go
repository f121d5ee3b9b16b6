// Package ratelimit limits how many requests a client may send. It keeps a
// token bucket of golang.org/x/time/rate for each key, and is a module of its
// own because of it.
//
//	app.Use(
//		middleware.RealIP(middleware.RealIPOptions{Trusted: proxies}),
//		ratelimit.Must(ratelimit.Options{Limit: 100, Window: time.Minute}),
//	)
//
// Several may stand one inside another: one by address, and, further in, one
// by user. Give those a Name each; the fields of the innermost are sent.
//
// # Options
//
//	option         default
//	Limit, Window  must be said, unless there is a Limiter
//	Burst          the limit
//	Key            ByIP: the client's address; of IPv6 the first 64 bits
//	Headers        Draft: RateLimit-Policy: "default";q=100;w=60
//	               RateLimit: "default";r=99;t=1
//	Name           "default"
//	MaxKeys        100,000 are remembered
//	Limiter        a Memory, in this process
//	Strict         false: requests pass while the Limiter fails
//	Logger         nil: nobody is told that it fails
//
// # Several machines
//
// Each process counts for itself. A [Limiter] over a shared store, such as
// Redis, makes several count together; if it fails, requests are let through,
// unless Options.Strict is set.
//
// # Performance
//
// Four small allocations for a request: the key of an address, and the field
// that tells what is left. A lock is held for some tens of nanoseconds, and is shared
// by a 64th of all keys.
//
// # Security
//
// A limit by address is as good as the address. Never make a key of a header that
// a client writes: each value would have a limit of its own. Memory is bounded;
// who has more addresses than MaxKeys can make it forget others.
package ratelimit
