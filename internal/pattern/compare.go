// Which of two patterns is more specific is decided part by part: host, method,
// and the segments one after the other. Each part yields one of the five
// relations, and combine puts them together: "more specific here" and "more
// general there" make "overlaps".
//
// The surprise is that a relation is a matter of rule, not only of sets: a
// constraint counts as more specific than none even if it is {x:.+}, and two
// constraints that are written differently overlap even if they match the same
// strings, unless they are disjoint.

package pattern

import "fmt"

// A Relation is how the requests that one pattern matches relate to those of
// another.
type Relation uint8

const (
	Equal        Relation = iota // both match the same requests
	MoreSpecific                 // the first matches some of the second's requests
	MoreGeneral                  // the second matches some of the first's requests
	Disjoint                     // no request matches both
	Overlaps                     // some request matches both, and neither is more specific
)

// String returns the relation in words.
func (r Relation) String() string {
	switch r {
	case Equal:
		return "equal"
	case MoreSpecific:
		return "more specific"
	case MoreGeneral:
		return "more general"
	case Disjoint:
		return "disjoint"
	case Overlaps:
		return "overlaps"
	default:
		return fmt.Sprintf("Relation(%d)", uint8(r))
	}
}

// inverse returns the relation of the second to the first.
func (r Relation) inverse() Relation {
	switch r {
	case MoreSpecific:
		return MoreGeneral
	case MoreGeneral:
		return MoreSpecific
	default:
		return r
	}
}

// combine returns the relation of two wholes whose parts have the relations r
// and s.
func combine(r, s Relation) Relation {
	switch {
	case r == Disjoint || s == Disjoint:
		return Disjoint
	case r == Equal:
		return s
	case s == Equal || r == s:
		return r
	default:
		return Overlaps // both ways, or already so in one part
	}
}

// Compare returns the relation of a to b. For Equal and Overlaps it adds an
// example of an escaped path that both match. The example is "" if it was too
// costly to find; two constraints that are too costly to tell apart count as
// overlapping.
//
// Overlapping patterns conflict only if their hosts are equal: otherwise one
// has a host and goes before the other.
func Compare(a, b *Pattern) (rel Relation, witness string) {
	var c comparer
	rel = combine(compareHosts(a, b), combine(compareMethods(a, b), c.comparePaths(a, b)))
	if rel == Equal || rel == Overlaps {
		witness = c.commonPath(a, b)
	}
	return rel, witness
}

func compareHosts(a, b *Pattern) Relation {
	switch {
	case a.host == b.host:
		return Equal
	case a.host == "":
		return MoreGeneral
	case b.host == "":
		return MoreSpecific
	default:
		return Disjoint
	}
}

func compareMethods(a, b *Pattern) Relation {
	switch {
	case a.method == b.method:
		return Equal
	case a.method == Socket || b.method == Socket:
		return Disjoint // not even a pattern without method matches it
	case a.method == "" || a.method == "GET" && b.method == "HEAD":
		return MoreGeneral
	case b.method == "" || b.method == "GET" && a.method == "HEAD":
		return MoreSpecific
	default:
		return Disjoint
	}
}

// A comparer compares patterns and remembers what it found out about pairs of
// constraints. The zero value is ready.
type comparer struct {
	pairs map[[2]string]shared // by the sources, either of which may come first
}

// search is the function search, remembered.
func (c *comparer) search(d, e Constraint) shared {
	key := [2]string{d.src, e.src}
	if d.src > e.src {
		key = [2]string{e.src, d.src}
	}
	s, ok := c.pairs[key]
	if !ok {
		s = search(d, e)
		if c.pairs == nil {
			c.pairs = map[[2]string]shared{}
		}
		c.pairs[key] = s
	}
	return s
}

// comparePaths compares the segments. Pairs of constraints come last: they are
// dear, and often the rest is disjoint.
func (c *comparer) comparePaths(a, b *Pattern) Relation {
	rel, constraints := Equal, false
	for i := range min(len(a.segs), len(b.segs)) {
		r := compareSegments(&a.segs[i], &b.segs[i])
		constraints = constraints || r == Overlaps
		if rel = combine(rel, r); rel == Disjoint {
			return Disjoint
		}
	}
	switch {
	case len(a.segs) < len(b.segs) && a.last().kind != multi, len(b.segs) < len(a.segs) && b.last().kind != multi:
		return Disjoint
	case constraints && c.constraintsDisjoint(a, b):
		return Disjoint
	}
	return rel
}

// compareSegments compares one segment of each. Different constraints yield
// Overlaps here, and nothing else does.
func compareSegments(s, t *segment) Relation {
	switch {
	case s.kind == multi && t.kind == multi:
		return Equal
	case s.kind == multi:
		return MoreGeneral
	case t.kind == multi:
		return MoreSpecific
	case s.kind == slash && t.kind == slash:
		return Equal
	case s.kind == slash || t.kind == slash:
		return Disjoint // a variable is not empty
	case s.kind == literal && t.kind == literal:
		if s.text == t.text {
			return Equal
		}
		return Disjoint
	case s.kind == literal:
		if t.c.Match(s.text) {
			return MoreSpecific
		}
		return Disjoint
	case t.kind == literal:
		return compareSegments(t, s).inverse()
	default:
		return compareConstraints(s.c, t.c)
	}
}

func compareConstraints(c, d Constraint) Relation {
	switch {
	case c.Equal(d):
		return Equal
	case c.kind == None:
		return MoreGeneral
	case d.kind == None:
		return MoreSpecific
	default:
		return Overlaps
	}
}

// constraintsDisjoint reports whether, in some place, a and b have constraints
// that no segment satisfies both of.
func (c *comparer) constraintsDisjoint(a, b *Pattern) bool {
	for i := range min(len(a.segs), len(b.segs)) {
		s, t := &a.segs[i], &b.segs[i]
		if s.kind == variable && t.kind == variable && compareConstraints(s.c, t.c) == Overlaps {
			if sh := c.search(s.c, t.c); !sh.found && !sh.costly {
				return true
			}
		}
	}
	return false
}

// commonPath returns a path that both match, or "" if it is too costly to find.
// The paths must not be disjoint.
func (c *comparer) commonPath(a, b *Pattern) string {
	if len(a.segs) < len(b.segs) {
		a, b = b, a
	}
	path := ""
	for i := range a.segs {
		// Beyond the end of b, and at it, a goes on alone: there b has a multi.
		s, t := &a.segs[i], &b.segs[min(i, len(b.segs)-1)]
		text, ok := c.commonSegment(s, t)
		if !ok {
			return ""
		}
		path += "/" + escape(text)
	}
	return path
}

// commonSegment returns a segment that both match, and whether it found one.
func (c *comparer) commonSegment(s, t *segment) (string, bool) {
	if s.kind == multi || s.kind == variable && (t.kind == literal || t.kind == slash) {
		s, t = t, s
	}
	switch {
	case s.kind == slash || s.kind == multi:
		return "", true // the rest of the path is empty
	case s.kind == literal:
		return s.text, true
	case s.c.kind == None && (t.kind == multi || t.c.kind == None):
		return s.text, true // any segment will do: the name looks best
	}
	d, e := s.c, t.c
	if d.kind == None {
		d = e
	}
	if e.kind == None {
		e = d
	}
	sh := c.search(d, e)
	return sh.witness, sh.found
}
