// The library puts an integer into a field as Go converts it: 300 in an int8 is
// 44, and -1 in a uint16 is 65535. It puts bytes into a string without asking
// whether they are one. So before a message is decoded it is held against the type
// it is decoded into. What else does not fit, the library refuses itself.

package msgpack

import (
	"cmp"
	"encoding"
	"encoding/binary"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo/resolve"
	"github.com/vmihailenco/msgpack/v5"
)

// shape is what there is to be checked about a type: integers and strings in it.
type shape struct {
	typ  reflect.Type      // an integer or a string, else nil
	elem *shape            // of an array, a slice or a map; nil if anything goes
	key  *shape            // of a map
	list []*shape          // the fields of a struct that comes as an array
	by   map[string]*shape // those of one that comes as a map
}

// shapes are those of the types that were decoded into. They are safe for
// concurrent use.
type shapes struct{ known sync.Map }

// of returns the shape of a type.
func (s *shapes) of(t reflect.Type) *shape {
	if known, ok := s.known.Load(t); ok {
		return known.(*shape)
	}
	made := makeShape(t, map[reflect.Type]*shape{})
	s.known.Store(t, made)
	return made
}

// decoders are the interfaces of types that look at their message themselves.
var decoders = []reflect.Type{
	reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
	reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
}

func decodesItself(t reflect.Type) bool {
	for _, d := range decoders {
		if t.Implements(d) || reflect.PointerTo(t).Implements(d) {
			return true
		}
	}
	return t == reflect.TypeFor[time.Time]()
}

// makeShape makes the shape of a type; seen has those that are being made, for a
// type may contain itself. It is nil where anything goes.
func makeShape(t reflect.Type, seen map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer && !decodesItself(t) {
		t = t.Elem()
	}
	if decodesItself(t) {
		return nil
	}
	if known, ok := seen[t]; ok {
		return known
	}
	s := &shape{}
	seen[t] = s
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.String:
		s.typ = t
	case reflect.Slice, reflect.Array:
		s.elem = makeShape(t.Elem(), seen)
	case reflect.Map:
		s.key, s.elem = makeShape(t.Key(), seen), makeShape(t.Elem(), seen)
	case reflect.Struct:
		s.by = s.fields(t, seen, map[reflect.Type]bool{})
	}
	return s
}

// fields are those of a struct, and of the structs embedded in it, by name. Of two
// equal names the outer one counts, and of two embedded ones the first, as in the
// library. They are added to the list too.
func (s *shape) fields(t reflect.Type, seen map[reflect.Type]*shape, inside map[reflect.Type]bool) map[string]*shape {
	outer, by := map[string]*shape{}, map[string]*shape{}
	if inside[t] {
		return by
	}
	inside[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline := nameOf(f)
		if name == "" {
			continue
		}
		made := makeShape(f.Type, seen)
		outer[name] = made
		if alias := aliasOf(f); alias != "" {
			outer[alias] = made
		}
		e := structBehind(f.Type)
		if !inline || e == nil || made == nil {
			s.list = append(s.list, made)
			continue
		}
		for name, field := range s.fields(e, seen, inside) {
			if _, twice := by[name]; !twice {
				by[name] = field
			}
		}
	}
	delete(inside, t)
	maps.Copy(by, outer)
	return by
}

func tagOf(f reflect.StructField) string { return cmp.Or(f.Tag.Get("msgpack"), f.Tag.Get("json")) }

// nameOf is how a field is named, "" if it is none, and whether the fields inside
// of it are named as if they were its struct's.
func nameOf(f reflect.StructField) (name string, inline bool) {
	name, options, _ := strings.Cut(tagOf(f), ",")
	if name == "-" || !f.IsExported() && !f.Anonymous {
		return "", false
	}
	return cmp.Or(name, f.Name), f.Anonymous && !strings.Contains(options, "noinline")
}

// aliasOf is the other name that a tag gives a field, "" if none.
func aliasOf(f reflect.StructField) string {
	for _, option := range strings.Split(tagOf(f), ",")[1:] {
		if alias, ok := strings.CutPrefix(option, "alias:"); ok {
			return alias
		}
	}
	return ""
}

// structBehind is the struct that a type is or points to, else nil.
func structBehind(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// checker walks through a message that scan has seen.
type checker struct {
	b []byte
	i int
}

// value checks the next value against a shape, and returns what is wrong with its
// place in it.
func (c *checker) value(s *shape) *resolve.Fault {
	v, err := header(c.b[c.i:])
	if err != nil {
		return &resolve.Fault{Message: "bug: " + err.Error()}
	}
	whole := c.b[c.i : c.i+v.head+int(v.size)]
	c.i += len(whole)
	if s != nil && s.typ != nil {
		if say := misfit(s.typ, whole, v); say != "" {
			return &resolve.Fault{Message: say}
		}
	}
	switch v.kind {
	case array:
		return c.array(s, int(v.count))
	case mapping:
		return c.mapping(s, int(v.elements()))
	}
	return nil
}

func (c *checker) array(s *shape, n int) *resolve.Fault {
	for i := range n {
		var elem *shape
		switch {
		case s == nil:
		case s.by == nil:
			elem = s.elem
		case i < len(s.list):
			elem = s.list[i]
		}
		if f := c.value(elem); f != nil {
			return at("["+strconv.Itoa(i)+"]", f)
		}
	}
	return nil
}

func (c *checker) mapping(s *shape, n int) *resolve.Fault {
	for range n {
		var key, elem *shape
		if s != nil {
			key, elem = s.key, s.elem
		}
		start := c.i
		if f := c.value(key); f != nil {
			return f
		}
		k, _ := header(c.b[start:])
		name := c.b[start+k.head : c.i]
		if s != nil && s.by != nil {
			elem = s.by[string(name)]
		}
		if f := c.value(elem); f != nil {
			return at(label(name), f)
		}
	}
	return nil
}

// label shows a key, which is the client's, in a location.
func label(key []byte) string {
	const most = 40
	r := []rune(string(key[:min(len(key), utf8.UTFMax*most)]))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

// at puts a fault inside of something.
func at(outer string, f *resolve.Fault) *resolve.Fault {
	switch {
	case outer == "": // a key that is a number
	case f.Location == "":
		f.Location = outer
	case f.Location[0] == '[':
		f.Location = outer + f.Location
	default:
		f.Location = outer + "." + f.Location
	}
	return f
}

// misfit says why a value does not fit into an integer or string, "" if it does or
// is of another kind.
func misfit(t reflect.Type, whole []byte, v value) string {
	switch {
	case t.Kind() == reflect.String:
		if v.kind == data && !utf8.Valid(whole[v.head:]) {
			return "is not valid UTF-8"
		}
		return ""
	case v.kind != signed && v.kind != unsigned:
		return ""
	}
	b := integer(whole, v)
	negative, n := b[0] == 1, binary.BigEndian.Uint64(b[1:])
	bits := t.Bits()
	var fits bool
	switch {
	case t.Kind() >= reflect.Uint:
		fits = !negative && n>>(bits-1)>>1 == 0
	case negative:
		fits = int64(n) >= -1<<(bits-1)
	default:
		fits = n>>(bits-1) == 0
	}
	if fits {
		return ""
	}
	text := strconv.FormatUint(n, 10)
	if negative {
		text = strconv.FormatInt(int64(n), 10)
	}
	return fmt.Sprintf("is %s, which is out of range", text)
}
