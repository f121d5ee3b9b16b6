package resolve

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo/internal/frame"
)

// parser parses one text into the memory at, which has the parser's type. It
// returns what is wrong with the text, in words for the client, or "".
type parser func(text string, at frame.Ref) string

// parserOf returns the parser for values of type t, which the rules found to
// be a scalar.
func parserOf(t reflect.Type) parser {
	if t == reflect.TypeFor[time.Duration]() {
		return parseDuration
	}
	if view, ok := frame.Pointing[encoding.TextUnmarshaler](t); ok {
		return textParser(t, view)
	}
	switch t.Kind() {
	case reflect.String:
		return parseString
	case reflect.Bool:
		return parseBool
	case reflect.Int:
		return parseInt[int](strconv.IntSize)
	case reflect.Int8:
		return parseInt[int8](8)
	case reflect.Int16:
		return parseInt[int16](16)
	case reflect.Int32:
		return parseInt[int32](32)
	case reflect.Int64:
		return parseInt[int64](64)
	case reflect.Uint:
		return parseUint[uint](strconv.IntSize)
	case reflect.Uint8:
		return parseUint[uint8](8)
	case reflect.Uint16:
		return parseUint[uint16](16)
	case reflect.Uint32:
		return parseUint[uint32](32)
	case reflect.Uint64:
		return parseUint[uint64](64)
	case reflect.Float32:
		return parseFloat[float32](32)
	case reflect.Float64:
		return parseFloat[float64](64)
	}
	panic("bug: no parser for " + t.String())
}

// parseString refuses what Go's strings can hold and no text can: it would
// change on its way through JSON, and is refused there too.
func parseString(s string, at frame.Ref) string {
	if !utf8.ValidString(s) {
		return quoted(s) + " is not valid UTF-8"
	}
	*frame.At[string](at) = s
	return ""
}

func parseBool(s string, at frame.Ref) string {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return quoted(s) + " is not true or false"
	}
	*frame.At[bool](at) = v
	return ""
}

type integer interface {
	int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64
}

// fewDigits parses what most numbers are: digits that no int64 is too small
// for. It reports false for others, and for what is out of T's range.
func fewDigits[T integer](s string) (T, bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + int64(d)
	}
	v := T(n)
	return v, v >= 0 && int64(v) == n
}

func parseInt[T int | int8 | int16 | int32 | int64](bits int) parser {
	return func(s string, at frame.Ref) string {
		if v, ok := fewDigits[T](s); ok {
			*frame.At[T](at) = v
			return ""
		}
		v, err := strconv.ParseInt(s, 10, bits)
		if err != nil {
			return numberProblem(s, err, "an integer")
		}
		*frame.At[T](at) = T(v)
		return ""
	}
}

func parseUint[T uint | uint8 | uint16 | uint32 | uint64](bits int) parser {
	return func(s string, at frame.Ref) string {
		if v, ok := fewDigits[T](s); ok {
			*frame.At[T](at) = v
			return ""
		}
		v, err := strconv.ParseUint(s, 10, bits)
		if err != nil {
			return numberProblem(s, err, "a non-negative integer")
		}
		*frame.At[T](at) = T(v)
		return ""
	}
}

func parseFloat[T float32 | float64](bits int) parser {
	return func(s string, at frame.Ref) string {
		v, err := strconv.ParseFloat(s, bits)
		if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			err = strconv.ErrSyntax // JSON has neither, so no answer could tell it
		}
		if err != nil {
			return numberProblem(s, err, "a number")
		}
		*frame.At[T](at) = T(v)
		return ""
	}
}

func numberProblem(s string, err error, what string) string {
	if errors.Is(err, strconv.ErrRange) {
		// Of how many bits is the machine's business for an int.
		return quoted(s) + " is out of range"
	}
	return quoted(s) + " is not " + what
}

func parseDuration(s string, at frame.Ref) string {
	v, err := time.ParseDuration(s)
	if err != nil {
		return quoted(s) + ` is not a duration such as "1m30s"`
	}
	*frame.At[time.Duration](at) = v
	return ""
}

// textParser parses with the type's own UnmarshalText. The method is given
// memory of its own, since it may keep the pointer.
func textParser(t reflect.Type, view func(frame.Ref) encoding.TextUnmarshaler) parser {
	set := frame.CopyOf(t)
	name := t.Name()
	return func(s string, at frame.Ref) string {
		own := frame.New(t)
		if err := view(own).UnmarshalText([]byte(s)); err != nil {
			return quoted(s) + " is not a valid " + name
		}
		set(at, own)
		return ""
	}
}
