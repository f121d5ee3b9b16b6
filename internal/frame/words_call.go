//go:build gc && goexperiment.regabiargs && (amd64 || arm64 || ppc64le || riscv64 || loong64) && !fogo_reflect && !go1.28

// A call by words: the function is called through a function type of the same
// shape, whose parameters are the words of the real ones.
//
// Why that is sound, for a reader who does not believe it:
//
//   - The callee cannot tell: words.go assigns every argument to the register
//     or the place on the stack where the ABI has it, and a uintptr with the
//     bits of a pointer is that pointer once it is in the register.
//   - Arguments stay alive although uintptrs keep nothing alive: the frame
//     holds every one of them under its real type, and is itself held until
//     after the call. Nothing in a frame points to a stack, so a stack that
//     moves between the load of a word and the call changes no word.
//   - Results are typed: a word that the callee returns as a pointer comes back
//     as unsafe.Pointer, so that it is known to the collector at every
//     instruction from the return to the store, and is stored with a write
//     barrier. A word that is no pointer is never typed as one: the collector
//     would take a number for an address.
//   - The callee may store register arguments to the spill area that its caller
//     reserves. The caller here reserves that of its own parameters, eight
//     bytes a word, behind the stack arguments; compile checks that this is
//     no less than what the callee's own parameters need. (A struct{ P *int; _
//     struct{} } is one word and sixteen bytes.)
//   - Stack arguments are one array, which the ABI never puts in registers, at
//     the callee's own offsets. It may be longer than the callee's: what the
//     callee takes for the beginning of its spill area is then the unused end
//     of the array, which belongs to it as well.
//   - Registers and stack space beyond what the callee has parameters for are
//     ignored by it, as registers without a meaning are.
//   - The upper bits of a register that holds a narrow value are unspecified,
//     so loading them with the neighbours' bytes would be allowed; they are
//     loaded at their own size all the same, which keeps reads inside the
//     frame and aligned.
//
// The build constraint names the compilers and releases on which the
// differential test against reflect.MakeFunc ran. Elsewhere, and with the tag
// fogo_reflect, every call is made by reflection.

package frame

import (
	"reflect"
	"runtime"
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

// result is the results of a call as words. The family is closed and
// generated; a result whose pattern is missing is fetched by reflection.
type result interface {
	store(c *Call, b unsafe.Pointer)
}

// callers are the ways to call a function with one pattern of results.
type callers struct{ common, general []caller }

// resultsOf returns the callers for a pattern of result words.
func resultsOf(pattern string) callers {
	switch len(pattern) {
	case 0, 1, 2, 3, 4:
		return results4(pattern)
	case 5:
		return results5(pattern)
	case 6:
		return results6(pattern)
	case 7:
		return results7(pattern)
	}
	return callers{}
}

// reserve adds the slot that a call by words copies its stack arguments to.
func (b *Builder) reserve(fn reflect.Type) int {
	types := make([]reflect.Type, fn.NumIn())
	for i := range types {
		types[i] = fn.In(i)
	}
	a := assign(types, make([]uintptr, len(types)), registers)
	for _, n := range blockSizes {
		if a.stackSize > 0 && a.stackSize <= uintptr(n)*wordSize {
			return b.Add(reflect.ArrayOf(n, reflect.TypeFor[uintptr]()))
		}
	}
	return -1
}

// compile makes the call one by words, if the function has a shape for it.
func (c *Call) compile(l *Layout, block int) {
	t := c.fn.Type()
	in := assign(typesOf(t.NumIn(), t.In), l.offsets(c.in), registers)
	out := assign(typesOf(t.NumOut(), t.Out), l.offsets(c.out), registers)
	if in.floats || out.floats || len(out.stack) > 0 {
		return
	}
	call := resultsOf(pattern(out.words)).pick(&in)
	if call == nil || in.stackSize > 0 && block < 0 {
		return
	}
	c.code, c.call = closure(c.fn), call
	c.narg = copy(c.args[:], in.words)
	c.res, c.stack = out.words, in.stack
	if block >= 0 {
		c.block = l.Offset(block)
	}
}

// pick returns the caller with the fewest words, and the smallest block, that
// has enough of them and of spill area; nil if there is none.
func (cs callers) pick(a *assignment) caller {
	if cs.general == nil {
		return nil
	}
	if a.stackSize > 0 {
		for i, n := range blockSizes {
			if a.stackSize <= uintptr(n)*wordSize && a.stackSize+a.spill <= uintptr(n+registers)*wordSize {
				return cs.general[1+i]
			}
		}
		return nil
	}
	if cs.common != nil && allWhole(a.words) {
		for i, n := range wordCounts {
			if len(a.words) <= n && a.spill <= uintptr(n)*wordSize {
				return cs.common[i]
			}
		}
	}
	if a.spill <= registers*wordSize {
		return cs.general[0]
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

// load reads all argument words; those beyond the last are 0.
//
//go:noinline
func (c *Call) load(b unsafe.Pointer) (words [registers]uintptr) {
	for i := range c.narg {
		w := &c.args[i]
		p := unsafe.Add(b, w.off)
		if w.size == wordSize {
			words[i] = *(*uintptr)(p)
		} else {
			words[i] = loadNarrow(p, w.size)
		}
	}
	return words
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

func (c *Call) storePointer(b unsafe.Pointer, i int, v unsafe.Pointer) {
	*(*unsafe.Pointer)(unsafe.Add(b, c.res[i].off)) = v
}

func (c *Call) storeWord(b unsafe.Pointer, i int, v uintptr) {
	w := &c.res[i]
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

// fillBlock copies the stack arguments to their places in the block. The block
// is memory without pointers: what it holds is held by the slots.
func (c *Call) fillBlock(b unsafe.Pointer) {
	for i := range c.stack {
		s := &c.stack[i]
		from := unsafe.Slice((*byte)(unsafe.Add(b, s.from)), s.size)
		copy(unsafe.Slice((*byte)(unsafe.Add(b, c.block+s.to)), s.size), from)
	}
}

func (c *Call) byWords() bool { return c.call != nil }
