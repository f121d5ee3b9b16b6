package inject

import (
	"reflect"
	"slices"
	"strings"
)

// Injector is one level of providers: an application's, or that of a group of
// its routes. A level sees its own providers and those of the levels around
// it; the inner one wins.
//
// Registration is not safe for concurrent use and ends with the first
// [Assembly] made from the level.
type Injector struct {
	parent    *Injector
	providers map[reflect.Type]*provider
	order     []*provider // as registered
	reject    func(reflect.Type) string
	frozen    bool
	children  []*Injector
}

// New returns an empty level with nothing around it.
func New() *Injector {
	return &Injector{providers: map[reflect.Type]*provider{}}
}

// Child returns an empty level inside in. Providers registered there add to
// those of in, or override them, for the routes of the child.
func (in *Injector) Child() *Injector {
	c := New()
	c.parent, c.reject, c.frozen = in, in.reject, in.frozen
	in.children = append(in.children, c)
	return c
}

// Reject sets a function that says why values of a type cannot be provided, ""
// if they can. It holds for this level and the children made after it.
func (in *Injector) Reject(why func(reflect.Type) string) { in.reject = why }

// Provide registers a constructor: func(deps…) T, (T, error), and with a
// clean-up in between (T, func(), error) or (T, func(error) error, error), the
// error being optional. Its parameters are injected.
//
// A func() is a release: it runs after the answer was sent. A func(error)
// error is a finisher: it runs before the first byte of the answer, is given
// the handler's error, and the error it returns takes that one's place. Either
// may take a context.Context first, which has a deadline and the call's values
// but not its cancellation.
//
// The error tells what is wrong with the constructor, or names the provider of
// the same type that the level already has.
func (in *Injector) Provide(lt Lifetime, constructor any) error {
	p, err := newProvider(lt, constructor)
	if err != nil {
		return err
	}
	return in.add(p)
}

// Value registers an existing value under its own type. It lives as long as
// the application and is not closed by it. A value is always of a concrete
// type: to provide an interface, use [ValueOf].
func (in *Injector) Value(v any) error {
	if v == nil {
		return faultf("nil has no type to be provided under; for an interface type use inject.ValueOf")
	}
	return in.value(reflect.ValueOf(v))
}

// ValueOf registers v under the type T, which may be an interface.
func ValueOf[T any](in *Injector, v T) error {
	return in.value(reflect.ValueOf(&v).Elem())
}

func (in *Injector) value(v reflect.Value) error {
	return in.add(&provider{typ: v.Type(), lifetime: Singleton, value: v})
}

func (in *Injector) add(p *provider) error {
	if in.frozen {
		return faultf("%s comes too late: the application is built and its providers are fixed", p)
	}
	if why := in.unprovidable(p.typ); why != "" {
		return faultf("%s cannot provide %s: %s", p, p.typ, why)
	}
	if old := in.providers[p.typ]; old != nil {
		return faultf("%s is provided twice, by %s and by %s; tell two values of one type apart by named types", p.typ, old, p)
	}
	if old := in.root().registered(p); old != nil {
		return faultf("%s is registered twice, as %s and as %s; register it once, on the outer level", p, old.lifetime, p.lifetime)
	}
	p.level = in
	in.providers[p.typ] = p
	in.order = append(in.order, p)
	return nil
}

func (in *Injector) unprovidable(t reflect.Type) string {
	switch {
	case t == contextType || t == loggerType:
		return "it is the framework's own"
	case t.PkgPath() == "" && t.Name() != "":
		return "it is predeclared, so a parameter of it says nothing about its source; declare a named type"
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return "every value is one; declare an interface with methods or a named type"
	case in.reject != nil:
		return in.reject(t)
	}
	return ""
}

// registered finds the same constructor on this level or one inside it.
func (in *Injector) registered(p *provider) *provider {
	id := p.identity()
	if id == 0 {
		return nil
	}
	for _, old := range in.order {
		if old.identity() == id && old.fn.Type() == p.fn.Type() {
			return old
		}
	}
	for _, c := range in.children {
		if old := c.registered(p); old != nil {
			return old
		}
	}
	return nil
}

func (in *Injector) root() *Injector {
	for in.parent != nil {
		in = in.parent
	}
	return in
}

// lookup finds the provider of exactly t that the level sees.
func (in *Injector) lookup(t reflect.Type) *provider {
	for l := in; l != nil; l = l.parent {
		if p := l.providers[t]; p != nil {
			return p
		}
	}
	return nil
}

// outermost finds the provider of t that the others of its type override.
func (in *Injector) outermost(t reflect.Type) *provider {
	var found *provider
	for l := in; l != nil; l = l.parent {
		if p := l.providers[t]; p != nil {
			found = p
		}
	}
	return found
}

// known lists the types that the level sees, by name.
func (in *Injector) known() []reflect.Type {
	seen := map[reflect.Type]bool{}
	var types []reflect.Type
	for l := in; l != nil; l = l.parent {
		for _, p := range l.order {
			if !seen[p.typ] {
				seen[p.typ] = true
				types = append(types, p.typ)
			}
		}
	}
	slices.SortFunc(types, func(a, b reflect.Type) int { return strings.Compare(a.String(), b.String()) })
	return types
}

func (in *Injector) freeze() {
	in.frozen = true
	for _, c := range in.children {
		c.freeze()
	}
}

// all calls yield for every provider of the level and those inside it, in
// order of registration.
func (in *Injector) all(yield func(*provider)) {
	for _, p := range in.order {
		yield(p)
	}
	for _, c := range in.children {
		c.all(yield)
	}
}
