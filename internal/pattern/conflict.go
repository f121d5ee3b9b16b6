package pattern

import "fmt"

// A ConflictError says that two patterns match some request, and neither is
// more specific. To get at it, with the T of the tree:
//
//	var e *pattern.ConflictError[T]
//	if errors.As(err, &e) { … e.Old … }
type ConflictError[T any] struct {
	A       *Pattern // the new one
	B       *Pattern // the registered one
	Old     T        // what B was registered with
	Witness string   // an escaped path that both match, or "" if that is too costly to find
	Why     string   // why neither is more specific, and what to do
}

// Error names both patterns, the witness and the reason.
func (e *ConflictError[T]) Error() string {
	like := ""
	if e.Witness != "" {
		like = fmt.Sprintf(" at %q", e.Witness)
	}
	return fmt.Sprintf("pattern: %q conflicts with %q%s: %s", e.A, e.B, like, e.Why)
}

// conflicts reports whether a and b conflict.
func (c *comparer) conflicts(a, b *Pattern) bool {
	if a.host != b.host {
		return false
	}
	methods := compareMethods(a, b)
	if methods == Disjoint {
		return false
	}
	rel := combine(methods, c.comparePaths(a, b))
	return rel == Equal || rel == Overlaps
}

// why explains a conflict of a, the new pattern, with b.
func (c *comparer) why(a, b *Pattern) string {
	if i := c.firstConstraints(a, b); i >= 0 {
		return c.whyConstraints(i, a.segs[i], b.segs[i])
	}
	switch methods, paths := compareMethods(a, b), c.comparePaths(a, b); {
	case paths == Overlaps:
		return whyPaths(a, b)
	case methods == Equal:
		return "they match the same requests; remove one of them"
	case methods == MoreGeneral:
		return "the new one matches more methods, but its path is more specific; register the same methods for both"
	case methods == MoreSpecific:
		return "the new one matches fewer methods, but its path is more general; register the same methods for both"
	}
	return "bug: they do not conflict"
}

// firstConstraints returns the first place where a and b have different
// constraints, or -1.
func (c *comparer) firstConstraints(a, b *Pattern) int {
	for i := range min(len(a.segs), len(b.segs)) {
		if compareSegments(&a.segs[i], &b.segs[i]) == Overlaps {
			return i
		}
	}
	return -1
}

func (c *comparer) whyConstraints(i int, s, t segment) string {
	sh := c.search(s.c, t.c)
	if sh.costly {
		return fmt.Sprintf("whether %s and %s in segment %d share a value is too costly to decide; simplify one of them", s.source(), t.source(), i+1)
	}
	return fmt.Sprintf("%s and %s in segment %d both match %q, and neither counts as more specific; make them disjoint or the same",
		s.source(), t.source(), i+1, sh.witness)
}

// whyPaths names the first place where a is more specific, and the first where
// b is.
func whyPaths(a, b *Pattern) string {
	at := map[Relation]int{}
	for i := range min(len(a.segs), len(b.segs)) {
		r := compareSegments(&a.segs[i], &b.segs[i])
		if _, ok := at[r]; !ok {
			at[r] = i
		}
	}
	i, j := at[MoreSpecific], at[MoreGeneral]
	return fmt.Sprintf("the new one is more specific in segment %d (%s, not %s), the registered one in segment %d (%s, not %s); tell them apart by a literal",
		i+1, a.segs[i].source(), b.segs[i].source(), j+1, b.segs[j].source(), a.segs[j].source())
}
