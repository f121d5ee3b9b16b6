package pattern

import (
	"errors"
	"slices"
	"strings"
)

// A Tree finds the most specific of its patterns for a request, and the value
// that was added with it. The zero value is an empty tree.
//
// Patterns can only be added. As long as no Add is running all other methods
// may be called concurrently. [Tree.Freeze] makes that permanent.
type Tree[T any] struct {
	hosts  map[string]*table // patterns with a host
	every  table             // patterns without
	vals   []T               // by the id of the leaf
	leaves []*leaf           // likewise

	// Only while patterns are added.
	comparer comparer
	frozen   bool
}

// A table holds the patterns of one host.
type table struct {
	roots []root
	index index
}

// A root is the tree of one method.
type root struct {
	method string // "" for patterns without
	node   node
}

// Add adds p with the value v. If p conflicts with a pattern of the tree the
// error is a [*ConflictError], about the one that was added first, and the tree
// is unchanged.
func (t *Tree[T]) Add(p *Pattern, v T) error {
	if t.frozen {
		return errors.New("pattern: " + p.str + " is added to a frozen tree")
	}
	tab := t.table(p.host)
	if old := t.firstConflict(tab, p); old >= 0 {
		b := t.leaves[old].p
		return &ConflictError[T]{A: p, B: b, Old: t.vals[old], Witness: t.comparer.commonPath(p, b), Why: t.comparer.why(p, b)}
	}
	l := &leaf{p: p, id: len(t.leaves), vars: len(p.vars)}
	t.leaves = append(t.leaves, l)
	t.vals = append(t.vals, v)
	tab.index.add(p, l.id)
	tab.root(p.method).add(p.segs, l)
	return nil
}

// firstConflict returns the lowest id of a pattern that conflicts with p, or -1.
func (t *Tree[T]) firstConflict(tab *table, p *Pattern) int {
	first := -1
	tab.index.candidates(p, func(id int) {
		if (first < 0 || id < first) && t.comparer.conflicts(p, t.leaves[id].p) {
			first = id
		}
	})
	return first
}

// table returns the table of a host, and makes it if there is none.
func (t *Tree[T]) table(host string) *table {
	if host == "" {
		return &t.every
	}
	tab := t.hosts[host]
	if tab == nil {
		tab = &table{}
		if t.hosts == nil {
			t.hosts = map[string]*table{}
		}
		t.hosts[host] = tab
	}
	return tab
}

// root returns the tree of a method, and makes it if there is none.
func (tab *table) root(method string) *node {
	if n := tab.find(method); n != nil {
		return n
	}
	tab.roots = append(tab.roots, root{method: method})
	return &tab.roots[len(tab.roots)-1].node
}

// find returns the tree of a method, or nil.
func (tab *table) find(method string) *node {
	for i := range tab.roots {
		if tab.roots[i].method == method {
			return &tab.roots[i].node
		}
	}
	return nil
}

// Freeze says that nothing will be added any more, and frees what only adding
// needs. A later Add is an error.
func (t *Tree[T]) Freeze() {
	t.frozen = true
	t.comparer = comparer{}
	t.every.index = index{}
	for _, tab := range t.hosts {
		tab.index = index{}
	}
}

// Match returns the most specific pattern that matches, its value, and whether
// there is one. It sets vals to the values of the pattern's variables, or to
// none. The host must come without port. The path must be escaped, as from
// [net/url.URL.EscapedPath], and clean (see [Clean]); one that does not begin
// with a slash matches nothing.
func (t *Tree[T]) Match(method, host, escapedPath string, vals *Values) (p *Pattern, v T, ok bool) {
	l := t.match(method, host, tail{escapedPath, spellingOf(escapedPath)}, vals)
	if l == nil {
		return nil, v, false
	}
	return l.p, t.vals[l.id], true
}

// MatchPlain is Match for a path that has nothing to unescape: the Path of a
// [net/url.URL] without a RawPath. It need not be clean; one that isn't matches
// nothing. That is found out on the way: most requests are matched without
// looking at their path a second time.
func (t *Tree[T]) MatchPlain(method, host, plainPath string, vals *Values) (v T, ok bool) {
	l := t.match(method, host, tail{plainPath, dubious}, vals)
	if l == nil {
		return v, false
	}
	return t.vals[l.id], true
}

// match asks the table of the host first, and sets the number of the values.
func (t *Tree[T]) match(method, host string, at tail, vals *Values) *leaf {
	vals.n = 0
	if at.text == "" || at.text[0] != '/' {
		return nil
	}
	var l *leaf
	if len(t.hosts) > 0 && host != "" {
		if tab := t.hosts[host]; tab != nil {
			l = tab.match(method, at, vals)
		}
	}
	if l == nil {
		l = t.every.match(method, at, vals)
	}
	if l != nil {
		vals.n = l.vars
	}
	return l
}

// match tries the methods from specific to general. What matches under an
// earlier one also has a path at least as specific: otherwise the patterns
// would be in conflict.
func (tab *table) match(method string, at tail, vals *Values) *leaf {
	if n := tab.find(method); n != nil && method != "" {
		if l := n.match(at, vals, 0); l != nil {
			return l
		}
	}
	if method == "HEAD" {
		if n := tab.find("GET"); n != nil {
			if l := n.match(at, vals, 0); l != nil {
				return l
			}
		}
	}
	if method == Socket {
		return nil
	}
	if n := tab.find(""); n != nil {
		return n.match(at, vals, 0)
	}
	return nil
}

// MatchSlash reports whether the path would match with its trailing slash
// removed, or added if it has none, and returns that tail. It is meant for
// redirecting a request that does not match as it is.
func (t *Tree[T]) MatchSlash(method, host, escapedPath string) (string, bool) {
	toggled, had := strings.CutSuffix(escapedPath, "/")
	if !had {
		toggled += "/"
	}
	var vals Values
	return toggled, t.match(method, host, tail{toggled, spellingOf(toggled)}, &vals) != nil
}

// Methods returns, sorted, the methods of all patterns that match but for the
// method, and HEAD wherever there is GET: what the header Allow lists. It omits
// [Socket], and knows nothing of patterns without a method, because where those
// match every method is allowed.
func (t *Tree[T]) Methods(host, escapedPath string) []string {
	var methods []string
	t.roots(host, escapedPath, func(r *root) {
		if r.method == "" || r.method == Socket || !r.node.matches(escapedPath) {
			return
		}
		methods = append(methods, r.method)
		if r.method == "GET" {
			methods = append(methods, "HEAD")
		}
	})
	slices.Sort(methods)
	return slices.Compact(methods)
}

// HasSocket reports whether a pattern with the method [Socket] matches.
func (t *Tree[T]) HasSocket(host, escapedPath string) bool {
	var vals Values
	return t.match(Socket, host, tail{escapedPath, spellingOf(escapedPath)}, &vals) != nil
}

// roots calls visit with the trees that a request to the host and path may
// match.
func (t *Tree[T]) roots(host, path string, visit func(*root)) {
	if path == "" || path[0] != '/' {
		return
	}
	tabs := []*table{&t.every}
	if tab := t.hosts[host]; tab != nil {
		tabs = append(tabs, tab)
	}
	for _, tab := range tabs {
		for i := range tab.roots {
			visit(&tab.roots[i])
		}
	}
}
