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
//   - The upper bits of a register that holds a narrow value are unspecified,
//     so loading them with the neighbours' bytes would be allowed; they are
//     loaded at their own size all the same, which keeps reads inside the
//     frame and aligned. A caller that takes more words than there are reads
//     the word at the frame's start for the others: it is only picked when the
//     arguments take more than the eight bytes of that.
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
	"runtime"
	"strings"
	"unsafe"
)

//go:generate go run ./gen

// words is what a Call needs to be made by words.
type words struct {
	code  unsafe.Pointer // the function value: a pointer to its closure
	call  caller
	args  [registers]word
	narg  int
	res   []word
	stack []stackArg
	block uintptr // offset of the copy of the stack arguments in the frame
}

// caller calls through one function type and stores the results.
type caller func(c *Call, b unsafe.Pointer)

// callers returns the callers for the results, which are words: for common
// ones by the number of argument words, and in general by the size of the block.
// Either may be nil. A caller in general takes more words from registers than
// the callee returned: what lies behind the results is anything, and a number
// may be anything.
func callers(results []word) (common, general []caller) {
	p := pattern(results)
	if len(p) > resultWords {
		return nil, nil
	}
	return commonOf(p), generalOf(strings.TrimRight(p, "U"))
}

// reserve adds the slot that a call by words copies its stack arguments to.
func (b *Builder) reserve(fn reflect.Type) int {
	in := assign(typesOf(fn.NumIn(), fn.In), make([]uintptr, fn.NumIn()), registers)
	if in.stackSize == 0 {
		return -1
	}
	i, ok := blockFor(&in)
	if !ok {
		return -1
	}
	return b.Add(reflect.ArrayOf(blockSizes[i], reflect.TypeFor[uintptr]()))
}

// blockFor picks the smallest of blockSizes that has room for the stack
// arguments and, with the words behind it, for what the callee spills.
func blockFor(in *assignment) (int, bool) {
	for i, n := range blockSizes {
		if in.stackSize <= uintptr(n)*wordSize && in.stackSize+in.spill <= uintptr(n+registers)*wordSize {
			return i, true
		}
	}
	return 0, false
}

// compile makes the call one by words, if the function has a shape for it.
func (c *Call) compile(l *Layout, block int) {
	t := c.fn.Type()
	in := assign(typesOf(t.NumIn(), t.In), l.offsets(c.in), registers)
	out := assign(typesOf(t.NumOut(), t.Out), l.offsets(c.out), registers)
	if in.floats || out.floats || len(out.stack) > 0 {
		return
	}
	call := pick(&in, out.words)
	if call == nil {
		return
	}
	c.code, c.call = closure(c.fn), call
	c.narg = copy(c.args[:], in.words)
	c.res, c.stack = out.words, in.stack
	if block >= 0 {
		c.block = l.Offset(block)
	}
}

// pick returns the caller with the fewest words, or the smallest block, that
// has enough of them and of spill area; nil if there is none.
func pick(in *assignment, results []word) caller {
	common, general := callers(results)
	if general == nil {
		return nil
	}
	if in.stackSize > 0 {
		if i, ok := blockFor(in); ok {
			return general[1+i]
		}
		return nil
	}
	if common != nil && allWhole(in.words) {
		for i, n := range wordCounts {
			if len(in.words) <= n && in.spill <= uintptr(n)*wordSize {
				return common[i]
			}
		}
	}
	if in.spill <= registers*wordSize {
		return general[0]
	}
	return nil
}

// allWhole reports whether no word is narrower than a register.
func allWhole(ws []word) bool {
	for _, w := range ws {
		if w.size != wordSize {
			return false
		}
	}
	return true
}

func typesOf(n int, at func(int) reflect.Type) []reflect.Type {
	ts := make([]reflect.Type, n)
	for i := range ts {
		ts[i] = at(i)
	}
	return ts
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

// runWords makes the call and reports whether it is one by words.
func (c *Call) runWords(f *Frame) bool {
	if c.call == nil {
		return false
	}
	c.call(c, f.base)
	// The words were loaded as numbers; what they point to is held by f.
	runtime.KeepAlive(f)
	return true
}

// whole reads argument word i, which is as wide as a register.
func (c *Call) whole(b unsafe.Pointer, i int) uintptr {
	return *(*uintptr)(unsafe.Add(b, c.args[i].off))
}

// load reads all argument words; those beyond the last stay as they are.
//
//go:noinline
func (c *Call) load(b unsafe.Pointer, to *regs) {
	words := (*[registers]uintptr)(unsafe.Pointer(to))
	for i := range c.narg {
		w := &c.args[i]
		p := unsafe.Add(b, w.off)
		if w.size == wordSize {
			words[i] = *(*uintptr)(p)
		} else {
			words[i] = loadNarrow(p, w.size)
		}
	}
}

// loadAll also copies the stack arguments to their places in the block, and
// returns that. The block is memory without pointers: what it holds is held by
// the slots.
//
//go:noinline
func (c *Call) loadAll(b unsafe.Pointer, to *regs) unsafe.Pointer {
	c.load(b, to)
	block := unsafe.Add(b, c.block)
	for i := range c.stack {
		s := &c.stack[i]
		from := unsafe.Slice((*byte)(unsafe.Add(b, s.from)), s.size)
		copy(unsafe.Slice((*byte)(unsafe.Add(block, s.to)), s.size), from)
	}
	return block
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
	for i := range c.res {
		w := &c.res[i]
		from := unsafe.Add(r, uintptr(i)*wordSize)
		if w.ptr {
			*(*unsafe.Pointer)(unsafe.Add(b, w.off)) = *(*unsafe.Pointer)(from)
		} else {
			w.put(b, *(*uintptr)(from))
		}
	}
}

func (c *Call) storePointer(b unsafe.Pointer, i int, v unsafe.Pointer) {
	*(*unsafe.Pointer)(unsafe.Add(b, c.res[i].off)) = v
}

func (c *Call) storeWord(b unsafe.Pointer, i int, v uintptr) { c.res[i].put(b, v) }

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

func (c *Call) byWords() bool { return c.call != nil }
