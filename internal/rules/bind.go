// Binding goes in two passes, because scalars take what the others leave.
//
// The first pass looks at each parameter alone and finds every class that its
// type falls in; exactly one must remain. Scalars are set aside. The second
// pass hands out the path variables: to the scalars that name one, then, in
// handlers, to the rest from left to right. The surprise is in between: a
// named scalar with a provider is a component, yet it takes part in a rehearsal
// of the second pass as if it had none, so that registering a provider can
// never move another parameter to a different variable.

package rules

import (
	"fmt"
	"slices"
)

// binder is the state of one call of [Bind].
type binder struct {
	sig Signature
	env Env
	res Result

	scalars  []int        // parameters for the second pass
	shadows  []shadow     // parameters that would be scalars without their class
	bodies   []body       // what reads the body or the message, in order
	explicit map[int]bool // variables that are taken other than by position
}

// shadow is a parameter that another class took from the scalars.
type shadow struct {
	param int
	by    string // "a provider, NewPage (main.go:3)" or "a method Extract"
	// component is true for a provided one, which could have been bound by
	// position too.
	component bool
}

// Bind decides where every parameter of one function comes from. It finds all
// faults, not the first only. A parameter without a source has the class
// Unknown, and a fault that is its own or, with the index -1, the function's.
//
// In the role Fields the only parameter is a class prototype, whose tagged
// fields are bound as those of a Params struct are.
func Bind(sig Signature, env Env) Result {
	b := &binder{sig: sig, env: env, explicit: make(map[int]bool)}
	b.res.Bindings = make([]Binding, len(sig.In))
	for i, t := range sig.In {
		b.res.Bindings[i] = Binding{Type: t, Value: t, Var: -1}
		b.parameter(i)
	}
	b.bindScalars()
	b.checkCrossed()
	b.checkBodies()
	b.checkValidation()
	b.claim()
	slices.SortStableFunc(b.res.Faults, func(x, y Fault) int { return x.Param - y.Param })
	return b.res
}

func (b *binder) fault(i int, format string, args ...any) {
	b.res.Faults = append(b.res.Faults, Fault{Param: i, Text: fmt.Sprintf(format, args...)})
}

// bind stores what parameter i is bound to.
func (b *binder) bind(i int, to Binding) {
	to.Type = b.sig.In[i]
	if to.Source != Path {
		to.Var = -1
	}
	if to.Text == "" {
		to.Text = to.text()
	}
	b.res.Bindings[i] = to
}

// parameter is the first pass for parameter i.
func (b *binder) parameter(i int) {
	t := b.sig.In[i]
	if b.env.Role == Fields {
		b.bindClass(i)
		return
	}
	if b.sig.Variadic && i == len(b.sig.In)-1 {
		b.fault(i, "the function is variadic, but a call has no list of %q to give: declare %s and take resolve.Query[%s], or drop the parameter",
			t.Elem(), declaration(t), example(t))
		return
	}
	if isAny(t) {
		b.fault(i, "%q says nothing about where it comes from: take the type that you need, "+
			"or resolve.Body[any] for a body of any form", "any")
		return
	}
	if f, ok := frameworkOf(t); ok {
		b.bindFramework(i, f)
		return
	}
	if name, inner, ok := wrapperOf(t); ok {
		b.bindWrapper(i, name, inner)
		return
	}
	b.classify(i)
}

// membership is one class that a type falls in, and why.
type membership struct {
	class Class
	why   string
}

// classify binds a parameter that is neither framework type nor wrapper.
func (b *binder) classify(i int) {
	t := b.sig.In[i]
	in := b.memberships(i)
	switch {
	case len(in) > 1:
		b.fault(i, "%q falls in two classes: %s, and %s; %s", t, in[0].why, in[1].why, apart(in[0].class, in[1].class, t))
		return
	case len(in) == 0 && b.nearExtractor(i):
		return
	case len(in) == 0 && IsScalar(t):
		b.scalars = append(b.scalars, i)
		return
	case len(in) == 0:
		b.noSource(i)
		return
	}
	switch in[0].class {
	case Extractor:
		b.bindExtractor(i)
	case Params:
		b.bindParams(i)
	case Component:
		b.bindComponent(i)
	case Message:
		b.bindMessage(i)
	}
}

// memberships lists the classes of parameter i. A scalar that extracts itself
// or has a provider is in two of them only if its variable is there, which the
// second pass decides.
func (b *binder) memberships(i int) []membership {
	t := b.sig.In[i]
	var in []membership
	if extracts(t) {
		in = append(in, membership{Extractor, "it has a method Extract"})
	}
	if l, tag, ok := paramsField(t); ok {
		in = append(in, membership{Params, fmt.Sprintf("its field %q is tagged %s", l.Name, tag.key)})
	}
	if by := b.env.provided(t); by != "" {
		in = append(in, membership{Component, "it has a provider, " + by})
	}
	if b.isDataParameter(i) {
		in = append(in, membership{Message, "as the last parameter it is the message"})
	}
	if len(in) == 1 && IsScalar(t) && (in[0].class == Params || in[0].class == Message) {
		in = append(in, membership{Scalar, "its method UnmarshalText makes it a scalar"})
	}
	return in
}

// apart is the remedy for a type in two classes.
func apart(one, two Class, t Type) string {
	switch {
	case one == Component && two == Message:
		return fmt.Sprintf("take the provided one before the last parameter, or the message as resolve.Message[%s]", code(t))
	case two == Message:
		return fmt.Sprintf("take it before the last parameter, or the message as resolve.Message[%s]", code(t))
	case one == Message:
		return fmt.Sprintf("say which by taking resolve.Message[%s] or resolve.Path[%s]", code(t), code(t))
	case two == Component && one == Params:
		return "drop the provider or the tags, or declare another type for one of them"
	case two == Component:
		return "drop the provider or the method"
	case one == Extractor:
		return "drop the method or the tags"
	}
	return "drop the tags, or keep the embedded value in a field with a name"
}

// claim lists what the function takes by name.
func (b *binder) claim() {
	for v := range b.env.Vars {
		if b.explicit[v] {
			b.res.Claims = append(b.res.Claims, Claim{Var: b.env.Vars[v].Name, By: b.env.Func})
		}
	}
	keeps := func(o body) bool { return o.use == Keeps }
	if i := slices.IndexFunc(b.bodies, func(o body) bool { return !keeps(o) }); i >= 0 {
		b.res.Claims = append(b.res.Claims, Claim{By: b.env.Func, Use: b.bodies[i].use})
	}
	if slices.ContainsFunc(b.bodies, keeps) {
		b.res.Claims = append(b.res.Claims, Claim{By: b.env.Func, Use: Keeps})
	}
}
