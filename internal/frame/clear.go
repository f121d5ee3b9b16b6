package frame

import (
	"reflect"
	"unsafe"
)

// maxClears is how many pieces of a frame are cleared one by one. A frame of
// more is cleared by the runtime, through reflect.
const maxClears = 48

// clearsOf returns the pieces to clear in a frame of type t, nil if there are too
// many of them.
func clearsOf(t reflect.Type) []piece {
	pieces, ok := appendPieces(t, 0, nil, maxClears)
	if !ok {
		return nil
	}
	return pieces
}

// clearPieces zeroes memory piece by piece. Pointers are cleared as such, for the
// garbage collector must hear of it.
func clearPieces(base unsafe.Pointer, pieces []piece) {
	for i := range pieces {
		p := &pieces[i]
		at := unsafe.Add(base, p.off)
		switch {
		case p.ptr:
			*(*unsafe.Pointer)(at) = nil
		case p.size == 8:
			*(*uint64)(at) = 0
		default:
			clear(unsafe.Slice((*byte)(at), p.size))
		}
	}
}
