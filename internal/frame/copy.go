package frame

import (
	"reflect"
	"unsafe"
)

// Copy copies the value at src to dst.
type Copy func(dst, src Ref)

// Mover copies values of one type. It is a Copy that knows the commonest case,
// a single pointer, by itself.
type Mover struct{ copy Copy } // nil for a pointer

// MoverOf returns the mover for values of type t.
func MoverOf(t reflect.Type) Mover {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return Mover{}
	}
	return Mover{copy: CopyOf(t)}
}

// Move copies the value at src to dst.
func (m *Mover) Move(dst, src Ref) {
	if m.copy == nil {
		*(*unsafe.Pointer)(dst.p) = *(*unsafe.Pointer)(src.p)
		return
	}
	m.copy(dst, src)
}

// CopyOf returns the copy function for values of type t. What is one to three
// words is copied at once, a larger struct part by part, and what is larger than
// that by the runtime.
func CopyOf(t reflect.Type) Copy {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return copyAs[unsafe.Pointer]
	case reflect.Interface:
		return copyAs[[2]unsafe.Pointer]
	case reflect.String:
		return copyAs[string]
	case reflect.Slice:
		return copyAs[[]byte]
	case reflect.Struct:
		return copyOfStruct(t)
	case reflect.Array:
		if t.Len() == 1 {
			return CopyOf(t.Elem())
		}
		return copyOfParts(t)
	}
	return copyBytes(t.Size())
}

func copyAs[T any](dst, src Ref) { *(*T)(dst.p) = *(*T)(src.p) }

// copyBytes copies memory without pointers.
func copyBytes(size uintptr) Copy {
	switch size {
	case 0:
		return func(Ref, Ref) {}
	case 1:
		return copyAs[uint8]
	case 2:
		return copyAs[uint16]
	case 4:
		return copyAs[uint32]
	case 8:
		return copyAs[uint64]
	case 16:
		return copyAs[[2]uint64]
	}
	return func(dst, src Ref) {
		copy(unsafe.Slice((*byte)(dst.p), size), unsafe.Slice((*byte)(src.p), size))
	}
}

// copyOfStruct copies a struct that is one field as that field.
func copyOfStruct(t reflect.Type) Copy {
	for i := range t.NumField() {
		if f := t.Field(i).Type; f.Size() == t.Size() && t.Size() > 0 {
			return CopyOf(f)
		}
	}
	return copyOfParts(t)
}

// piece is a run of memory of one sort: bytes without pointers, or a pointer
// word.
type piece struct {
	off, size uintptr
	ptr       bool
}

// maxPieces is how many pieces are copied one by one.
const maxPieces = 16

func copyOfParts(t reflect.Type) Copy {
	pieces, ok := appendPieces(t, 0, nil, maxPieces)
	switch {
	case !ok:
		return func(dst, src Ref) { dst.Value(t).Set(src.Value(t)) }
	case len(pieces) == 1 && !pieces[0].ptr && pieces[0].off == 0:
		return copyBytes(t.Size())
	}
	return func(dst, src Ref) {
		for i := range pieces {
			p := &pieces[i]
			to, from := unsafe.Add(dst.p, p.off), unsafe.Add(src.p, p.off)
			switch {
			case p.ptr:
				*(*unsafe.Pointer)(to) = *(*unsafe.Pointer)(from)
			case p.size == 8:
				*(*uint64)(to) = *(*uint64)(from)
			default:
				copy(unsafe.Slice((*byte)(to), p.size), unsafe.Slice((*byte)(from), p.size))
			}
		}
	}
}

// appendPieces takes a type apart. It reports false if there are more than most
// pieces.
func appendPieces(t reflect.Type, off uintptr, out []piece, most int) ([]piece, bool) {
	const word = unsafe.Sizeof(uintptr(0))
	ok := true
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		out = append(out, piece{off, word, true})
	case reflect.Interface:
		out = append(out, piece{off, word, true}, piece{off + word, word, true})
	case reflect.String:
		out = plain(append(out, piece{off, word, true}), off+word, word)
	case reflect.Slice:
		out = plain(append(out, piece{off, word, true}), off+word, 2*word)
	case reflect.Struct:
		for i := 0; i < t.NumField() && ok; i++ {
			f := t.Field(i)
			out, ok = appendPieces(f.Type, off+f.Offset, out, most)
		}
	case reflect.Array:
		for i := 0; i < t.Len() && ok; i++ {
			out, ok = appendPieces(t.Elem(), off+uintptr(i)*t.Elem().Size(), out, most)
		}
	default:
		out = plain(out, off, t.Size())
	}
	return out, ok && len(out) <= most
}

// plain appends memory without pointers, to the piece before it if that
// touches. Padding between two fields is not copied: nobody may look at it.
func plain(out []piece, off, size uintptr) []piece {
	return appendPiece(out, piece{off, size, false})
}
