package router

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	duration        = reflect.TypeFor[time.Duration]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// textFor formats a value as something that parses its text as one of the types
// would have it; without types, as it formats itself. The error continues a
// sentence about the variable.
func textFor(types []reflect.Type, v reflect.Value) (string, error) {
	for v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() && !v.Type().Implements(textMarshaler) {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "", fmt.Errorf("is given nil, which has no text")
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if len(types) == 0 {
		return textOf(v)
	}
	for _, t := range types {
		if v.Type() == t {
			return textAs(t, v)
		}
	}
	text := ""
	for _, t := range types { // with several takers, all of them have to parse it
		s, ok := convert(t, v)
		if !ok || text != "" && s != text {
			return "", misfit(types, v)
		}
		text = s
	}
	return text, nil
}

// misfit is the error for a value of the wrong type or size.
func misfit(types []reflect.Type, v reflect.Value) error {
	return fmt.Errorf("is a %s, and %s doesn't fit", typeNames(types), shown(v))
}

func typeNames(types []reflect.Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, " and a ")
}

// shown is a value in a message, cut where it is long.
func shown(v reflect.Value) string {
	s := fmt.Sprintf("%v", v)
	if v.Kind() == reflect.String {
		s = strconv.Quote(v.String())
	}
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return "the " + v.Type().String() + " " + s
}

// convert formats a value that is not of the type t for it: one of the same
// kind where either type is predeclared, in range; or a string that parses. ok
// is false for what doesn't fit.
func convert(t reflect.Type, v reflect.Value) (text string, ok bool) {
	if v.Type() == reflect.TypeFor[string]() && t.Kind() != reflect.String || parsesText(t) {
		return v.String(), v.Kind() == reflect.String && v.Type().PkgPath() == "" && parses(t, v.String())
	}
	if t.PkgPath() != "" && v.Type().PkgPath() != "" || t == duration || v.Type() == duration {
		return "", false
	}
	if !inRange(t, v) {
		return "", false
	}
	s, err := textAs(t, v.Convert(t))
	return s, err == nil
}

// inRange reports whether v is of the kind of t, and a t can hold it.
func inRange(t reflect.Type, v reflect.Value) bool {
	to := reflect.New(t).Elem()
	switch {
	case to.CanInt() && v.CanInt():
		return !to.OverflowInt(v.Int())
	case to.CanInt() && v.CanUint():
		return v.Uint() <= math.MaxInt64 && !to.OverflowInt(int64(v.Uint()))
	case to.CanUint() && v.CanInt():
		return v.Int() >= 0 && !to.OverflowUint(uint64(v.Int()))
	case to.CanUint() && v.CanUint():
		return !to.OverflowUint(v.Uint())
	case to.CanFloat() && v.CanFloat():
		return !to.OverflowFloat(v.Float())
	}
	return to.Kind() == v.Kind() && (to.Kind() == reflect.String || to.Kind() == reflect.Bool)
}

func parsesText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// parses reports whether a text is one of a t that is not parsed by its kind.
// Numbers are to be given as numbers.
func parses(t reflect.Type, s string) bool {
	if t == duration {
		_, err := time.ParseDuration(s)
		return err == nil
	}
	u, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	return ok && u.UnmarshalText([]byte(s)) == nil
}

// textAs formats a t as the text that is parsed as the same t: by its
// MarshalText only if it has an UnmarshalText.
func textAs(t reflect.Type, v reflect.Value) (string, error) {
	switch {
	case t == duration:
		return time.Duration(v.Int()).String(), nil
	case parsesText(t):
		if m, ok := marshaler(v); ok {
			return marshalled(m)
		}
		return "", fmt.Errorf("is a %s, which has no MarshalText; pass its text as a string", t)
	}
	return textOfKind(v)
}

// textOf formats a value for something of which it is not known how it parses.
// What has no single text is an error rather than a guess.
func textOf(v reflect.Value) (string, error) {
	if v.Type() == duration {
		return textAs(duration, v)
	}
	if m, ok := marshaler(v); ok {
		return marshalled(m)
	}
	return textOfKind(v)
}

func marshalled(m encoding.TextMarshaler) (string, error) {
	b, err := m.MarshalText()
	if err != nil {
		return "", fmt.Errorf("has no text: %w", err)
	}
	return sane(string(b))
}

// sane refuses what no view takes.
func sane(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("is given %q, which is not valid UTF-8", s)
	}
	return s, nil
}

func textOfKind(v reflect.Value) (string, error) {
	switch {
	case v.Kind() == reflect.String:
		return sane(v.String())
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), nil
	case v.CanFloat() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)):
		return "", fmt.Errorf("is given %v, which no view takes for a number", v.Float())
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits()), nil
	}
	return "", fmt.Errorf("is given a value of type %s, which has no text; pass a string, a number, a bool, or what has a MarshalText method", v.Type())
}

// marshaler finds MarshalText on the value or on a pointer to it.
func marshaler(v reflect.Value) (encoding.TextMarshaler, bool) {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	m, ok := p.Interface().(encoding.TextMarshaler)
	return m, ok
}

// isList reports whether v is a slice of texts, and not one text.
func isList(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && !parsesText(v.Type()) && !v.Type().Implements(textMarshaler)
}

// elements are the types of single texts.
func elements(types []reflect.Type) []reflect.Type {
	out := make([]reflect.Type, len(types))
	for i, t := range types {
		if out[i] = t; isList(reflect.Zero(t)) {
			out[i] = t.Elem()
		}
	}
	return out
}
