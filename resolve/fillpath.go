package resolve

import (
	"encoding"
	"reflect"
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
		return pathNumber[int](rb, t)
	case reflect.Int8:
		return pathNumber[int8](rb, t)
	case reflect.Int16:
		return pathNumber[int16](rb, t)
	case reflect.Int32:
		return pathNumber[int32](rb, t)
	case reflect.Int64:
		return pathNumber[int64](rb, t)
	case reflect.Uint:
		return pathNumber[uint](rb, t)
	case reflect.Uint8:
		return pathNumber[uint8](rb, t)
	case reflect.Uint16:
		return pathNumber[uint16](rb, t)
	case reflect.Uint32:
		return pathNumber[uint32](rb, t)
	case reflect.Uint64:
		return pathNumber[uint64](rb, t)
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

func pathNumber[T integer](rb rules.Binding, t reflect.Type) filler {
	n, loc, parse := rb.Var, location(rb), parserOf(t)
	return func(c *Call, at frame.Ref) {
		text := c.Vars.At(n)
		if v, ok := fewDigits[T](text); ok {
			*frame.At[T](at) = v
			return
		}
		if problem := parse(text, at); problem != "" {
			c.malformed(loc, problem)
		}
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
