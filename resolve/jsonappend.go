// Most answers are small structs of numbers, bools and texts. Their JSON is
// mostly the same every time: what stands between the values, with the names of
// the fields, is made when the view is compiled, so that a call appends texts
// and values in turn. Nested structs are no more than longer texts between.
//
// The surprise is what it leaves to the codec: types and tags with any rule of
// their own, and values that are written in more than one way, such as a text
// with control characters or a number with an exponent. So it need not agree
// with the codec on the rare, only on the plain; a fuzz test holds them
// together there.

package resolve

import (
	"encoding"
	stdjson "encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-json"
	"github.com/gofogo/fogo/internal/frame"
)

// Append appends the value at a place to b, as a codec encodes it. It reports
// false if the value is to be left to the codec.
type Append func(b []byte, at frame.Ref) ([]byte, bool)

// AppendOf returns the Append of a type for a codec, or nil if values of the
// type have to be left to the codec. Only that of [JSON] has any. It runs nobody's
// code, keeps nothing, and takes a nil slice for an empty list unless that is in
// a struct.
func AppendOf(c Codec, t reflect.Type) Append {
	if _, ok := c.(*jsonCodec); !ok {
		return nil
	}
	p := &jsonPlan{}
	if !p.add(t, 0, nil) {
		return nil
	}
	p.finish()
	if t.Kind() == reflect.Slice {
		return p.steps[0].of.appendList
	}
	return p.append
}

// jsonPlan is how values of one type are appended.
type jsonPlan struct {
	steps []jsonStep
	tail  string // behind the last value: "}"
	size  uintptr
	text  []byte // while it is made: what comes before the next value
}

// jsonStep is one value, and the text before it.
type jsonStep struct {
	text string // {"id":
	op   jsonOp
	off  uintptr
	of   *jsonPlan // jsonList, jsonPointer: of what is in it
}

// jsonOp says how a value is appended.
type jsonOp uint8

const (
	jsonBool    jsonOp = iota // true
	jsonInt                   // 7, of the size of an int
	jsonInt8                  // and of others
	jsonInt16                 //
	jsonInt32                 //
	jsonInt64                 //
	jsonUint                  //
	jsonUint8                 //
	jsonUint16                //
	jsonUint32                //
	jsonUint64                //
	jsonFloat32               // 0.5
	jsonFloat64               //
	jsonString                // "text"
	jsonTime                  // "2006-01-02T15:04:05Z"
	jsonList                  // [1,2]
	jsonPointer               // what it points to, or null
)

var jsonOps = map[reflect.Kind]jsonOp{
	reflect.Bool: jsonBool, reflect.Int: jsonInt, reflect.Int8: jsonInt8, reflect.Int16: jsonInt16, reflect.Int32: jsonInt32,
	reflect.Int64: jsonInt64, reflect.Uint: jsonUint, reflect.Uint8: jsonUint8, reflect.Uint16: jsonUint16, reflect.Uint32: jsonUint32,
	reflect.Uint64: jsonUint64, reflect.Float32: jsonFloat32, reflect.Float64: jsonFloat64, reflect.String: jsonString,
	reflect.Slice: jsonList, reflect.Pointer: jsonPointer,
}

// add adds a value of type t at an offset. It reports false for a type that is
// left to the codec. in are the types around it, for those that hold themselves.
func (p *jsonPlan) add(t reflect.Type, off uintptr, in []reflect.Type) bool {
	op, ok := jsonOps[t.Kind()]
	switch {
	case t == reflect.TypeFor[time.Time]():
		op = jsonTime
	case encodesAsItWants(t):
		return false
	case t.Kind() == reflect.Struct:
		return p.addStruct(t, off, in)
	case !ok:
		return false
	}
	s := jsonStep{text: string(p.text), op: op, off: off}
	p.text = nil
	if op == jsonList || op == jsonPointer {
		e := t.Elem()
		s.of = &jsonPlan{size: e.Size()}
		if e.Kind() == reflect.Uint8 || !s.of.add(e, 0, in) { // bytes are base64
			return false
		}
		s.of.finish()
	}
	p.steps = append(p.steps, s)
	return true
}

func (p *jsonPlan) addStruct(t reflect.Type, off uintptr, in []reflect.Type) bool {
	for _, outer := range in {
		if outer == t {
			return false
		}
	}
	in = append(in[:len(in):len(in)], t)
	names := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return false // its fields are promoted by rules of their own
		}
		name, ok := plainName(f)
		if !ok || names[name] {
			return false
		}
		if name == "" {
			continue
		}
		separator := byte(',')
		if len(names) == 0 {
			separator = '{'
		}
		names[name] = true
		p.text = append(append(append(p.text, separator, '"'), name...), '"', ':')
		if !p.add(f.Type, off+f.Offset, in) {
			return false
		}
	}
	if len(names) == 0 {
		p.text = append(p.text, '{')
	}
	p.text = append(p.text, '}')
	return true
}

// plainName is the name of a field, "" if it is left out. It reports false if
// the field's tag has options, or the name something to escape.
func plainName(f reflect.StructField) (string, bool) {
	tag := f.Tag.Get("json")
	if !f.IsExported() || tag == "-" {
		return "", true
	}
	name, _, options := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	for i := range len(name) {
		if c := name[i]; c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "", false
		}
	}
	return name, !options
}

// encodesAsItWants reports whether the codec asks values of the type for their
// JSON, or knows the type.
func encodesAsItWants(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, i := range []reflect.Type{
		reflect.TypeFor[stdjson.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.MarshalerContext](),
	} {
		if t.Implements(i) || p.Implements(i) {
			return true
		}
	}
	_, to := p.MethodByName("MarshalJSONTo") // of encoding/json/v2
	return to || t == reflect.TypeFor[stdjson.Number]()
}

func (p *jsonPlan) finish() { p.tail, p.text = string(p.text), nil }

// append appends the value at a place.
func (p *jsonPlan) append(b []byte, at frame.Ref) ([]byte, bool) {
	for i := range p.steps {
		s := &p.steps[i]
		b = append(b, s.text...)
		v, ok := at.Field(s.off), true
		switch s.op {
		case jsonBool:
			b = strconv.AppendBool(b, *frame.At[bool](v))
		case jsonInt:
			b = strconv.AppendInt(b, int64(*frame.At[int](v)), 10)
		case jsonInt8:
			b = strconv.AppendInt(b, int64(*frame.At[int8](v)), 10)
		case jsonInt16:
			b = strconv.AppendInt(b, int64(*frame.At[int16](v)), 10)
		case jsonInt32:
			b = strconv.AppendInt(b, int64(*frame.At[int32](v)), 10)
		case jsonInt64:
			b = strconv.AppendInt(b, *frame.At[int64](v), 10)
		case jsonUint:
			b = strconv.AppendUint(b, uint64(*frame.At[uint](v)), 10)
		case jsonUint8:
			b = strconv.AppendUint(b, uint64(*frame.At[uint8](v)), 10)
		case jsonUint16:
			b = strconv.AppendUint(b, uint64(*frame.At[uint16](v)), 10)
		case jsonUint32:
			b = strconv.AppendUint(b, uint64(*frame.At[uint32](v)), 10)
		case jsonUint64:
			b = strconv.AppendUint(b, *frame.At[uint64](v), 10)
		case jsonFloat32:
			b, ok = appendFloat(b, *frame.At[float32](v), 32)
		case jsonFloat64:
			b, ok = appendFloat(b, *frame.At[float64](v), 64)
		case jsonString:
			b, ok = appendText(b, *frame.At[string](v))
		case jsonTime:
			b, ok = appendTime(b, frame.At[time.Time](v))
		case jsonList:
			b, ok = s.of.appendSlice(b, v)
		case jsonPointer:
			b, ok = s.of.appendPointee(b, v)
		}
		if !ok {
			return b, false
		}
	}
	return append(b, p.tail...), true
}

// appendSlice appends the slice at a place.
func (p *jsonPlan) appendSlice(b []byte, at frame.Ref) ([]byte, bool) {
	if at.Deref().IsNil() {
		return append(b, "null"...), true
	}
	return p.appendList(b, at)
}

// appendList appends the slice at a place. Its length is where it is in every
// slice, whatever the elements.
func (p *jsonPlan) appendList(b []byte, at frame.Ref) ([]byte, bool) {
	n, first := len(*frame.At[[]byte](at)), at.Deref()
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = p.append(b, first.Field(uintptr(i)*p.size)); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}

func (p *jsonPlan) appendPointee(b []byte, at frame.Ref) ([]byte, bool) {
	if at = at.Deref(); at.IsNil() {
		return append(b, "null"...), true
	}
	return p.append(b, at)
}

// appendFloat appends a number that is written without an exponent.
func appendFloat[T float32 | float64](b []byte, f T, bits int) ([]byte, bool) {
	if abs := max(f, -f); abs != 0 && !(abs >= 1e-6 && abs < 1e21) { // NaN is neither
		return b, false
	}
	return strconv.AppendFloat(b, float64(f), 'f', -1, bits), true
}

// appendTime appends a time that has a text (RFC 3339).
func appendTime(b []byte, t *time.Time) ([]byte, bool) {
	b, err := t.AppendText(append(b, '"'))
	return append(b, '"'), err == nil
}

// appendText appends a text. Control characters but for the common three,
// invalid UTF-8, and U+2028 and U+2029, which JavaScript takes for line breaks,
// are left to the codec.
func appendText(b []byte, s string) ([]byte, bool) {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
				return b, false
			}
			i += size - 1
			continue
		}
		escape := escapeOf(c)
		if escape == "" {
			return b, false
		}
		b = append(append(b, s[done:i]...), escape...)
		done = i + 1
	}
	return append(append(b, s[done:]...), '"'), true
}

// escapeOf is how a character is escaped, "" if that is left to the codec. The
// last three would mean something in a page that the JSON is put into.
func escapeOf(c byte) string {
	switch c {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '<':
		return `\u003c`
	case '>':
		return `\u003e`
	case '&':
		return `\u0026`
	}
	return ""
}
