package router

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// textOf formats a value for a URL, as the type of a path parameter would
// parse it. What has no single text is an error rather than a guess.
func textOf(v any) (string, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return "", fmt.Errorf("nil has no text")
	}
	if m, ok := marshaler(v, rv); ok {
		b, err := m.MarshalText()
		return string(b), err
	}
	switch {
	case rv.Kind() == reflect.String:
		return rv.String(), nil
	case rv.Kind() == reflect.Bool:
		return strconv.FormatBool(rv.Bool()), nil
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), nil
	case rv.CanUint() && rv.Kind() != reflect.Uintptr:
		return strconv.FormatUint(rv.Uint(), 10), nil
	case rv.CanFloat():
		return strconv.FormatFloat(rv.Float(), 'f', -1, rv.Type().Bits()), nil
	}
	return "", fmt.Errorf("a value of type %s has no text; pass a string, a number, a bool, or what has a MarshalText method", rv.Type())
}

// marshaler finds MarshalText on the value or on a pointer to it.
func marshaler(v any, rv reflect.Value) (encoding.TextMarshaler, bool) {
	if m, ok := v.(encoding.TextMarshaler); ok {
		return m, true
	}
	if rv.Kind() == reflect.Pointer {
		return nil, false
	}
	p := reflect.New(rv.Type())
	p.Elem().Set(rv)
	m, ok := p.Interface().(encoding.TextMarshaler)
	return m, ok
}
