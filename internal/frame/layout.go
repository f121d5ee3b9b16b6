package frame

import (
	"reflect"
	"strconv"
	"unsafe"
)

// Builder collects the slots of a layout.
type Builder struct {
	slots  []slot
	blocks []block // of the calls with arguments on the stack
}

type slot struct {
	typ   reflect.Type
	off   uintptr
	fixed Ref  // where a fixed value comes from
	block bool // it stands in a block
}

// block is memory for the stack arguments of one call, laid out as the callee
// has them. An argument's slot is its place in the block unless another call
// has it already; then the call copies it.
type block struct {
	words   int
	off     uintptr
	members []member // in the order of memory
}

type member struct {
	slot int
	to   uintptr // from the block's start
}

// Add appends a slot for a value of type t and returns its number.
func (b *Builder) Add(t reflect.Type) int {
	b.slots = append(b.slots, slot{typ: t})
	return len(b.slots) - 1
}

// AddFixed appends a slot for a value of type t that is the same in all calls.
// A frame gets it from there once, see Frame.Fix, and Clear keeps it. Nobody may
// write to the slot.
func (b *Builder) AddFixed(t reflect.Type, from Ref) int {
	b.slots = append(b.slots, slot{typ: t, fixed: from})
	return len(b.slots) - 1
}

// Build makes the layout. The builder must not be used afterwards.
//
// The blocks come first, then the fixed values, then the others in the order in
// which they were added, so that what Clear has to clear stands together. A slot
// that is not in a block has whole words of its own: narrow values can be read
// as words, and what is behind them is zero.
func (b *Builder) Build() *Layout {
	var w fieldWriter
	for i := range b.blocks {
		b.blocks[i].off = w.block(&b.blocks[i], b.slots)
	}
	for _, fixed := range []bool{true, false} {
		for i := range b.slots {
			if s := &b.slots[i]; !s.block && s.fixed.IsNil() != fixed {
				s.off = w.add(s.typ)
				w.pad(align(w.end, wordSize))
			}
		}
	}
	// An empty struct type would give all frames one address.
	if w.end == 0 {
		w.add(reflect.TypeFor[uint64]())
	}
	l := &Layout{typ: reflect.StructOf(w.fields), slots: b.slots, blocks: b.blocks}
	l.clear = clearsOf(l.slots)
	for _, s := range l.slots {
		if !s.fixed.IsNil() {
			l.fixed = append(l.fixed, fixed{off: s.off, from: s.fixed, move: MoverOf(s.typ)})
		}
	}
	return l
}

// fieldWriter lists the fields of a struct. It says where every field stands
// before the struct type is made.
type fieldWriter struct {
	fields []reflect.StructField
	end    uintptr
}

func (w *fieldWriter) add(t reflect.Type) uintptr {
	at := align(w.end, uintptr(t.Align()))
	w.fields = append(w.fields, reflect.StructField{Name: "F" + strconv.Itoa(len(w.fields)), Type: t})
	w.end = at + t.Size()
	return at
}

func (w *fieldWriter) pad(to uintptr) {
	if to > w.end {
		w.add(reflect.ArrayOf(int(to-w.end), reflect.TypeFor[byte]()))
	}
}

// block appends the memory of a block and gives its members their places.
func (w *fieldWriter) block(b *block, slots []slot) uintptr {
	start := w.end
	for _, m := range b.members {
		w.pad(start + m.to)
		slots[m.slot].off = w.add(slots[m.slot].typ)
	}
	w.pad(start + uintptr(b.words)*wordSize)
	return start
}

// Layout is the type of a frame. It is complete once every call was added;
// then it may be used from any goroutine.
type Layout struct {
	typ    reflect.Type
	slots  []slot
	blocks []block
	calls  []*Call // those by reflection
	fixed  []fixed
	clear  []piece // what Clear clears; nil: the whole, by reflection
}

type fixed struct {
	off  uintptr
	from Ref
	move Mover
}

// Len returns the number of slots.
func (l *Layout) Len() int { return len(l.slots) }

// Size returns the size of a frame in bytes.
func (l *Layout) Size() uintptr { return l.typ.Size() }

// Offset returns the offset of slot i, for Frame.At.
func (l *Layout) Offset(i int) uintptr { return l.slots[i].off }

// New returns a frame that is zero but for its fixed values. It is expensive:
// keep frames and clear them.
func (l *Layout) New() *Frame {
	v := reflect.New(l.typ)
	f := &Frame{base: v.UnsafePointer(), val: v.Elem(), layout: l}
	f.calls = make([]operands, len(l.calls))
	for i, c := range l.calls {
		f.calls[i] = c.operands(f, l)
	}
	f.Fix()
	return f
}

// Frame holds the values of one call.
type Frame struct {
	base   unsafe.Pointer
	layout *Layout
	val    reflect.Value // the struct at base
	calls  []operands    // of each of the layout's calls by reflection
}

// Fix copies the fixed values into the frame. It is for when they changed since
// the frame was made.
func (f *Frame) Fix() {
	for i := range f.layout.fixed {
		x := &f.layout.fixed[i]
		x.move.Move(f.At(x.off), x.from)
	}
}

// Clear zeroes every slot that is not fixed, so that the frame can serve
// another call. Nothing may hold a Ref into it.
func (f *Frame) Clear() {
	if f.layout.clear == nil {
		f.val.SetZero()
		f.Fix()
		return
	}
	clearPieces(f.base, f.layout.clear)
}

// At returns the slot at an offset that came from Layout.Offset.
func (f *Frame) At(off uintptr) Ref { return Ref{unsafe.Add(f.base, off)} }
