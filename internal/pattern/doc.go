// Package pattern implements the URL patterns of Fogo: parsing, precedence,
// conflicts with an example path, a matching tree, and reverse URLs. It knows
// nothing of handlers; a [Tree] carries whatever value it is given.
//
// # Patterns
//
// A pattern looks like
//
//	[METHOD ][HOST]/[PATH]
//
// and means what it means to [net/http.ServeMux]: the most specific pattern
// wins, GET also matches HEAD, a pattern with a host goes before those without,
// and paths are compared segment by segment after unescaping, so that %2F stays
// inside its segment.
//
//	GET /items/{id}            one segment, for GET and HEAD
//	GET /items/{id:int}        one segment that is a whole number
//	/files/{path...}           everything below /files/, also nothing
//	example.com/{$}            the root of one host
//
// It differs from ServeMux in these ways:
//
//   - A trailing slash matches only itself: "/foo/" is "/foo/{$}". A subtree is
//     written "/foo/{path...}".
//   - A variable may have a constraint: {id:int}, {id:uuid}, or a regular
//     expression in RE2 syntax for the whole segment, {slug:[a-z-]+}. A segment
//     that does not satisfy it does not match, and the search goes on. A literal
//     beats a constraint, a constraint beats none. Two different constraints in
//     one place must be disjoint, or the patterns conflict.
//   - The method [Socket] stands for WebSocket handshakes. A pattern without a
//     method matches every method except this one.
//   - A variable of one segment never matches an empty one, and %2F alone is an
//     ordinary segment (ServeMux takes it for a trailing slash).
//   - A path that is not clean (see [Clean]) is an error also in a pattern
//     without method. Only CONNECT requests keep such paths.
//   - A blank in the host is an error: it mostly was to be a second method. A
//     blank after the first slash belongs to the path also without a method.
//   - Nothing is redirected here. [Tree.MatchSlash] tells where a redirect would
//     lead.
//
// # Conflicts
//
// Two patterns with the same host conflict if some request matches both and
// neither is more specific. [Tree.Add] reports it as a [ConflictError], which
// names both patterns and a path that both match. Whether two regular
// expressions share a string is decided by searching the product of their
// automata; a pair that exceeds the search's budget counts as conflicting.
//
// # Performance
//
// [Tree.Match] walks one tree per host and method. Its cost depends on the
// length of the path, and, where literals and variables stand side by side, on
// how often it has to go back; not on the number of patterns. It allocates
// nothing as long as the path holds no '%' and the pattern no more than eight
// variables. [Tree.MatchPlain] finds out on the way whether the path is clean, and
// has no '%' to look for. Regular expressions cost what package regexp costs.
//
// # Security
//
// Regular expressions run in time linear in the segment, as RE2 guarantees.
// [Pattern.Expand] refuses values that a client or a cleaning server would turn
// into another path, such as "..".
package pattern
