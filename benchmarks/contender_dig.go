package main

import (
	"reflect"

	"go.uber.org/dig"
)

// digContainer is go.uber.org/dig. Its documentation advises against Invoke
// while requests are served; this is what it would cost.
type digContainer struct{}

func (digContainer) name() string { return "dig.Invoke" }

func (digContainer) absent(string) string {
	return "dig makes each value once per container; there is no value per call, short of a new container for each"
}

func (digContainer) injectValues(fn any, values []any) (op, error) {
	c := dig.New()
	for _, v := range values {
		if err := provideValue(c, v); err != nil {
			return nil, err
		}
	}
	// Invoke drops what the function returns beside an error.
	return func(n int) {
		for range n {
			err := c.Invoke(fn)
			keep(&theAnswer, err)
		}
	}, nil
}

// provideValue provides a value by a constructor of its type.
func provideValue(c *dig.Container, v any) error {
	rv := reflect.ValueOf(v)
	t := reflect.FuncOf(nil, []reflect.Type{rv.Type()}, false)
	return c.Provide(reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return []reflect.Value{rv} }).Interface())
}
