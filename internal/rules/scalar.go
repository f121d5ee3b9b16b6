// Scalars take the path variables that are left: first those whose type names
// a variable, then, in handlers, the others from left to right. Positions are
// handed out only if the numbers are equal: with one too many or too few,
// any mapping would be a guess, and none is made.

package rules

import (
	"fmt"
	"slices"
)

// bindScalars is the second pass.
func (b *binder) bindScalars() {
	rest := b.byName()
	b.checkShadows()
	if b.env.Role != Handler {
		for _, i := range rest {
			b.nameless(i)
		}
		return
	}
	b.byPosition(rest)
}

// byName binds the scalars whose variable the pattern has, and returns those
// that are left for positions.
func (b *binder) byName() (rest []int) {
	takers := make(map[int][]int) // by variable
	for _, i := range b.scalars {
		v := b.varIndex(variable(b.sig.In[i]))
		_, only := b.sig.In[i].ParamName()
		switch {
		case v >= 0:
			takers[v] = append(takers[v], i)
		case only && b.env.Role == Handler:
			b.nameless(i) // never by position
		default:
			rest = append(rest, i)
		}
	}
	for v := range b.env.Vars {
		b.takeByName(v, takers[v])
	}
	return rest
}

// takeByName gives the variable v to the one scalar that names it.
func (b *binder) takeByName(v int, takers []int) {
	if len(takers) == 0 {
		return
	}
	b.explicit[v] = true
	if len(takers) > 1 {
		b.contested(v, takers)
		return
	}
	b.bindVar(takers[0], v, false)
}

// contested: two parameters name one variable.
func (b *binder) contested(v int, takers []int) {
	one, two := b.sig.In[takers[0]], b.sig.In[takers[1]]
	name := b.env.Vars[v].Name
	if one.Identical(two) {
		b.fault(-1, "parameters %s are all of type %q, which names the one variable {%s} of %q: declare a type for each",
			indexes(takers), one, name, b.env.Pattern)
		return
	}
	b.fault(-1, "parameters %s are of types %s, which all name the one variable {%s} of %q: rename a type, or say the source with resolve.Path or resolve.Query",
		indexes(takers), list(quoted(b.types(takers))), name, b.env.Pattern)
}

// bindVar binds parameter i to the variable v.
func (b *binder) bindVar(i, v int, position bool) {
	t := b.sig.In[i]
	if why := b.disagree(v, t); why != "" {
		b.fault(i, "%q takes %s", t, why)
		return
	}
	b.bind(i, Binding{Class: Scalar, Source: Path, Shape: ScalarShape, Value: t,
		Name: b.env.Vars[v].Name, Var: v, Position: position})
}

// checkShadows finds components and extractors whose type names a variable
// of this route.
func (b *binder) checkShadows() {
	for _, s := range b.shadows {
		t := b.sig.In[s.param]
		if v := b.varIndex(variable(t)); v >= 0 {
			b.explicit[v] = true
			b.tornBetween(s, []int{v})
		}
	}
}

// tornBetween: without its other class the parameter would be one of the
// variables.
func (b *binder) tornBetween(s shadow, vars []int) {
	t := b.sig.In[s.param]
	b.unbind(s.param)
	would := "would take the path variable"
	if len(vars) > 1 {
		would = "could take one of the path variables"
	}
	remedy := "declare another type for one of them"
	if b.env.Vars[vars[0]].Name == variable(t) {
		remedy = fmt.Sprintf("take resolve.Path[%s] for the variable, or %s", code(t), remedy)
	}
	b.fault(s.param, "%q falls in two classes: it %s %s of %q, and it has %s; %s",
		t, would, list(braces(b.freeNames(vars))), b.env.Pattern, s.by, remedy)
}

// unbind takes back what the first pass decided.
func (b *binder) unbind(i int) {
	t := b.sig.In[i]
	b.res.Bindings[i] = Binding{Type: t, Value: t, Var: -1}
}

// left lists the variables that nothing takes by name.
func (b *binder) left() []int {
	var free []int
	for v, of := range b.env.Vars {
		taken := slices.ContainsFunc(b.env.Taken, func(c Claim) bool { return c.Var == of.Name })
		if !taken && !b.explicit[v] {
			free = append(free, v)
		}
	}
	return free
}

// byPosition hands the variables that are left to the scalars that are left.
func (b *binder) byPosition(rest []int) {
	free := b.left()
	if b.rehearse(rest, free) || len(rest) == 0 {
		return
	}
	switch {
	case len(free) == 0:
		for _, i := range rest {
			b.noneLeft(i)
		}
	case len(free) != len(rest):
		b.unequal(rest, free)
	default:
		for n, i := range rest {
			b.bindVar(i, free[n], true)
		}
	}
}

// rehearse asks what the provided scalars would be without their providers. If
// enough of them could take a variable for every variable to be taken, these
// providers have come between the two.
func (b *binder) rehearse(rest, free []int) bool {
	var provided []shadow
	for _, s := range b.shadows {
		_, byNameOnly := b.sig.In[s.param].ParamName()
		if s.component && !byNameOnly && b.res.Bindings[s.param].Class == Component {
			provided = append(provided, s)
		}
	}
	switch short := len(free) - len(rest); {
	case short <= 0 || len(provided) < short:
		return false
	case len(provided) == short:
		b.torn(provided, rest, free)
		return true
	}
	for _, s := range provided { // which of them it would be cannot be told
		b.tornBetween(s, free)
	}
	return false
}

// torn: without their providers the components would fill up the positions.
// The other scalars keep the variables that they would have then.
func (b *binder) torn(provided []shadow, rest, free []int) {
	all := slices.Clone(rest)
	for _, s := range provided {
		all = append(all, s.param)
	}
	slices.Sort(all)
	for n, i := range all {
		at := slices.IndexFunc(provided, func(s shadow) bool { return s.param == i })
		if at < 0 {
			b.bindVar(i, free[n], true)
		} else {
			b.tornBetween(provided[at], free[n:n+1])
		}
	}
}

// noneLeft: parameter i is a scalar, and all variables are taken.
func (b *binder) noneLeft(i int) {
	t := b.sig.In[i]
	why := b.noVars()
	if len(b.env.Vars) > 0 {
		why = fmt.Sprintf("all variables of %q are taken%s", b.env.Pattern, b.takenBy())
	}
	b.fault(i, "%q finds no path variable, %s: %s%s", t, why, sayQuery(t), b.orProvide(t))
}

// orProvide adds the other remedy that a type of one's own has.
func (b *binder) orProvide(t Type) string {
	if !named(t) || isStd(t) {
		return ""
	}
	return ", or register a provider of it"
}

// takenBy names those that take variables elsewhere on the route.
func (b *binder) takenBy() string {
	var by []string
	for _, c := range b.env.Taken {
		if b.varIndex(c.Var) >= 0 && c.By != "" {
			by = append(by, fmt.Sprintf("{%s} by %s", c.Var, c.By))
		}
	}
	if len(by) == 0 {
		return ""
	}
	return " (" + list(by) + ")"
}

// unequal: any mapping of these would be a guess.
func (b *binder) unequal(rest, free []int) {
	remedy := "take the others with resolve.Path or path tags, or tell the route to ignore them"
	if len(rest) > len(free) {
		remedy = "let what is no path variable say its source, for example with " + sayExample(b.sig.In[rest[len(rest)-1]])
	}
	b.fault(-1, "%s by position, but %q leaves %s, and the numbers must be equal: %s",
		b.scalarsPhrase(rest), b.env.Pattern, list(braces(b.freeNames(free))), remedy)
}

func sayExample(t Type) string {
	if named(t) && !isStd(t) {
		return fmt.Sprintf("resolve.Query[%s]", code(t))
	}
	return fmt.Sprintf("%s and resolve.Query[%s]", declaration(t), example(t))
}

func (b *binder) scalarsPhrase(rest []int) string {
	types := list(quoted(b.types(rest)))
	if len(rest) == 1 {
		return fmt.Sprintf("parameter %s (%s) takes a path variable", indexes(rest), types)
	}
	return fmt.Sprintf("parameters %s (%s) take path variables", indexes(rest), types)
}

func (b *binder) freeNames(free []int) []string {
	names := make([]string, len(free))
	for n, v := range free {
		names[n] = b.env.Vars[v].Name
	}
	return names
}

func (b *binder) types(params []int) []Type {
	types := make([]Type, len(params))
	for n, i := range params {
		types[n] = b.sig.In[i]
	}
	return types
}

// indexes prints parameters: "0, 1 and 3".
func indexes(params []int) string {
	names := make([]string, len(params))
	for n, i := range params {
		names[n] = fmt.Sprint(i + 1)
	}
	return list(names)
}

// nameless: parameter i names no variable of the pattern, and could take one
// by name only.
func (b *binder) nameless(i int) {
	t := b.sig.In[i]
	only := b.env.Role.plural() + " bind by name only"
	if b.env.Role == Handler {
		only = "a type with ParamName binds by name only"
	}
	if name := variable(t); name != "" {
		b.fault(i, "%q stands for the path variable {%s}, but %s, and %s: %s%s%s",
			t, name, b.varsPhrase(), only, sayQuery(t), b.orProvide(t), b.didYouMean(name))
		return
	}
	b.fault(i, "%q names no path variable, and %s: %s", t, only, b.nameFor(t))
}

// nameFor is the remedy for a type without a name of its own: to declare one
// that is called like the first variable.
func (b *binder) nameFor(t Type) string {
	if isDuration(t) {
		return "take a struct with a field Timeout time.Duration that is tagged path:\"timeout\" or query:\"timeout\""
	}
	if len(b.env.Vars) == 0 {
		return sayQuery(t)
	}
	name := b.env.Vars[0].Name
	if camel(name) == "" {
		return fmt.Sprintf("take a struct with a field that is tagged path:%q", name)
	}
	return fmt.Sprintf("for {%s}, %s; for anything else, a wrapper such as resolve.Query", name, declare(camel(name), t))
}

// plural names those that play a role.
func (r Role) plural() string {
	switch r {
	case Hook:
		return "hooks"
	case Provider:
		return "providers"
	case Guard:
		return "guards"
	case Extract:
		return "Extract methods"
	}
	return "handlers"
}
