package inject

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/graph"
)

// survey walks everything that the program's functions need, before any of it
// is compiled: it tells the binder which functions will run, and finds cycles.
// It reports whether compiling can go on.
func (c *compiler) survey() bool {
	now := &walk{c: c, lookup: c.a.lookup, index: map[*Function]int{}}
	for _, call := range c.spec.Calls {
		for _, fn := range call.functions() {
			now.visit(fn, c.spec.Level)
		}
	}
	before := now.fns
	if c.overrides() {
		// An override keeps what it replaces answerable for its claims: see
		// the walk with the outermost providers.
		w := &walk{c: c, lookup: outermost, index: map[*Function]int{}}
		for _, call := range c.spec.Calls {
			for _, fn := range call.functions() {
				w.visit(fn, c.spec.Level)
			}
		}
		before = w.fns
	}
	c.spec.Binder.Reached(now.fns, before, now.reachable)
	return !c.cycles(now)
}

// overrides reports whether any provider that the level sees hides another.
func (c *compiler) overrides() bool {
	if len(c.a.replaced) > 0 {
		return true
	}
	for l := c.spec.Level; l != nil && l.parent != nil; l = l.parent {
		for t := range l.providers {
			if l.parent.lookup(t) != nil {
				return true
			}
		}
	}
	return false
}

// walk collects functions and the edges between them.
type walk struct {
	c      *compiler
	lookup lookup
	fns    []*Function
	index  map[*Function]int
	edges  graph.Adjacency
}

func (w *walk) visit(fn *Function, level *Injector) int {
	if i, seen := w.index[fn]; seen {
		return i
	}
	i := len(w.fns)
	w.index[fn] = i
	w.fns = append(w.fns, fn)
	w.edges = append(w.edges, nil)
	binder := w.c.spec.Binder
	if fn.Lifetime == Singleton {
		binder = w.c.a.opts.Neutral
	}
	bs, _ := binder.Bind(fn, view{w.c.a, level})
	if fn.Receiver {
		receiver, _ := binder.BindReceiver(fn, view{w.c.a, level})
		bs = append(bs, receiver)
	}
	for _, b := range bs {
		w.needs(i, b, level)
	}
	return i
}

func (w *walk) needs(i int, b Binding, level *Injector) {
	if b.Extract != nil {
		w.edge(i, b.Extract, level)
	}
	for _, part := range b.Parts {
		p := w.lookup(level, part.Type)
		if p == nil || p.fn == nil {
			continue
		}
		at := level
		if p.lifetime == Singleton {
			if w.c.a.singletons[p] != nil {
				continue // surveyed with an earlier program
			}
			at = p.level
		}
		w.edge(i, p.fn, at)
	}
}

func (w *walk) edge(from int, to *Function, level *Injector) {
	n := w.visit(to, level)
	w.edges[from] = append(w.edges[from], n)
}

// reachable lists fn and everything that calling it leads to.
func (w *walk) reachable(fn *Function) []*Function {
	var fns []*Function
	seen := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		fns = append(fns, w.fns[i])
		for _, to := range w.edges[i] {
			visit(to)
		}
	}
	visit(w.index[fn])
	return fns
}

// cycles reports the cycles among the functions walked.
func (c *compiler) cycles(w *walk) bool {
	found := graph.Cycles(w.edges)
	for _, cycle := range found {
		cycle = w.canonical(cycle)
		var lines []string
		for i, n := range cycle {
			verb := "    "
			if i > 0 {
				verb = "  needs "
			}
			lines = append(lines, verb+describe(w.fns[n]))
		}
		p := &Problem{
			Route:  c.spec.Route,
			Func:   w.fns[cycle[0]].String(),
			Faults: []string{"providers need each other in a cycle; break it by splitting one of them:\n" + strings.Join(lines, "\n")},
		}
		c.report(p, w.fns[cycle[0]])
	}
	return len(found) > 0
}

// canonical turns a cycle so that it begins with the first of its functions in
// the alphabet: routes that enter it at different places find the same one.
func (w *walk) canonical(cycle []int) []int {
	ring := cycle[:len(cycle)-1] // the first is repeated at the end
	first := slices.IndexFunc(ring, func(n int) bool {
		return !slices.ContainsFunc(ring, func(m int) bool { return describe(w.fns[m]) < describe(w.fns[n]) })
	})
	turned := slices.Concat(ring[first:], ring[:first])
	return append(turned, turned[0])
}

func describe(fn *Function) string {
	if fn.Role != RoleProvider {
		return fn.String()
	}
	return fmt.Sprintf("%s of %s", fn.Type().Out(0), fn)
}

// lookup finds the provider of a type for a consumer on a level.
type lookup func(*Injector, reflect.Type) *provider

func outermost(in *Injector, t reflect.Type) *provider { return in.outermost(t) }
