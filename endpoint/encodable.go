package endpoint

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// isText reports whether values of t are sent as text/plain.
func isText(t reflect.Type) bool { return t.Kind() == reflect.String && !marshals(t) }

// isBytes reports whether values of t are sent as application/octet-stream.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t)
}

// marshals reports whether the type encodes itself, by value or by pointer.
func marshals(t reflect.Type) bool { return encodesItself(t) || byPointer(t) }

// byPointer reports whether only *t encodes itself.
func byPointer(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && !encodesItself(t) && encodesItself(reflect.PointerTo(t))
}

func encodesItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// nearly reports whether *t implements an interface that t does not.
func nearly(t, iface reflect.Type) bool {
	return t.Kind() != reflect.Interface && !t.Implements(iface) && reflect.PointerTo(t).Implements(iface)
}

const accepted = "return a value, iter.Seq[T], iter.Seq2[T, error], <-chan T, io.Reader or http.Handler"

// encodable is the fault of a type that no codec can encode, or that was meant
// as something else; "" for others.
func encodable(t reflect.Type) string {
	switch {
	case t.Implements(eventType):
		return strayEvent(t)
	case marshals(t):
		return ""
	}
	for _, i := range []struct {
		typ  reflect.Type
		name string
	}{{errorType, "error"}, {reflect.TypeFor[http.Handler](), "http.Handler"}, {reflect.TypeFor[io.Reader](), "io.Reader"}} {
		if nearly(t, i.typ) {
			return fmt.Sprintf("%s is an %s only by pointer, so it would be encoded as data; return *%s", t, i.name, t)
		}
	}
	switch where, what := unencodable(t, map[reflect.Type]bool{}); {
	case what == nil:
		return ""
	case where == "":
		return fmt.Sprintf("a result of type %s cannot be encoded; %s", t, accepted)
	default:
		return fmt.Sprintf("a result of type %s cannot be encoded, because of the %s at %s; leave it out with the tag json:\"-\", or %s",
			t, what, strings.TrimPrefix(where, "."), accepted)
	}
}

// unencodable finds a part of t that has no form in any format, and where in t
// it is: "[].Done", "" for t itself.
func unencodable(t reflect.Type, seen map[reflect.Type]bool) (where string, what reflect.Type) {
	if seen[t] || marshals(t) {
		return "", nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return "", t
	case reflect.Pointer:
		return unencodable(t.Elem(), seen)
	case reflect.Map:
		if !isKey(t.Key()) {
			return "[key]", t.Key()
		}
		where, what = unencodable(t.Elem(), seen)
		return "[]" + where, what
	case reflect.Slice, reflect.Array:
		where, what = unencodable(t.Elem(), seen)
		return "[]" + where, what
	case reflect.Struct:
		return unencodableField(t, seen)
	}
	return "", nil
}

// isKey reports whether a map with keys of that type is an object of any format.
func isKey(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Interface:
		return true
	}
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func unencodableField(t reflect.Type, seen map[reflect.Type]bool) (string, reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
			continue
		}
		if f.Anonymous && !f.IsExported() && f.Type.Kind() != reflect.Struct {
			continue
		}
		if where, what := unencodable(f.Type, seen); what != nil {
			return "." + f.Name + where, what
		}
	}
	return "", nil
}
