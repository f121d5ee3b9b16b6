// How Go's register ABI assigns arguments and results.
//
// A value is taken apart into words: an int is one, a string two, a struct the
// words of its fields. If all words of an argument fit the integer registers
// that are left, it travels in them; otherwise it goes to the stack as a whole,
// and the arguments after it may still go to registers. That is the surprise:
// one wide argument in the middle does not push out its successors. A value
// that holds an array longer than one is never taken apart. The callee may
// store what came in registers into a spill area that its caller reserved
// behind the stack arguments. Source: "Go internal ABI specification",
// sections "Function call argument and result passing" and "Stack layout".

package frame

import (
	"reflect"
	"slices"
)

// word is one register's worth of a value in a frame.
type word struct {
	off  uintptr // from the frame's base
	size uint8   // bytes used, 1, 2, 4 or 8
	ptr  bool
}

// stackArg is an argument that travels on the stack.
type stackArg struct {
	from uintptr // its slot, from the frame's base
	to   uintptr // its place among the stack arguments
	size uintptr
}

// assignment is where the arguments or results of a call travel.
type assignment struct {
	words []word
	stack []stackArg
	// stackSize is that of the stack arguments, in whole words.
	stackSize uintptr
	// spill is the size of the spill area that the callee may write to.
	spill uintptr
	// floats is true if a floating-point register is used.
	floats bool
	// mixed is true if a word in a register is narrower than that and not alone
	// in its slot.
	mixed bool
}

const wordSize = 8

func align(n, to uintptr) uintptr {
	if to == 0 {
		return n
	}
	return (n + to - 1) / to * to
}

// assign follows the ABI for values of the given types, which stand in slots
// at the given offsets of a frame, with regs integer registers.
func assign(types []reflect.Type, offsets []uintptr, regs int) assignment {
	var a assignment
	for i, t := range types {
		if t.Size() == 0 {
			// It takes no space, but its alignment counts.
			a.stackSize = align(a.stackSize, uintptr(t.Align()))
			continue
		}
		words, floats, fits := flatten(t, offsets[i], nil)
		if !fits || len(words)-floats > regs-a.integers() {
			at := align(a.stackSize, uintptr(t.Align()))
			a.stack = append(a.stack, stackArg{from: offsets[i], to: at, size: t.Size()})
			a.stackSize = at + t.Size()
			continue
		}
		a.floats = a.floats || floats > 0
		a.mixed = a.mixed || slices.ContainsFunc(words, func(w word) bool {
			return w.size != wordSize && uintptr(w.size) != t.Size()
		})
		a.words = append(a.words, words...)
		a.spill = align(a.spill, uintptr(t.Align())) + t.Size()
	}
	a.stackSize = align(a.stackSize, wordSize)
	a.spill = align(a.spill, wordSize)
	return a
}

// integers counts the integer registers in use; with floats the count is of no
// interest, since such calls are not made by words.
func (a *assignment) integers() int { return len(a.words) }

// flatten takes a value apart. It reports how many of the words are
// floating-point, and false if the type is never taken apart.
func flatten(t reflect.Type, off uintptr, out []word) (words []word, floats int, ok bool) {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return append(out, word{off, 1, false}), 0, true
	case reflect.Int16, reflect.Uint16:
		return append(out, word{off, 2, false}), 0, true
	case reflect.Int32, reflect.Uint32:
		return append(out, word{off, 4, false}), 0, true
	case reflect.Int, reflect.Uint, reflect.Int64, reflect.Uint64, reflect.Uintptr:
		return append(out, word{off, wordSize, false}), 0, true
	case reflect.Float32, reflect.Float64:
		return append(out, word{off, wordSize, false}), 1, true
	case reflect.Complex64, reflect.Complex128:
		return append(out, word{off, wordSize, false}, word{off, wordSize, false}), 2, true
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return append(out, word{off, wordSize, true}), 0, true
	case reflect.String:
		return append(out, word{off, wordSize, true}, word{off + wordSize, wordSize, false}), 0, true
	case reflect.Slice:
		return append(out, word{off, wordSize, true}, word{off + wordSize, wordSize, false}, word{off + 2*wordSize, wordSize, false}), 0, true
	case reflect.Interface:
		// The first word is a pointer too: an itab may be made at run time.
		return append(out, word{off, wordSize, true}, word{off + wordSize, wordSize, true}), 0, true
	case reflect.Array:
		return flattenArray(t, off, out)
	case reflect.Struct:
		return flattenStruct(t, off, out)
	}
	return nil, 0, false
}

func flattenArray(t reflect.Type, off uintptr, out []word) ([]word, int, bool) {
	switch t.Len() {
	case 0:
		return out, 0, true
	case 1:
		return flatten(t.Elem(), off, out)
	}
	return nil, 0, false
}

func flattenStruct(t reflect.Type, off uintptr, out []word) ([]word, int, bool) {
	floats := 0
	for i := range t.NumField() {
		f := t.Field(i)
		words, n, ok := flatten(f.Type, off+f.Offset, out)
		if !ok {
			return nil, 0, false
		}
		out, floats = words, floats+n
	}
	return out, floats, true
}

// pattern spells words as P for a pointer and U for anything else: "PUPP" is a
// string and an error.
func pattern(words []word) string {
	b := make([]byte, len(words))
	for i, w := range words {
		b[i] = 'U'
		if w.ptr {
			b[i] = 'P'
		}
	}
	return string(b)
}
