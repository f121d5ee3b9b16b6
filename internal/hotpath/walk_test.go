package hotpath

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/ssa"
)

// call is a call that the hot path should not make.
type call struct{ caller, callee string }

// walk is what can be reached from the roots.
type walk struct {
	from     map[*ssa.Function]*ssa.Function // who called, nil for a root
	offences map[call]*ssa.Function          // in which function
	stops    map[string]bool                 // the functions that were not entered
}

// rules say where a walk ends.
type rules struct {
	doors, stops map[string]string // with the reason
}

// walk goes through all functions of the module that the roots lead to.
func (p *program) walk(t *testing.T, roots []string, r rules) *walk {
	t.Helper()
	w := &walk{
		from: map[*ssa.Function]*ssa.Function{}, offences: map[call]*ssa.Function{}, stops: map[string]bool{},
	}
	var queue []*ssa.Function
	for _, name := range roots {
		fns := p.byName[name]
		require.NotEmpty(t, fns, "there is no %s any more", name)
		for _, fn := range fns {
			w.from[fn] = nil
			queue = append(queue, fn)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		fn := queue[0]
		fns, foreign := p.callees(fn)
		for _, m := range foreign {
			w.leave(fn, m.Pkg().Path(), plain(m.FullName()))
		}
		slices.SortStableFunc(fns, func(a, b *ssa.Function) int { return cmp.Compare(a.String(), b.String()) })
		for _, callee := range fns {
			if w.enter(fn, callee, r) {
				queue = append(queue, callee)
			}
		}
	}
	return w
}

// enter follows a call, and reports whether it leads to a function of the
// module that is to be gone through.
func (w *walk) enter(fn, callee *ssa.Function, r rules) bool {
	name := nameOf(callee)
	if !ours(packageOf(callee)) {
		w.leave(fn, packageOf(callee), name)
		return false
	}
	if _, seen := w.from[callee]; seen {
		return false
	}
	if _, ok := r.doors[name]; ok {
		w.offences[call{nameOf(fn), name}] = fn
		return false
	}
	if _, ok := r.stops[name]; ok || tellsError(callee) {
		w.stops[name] = true
		return false
	}
	w.from[callee] = fn
	return true
}

// tellsError reports whether a function makes the text of an error.
func tellsError(fn *ssa.Function) bool {
	return fn.Name() == "Error" && fn.Signature.Recv() != nil && fn.Signature.Params().Len() == 0
}

// leave notes a call out of the module.
func (w *walk) leave(fn *ssa.Function, pkg, callee string) {
	if slices.Contains(forbidden, pkg) {
		if c := (call{nameOf(fn), callee}); w.offences[c] == nil {
			w.offences[c] = fn
		}
	}
}

// path is how a function was reached, the root first.
func (w *walk) path(fn *ssa.Function) []string {
	var list []string
	for ; fn != nil; fn = w.from[fn] {
		if name := nameOf(fn); len(list) == 0 || list[len(list)-1] != name {
			list = append(list, name)
		}
	}
	slices.Reverse(list)
	return list
}
