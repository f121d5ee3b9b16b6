package endpoint

import (
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/resolve"
)

// form is how values of one type are sent: decided from the type when a view is
// compiled, and applied to a value where it lies.
type form struct {
	typ  reflect.Type
	kind formKind
	// value takes the value out of its memory, for encoders that may keep it.
	value func(frame.Ref) any
	// view gives the memory itself to an encoder that keeps nothing; nil if
	// the type's own code would see the address.
	view func(frame.Ref) any
}

type formKind uint8

const (
	encoded   formKind = iota // by a codec
	plainText                 // a string
	plainData                 // a []byte
)

func formOf(t reflect.Type) form {
	switch {
	case isText(t):
		return form{typ: t, kind: plainText}
	case isBytes(t):
		return form{typ: t, kind: plainData}
	}
	return form{typ: t, value: valueOf(t), view: viewOf(t)}
}

// of is the value at a place as a codec takes it.
func (f *form) of(at frame.Ref, codec resolve.Codec) any {
	if f.view != nil && resolve.KeepsNothing(codec) {
		return f.view(at)
	}
	return f.value(at)
}

// valueOf returns a function that takes the value to encode, of type t, out of
// its slot. Types whose address may matter to their encoding, because they or
// their fields have methods on the pointer, are encoded by a pointer to a copy;
// a nil slice is an empty list, not null.
func valueOf(t reflect.Type) func(frame.Ref) any {
	switch {
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Array, byPointer(t):
		set := frame.CopyOf(t)
		return func(at frame.Ref) any {
			p := reflect.New(t)
			set(frame.RefTo(p), at)
			return p.Interface()
		}
	case t.Kind() == reflect.Slice && !marshals(t):
		empty := reflect.MakeSlice(t, 0, 0).Interface()
		return func(at frame.Ref) any {
			if v := at.Value(t); !v.IsNil() {
				return v.Interface()
			}
			return empty
		}
	}
	return func(at frame.Ref) any { return at.Box(t) }
}

// viewOf returns a function that gives a struct or array to an encoder where it
// lies, without a copy. It returns nil for types whose own code would see the
// address: those that are, or hold in the same memory, something that encodes
// itself by pointer.
func viewOf(t reflect.Type) func(frame.Ref) any {
	if k := t.Kind(); k != reflect.Struct && k != reflect.Array || seesAddress(t) {
		return nil
	}
	view, _ := frame.Pointing[any](t)
	return view
}

func seesAddress(t reflect.Type) bool {
	if byPointer(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return seesAddress(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if seesAddress(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
