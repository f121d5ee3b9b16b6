package rules

import (
	"fmt"
	"slices"
	"strings"
)

// extracts reports whether t is a value type that extracts itself.
func extracts(t Type) bool {
	sig, ok := extractOf(t)
	return ok && badExtract(sig) == ""
}

// extractOf is the method Extract of *t; a pointer or an interface has none of
// this meaning.
func extractOf(t Type) (Signature, bool) {
	if !named(t) || pointer(t) || isWrapper(t) {
		return Signature{}, false
	}
	return t.Extract()
}

// badExtract says why a method Extract does not make a type an extractor.
func badExtract(sig Signature) string {
	switch {
	case sig.ByValue:
		return "has the value as its receiver and so would fill a copy"
	case sig.Variadic:
		return "is variadic"
	case len(sig.Out) != 1 || !isError(sig.Out[0]):
		return fmt.Sprintf("returns (%s), not just error", strings.Join(typeNames(sig.Out), ", "))
	}
	return ""
}

func isError(t Type) bool { return predeclared(t) && t.Name() == "error" }

func typeNames(types []Type) []string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return names
}

// nearExtractor diagnoses a method Extract that misses the form, and reports
// whether there is one.
func (b *binder) nearExtractor(i int) bool {
	t := b.sig.In[i]
	sig, ok := extractOf(t)
	if !ok || badExtract(sig) == "" {
		return false
	}
	remedy := fmt.Sprintf("declare func (x *%s) Extract(…) error", bare(t))
	if IsScalar(t) {
		remedy += fmt.Sprintf(", or say the source with a wrapper such as resolve.Path[%s]", code(t))
	}
	b.fault(i, "%q does not extract itself: its method Extract %s; %s", t, badExtract(sig), remedy)
	return true
}

// bindExtractor binds parameter i to its own method, whose parameters count as
// parameters of this function: for variables by name, and for the body.
func (b *binder) bindExtractor(i int) {
	t := b.sig.In[i]
	if b.env.Singleton {
		b.fault(i, "%q reads a request, but a Singleton is made before the first one: provide it inject.PerCall", t)
		return
	}
	if circle := circleOf(t, nil); circle != nil {
		b.fault(i, "%q cannot extract itself, because that needs itself (%s): take something else in one of these methods",
			t, strings.Join(typeNames(circle), " needs "))
		return
	}
	sig, _ := extractOf(t)
	env := b.env
	env.Role, env.Func = Extract, t.String()+".Extract"
	nested := Bind(sig, env)
	b.bind(i, Binding{Class: Extractor, Value: t, Nested: &nested})
	for _, c := range nested.Claims {
		if c.Var == "" {
			b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", env.Func), use: c.Use, nested: true})
		} else {
			b.explicit[b.varIndex(c.Var)] = true
		}
	}
	if IsScalar(t) {
		b.shadows = append(b.shadows, shadow{param: i, by: "a method Extract"})
	}
}

// circleOf is the way from t through methods Extract to a type on it, or nil.
func circleOf(t Type, way []Type) []Type {
	if at := slices.IndexFunc(way, t.Identical); at >= 0 {
		return append(slices.Clone(way[at:]), t)
	}
	sig, ok := extractOf(t)
	if !ok || badExtract(sig) != "" {
		return nil
	}
	for _, in := range sig.In {
		if circle := circleOf(in, append(slices.Clone(way), t)); circle != nil {
			return circle
		}
	}
	return nil
}
