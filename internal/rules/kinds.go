package rules

import (
	"reflect"
	"slices"
)

// The module's own packages, whose types are known by name: this package
// imports nothing but the standard library.
const (
	resolvePath = "github.com/gofogo/fogo/resolve"
	wsPath      = "github.com/gofogo/fogo/ws"
)

// named reports whether t is declared in a package.
func named(t Type) bool { return t.Name() != "" && t.PkgPath() != "" }

// predeclared reports whether t is int, string, error and so on.
func predeclared(t Type) bool { return t.Name() != "" && t.PkgPath() == "" }

// isAny reports whether t is the empty interface, however it is printed.
func isAny(t Type) bool {
	if t.Kind() != reflect.Interface || named(t) {
		return false
	}
	return slices.Contains([]string{"any", "interface {}", "interface{}"}, t.String())
}

// isStd reports whether t is declared in the standard library.
func isStd(t Type) bool {
	_, found := slices.BinarySearch(stdPackages, t.PkgPath())
	return found
}

// IsScalar reports whether values of type t are read from one text: basic
// kinds, named types over them, and value types that implement
// encoding.TextUnmarshaler. Pointers never are, nor is []byte.
func IsScalar(t Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return false
	}
	return basic(t.Kind()) || t.TextUnmarshaler()
}

// basic leaves out the complex kinds and uintptr: no request holds them.
func basic(k reflect.Kind) bool {
	return k == reflect.Bool || k == reflect.String || integer(k) ||
		k == reflect.Float32 || k == reflect.Float64
}

// isDuration reports whether t is time.Duration, which is written "1m30s". A
// type declared over it is a plain integer.
func isDuration(t Type) bool { return key(t) == "time.Duration" }

func integer(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Int64 || k >= reflect.Uint && k <= reflect.Uint64
}

// isScalars reports whether t is a slice of scalars. A []byte is none: it
// would take one number from each text.
func isScalars(t Type) bool {
	return t.Kind() == reflect.Slice && !t.TextUnmarshaler() &&
		IsScalar(t.Elem()) && !isBytes(t)
}

func isBytes(t Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && predeclared(t.Elem())
}

// decodable reports whether a codec can make values of type t at all.
func decodable(t Type) bool {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return false
	}
	return true
}

// structBehind is t, or what t points to, if that is a struct.
func structBehind(t Type) (s Type, pointer, ok bool) {
	if t.Kind() == reflect.Pointer {
		t, pointer = t.Elem(), true
	}
	return t, pointer, t.Kind() == reflect.Struct
}

func contains(types []Type, t Type) bool {
	return slices.ContainsFunc(types, t.Identical)
}

func pointer(t Type) bool { return t.Kind() == reflect.Pointer }

// pointsTo reports whether p is *t.
func pointsTo(p, t Type) bool {
	return pointer(p) && !named(p) && p.Elem().Identical(t)
}
