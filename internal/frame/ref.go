package frame

import (
	"reflect"
	"unsafe"
)

// Ref is the address of a value whose type the holder knows: a slot of a
// frame, a field inside one, or memory from New.
type Ref struct{ p unsafe.Pointer }

// At views the value at r as a T. T must be the type of the value or have the
// same underlying type; for pointer-shaped values it may be unsafe.Pointer.
func At[T any](r Ref) *T { return (*T)(r.p) }

// RefOf returns the address that p holds.
func RefOf[T any](p *T) Ref { return Ref{unsafe.Pointer(p)} }

// New allocates a zero value of type t, which user code may keep.
func New(t reflect.Type) Ref { return Ref{reflect.New(t).UnsafePointer()} }

// Field returns the value at an offset inside the struct at r.
func (r Ref) Field(off uintptr) Ref { return Ref{unsafe.Add(r.p, off)} }

// Deref returns what the pointer stored at r points to.
func (r Ref) Deref() Ref { return Ref{*(*unsafe.Pointer)(r.p)} }

// Point stores the address to in the pointer at r.
func (r Ref) Point(to Ref) { *(*unsafe.Pointer)(r.p) = to.p }

// IsNil reports whether the reference, or the pointer-shaped value it stands
// for after Deref, is nil.
func (r Ref) IsNil() bool { return r.p == nil }

// Value is the value at r, of type t, addressable. It is for code that runs at
// build time and for the few things that only reflection can do.
func (r Ref) Value(t reflect.Type) reflect.Value { return reflect.NewAt(t, r.p).Elem() }

// Box returns the value at r, of type t, as an interface value. What does not
// fit a pointer is copied to the heap.
func (r Ref) Box(t reflect.Type) any { return reflect.NewAt(t, r.p).Elem().Interface() }

// Pointing returns a function that views the value at a Ref, of type t, as the
// interface I that *t implements. The interface holds the address itself: give
// it only memory from New, or code that does not keep it. It reports false if
// *t does not implement I.
func Pointing[I any](t reflect.Type) (func(Ref) I, bool) {
	proto, ok := reflect.Zero(reflect.PointerTo(t)).Interface().(I)
	if !ok {
		return nil, false
	}
	return func(r Ref) I {
		v := proto
		// An interface is two words, type and data; a pointer is stored in the
		// data word itself.
		(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = r.p
		return v
	}, true
}

// Identity returns the address of the closure behind a function value: equal
// for two uses of one declared function, different for two closures made from
// one literal that captured variables.
func Identity(fn reflect.Value) uintptr {
	v := fn.Interface()
	return uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1])
}

// RefTo returns the address held by v, which is a pointer.
func RefTo(v reflect.Value) Ref { return Ref{v.UnsafePointer()} }
