package rules

import "reflect"

// Type is what the rules need to know of a Go type. Two implementations exist:
// reflect's in this package, and go/types' in the vet analyzer.
type Type interface {
	// String is the type as messages print it: "*main.DB", "[]int".
	String() string
	// Name is the bare name, "" for unnamed types; a generic type's name
	// carries its arguments, as reflect prints them.
	Name() string
	// PkgPath is the import path of a named type, "" for predeclared and
	// unnamed ones.
	PkgPath() string
	// Kind is the kind of the underlying type.
	Kind() reflect.Kind
	// Elem is the element of a pointer, slice, array, map or channel.
	Elem() Type
	// Len is the length of an array.
	Len() int
	// NumField and Field list the fields of a struct.
	NumField() int
	Field(i int) Field
	// Identical reports whether both are the same type.
	Identical(Type) bool
	// TextUnmarshaler reports whether *T implements encoding.TextUnmarshaler.
	TextUnmarshaler() bool
	// ParamName is the result of the method ParamName() string of T, if any.
	ParamName() (name string, ok bool)
	// Extract is the method Extract of *T (the receiver is not among its
	// parameters), if there is one of any signature.
	Extract() (Signature, bool)
	// Validate reports whether T or *T has a method Validate() error.
	Validate() bool
	// Implements reports whether the type implements the interface type i,
	// for suggestions.
	Implements(i Type) bool
}

// Field is a field of a struct type.
type Field struct {
	Name     string
	Type     Type
	Tag      reflect.StructTag
	Embedded bool
	Exported bool
}

// Signature is the type of a function.
type Signature struct {
	In, Out  []Type
	Variadic bool
	// ByValue is true for a method whose receiver is T itself: what such an
	// Extract fills is a copy.
	ByValue bool
}
