package frame

import (
	"reflect"
	"strconv"
	"unsafe"
)

// Builder collects the slots of a layout.
type Builder struct {
	types []reflect.Type
}

// Add appends a slot for a value of type t and returns its number.
func (b *Builder) Add(t reflect.Type) int {
	b.types = append(b.types, t)
	return len(b.types) - 1
}

// Build makes the layout. The builder must not be used afterwards.
func (b *Builder) Build() *Layout {
	// An empty struct type would give all frames one address.
	if len(b.types) == 0 {
		b.types = append(b.types, reflect.TypeFor[uintptr]())
	}
	fields := make([]reflect.StructField, len(b.types))
	for i, t := range b.types {
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t}
	}
	l := &Layout{typ: reflect.StructOf(fields), slots: make([]slot, len(fields))}
	l.clear = clearsOf(l.typ)
	for i, t := range b.types {
		l.slots[i] = slot{typ: t, off: l.typ.Field(i).Offset}
	}
	return l
}

// Layout is the type of a frame. It is complete once every call was added;
// then it may be used from any goroutine.
type Layout struct {
	typ   reflect.Type
	slots []slot
	calls []*Call
	clear []piece // what Clear clears; nil: the whole, by reflection
}

type slot struct {
	typ reflect.Type
	off uintptr
}

// Len returns the number of slots.
func (l *Layout) Len() int { return len(l.slots) }

// Size returns the size of a frame in bytes.
func (l *Layout) Size() uintptr { return l.typ.Size() }

// Offset returns the offset of slot i, for Frame.At.
func (l *Layout) Offset(i int) uintptr { return l.slots[i].off }

// New returns a zeroed frame. It is expensive: keep frames and clear them.
func (l *Layout) New() *Frame {
	v := reflect.New(l.typ)
	f := &Frame{base: v.UnsafePointer(), val: v.Elem(), layout: l}
	f.calls = make([]operands, len(l.calls))
	for i, c := range l.calls {
		f.calls[i] = c.operands(f, l)
	}
	return f
}

// Frame holds the values of one call.
type Frame struct {
	base   unsafe.Pointer
	layout *Layout
	val    reflect.Value // the struct at base
	calls  []operands    // of each of the layout's calls, see Call
}

// Clear zeroes every slot, so that the frame can serve another call. Nothing
// may hold a Ref into it.
func (f *Frame) Clear() {
	if f.layout.clear == nil {
		f.val.SetZero()
		return
	}
	clearPieces(f.base, f.layout.clear)
}

// At returns the slot at an offset that came from Layout.Offset.
func (f *Frame) At(off uintptr) Ref { return Ref{unsafe.Add(f.base, off)} }
