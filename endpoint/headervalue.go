package endpoint

import (
	"encoding"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo/internal/frame"
)

// headerText is the text of a value for a header; false for a value that is not
// sent.
type headerText func(at frame.Ref) (string, bool, error)

// headerValues returns what adds the values of a field of type t, or the fault
// of a type that has none: "is of type …".
func headerValues(name string, t reflect.Type, info *HeaderInfo) (func([]string, frame.Ref) ([]string, error), string) {
	if t.Kind() == reflect.Slice && !marshalsText(t) {
		if t.Elem().Kind() == reflect.Uint8 && !marshalsText(t.Elem()) {
			return nil, fmt.Sprintf("is of type %s, of which each byte would be a line; make it a string", t)
		}
		one, fault := headerTextOf(t.Elem(), info)
		size := t.Elem().Size()
		info.List, info.Optional = true, true
		return func(to []string, at frame.Ref) (_ []string, err error) {
			// Of every slice the first word is where its elements are, and the
			// second how many.
			for i := range len(*frame.At[[]struct{}](at)) {
				if to, err = addValue(to, name, one, at.Deref().Field(uintptr(i)*size)); err != nil {
					return nil, err
				}
			}
			return to, nil
		}, fault
	}
	one, fault := headerTextOf(t, info)
	return func(to []string, at frame.Ref) ([]string, error) { return addValue(to, name, one, at) }, fault
}

func addValue(to []string, name string, one headerText, at frame.Ref) ([]string, error) {
	text, ok, err := one(at)
	switch {
	case err != nil:
		return nil, fmt.Errorf("endpoint: the header %s: %w", name, err)
	case !ok:
		return to, nil
	case !isFieldValue(text):
		return nil, fmt.Errorf("endpoint: the header %s would be %q, which has a line break or a control character", name, text)
	}
	return append(to, text), nil
}

// headerTextOf returns the text of values of type t.
func headerTextOf(t reflect.Type, info *HeaderInfo) (headerText, string) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		info.Optional = true
		return dateText, ""
	case t == reflect.TypeFor[time.Duration]():
		return nil, "is a time.Duration, which has no form in a header; make it an int of seconds"
	case t.Kind() == reflect.Pointer:
		info.Optional = true
		inner, fault := headerTextOf(t.Elem(), info)
		return func(at frame.Ref) (string, bool, error) {
			if at = at.Deref(); at.IsNil() {
				return "", false, nil
			}
			return inner(at)
		}, fault
	case marshalsText(t) || marshalsText(reflect.PointerTo(t)):
		info.Optional = true
		return marshalledText(t), ""
	case t.Kind() == reflect.String:
		info.Optional = true
		return func(at frame.Ref) (string, bool, error) { s := *frame.At[string](at); return s, s != "", nil }, ""
	}
	if text := numberText(t.Kind()); text != nil {
		return func(at frame.Ref) (string, bool, error) { return text(at), true, nil }, ""
	}
	return nil, fmt.Sprintf("is of type %s, which has no form in a header; make it a string, a number, a bool, a time.Time, "+
		"a type with MarshalText, a pointer to one or a slice of them", t)
}

func marshalsText(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// dateText is an HTTP date (RFC 9110 section 5.6.7).
func dateText(at frame.Ref) (string, bool, error) {
	d := frame.At[time.Time](at)
	return d.UTC().Format(http.TimeFormat), !d.IsZero(), nil
}

// marshalledText calls MarshalText on a copy, because it may keep what it sees.
func marshalledText(t reflect.Type) headerText {
	byPointer := !marshalsText(t)
	nilable := t.Kind() == reflect.Interface || t.Kind() == reflect.Map || t.Kind() == reflect.Func || t.Kind() == reflect.Chan
	set := frame.CopyOf(t)
	return func(at frame.Ref) (string, bool, error) {
		if nilable && at.Deref().IsNil() {
			return "", false, nil
		}
		own := frame.New(t)
		set(own, at)
		v := own.Value(t)
		if byPointer {
			v = v.Addr()
		}
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return string(text), len(text) > 0, err
	}
}

// numberText is the text of numbers and bools of a kind; nil for other kinds.
func numberText(k reflect.Kind) func(frame.Ref) string {
	switch k {
	case reflect.Bool:
		return func(at frame.Ref) string { return strconv.FormatBool(*frame.At[bool](at)) }
	case reflect.Int:
		return signed[int]
	case reflect.Int8:
		return signed[int8]
	case reflect.Int16:
		return signed[int16]
	case reflect.Int32:
		return signed[int32]
	case reflect.Int64:
		return signed[int64]
	case reflect.Uint:
		return unsigned[uint]
	case reflect.Uint8:
		return unsigned[uint8]
	case reflect.Uint16:
		return unsigned[uint16]
	case reflect.Uint32:
		return unsigned[uint32]
	case reflect.Uint64:
		return unsigned[uint64]
	case reflect.Float32:
		return func(at frame.Ref) string {
			return strconv.FormatFloat(float64(*frame.At[float32](at)), 'f', -1, 32)
		}
	case reflect.Float64:
		return func(at frame.Ref) string { return strconv.FormatFloat(*frame.At[float64](at), 'f', -1, 64) }
	}
	return nil
}

func signed[T int | int8 | int16 | int32 | int64](at frame.Ref) string {
	return strconv.FormatInt(int64(*frame.At[T](at)), 10)
}

func unsigned[T uint | uint8 | uint16 | uint32 | uint64](at frame.Ref) string {
	return strconv.FormatUint(uint64(*frame.At[T](at)), 10)
}

// isFieldValue reports whether a text is safe in a header (RFC 9110 section
// 5.5).
func isFieldValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isToken reports whether a text is a token, as names are (RFC 9110 section
// 5.6.2).
func isToken(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)):
			return false
		}
	}
	return text != ""
}
