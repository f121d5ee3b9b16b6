package frame_test

import (
	"errors"
	"fmt"
	"math/rand"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// source makes types and values at random. It belongs to one goroutine.
type source struct {
	rd *rand.Rand
	// floats is the share of floating-point types among all, in percent.
	floats int
	noNil  bool
}

func newSource(seed int64) *source {
	return &source{rd: rand.New(rand.NewSource(seed)), floats: 1}
}

// chance is true n times out of 100.
func (s *source) chance(n int) bool { return s.rd.Intn(100) < n }

func pick[T any](s *source, from []T) T { return from[s.rd.Intn(len(from))] }

var (
	scalars = []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[userID](), reflect.TypeFor[uintptr](), reflect.TypeFor[int](), reflect.TypeFor[uint](),
		reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
		reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	}
	references = []reflect.Type{
		reflect.TypeFor[*int64](), reflect.TypeFor[*pair](), reflect.TypeFor[unsafe.Pointer](), reflect.TypeFor[map[string]int64](),
		reflect.TypeFor[chan *int64](), reflect.TypeFor[func() string](), reflect.TypeFor[func(error) error](), reflect.TypeFor[func()](),
	}
	wides = []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[error](), reflect.TypeFor[any](), reflect.TypeFor[fmt.Stringer](),
		reflect.TypeFor[[]byte](), reflect.TypeFor[[]string](), reflect.TypeFor[[]*int64](),
	}
	named = []reflect.Type{
		reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[uuid](), reflect.TypeFor[request12](),
		reflect.TypeFor[request20](), reflect.TypeFor[tail](), reflect.TypeFor[blank](), reflect.TypeFor[narrow](), reflect.TypeFor[struct{}](),
	}
	floating = []reflect.Type{
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](),
	}
	errorType = reflect.TypeFor[error]()
	undoType  = reflect.TypeFor[func()]()
	doneType  = reflect.TypeFor[func(error) error]()
)

// typ makes a type, of structs and arrays up to depth deep.
func (s *source) typ(depth int) reflect.Type {
	if s.chance(s.floats) {
		return pick(s, floating)
	}
	switch n := s.rd.Intn(100); {
	case n < 25:
		return pick(s, scalars)
	case n < 48:
		return pick(s, references)
	case n < 68:
		return pick(s, wides)
	case n < 82 || depth == 0:
		return pick(s, named)
	case n < 88:
		return reflect.ArrayOf(pick(s, []int{0, 1, 1, 2, 5}), s.typ(depth-1))
	default:
		return s.structure(depth - 1)
	}
}

// structure makes a struct with blank, empty and padded fields.
func (s *source) structure(depth int) reflect.Type {
	fields := make([]reflect.StructField, s.rd.Intn(5))
	for i := range fields {
		f := reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: s.typ(depth)}
		if s.chance(15) {
			f.Name, f.PkgPath = "_", "frame_test"
		}
		if i == len(fields)-1 && s.chance(30) {
			f.Type = pick(s, []reflect.Type{reflect.TypeFor[struct{}](), reflect.TypeFor[[0]int64](), reflect.TypeFor[[0]func()]()})
		}
		fields[i] = f
	}
	return reflect.StructOf(fields)
}

func (s *source) params() []reflect.Type {
	ts := make([]reflect.Type, s.rd.Intn(9))
	for i := range ts {
		ts[i] = s.typ(2)
	}
	return ts
}

// results makes the results of a handler or a provider, or any.
func (s *source) results() []reflect.Type {
	t := s.typ(2)
	switch s.rd.Intn(9) {
	case 0:
		return nil
	case 1:
		return []reflect.Type{errorType}
	case 2:
		return []reflect.Type{t}
	case 3, 4, 5:
		return []reflect.Type{t, errorType}
	case 6:
		return []reflect.Type{t, undoType}
	case 7:
		return []reflect.Type{t, doneType, errorType}
	}
	return []reflect.Type{t, s.typ(1), s.typ(1)}
}

// fill stores a value at p, which holds the zero value of t. Whatever it refers
// to is new, and held by nothing else.
func (s *source) fill(t reflect.Type, p unsafe.Pointer, depth int) {
	v := reflect.NewAt(t, p).Elem()
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			s.fill(f.Type, unsafe.Add(p, f.Offset), depth)
		}
		return
	case reflect.Array:
		for i := range t.Len() {
			s.fill(t.Elem(), unsafe.Add(p, uintptr(i)*t.Elem().Size()), depth)
		}
		return
	case reflect.String:
		v.SetString(strings.Repeat(fmt.Sprint(s.rd.Int63()), 1+s.rd.Intn(3)))
		return
	case reflect.Bool:
		v.SetBool(s.chance(50))
		return
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func, reflect.Slice, reflect.Interface:
		if depth > 0 && (s.noNil || !s.chance(8)) {
			s.refer(t, v, p, depth-1)
		}
		return
	}
	for i := range t.Size() {
		*(*byte)(unsafe.Add(p, i)) = byte(s.rd.Int())
	}
}

// refer stores what is not nil in a value of a kind that refers to others.
func (s *source) refer(t reflect.Type, v reflect.Value, p unsafe.Pointer, depth int) {
	fresh := func(t reflect.Type) reflect.Value {
		n := reflect.New(t)
		s.fill(t, n.UnsafePointer(), depth)
		return n
	}
	text := fmt.Sprint(s.rd.Int63())
	switch t.Kind() {
	case reflect.Pointer:
		*(*unsafe.Pointer)(p) = fresh(t.Elem()).UnsafePointer()
	case reflect.UnsafePointer:
		*(*unsafe.Pointer)(p) = fresh(reflect.TypeFor[[2]int64]()).UnsafePointer()
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(fresh(t.Key()).Elem(), fresh(t.Elem()).Elem())
	case reflect.Chan:
		v.Set(reflect.MakeChan(t, 1))
		v.Send(fresh(t.Elem()).Elem())
	case reflect.Slice:
		n := s.rd.Intn(4)
		v.Set(reflect.MakeSlice(t, n, n+s.rd.Intn(3)))
		for i := range n {
			s.fill(t.Elem(), v.Index(i).Addr().UnsafePointer(), depth)
		}
	case reflect.Func:
		switch t {
		case reflect.TypeFor[func() string]():
			v.Set(reflect.ValueOf(func() string { return text }))
		case undoType:
			v.Set(reflect.ValueOf(func() { panic(text) }))
		case doneType:
			v.Set(reflect.ValueOf(func(error) error { return errors.New(text) }))
		}
	case reflect.Interface:
		switch t {
		case errorType:
			v.Set(reflect.ValueOf(errors.New(text)))
		case reflect.TypeFor[fmt.Stringer]():
			v.Set(reflect.ValueOf(stringer{&text}))
		default:
			v.Set(fresh(s.typ(1)).Elem())
		}
	}
}

type stringer struct{ s *string }

func (s stringer) String() string { return *s.s }

// show writes the value at p, and everything it refers to, as text; it leaves
// the blank fields out, which a copy need not keep.
func show(b []byte, t reflect.Type, p unsafe.Pointer, depth int) []byte {
	if depth == 0 {
		return append(b, '.')
	}
	v := reflect.NewAt(t, p).Elem()
	switch t.Kind() {
	case reflect.Struct:
		b = append(b, '{')
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				b = append(show(b, f.Type, unsafe.Add(p, f.Offset), depth), ' ')
			}
		}
		return append(b, '}')
	case reflect.Array:
		for i := range t.Len() {
			b = append(show(b, t.Elem(), unsafe.Add(p, uintptr(i)*t.Elem().Size()), depth), ' ')
		}
		return b
	case reflect.String:
		return append(b, v.String()...)
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func, reflect.Slice, reflect.Interface:
		if v.IsNil() {
			return append(b, "nil"...)
		}
		return showReferred(b, t, v, p, depth-1)
	}
	return fmt.Appendf(b, "%x", unsafe.Slice((*byte)(p), t.Size()))
}

func showReferred(b []byte, t reflect.Type, v reflect.Value, p unsafe.Pointer, depth int) []byte {
	copied := func(v reflect.Value) []byte {
		n := reflect.New(v.Type())
		n.Elem().Set(v)
		return show(b, v.Type(), n.UnsafePointer(), depth)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return show(append(b, '&'), t.Elem(), *(*unsafe.Pointer)(p), depth)
	case reflect.UnsafePointer:
		return show(append(b, '&'), reflect.TypeFor[[2]int64](), *(*unsafe.Pointer)(p), depth)
	case reflect.Map:
		for _, k := range v.MapKeys() {
			b = append(copied(k), ':')
			b = copied(v.MapIndex(k))
		}
		return b
	case reflect.Chan:
		if x, ok := v.TryRecv(); ok {
			b = copied(x)
			v.Send(x)
		}
		return b
	case reflect.Slice:
		b = fmt.Appendf(b, "[%d/%d ", v.Len(), v.Cap())
		for i := range v.Len() {
			b = append(show(b, t.Elem(), v.Index(i).Addr().UnsafePointer(), depth), ' ')
		}
		return b
	case reflect.Func:
		switch f := v.Interface().(type) {
		case func() string:
			return append(b, f()...)
		case func():
			func() {
				defer func() { b = fmt.Append(b, recover()) }()
				f()
			}()
			return b
		case func(error) error:
			return append(b, f(nil).Error()...)
		}
		return append(b, "func"...)
	}
	e := v.Elem()
	b = append(append(b, e.Type().String()...), ' ')
	return copied(e)
}

// depthOfValues is how far values refer to values.
const depthOfValues = 3

// print is the text of the value at p.
func print(t reflect.Type, p unsafe.Pointer) string {
	return string(show(nil, t, p, depthOfValues+2))
}

// printAll is the text of addressable values.
func printAll(vs []reflect.Value) []string {
	var all []string
	for _, v := range vs {
		all = append(all, print(v.Type(), v.Addr().UnsafePointer()))
	}
	return all
}

// differ describes the first difference between two lists.
func differ(what string, got, want []string) error {
	if slices.Equal(got, want) {
		return nil
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("%s %d is %s, want %s", what, i, got[i], want[i])
		}
	}
	return nil
}
