package frame

import "unsafe"

// maxClears is how many pieces of a frame are cleared one by one. A frame of
// more is cleared by the runtime, through reflect.
const maxClears = 64

// clearsOf returns the pieces to clear in a frame, nil if there are too many of
// them. What stands side by side becomes one piece, of a size that takes one
// store or a few.
func clearsOf(slots []slot) []piece {
	pieces := []piece{}
	for _, s := range slots {
		if !s.fixed.IsNil() {
			continue
		}
		own, ok := appendPieces(s.typ, s.off, nil, maxClears)
		if !ok {
			return nil
		}
		if n := len(own); n > 0 && !own[n-1].ptr && !s.block {
			// The bytes behind it are nobody's.
			own[n-1].size = align(own[n-1].off+own[n-1].size, wordSize) - own[n-1].off
		}
		for _, p := range own {
			pieces = appendPiece(pieces, p)
		}
	}
	if pieces = split(pieces); len(pieces) > maxClears {
		return nil
	}
	return pieces
}

// appendPiece appends a piece, to the one before it if that touches and is of
// the same sort.
func appendPiece(out []piece, p piece) []piece {
	if n := len(out); n > 0 && out[n-1].ptr == p.ptr && out[n-1].off+out[n-1].size == p.off {
		out[n-1].size += p.size
		return out
	}
	if p.size == 0 {
		return out
	}
	return append(out, p)
}

// longRun is the size from which on memory without pointers is cleared by the
// runtime.
const longRun = 256

// split cuts pieces into such as clearPieces has a case for.
func split(pieces []piece) []piece {
	const word = unsafe.Sizeof(uintptr(0))
	out := []piece{}
	for _, p := range pieces {
		for _, words := range [...]uintptr{8, 4, 2, 1} {
			size := words * word
			for p.size >= size && p.off%word == 0 && (p.ptr || p.size < longRun) {
				out = append(out, piece{off: p.off, size: size, ptr: p.ptr})
				p.off, p.size = p.off+size, p.size-size
			}
		}
		if p.size > 0 {
			out = append(out, p)
		}
	}
	return out
}

// clearPieces zeroes memory piece by piece. Pointers are cleared as such, for the
// garbage collector must hear of it.
func clearPieces(base unsafe.Pointer, pieces []piece) {
	const word = unsafe.Sizeof(uintptr(0))
	for i := range pieces {
		p := &pieces[i]
		at := unsafe.Add(base, p.off)
		if p.ptr {
			switch p.size {
			case word:
				*(*unsafe.Pointer)(at) = nil
			case 2 * word:
				*(*[2]unsafe.Pointer)(at) = [2]unsafe.Pointer{}
			case 4 * word:
				*(*[4]unsafe.Pointer)(at) = [4]unsafe.Pointer{}
			case 8 * word:
				*(*[8]unsafe.Pointer)(at) = [8]unsafe.Pointer{}
			}
			continue
		}
		switch p.size {
		case word:
			*(*uintptr)(at) = 0
		case 2 * word:
			*(*[2]uintptr)(at) = [2]uintptr{}
		case 4 * word:
			*(*[4]uintptr)(at) = [4]uintptr{}
		case 8 * word:
			*(*[8]uintptr)(at) = [8]uintptr{}
		default:
			clear(unsafe.Slice((*byte)(at), p.size))
		}
	}
}
