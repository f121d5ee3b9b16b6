package rules

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// distance is the number of letters to insert, drop or replace (or to swap
// with their neighbour, the commonest slip) to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// closest returns the name most like the wanted one, or "" if none is within
// a third of its letters. Of equals the first in the alphabet is taken.
func closest(wanted string, names []string) string {
	best, limit := "", max(1, len([]rune(wanted))/3)
	for _, name := range slices.Sorted(slices.Values(names)) {
		d := distance(strings.ToLower(wanted), strings.ToLower(name))
		if name != wanted && d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

// didYouMean asks for the closest of the variables, or says nothing.
func (b *binder) didYouMean(wanted string) string {
	name := closest(wanted, b.varNames())
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean {%s}?", name)
}

// known lists the provided types in the order of their names.
func (e *Env) known() []Type {
	if e.Known == nil {
		return nil
	}
	types := slices.Clone(e.Known())
	slices.SortStableFunc(types, func(a, b Type) int { return cmp.Compare(a.String(), b.String()) })
	return types
}

// provided is the description of the provider of exactly t, or "".
func (e *Env) provided(t Type) string {
	if e.Provided == nil {
		return ""
	}
	return e.Provided(t)
}

// implementors lists the provided types that implement the interface i.
func (e *Env) implementors(i Type) []Type {
	return slices.DeleteFunc(e.known(), func(t Type) bool {
		return t.Identical(i) || !t.Implements(i)
	})
}

// pointerTwin is the provided type that differs from t by a pointer only.
func (e *Env) pointerTwin(t Type) Type {
	for _, k := range e.known() {
		if pointsTo(k, t) || pointsTo(t, k) {
			return k
		}
	}
	return nil
}

// lookalike is the provided type that t may be a slip for: one of the same
// name from another package, or one that is spelled almost the same.
func (e *Env) lookalike(t Type) Type {
	names := make([]string, 0, len(e.known()))
	for _, k := range e.known() {
		if base(k) != "" && base(k) == base(t) && !k.Identical(t) {
			return k
		}
		names = append(names, base(k))
	}
	name := closest(base(t), names)
	i := slices.Index(names, name)
	if i < 0 {
		return nil
	}
	return e.known()[i]
}

// base is the bare name of a type or of what it points to.
func base(t Type) string {
	if t.Name() == "" && pointer(t) {
		return bare(t.Elem())
	}
	return bare(t)
}

// argument is a name for a parameter of type t in code that a remedy shows.
func argument(t Type) string {
	words := strings.Split(Snake(base(t)), "_")
	name := words[len(words)-1]
	if !token.IsIdentifier(name) {
		return "v"
	}
	return name
}

// list joins quoted names for a sentence: "a", "b" and "c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// quoted prints types for a sentence.
func quoted(types []Type) []string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = fmt.Sprintf("%q", t)
	}
	return names
}
