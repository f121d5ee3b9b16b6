package inject

// Tree is an application's levels together with those of other applications
// that are mounted in it. The levels themselves stay as they were made, so that
// they can be mounted anywhere; the tree has copies, which know each other.
type Tree struct {
	root   *Injector
	copies map[*Injector]*Injector
}

// NewTree copies a level, with those inside it. From now on nothing can be
// added to the originals.
func NewTree(root *Injector) *Tree {
	t := &Tree{copies: map[*Injector]*Injector{}}
	t.root = t.copy(root, nil)
	return t
}

// Root is the copy of the outermost level, to be assembled.
func (t *Tree) Root() *Injector { return t.root }

// Level is the copy of a level, or the level itself if it is not in the tree.
func (t *Tree) Level(in *Injector) *Injector {
	if t == nil {
		return in
	}
	if c := t.copies[in]; c != nil {
		return c
	}
	return in
}

// Mount puts a level, with those inside it, into the tree: it sees what outer
// sees, and its own wins. Mounting it again where it sees the same does nothing.
// Where it would see something else Mount reports false: the values of its
// Singletons could not be told apart.
func (t *Tree) Mount(outer, inner *Injector) bool {
	at := t.Level(outer)
	for len(at.order) == 0 && at.parent != nil {
		at = at.parent // a level without providers makes no difference
	}
	if c := t.copies[inner]; c != nil {
		return c.parent == at
	}
	t.copy(inner, at)
	return true
}

func (t *Tree) copy(in, parent *Injector) *Injector {
	in.frozen = true
	c := New()
	c.parent, c.reject, c.frozen = parent, in.reject, true
	for _, p := range in.order {
		own := *p
		own.level = c
		c.providers[own.typ] = &own
		c.order = append(c.order, &own)
	}
	if parent != nil {
		parent.children = append(parent.children, c)
	}
	t.copies[in] = c
	for _, child := range in.children {
		t.copy(child, c)
	}
	return c
}
