package inject_test

import (
	"reflect"
	"runtime"

	"github.com/gofogo/fogo/inject"
)

type any2 = reflect.Value

// valueOf is v as a reflect.Value of type T, which may be an interface.
func valueOf[T any](v T) reflect.Value { return reflect.ValueOf(&v).Elem() }

func handler(fn any) *inject.Function {
	return inject.NewFunction(reflect.ValueOf(fn), inject.RoleHandler)
}

func runtimeGoexit() { runtime.Goexit() }
