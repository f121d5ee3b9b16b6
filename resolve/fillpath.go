package resolve

import (
	"encoding"
	"reflect"
	"strconv"
	"time"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// pathFiller returns the filler of what most routes take, a number or a text
// that must be in the path, in one function without the steps that other
// sources and types need. It returns nil if it is not that simple. What it
// fills in and reports is what scalarFiller does.
func pathFiller(rb rules.Binding, t reflect.Type) filler {
	if rb.Source != rules.Path || rb.HasDefault || rb.Optional || parsesItself(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return pathText(rb)
	case reflect.Int:
		return pathInt[int](rb, strconv.IntSize)
	case reflect.Int8:
		return pathInt[int8](rb, 8)
	case reflect.Int16:
		return pathInt[int16](rb, 16)
	case reflect.Int32:
		return pathInt[int32](rb, 32)
	case reflect.Int64:
		return pathInt[int64](rb, 64)
	}
	return nil
}

// parsesItself reports whether a scalar is not parsed by its kind alone, or is
// checked behind that.
func parsesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t == reflect.TypeFor[time.Duration]() ||
		p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || p.Implements(reflect.TypeFor[self]())
}

func pathInt[T int | int8 | int16 | int32 | int64](rb rules.Binding, bits int) filler {
	n, loc := rb.Var, location(rb)
	return func(c *Call, at frame.Ref) {
		text := c.Vars.At(n)
		v, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			c.malformed(loc, numberProblem(text, err, "an integer"))
			return
		}
		*frame.At[T](at) = T(v)
	}
}

func pathText(rb rules.Binding) filler {
	n, loc := rb.Var, location(rb)
	return func(c *Call, at frame.Ref) {
		if problem := parseString(c.Vars.At(n), at); problem != "" {
			c.malformed(loc, problem)
		}
	}
}
