package inject

import (
	"reflect"
	"slices"
)

// ProviderInfo describes a provider of an assembly.
type ProviderInfo struct {
	// Type is what it provides, Func the function that makes it with its
	// position, "" for an existing value.
	Type, Func, Position string
	Lifetime             Lifetime
	// CleanUp says when the clean-up that the function returns runs, "" if it
	// returns none.
	CleanUp string
	// Needs are the indices of the providers that it needs.
	Needs []int
	// Used is true if something compiled needs it.
	Used bool
	// Replaced is true if another value takes its place.
	Replaced bool
}

// Providers describes the providers of all levels, those that others need
// before them, else in order of registration. It is for who wants to look at
// them, and finds out anew what each needs.
func (a *Assembly) Providers() []ProviderInfo {
	w := &order{a: a, place: map[*provider]int{}}
	a.root.all(func(p *provider) { w.visit(p) })
	return w.list
}

// order puts providers after what they need.
type order struct {
	a     *Assembly
	list  []ProviderInfo
	place map[*provider]int // -1 while its needs are looked at
}

func (w *order) visit(p *provider) int {
	if at, seen := w.place[p]; seen {
		return at
	}
	w.place[p] = -1
	info := ProviderInfo{Type: p.typ.String(), Lifetime: p.lifetime, Used: w.a.used[p], Replaced: w.a.replaced[p.typ] != nil}
	if p.fn != nil {
		info.Func, info.Position, info.CleanUp = p.fn.Name, p.fn.Position, p.cleanupPhrase()
		for _, need := range w.needs(p.level, p.fn.Params(), nil) {
			if at := w.visit(need); at >= 0 && !slices.Contains(info.Needs, at) {
				info.Needs = append(info.Needs, at)
			}
		}
	}
	w.place[p] = len(w.list)
	w.list = append(w.list, info)
	return w.place[p]
}

// cleanupPhrase says when the clean-up of a provider's value runs.
func (p *provider) cleanupPhrase() string {
	switch kind := p.shape.cleanup; {
	case kind == noCleanup:
		return ""
	case p.lifetime == Singleton:
		return "closed when the application stops"
	case kind == finisher || kind == finisherContext:
		return "finished before the answer"
	}
	return "released after the answer"
}

// needs finds the components that parameters hold: themselves, their fields, or
// what they are extracted from. It goes by types, as it is no binder's turn any
// more.
func (w *order) needs(level *Injector, params []reflect.Type, inside []reflect.Type) []*provider {
	var found []*provider
	for _, t := range params {
		if p := level.lookup(t); p != nil {
			found = append(found, p)
			continue
		}
		if t.Kind() != reflect.Struct || slices.Contains(inside, t) {
			continue
		}
		// The name is a literal, or the linker would keep all methods.
		if m, ok := reflect.PointerTo(t).MethodByName("Extract"); ok {
			found = append(found, w.needs(level, paramsOf(m.Type), append(inside, t))...)
			continue
		}
		for i := range t.NumField() {
			f := t.Field(i)
			_, tagged := f.Tag.Lookup("inject")
			if tagged || !f.IsExported() { // the latter is a wrapper's
				found = append(found, w.needs(level, []reflect.Type{f.Type}, append(inside, t))...)
			}
		}
	}
	return found
}

// paramsOf are the parameters of a method expression.
func paramsOf(t reflect.Type) []reflect.Type {
	var in []reflect.Type
	for i := 1; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	return in
}

// Program is the program that the plan is of.
func (p *Plan) Program() *Program { return p.program }
