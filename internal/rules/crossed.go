package rules

import "strings"

// checkCrossed finds scalars that took each other's variables by position, as
// (n int, id UserID) on "/{id}/{n}" does: {id} is the last word of user_id,
// and of no other type's name, yet UserID took {n}. Those that took their
// variable by name are where they belong.
func (b *binder) checkCrossed() {
	said := make(map[int]bool)
	for v := range b.env.Vars {
		taker := b.positional(func(t *Binding) bool { return t.Var == v })
		matching := b.positional(func(t *Binding) bool { return b.matches(t.Type, v) })
		if len(taker) != 1 || len(matching) != 1 || taker[0] == matching[0] || said[taker[0]] {
			continue
		}
		said[matching[0]] = true // two that took each other's are one fault
		is, should := b.res.Bindings[taker[0]], b.res.Bindings[matching[0]]
		b.fault(matching[0], "crossed: parameter %d (%q) takes {%s} and parameter %d (%q) takes {%s}, but by its name %q is {%s}: swap the parameters, or take both in a struct with path tags",
			taker[0]+1, is.Type, is.Name, matching[0]+1, should.Type, should.Name, should.Type, is.Name)
	}
}

// positional lists the parameters that took a variable by position.
func (b *binder) positional(like func(*Binding) bool) []int {
	var params []int
	for i := range b.res.Bindings {
		if t := &b.res.Bindings[i]; t.Position && like(t) {
			params = append(params, i)
		}
	}
	return params
}

// matches reports whether the variable v is called as the named type t, or as
// the last word of its name.
func (b *binder) matches(t Type, v int) bool {
	if !named(t) {
		return false
	}
	name := Snake(bare(t))
	return name == b.env.Vars[v].Name || strings.HasSuffix(name, "_"+b.env.Vars[v].Name)
}
