package rules

import (
	"encoding"
	"reflect"
)

// Reflect returns t as the rules see it.
//
// The linker keeps every exported method of a program in which a loop over
// Type.Method(i), or MethodByName with a computed name, can be reached. So the
// one method that is looked up, Extract, is looked up by a literal, and all
// others are found through the interfaces that hold them.
func Reflect(t reflect.Type) Type { return reflected{t} }

// ReflectOf returns the reflect.Type that [Reflect] was called with, or nil if
// t is of another implementation.
func ReflectOf(t Type) reflect.Type {
	r, ok := t.(reflected)
	if !ok {
		return nil
	}
	return r.t
}

// SignatureOf returns the signature of the function type t.
func SignatureOf(t reflect.Type) Signature { return signature(t, 0) }

// signature leaves out the first skip parameters.
func signature(t reflect.Type, skip int) Signature {
	sig := Signature{Variadic: t.IsVariadic()}
	for i := skip; i < t.NumIn(); i++ {
		sig.In = append(sig.In, Reflect(t.In(i)))
	}
	for i := range t.NumOut() {
		sig.Out = append(sig.Out, Reflect(t.Out(i)))
	}
	return sig
}

// reflected is the implementation of [Type] for the running program.
type reflected struct{ t reflect.Type }

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	paramNamer      = reflect.TypeFor[interface{ ParamName() string }]()
	validator       = reflect.TypeFor[interface{ Validate() error }]()
)

func (r reflected) String() string     { return pretty(r.t.String()) }
func (r reflected) Name() string       { return r.t.Name() }
func (r reflected) PkgPath() string    { return r.t.PkgPath() }
func (r reflected) Kind() reflect.Kind { return r.t.Kind() }
func (r reflected) Elem() Type         { return Reflect(r.t.Elem()) }
func (r reflected) Len() int           { return r.t.Len() }
func (r reflected) NumField() int      { return r.t.NumField() }

func (r reflected) Field(i int) Field {
	f := r.t.Field(i)
	return Field{
		Name:     f.Name,
		Type:     Reflect(f.Type),
		Tag:      f.Tag,
		Embedded: f.Anonymous,
		Exported: f.IsExported(),
	}
}

func (r reflected) Identical(o Type) bool {
	other, ok := o.(reflected)
	return ok && r.t == other.t
}

func (r reflected) TextUnmarshaler() bool {
	return reflect.PointerTo(r.t).Implements(textUnmarshaler)
}

func (r reflected) Validate() bool {
	return reflect.PointerTo(r.t).Implements(validator) || r.t.Implements(validator)
}

// ParamName calls the method on a zero value: the name belongs to the type.
func (r reflected) ParamName() (name string, ok bool) {
	if !reflect.PointerTo(r.t).Implements(paramNamer) {
		return "", false
	}
	// A type that promotes the method from a nil pointer has none to call.
	defer func() {
		if recover() != nil {
			name, ok = "", false
		}
	}()
	return reflect.New(r.t).Interface().(interface{ ParamName() string }).ParamName(), true
}

func (r reflected) Extract() (Signature, bool) {
	m, ok := reflect.PointerTo(r.t).MethodByName("Extract")
	if !ok {
		return Signature{}, false
	}
	sig := signature(m.Type, 1)
	_, sig.ByValue = r.t.MethodByName("Extract")
	return sig, true
}

func (r reflected) Implements(i Type) bool {
	o, ok := i.(reflected)
	return ok && o.t.Kind() == reflect.Interface && r.t.Implements(o.t)
}
