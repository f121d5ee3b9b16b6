package inject

import (
	"reflect"

	"github.com/gofogo/fogo/internal/funcinfo"
)

// Role is the part that a function plays. A [Binder] may bind the same type
// differently in different roles.
type Role uint8

// The roles of functions.
const (
	RoleHandler Role = iota
	RoleHook
	RoleGuard
	RoleProvider
	RoleExtract
)

// Function is a function that plans call.
type Function struct {
	// Name is how messages call it: "main.getUser".
	Name string
	// Position is "file.go:12", or "" where it isn't known.
	Position string
	Role     Role
	// Lifetime is that of the value a provider makes; 0 for other roles.
	Lifetime Lifetime
	// Receiver is true if the first parameter is the receiver of a method
	// expression, a pointer. It is bound by Binder.BindReceiver and has no row
	// of its own in tables.
	Receiver bool
	// Context is for the Binder that the function is meant for.
	Context any

	fn reflect.Value
}

// NewFunction describes the function value fn. The kind of fn is not checked
// here, see [CheckFunction].
func NewFunction(fn reflect.Value, role Role) *Function {
	info := funcinfo.Of(fn)
	return &Function{Name: info.Name, Position: info.Position(), Role: role, fn: fn}
}

// CheckFunction reports whether v can be a handler, guard or provider at all,
// and what is wrong with it otherwise.
func CheckFunction(v any) error {
	t := reflect.TypeOf(v)
	switch {
	case t == nil:
		return faultf("nil is not a function")
	case t.Kind() != reflect.Func:
		return faultf("a value of type %s is not a function", t)
	case reflect.ValueOf(v).IsNil():
		return faultf("the function of type %s is nil", t)
	case t.IsVariadic():
		return faultf("%s is variadic: its last parameter has no single source; take a slice type of your own instead", t)
	}
	return nil
}

// Type is the function's type, with the receiver first if it has one.
func (f *Function) Type() reflect.Type { return f.fn.Type() }

// Params returns the types of the parameters without the receiver.
func (f *Function) Params() []reflect.Type {
	t := f.Type()
	var in []reflect.Type
	for i := range t.NumIn() {
		if i > 0 || !f.Receiver {
			in = append(in, t.In(i))
		}
	}
	return in
}

// String is the name with the position: "main.getUser (main.go:12)".
func (f *Function) String() string {
	if f.Position == "" {
		return f.Name
	}
	return f.Name + " (" + f.Position + ")"
}
