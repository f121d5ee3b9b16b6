package pattern

// Socket is the pseudo-method under which WebSocket handshakes are registered
// and matched. It is unrelated to GET, and patterns without a method do not
// match it.
const Socket = "WEBSOCKET"

// A Pattern is a parsed URL pattern. It is immutable and safe for concurrent
// use. Make one with [Parse] or [Join].
type Pattern struct {
	str    string // as written
	method string // "" for every method except Socket
	host   string // "" for every host
	path   string // as written, from the first slash on

	segs []segment
	vars []Var // the variables among segs, in order
}

// A Var is a variable of a pattern.
type Var struct {
	Name       string
	Constraint Constraint // zero for none, always zero if Multi
	Multi      bool       // {name...}: the rest of the path, possibly empty
}

// kind says what a segment of a pattern matches.
type kind uint8

const (
	literal  kind = iota // the segment itself:         /items
	variable             // one segment, not empty:     /{id} and /{id:int}
	slash                // a slash that ends the path: /items/ and /items/{$}
	multi                // the rest of the path:       /{path...}
)

// A segment is what stands after one slash of a pattern. Segments of the kinds
// slash and multi are always the last.
type segment struct {
	kind kind
	text string     // literal: unescaped; variable and multi: the name
	c    Constraint // variable: what the segment must satisfy
}

// source returns s as it is written in a pattern, for messages.
func (s segment) source() string {
	switch {
	case s.kind == slash:
		return "{$}"
	case s.kind == multi:
		return "{" + s.text + "...}"
	case s.kind == variable && s.c.kind != None:
		return "{" + s.text + ":" + s.c.src + "}"
	case s.kind == variable:
		return "{" + s.text + "}"
	default:
		return `"` + s.text + `"`
	}
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.str }

// Method returns the method, or "" if the pattern has none.
func (p *Pattern) Method() string { return p.method }

// Host returns the host, or "" if the pattern has none.
func (p *Pattern) Host() string { return p.host }

// Path returns the pattern without method and host, as it was written.
func (p *Pattern) Path() string { return p.path }

// Vars returns the variables in order of appearance. The caller must not
// change the slice.
func (p *Pattern) Vars() []Var { return p.vars }

// last returns the last segment. Every pattern has one.
func (p *Pattern) last() segment { return p.segs[len(p.segs)-1] }
