// A tree of nodes matches the path of a request. Each node stands for the
// segments before it, and branches on the next one: literals, then constraints,
// then the variable without a constraint, then the rest of the path. The first
// leaf that is reached in this order is the answer.
//
// That this finds the most specific pattern follows from conflicts being ruled
// out: of two patterns that match a path one is at least as specific in every
// segment, so where they part it is on the earlier branch. For the same reason
// the order among constraints does not matter.
//
// The surprise is that the search may have to go back: with /a/{x}/c and /a/b/d
// the path /a/b/c is first tried below the literal b. So a path may visit more
// nodes than it has segments, at worst a number exponential in them, but never
// one that no pattern put there, and none twice.

package pattern

import "strings"

// maxLinear is the number of literals up to which they are compared one by one
// rather than looked up in a map.
const maxLinear = 8

// A node is a place in the tree. All its fields may be empty.
type node struct {
	leaf     *leaf            // the pattern that ends here
	literals []edge           // at most maxLinear, then nil
	byText   map[string]*node // all literals, once there are more
	guarded  []guard          // variables with a constraint
	any      *node            // the variable without
	slash    *leaf            // the pattern that ends in a slash after this
	multi    *leaf            // the pattern that takes the rest of the path
}

// An edge leads from a node to the one behind a literal.
type edge struct {
	text string
	node *node
}

// A guard leads to the node behind a variable with a constraint.
type guard struct {
	c    Constraint
	node *node
}

// A leaf is a pattern of the tree.
type leaf struct {
	p    *Pattern
	id   int
	vars int // the number of p's variables
}

// A tail is what is left of the path of a request: empty, or a slash and what
// follows it.
type tail struct {
	text string
	as   spelling
}

// spelling is what is known of a path, found out once for the whole of it.
type spelling uint8

const (
	plain   spelling = iota // clean, and nothing to unescape, as most paths are:  /a/b
	escaped                 // clean, its segments are to be unescaped:            /a/b%2Fc
	dubious                 // nothing to unescape, and perhaps not clean:         /a/../b
)

func spellingOf(escapedPath string) spelling {
	if isEscaped(escapedPath) {
		return escaped
	}
	return plain
}

// add puts l behind the segments.
func (n *node) add(segs []segment, l *leaf) {
	for i := range segs {
		switch s := &segs[i]; {
		case s.kind == slash:
			n.slash = l
			return
		case s.kind == multi:
			n.multi = l
			return
		case s.kind == literal:
			n = n.addLiteral(s.text)
		case s.c.kind != None:
			n = n.addGuard(s.c)
		default:
			if n.any == nil {
				n.any = &node{}
			}
			n = n.any
		}
	}
	n.leaf = l
}

// addLiteral returns the node behind a literal, and makes it if there is none.
func (n *node) addLiteral(text string) *node {
	if c := n.findLiteral(text); c != nil {
		return c
	}
	c := &node{}
	switch {
	case n.byText != nil:
		n.byText[text] = c
	case len(n.literals) < maxLinear:
		n.literals = append(n.literals, edge{text, c})
	default:
		n.byText = map[string]*node{text: c}
		for _, e := range n.literals {
			n.byText[e.text] = e.node
		}
		n.literals = nil
	}
	return c
}

// findLiteral returns the node behind a literal, or nil.
func (n *node) findLiteral(text string) *node {
	for i := range n.literals {
		if n.literals[i].text == text {
			return n.literals[i].node
		}
	}
	if n.byText != nil {
		return n.byText[text]
	}
	return nil
}

// addGuard returns the node behind a constraint, and makes it if there is none.
func (n *node) addGuard(c Constraint) *node {
	for _, g := range n.guarded {
		if g.c.Equal(c) {
			return g.node
		}
	}
	g := guard{c, &node{}}
	n.guarded = append(n.guarded, g)
	return g.node
}

// match returns the leaf for the path, or nil. So far k values are set; it sets
// those of the variables below n.
//
// A path that isn't clean has a segment that is empty, "." or "..". The first
// matches no literal and no variable. The others match a literal that was
// written with escapes, so they are refused here; so is a rest with any.
func (n *node) match(at tail, vals *Values, k int) *leaf {
	for {
		if at.text == "" {
			return n.leaf
		}
		if at.text == "/" {
			return n.matchSlash(vals, k)
		}
		seg, rest := at.cut()
		if at.as == dubious && isDots(seg) {
			return nil
		}
		next := n.findLiteral(seg)
		if next != nil && n.literalsOnly() {
			n, at = next, rest // nothing to go back for
			continue
		}
		if next != nil {
			if l := next.match(rest, vals, k); l != nil {
				return l
			}
		}
		if l := n.matchGuarded(seg, rest, vals, k); l != nil {
			return l
		}
		if n.any == nil || seg == "" {
			return n.matchRest(at, vals, k)
		}
		vals.set(k, seg)
		if n.multi == nil {
			n, at, k = n.any, rest, k+1
			continue
		}
		if l := n.any.match(rest, vals, k+1); l != nil {
			return l
		}
		return n.matchRest(at, vals, k)
	}
}

// literalsOnly reports whether n branches on nothing but literals.
func (n *node) literalsOnly() bool {
	return n.any == nil && n.multi == nil && len(n.guarded) == 0
}

// matchSlash matches a slash that ends the path.
func (n *node) matchSlash(vals *Values, k int) *leaf {
	if n.slash == nil && n.multi != nil {
		vals.set(k, "")
		return n.multi
	}
	return n.slash
}

// matchGuarded matches seg by a constraint.
func (n *node) matchGuarded(seg string, rest tail, vals *Values, k int) *leaf {
	for i := range n.guarded {
		g := &n.guarded[i]
		if !g.c.Match(seg) {
			continue
		}
		vals.set(k, seg)
		if l := g.node.match(rest, vals, k+1); l != nil {
			return l
		}
	}
	return nil
}

// matchRest matches everything that is left.
func (n *node) matchRest(at tail, vals *Values, k int) *leaf {
	if n.multi == nil || at.as == dubious && !isClean(at.text) {
		return nil
	}
	rest := at.text[1:]
	if at.as == escaped {
		rest = unescape(rest)
	}
	vals.set(k, rest)
	return n.multi
}

// matches reports whether the escaped path matches.
func (n *node) matches(escapedPath string) bool {
	var vals Values
	return n.match(tail{escapedPath, spellingOf(escapedPath)}, &vals, 0) != nil
}

// cut returns the first segment of a path, unescaped, and what follows it.
func (at tail) cut() (seg string, rest tail) {
	// Segments are short: a loop finds the slash before a call would be made.
	text := at.text[1:]
	n := 0
	for n < len(text) && text[n] != '/' {
		n++
	}
	seg, rest = text[:n], tail{text[n:], at.as}
	if at.as == escaped && isEscaped(seg) { // the only case that allocates
		seg = unescape(seg)
	}
	return seg, rest
}

// isEscaped reports whether there may be something to unescape.
func isEscaped(s string) bool { return strings.IndexByte(s, '%') >= 0 }

// isDots reports whether a segment stands for another place in the path.
func isDots(seg string) bool { return seg == "." || seg == ".." }
