package resolve

import (
	"fmt"
	"slices"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/rules"
)

// takenVars are the variables that are not left for positions. Claims of the
// body are counted over the whole route, see bodyFaults.
func (b *Binder) takenVars() []rules.Claim {
	var taken []rules.Claim
	for _, c := range b.taken {
		if c.Var != "" {
			taken = append(taken, c)
		}
	}
	for _, name := range b.spec.Ignore {
		taken = append(taken, rules.Claim{Var: name, By: "the route option that ignores it"})
	}
	return taken
}

// Reached implements inject.Binder: it learns what the providers, guards and
// hooks of the route take by name, which the positions in its handler skip.
func (b *Binder) Reached(now, before []*inject.Function, uses func(*inject.Function) []*inject.Function) {
	b.now, b.before, b.uses = now, before, uses
	b.taken = b.claims(now)
	old := b.claims(before)
	for _, c := range b.taken {
		if !hasVar(old, c.Var) {
			b.moved = append(b.moved, c)
		}
	}
	for _, c := range old {
		if !hasVar(b.taken, c.Var) {
			b.taken = append(b.taken, c)
		}
	}
}

func (b *Binder) claims(fns []*inject.Function) []rules.Claim {
	var claims []rules.Claim
	for _, res := range b.classes {
		claims = append(claims, res.Claims...)
	}
	for _, f := range fns {
		if f.Role == inject.RoleHandler || f.Role == inject.RoleExtract {
			continue // what an Extract method takes, its parameter's taker claims
		}
		claims = append(claims, b.results[f].Claims...)
	}
	return claims
}

func hasVar(claims []rules.Claim, name string) bool {
	return slices.ContainsFunc(claims, func(c rules.Claim) bool { return c.Var == name })
}

// Done implements inject.Binder.
func (b *Binder) Done() []string {
	var faults []string
	faults = append(faults, b.movedFaults()...)
	faults = append(faults, b.bodyFaults()...)
	faults = append(faults, b.messageFaults()...)
	if !b.spec.Shared {
		faults = append(faults, Unused(b)...)
	}
	return faults
}

// movedFaults refuses an override that would change which variables a handler
// takes by position.
func (b *Binder) movedFaults() []string {
	positional := slices.ContainsFunc(b.now, func(f *inject.Function) bool {
		return slices.ContainsFunc(b.results[f].Bindings, func(rb rules.Binding) bool { return rb.Position })
	})
	if !positional {
		return nil
	}
	var faults []string
	for _, c := range b.moved {
		if c.Var != "" {
			faults = append(faults, fmt.Sprintf("%s takes {%s} by name, which the provider it overrides does not: "+
				"the handler's parameters that bind by position would move; take them by name, with named types or resolve.Path", c.By, c.Var))
		}
	}
	return faults
}

// bodyFaults refuses a second reader of one body, and one who keeps the bytes of
// a body that is read as it arrives.
func (b *Binder) bodyFaults() []string {
	if b.spec.Socket {
		return nil
	}
	by := map[rules.BodyUse][]string{}
	for _, res := range b.classes {
		bodyClaims(by, res)
	}
	for _, f := range b.now {
		if f.Role != inject.RoleExtract { // claimed by whoever takes the type
			bodyClaims(by, b.results[f])
		}
	}
	readers := slices.Concat(by[rules.Decodes], by[rules.Streams])
	switch keeps, streams := by[rules.Keeps], by[rules.Streams]; {
	case len(readers) > 1:
		return []string{fmt.Sprintf("the body is decoded %d times, by %s; decode it in one place and provide the result", len(readers), join2(readers))}
	case len(streams) > 0 && len(keeps) > 0 && !slices.Equal(streams, keeps):
		return []string{fmt.Sprintf("the body is read as it arrives, by %s, so that there are no bytes of it for %s; drop one of the two",
			streams[0], join2(keeps))}
	}
	return nil
}

// bodyClaims adds what a function does with the body.
func bodyClaims(by map[rules.BodyUse][]string, res rules.Result) {
	for _, c := range res.Claims {
		if c.Var == "" {
			by[c.Use] = append(by[c.Use], c.By)
		}
	}
}

// messageFaults refuses a provider that takes the message where there is none.
func (b *Binder) messageFaults() []string {
	if !b.spec.Socket {
		return nil
	}
	var faults []string
	for _, f := range b.now {
		if f.Role == inject.RoleProvider || f.Role == inject.RoleExtract || b.takesMessage(f) {
			continue
		}
		for _, p := range b.uses(f) {
			if p != f && b.takesMessage(p) {
				faults = append(faults, fmt.Sprintf("%s takes the message, but %s, which needs it, does not: "+
					"a provider may take the message for functions only that take it themselves", p, f))
			}
		}
	}
	return faults
}

func (b *Binder) takesMessage(f *inject.Function) bool { return hasVar(b.results[f].Claims, "") }

// Unused returns a fault for each variable that no function of the given
// binders' routes takes. They are those of one pattern: a class has one for
// each of its methods.
func Unused(bs ...*Binder) []string {
	if len(bs) == 0 {
		return nil
	}
	var all []rules.Result
	for _, b := range bs {
		// What an override replaces stays the taker of its variables.
		for _, f := range slices.Concat(b.now, b.before) {
			all = append(all, b.results[f])
		}
		for _, res := range b.classes {
			all = append(all, res)
		}
	}
	first := bs[0]
	var faults []string
	for _, name := range rules.Unused(first.vars, first.spec.Ignore, all...) {
		faults = append(faults, rules.UnusedText(first.pattern, name))
	}
	return faults
}

func join2(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	s := words[0]
	for _, w := range words[1 : len(words)-1] {
		s += ", " + w
	}
	return s + " and " + words[len(words)-1]
}
