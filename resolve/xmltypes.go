package resolve

import (
	"encoding"
	"encoding/xml"
	"reflect"
)

// Encodes reports whether values of type t have a form in XML. A document has
// one root with a name, and there is none for maps: lists, maps and plain
// values are left to other codecs.
func (xmlCodec) Encodes(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !implementsXML(t) && (t.Kind() != reflect.Struct || !hasXMLName(t)) {
		return false
	}
	return xmlEncodes(t, map[reflect.Type]bool{})
}

// hasXMLName reports whether an element can be named after the struct.
func hasXMLName(t reflect.Type) bool {
	_, ok := t.FieldByName("XMLName")
	return ok || t.Name() != ""
}

func xmlEncodes(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || implementsXML(t) {
		return true
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map, reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return false
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return xmlEncodes(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if (f.IsExported() || f.Anonymous) && f.Tag.Get("xml") != "-" && !xmlEncodes(f.Type, seen) {
				return false
			}
		}
	}
	return true
}

func implementsXML(t reflect.Type) bool {
	for _, i := range []reflect.Type{reflect.TypeFor[xml.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(i) || t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}
