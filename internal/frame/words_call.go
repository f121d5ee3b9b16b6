//go:build gc && goexperiment.regabiargs && (amd64 || arm64 || ppc64le || riscv64 || loong64) && !fogo_reflect && !go1.28

// A call by words: the function is called through a function type of the same
// shape, whose parameters are the words of the real ones.
//
// Why that is sound, for a reader who does not believe it:
//
//   - The callee cannot tell: words.go assigns every argument to the register
//     or the place on the stack where the ABI has it, and a uintptr with the
//     bits of a pointer is that pointer once it is in the register. The words
//     are the fields of one struct: the ABI assigns those one by one, as it
//     would so many parameters.
//   - Arguments stay alive although uintptrs keep nothing alive: the frame
//     holds every one of them under its real type, and is itself held until
//     after the call, also while the callee panics. From its first instruction
//     on the callee's own stack maps speak for its registers, its stack
//     arguments and its spill area; those of the caller never speak for the
//     area of outgoing arguments. Nothing in a frame points to a stack, since
//     what is stored through a pointer of unknown origin escapes, so a stack
//     that moves between the load of a word and the call changes no word.
//   - Results are typed: a word that the callee returns as a pointer comes back
//     as unsafe.Pointer, so that it is known to the collector at every
//     instruction from the return to the store, and is stored with a write
//     barrier. A word that is no pointer is never typed as one: the collector
//     would take a number for an address. The first word of an interface may be
//     typed either way, for the runtime and reflect keep types and itabs alive.
//   - The result types are longer than most results. The words behind those
//     that the callee returned are whatever was in the registers; they are
//     numbers to the collector, and store does not look at them.
//   - The callee may store register arguments to the spill area that its caller
//     reserves: when its prologue has to grow the stack, and wherever it takes
//     an argument's address. The caller here reserves that of its own
//     parameters, eight bytes a word, behind the stack arguments (there are no
//     stack results in between: a call that has some is not made by words);
//     pick checks that this is no less than what the callee's own parameters
//     need. (A struct{ P *int; _ struct{} } is one word and sixteen bytes, and
//     nested in others of its kind as many bytes as one likes.)
//   - Stack arguments are one array, which the ABI never puts in registers, at
//     the callee's own offsets. It may be longer than the callee's: what the
//     callee takes for the beginning of its spill area is then the unused end
//     of the array, which belongs to it as well. The callee may change its
//     arguments there; it is a copy.
//   - Registers and stack space beyond what the callee has parameters for are
//     ignored by it, as registers without a meaning are.
//   - The upper bits of a register that holds a narrow value are unspecified.
//     They are zero here all the same: a word is loaded at its own size, or it
//     is alone in its slot, which is zero behind it, see Builder.Build. That
//     keeps reads inside the frame and aligned. A caller that takes more words
//     than there are reads the word at the frame's start for the others; no
//     frame is smaller than that.
//   - The compiler does not see through it: it makes an indirect call direct, by
//     a profile too, only for a function whose type is identical to the call's.
//   - Values that travel in floating-point registers are left to reflection. So
//     should be the vectors of GOEXPERIMENT=simd, which have the form of arrays
//     but travel in such registers; reflection does not know that either.
//
// The tests of this package, which compare such calls with reflect.MakeFunc and
// make them to compiled functions, ran with Go 1.26 on all architectures that the
// build constraint names, and with Go 1.27 on amd64. Elsewhere, and with the tag fogo_reflect, every call is
// made by reflection.

package frame

import (
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

//go:generate go run ./gen

// words is what a Call needs to be made by words. What a call of a common shape
// reads comes first.
type words struct {
	code  unsafe.Pointer // the function value: a pointer to its closure
	shape uint8          // what Run does
	// Offsets in the frame: of the words of the results and of those of the
	// arguments that travel in registers, and of the stack arguments.
	out   [resultWords]uint32
	in    [registers]uint32
	block uint32
	call  caller // if shape is shapeOther
	rest  *rest
}

// rest is what words needs for any shape.
type rest struct {
	args   []word
	res    []word
	copied []stackArg // the stack arguments that are not in the block already
}

// shapeReflect and shapeOther stand before the shapes of words_run.go.
const (
	shapeReflect = iota // it is not made by words
	shapeOther          // by what is in words.call
	firstShape
)

// caller calls through one function type and stores the results.
type caller func(c *Call, b unsafe.Pointer)

// form is how a function is called by words, as far as its type tells.
type form struct {
	shape uint8
	call  caller
	block int // size in words of the stack arguments, 0 if there are none
}

// formOf picks the form with the fewest words, or the smallest block, that has
// enough of them and of spill area. It reports false if there is none.
func formOf(fn reflect.Type) (form, bool) {
	in := assign(typesOf(fn.NumIn(), fn.In), make([]uintptr, fn.NumIn()), registers)
	out := assign(typesOf(fn.NumOut(), fn.Out), make([]uintptr, fn.NumOut()), registers)
	p := pattern(out.words)
	if in.floats || out.floats || len(out.stack) > 0 || len(p) > resultWords {
		return form{}, false
	}
	if !in.mixed && allWhole(out.words) {
		if f, ok := commonForm(&in, p, fails(fn)); ok {
			return f, true
		}
	}
	// A caller in general takes more words from registers than the callee
	// returned: what lies behind the results is anything, and a number may be
	// anything.
	general := generalOf(strings.TrimRight(p, "U"))
	if general == nil {
		return form{}, false
	}
	if in.stackSize > 0 {
		i, ok := fit(&in, registers, blockSizes[:])
		if !ok {
			return form{}, false
		}
		return form{shape: shapeOther, call: general[1+i], block: blockSizes[i]}, true
	}
	return form{shape: shapeOther, call: general[0]}, in.spill <= registers*wordSize
}

// commonForm picks one of the forms for whole words and common results.
func commonForm(in *assignment, p string, fails bool) (form, bool) {
	if in.stackSize > 0 {
		calls := commonBlocksOf(p)
		i, ok := fit(in, commonBlockWords, commonBlockSizes[:])
		if calls == nil || !ok || len(in.words) > commonBlockWords {
			return form{}, false
		}
		return form{shape: shapeOther, call: calls[i], block: commonBlockSizes[i]}, true
	}
	if fails {
		p = strings.TrimSuffix(p, "PP") + "E"
	}
	s := slices.Index(shapePatterns[:], p)
	for i, n := range wordCounts {
		if s >= 0 && len(in.words) <= n && in.spill <= uintptr(n)*wordSize {
			return form{shape: uint8(firstShape + s*len(wordCounts) + i)}, true
		}
	}
	return form{}, false
}

// fit finds the smallest of the sizes of blocks that has room for the stack
// arguments and, with the caller's words behind it, for what the callee spills.
func fit(in *assignment, words int, sizes []int) (int, bool) {
	for i, n := range sizes {
		if in.stackSize <= uintptr(n)*wordSize && in.stackSize+in.spill <= uintptr(n+words)*wordSize {
			return i, true
		}
	}
	return 0, false
}

// allWhole reports whether every word is as wide as a register.
func allWhole(ws []word) bool {
	return !slices.ContainsFunc(ws, func(w word) bool { return w.size != wordSize })
}

func typesOf(n int, at func(int) reflect.Type) []reflect.Type {
	ts := make([]reflect.Type, n)
	for i := range ts {
		ts[i] = at(i)
	}
	return ts
}

// reserve adds the block for the stack arguments of a call by words. It returns
// its number among the builder's blocks, -1 if there is none.
func (b *Builder) reserve(fn reflect.Type, in []int) int {
	form, ok := formOf(fn)
	if !ok || form.block == 0 {
		return -1
	}
	// The offset of a slot that is not known yet is its parameter's number.
	params := make([]uintptr, len(in))
	for i := range params {
		params[i] = uintptr(i)
	}
	mem := block{words: form.block}
	for _, a := range assign(typesOf(fn.NumIn(), fn.In), params, registers).stack {
		s := &b.slots[in[a.from]]
		// What is not whole words must have those it stands in for itself.
		if !s.block && a.to%wordSize == 0 && a.size%wordSize == 0 {
			s.block = true
			mem.members = append(mem.members, member{slot: in[a.from], to: a.to})
		}
	}
	b.blocks = append(b.blocks, mem)
	return len(b.blocks) - 1
}

// compile makes the call one by words, if the function has a shape for it.
func (c *Call) compile(l *Layout, block int) {
	t := c.fn.Type()
	form, ok := formOf(t)
	if !ok {
		return
	}
	in := assign(typesOf(t.NumIn(), t.In), l.offsets(c.in), registers)
	out := assign(typesOf(t.NumOut(), t.Out), l.offsets(c.out), registers)
	c.code, c.shape, c.call = closure(c.fn), form.shape, form.call
	for i, w := range in.words {
		c.words.in[i] = uint32(w.off)
	}
	for i, w := range out.words {
		c.words.out[i] = uint32(w.off)
	}
	c.rest = &rest{args: in.words, res: out.words}
	if block < 0 {
		return
	}
	at := l.blocks[block].off
	c.block = uint32(at)
	for _, a := range in.stack {
		if a.from != at+a.to {
			c.rest.copied = append(c.rest.copied, a)
		}
	}
}

func (l *Layout) offsets(slots []int) []uintptr {
	offs := make([]uintptr, len(slots))
	for i, s := range slots {
		offs[i] = l.slots[s].off
	}
	return offs
}

// closure is the pointer that a function value is.
func closure(fn reflect.Value) unsafe.Pointer {
	v := fn.Interface()
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
}

// whole reads argument word i, which is as wide as a register.
func (c *Call) whole(b unsafe.Pointer, i int) uintptr {
	return *(*uintptr)(unsafe.Add(b, c.words.in[i]))
}

// load reads all argument words; those beyond the last stay as they are.
//
//go:noinline
func (c *Call) load(b unsafe.Pointer, to *regs) {
	words := (*[registers]uintptr)(unsafe.Pointer(to))
	for i := range c.rest.args {
		w := &c.rest.args[i]
		p := unsafe.Add(b, w.off)
		if w.size == wordSize {
			words[i] = *(*uintptr)(p)
		} else {
			words[i] = loadNarrow(p, w.size)
		}
	}
}

// loadAll also completes the block of stack arguments, and returns that.
//
//go:noinline
func (c *Call) loadAll(b unsafe.Pointer, to *regs) unsafe.Pointer {
	c.load(b, to)
	return c.stacked(b)
}

// stacked copies the stack arguments that have their slots elsewhere to their
// places in the block, and returns that. Such a place is memory without
// pointers: what it holds is held by the slot.
func (c *Call) stacked(b unsafe.Pointer) unsafe.Pointer {
	at := unsafe.Add(b, c.block)
	if len(c.rest.copied) > 0 {
		c.copyStacked(b, at)
	}
	return at
}

//go:noinline
func (c *Call) copyStacked(b, block unsafe.Pointer) {
	for i := range c.rest.copied {
		s := &c.rest.copied[i]
		from := unsafe.Slice((*byte)(unsafe.Add(b, s.from)), s.size)
		copy(unsafe.Slice((*byte)(unsafe.Add(block, s.to)), s.size), from)
	}
}

func loadNarrow(p unsafe.Pointer, size uint8) uintptr {
	switch size {
	case 4:
		return uintptr(*(*uint32)(p))
	case 2:
		return uintptr(*(*uint16)(p))
	case 1:
		return uintptr(*(*uint8)(p))
	}
	return 0
}

// store writes the results, which stand as words at r.
//
//go:noinline
func (c *Call) store(b, r unsafe.Pointer) {
	for i := range c.rest.res {
		w := &c.rest.res[i]
		from := unsafe.Add(r, uintptr(i)*wordSize)
		if w.ptr {
			*(*unsafe.Pointer)(unsafe.Add(b, w.off)) = *(*unsafe.Pointer)(from)
		} else {
			w.put(b, *(*uintptr)(from))
		}
	}
}

func (c *Call) storePointer(b unsafe.Pointer, i int, v unsafe.Pointer) {
	*(*unsafe.Pointer)(unsafe.Add(b, c.words.out[i])) = v
}

func (c *Call) storeWord(b unsafe.Pointer, i int, v uintptr) {
	*(*uintptr)(unsafe.Add(b, c.words.out[i])) = v
}

// storeError writes the error that a call failed with.
//
//go:noinline
func (c *Call) storeError(b, itab, data unsafe.Pointer) *Call {
	at := (*[2]unsafe.Pointer)(unsafe.Add(b, c.err))
	at[0], at[1] = itab, data
	return c
}

// put writes a word that is no pointer.
func (w *word) put(b unsafe.Pointer, v uintptr) {
	p := unsafe.Add(b, w.off)
	switch w.size {
	case wordSize:
		*(*uintptr)(p) = v
	case 4:
		*(*uint32)(p) = uint32(v)
	case 2:
		*(*uint16)(p) = uint16(v)
	case 1:
		*(*uint8)(p) = uint8(v)
	}
}

func (c *Call) byWords() bool { return c.shape != shapeReflect }
