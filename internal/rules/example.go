package rules

import (
	"fmt"
	"reflect"
)

// example is the name of a type to declare instead of t, in remedies.
func example(t Type) string {
	switch {
	case named(t) && bare(t) == "Time":
		return "Since"
	case isDuration(t):
		return "Wait"
	case named(t):
		return "Client" + bare(t)
	}
	switch k := t.Kind(); {
	case k == reflect.Slice:
		return "Tags"
	case k == reflect.String:
		return "Search"
	case k == reflect.Bool:
		return "Verbose"
	case k == reflect.Float32 || k == reflect.Float64:
		return "Price"
	}
	return "Page"
}

// declaration declares the example. A named type loses the methods of the one
// it is declared over: embedding keeps UnmarshalText, and a duration is one
// only as the type of a field.
func declaration(t Type) string {
	if isDuration(t) {
		return "type Wait struct{ Timeout time.Duration }"
	}
	return declare(example(t), t)
}

// declare declares a type over t that is still parsed like it.
func declare(name string, t Type) string {
	if t.TextUnmarshaler() {
		return fmt.Sprintf("type %s struct{ %s }", name, code(t))
	}
	return fmt.Sprintf("type %s %s", name, code(t))
}

// example is a declaration that suits a wrapper of one scalar.
func (w Binding) example() string {
	if w.Source == Path {
		return "UserID int"
	}
	return "Session string"
}

// sayQuery is the remedy for a scalar or slice that no path variable is for.
func sayQuery(t Type) string {
	switch own := named(t) && !isStd(t); {
	case own && isScalars(t):
		return fmt.Sprintf("take resolve.Query[%s] or resolve.Header[%s]", code(t), code(t))
	case own:
		return fmt.Sprintf("take resolve.Query[%s], or Header or Cookie in its place", code(t))
	}
	return fmt.Sprintf("declare %s and take resolve.Query[%s]", declaration(t), example(t))
}
