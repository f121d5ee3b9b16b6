// A new pattern must be compared with the registered ones it may conflict with.
// To compare it with all would take seconds for ten thousand; this index leaves
// out most of those that cannot have a path in common with it.
//
// Patterns are sorted into classes by how many segments they have and how they
// end, because only a {name...} makes up for a different length. Within a class
// there is a list for every literal in every place, and one for the variables
// in every place. What has a path in common with "/a/{x}/c" has "a" or a
// variable in the first place, and "c" or a variable in the third: it is enough
// to look at the shorter of these two pairs of lists.
//
// The surprise is that nothing is intersected: a list may hold patterns that
// are disjoint for another reason, and the comparison finds that out.

package pattern

// An index holds the patterns of one host.
type index struct {
	classes []*class
}

// A class holds the patterns of one length and ending.
type class struct {
	size     int  // the number of segments, including the last
	end      kind // slash, multi, or literal for everything else
	all      []int
	literals map[place][]int
	vars     [][]int // by position
}

// A place is a literal in a position.
type place struct {
	pos  int
	text string
}

// ending returns the kind of a pattern's end for [class].
func (p *Pattern) ending() kind {
	if k := p.last().kind; k != variable {
		return k
	}
	return literal
}

// add files p under the number id.
func (x *index) add(p *Pattern, id int) {
	c := x.class(p)
	c.all = append(c.all, id)
	for i, s := range p.segs {
		switch s.kind {
		case literal:
			c.literals[place{i, s.text}] = append(c.literals[place{i, s.text}], id)
		case variable:
			c.vars[i] = append(c.vars[i], id)
		}
	}
}

// class returns the class of p, and makes it if there is none.
func (x *index) class(p *Pattern) *class {
	for _, c := range x.classes {
		if c.size == len(p.segs) && c.end == p.ending() {
			return c
		}
	}
	c := &class{size: len(p.segs), end: p.ending(), literals: map[place][]int{}, vars: make([][]int, len(p.segs))}
	x.classes = append(x.classes, c)
	return c
}

// candidates calls visit with the numbers of all patterns that may have a path
// in common with p, and of some that have not. A number occurs once.
func (x *index) candidates(p *Pattern, visit func(id int)) {
	for _, c := range x.classes {
		if !c.fits(p) {
			continue
		}
		first, second := c.shortest(p)
		for _, id := range first {
			visit(id)
		}
		for _, id := range second {
			visit(id)
		}
	}
}

// fits reports whether paths of p and of the class's patterns can have the same
// length and ending.
func (c *class) fits(p *Pattern) bool {
	pmulti := p.last().kind == multi
	switch {
	case c.end == multi && pmulti:
		return true
	case c.end == multi:
		return c.size <= len(p.segs)
	case pmulti:
		return len(p.segs) <= c.size
	default:
		return c.size == len(p.segs) && c.end == p.ending()
	}
}

// shortest returns the shortest two lists that together hold all candidates.
func (c *class) shortest(p *Pattern) (first, second []int) {
	first = c.all
	n := len(first)
	for i := range min(len(p.segs), c.size) {
		s := &p.segs[i]
		if s.kind != literal || i == c.size-1 && c.end == multi {
			continue
		}
		lits, vars := c.literals[place{i, s.text}], c.vars[i]
		if len(lits)+len(vars) < n {
			first, second, n = lits, vars, len(lits)+len(vars)
		}
	}
	return first, second
}
