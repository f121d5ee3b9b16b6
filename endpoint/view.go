package endpoint

import (
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// Spec describes one view on one route.
type Spec struct {
	// View is the function, or the prototype of the class.
	View any
	// Pattern is the full pattern of the route; nil for a view served alone.
	Pattern *pattern.Pattern
	// Method is the HTTP method that a function is registered for, "" for any.
	// It is ignored for classes and sockets.
	Method string
	// Socket is true if the function was registered as a WebSocket view. A
	// class needs no telling.
	Socket bool
	// Level is where the route was registered.
	Level *inject.Injector
	// Guards run before the view, in order: func(deps…) error.
	Guards []any
	// Settings are the options of the route.
	Settings *inject.Settings
	// Name is the route's name, "" if none.
	Name string
	// Title is the route in messages: "GET /users/{id} (main.go:12)".
	Title string
}

// Kind tells what a view is.
type Kind struct {
	// Class is true for a type with methods, false for a function.
	Class bool
	// Verbs are the HTTP methods that the class has methods for, in the order
	// GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.
	Verbs []string
	// Socket is true for a class with OnReceive, and for a function that a
	// type of package ws or a Message[T] occurs in.
	Socket bool
}

// Inspect tells what kind of view v is, or what is wrong with it: nil, not a
// function, variadic, a class without a verb or OnReceive, a misspelt method.
func Inspect(v any) (Kind, error) {
	t := reflect.TypeOf(v)
	if t != nil && t.Kind() == reflect.Func {
		if err := inject.CheckFunction(v); err != nil {
			return Kind{}, err
		}
		return Kind{Socket: isSocket(t)}, nil
	}
	c, err := inspectClass(v)
	if err != nil {
		return Kind{}, err
	}
	return c.kind(), nil
}
