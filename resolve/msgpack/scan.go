// Before a message is decoded it is looked through once: whether it is one whole
// value, how deep it nests, what its headers promise, and whether a key is there
// twice. The stack of what is open is a slice, for a recursive look at how deep a
// message nests would suffer from what it looks for.

package msgpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

var (
	errShort   = errors.New("it breaks off")
	errUnused  = errors.New("it has the byte c1, which means nothing")
	errTail    = errors.New("there is something behind the value")
	errUTF8    = errors.New("it has a text that is not UTF-8")
	errNumber  = errors.New("it has a number that is NaN or infinite")
	errKey     = errors.New("it has a key that is neither a text, bytes, a number nor a bool")
	errPromise = errors.New("it promises more elements than it has bytes")
)

// open is an array or map that is not at its end.
type open struct {
	left uint64              // values, of a map keys too
	keys map[string]struct{} // nil in an array
	key  bool                // the next value is a key
}

// value is what one header says.
type value struct {
	head  int    // bytes of the header
	size  uint64 // bytes of the content
	count uint64 // values inside
	kind  kind
}

type kind uint8

const (
	scalar kind = iota // nil
	boolean
	signed
	unsigned
	float
	text
	data
	extension
	array
	mapping
)

// scan reports what is wrong with a message.
func scan(b []byte, l Limits) error {
	var stack []open
	for i := 0; ; {
		v, err := header(b[i:])
		if err != nil {
			return err
		}
		if v.size > uint64(len(b)-i-v.head) {
			return errShort
		}
		whole := b[i : i+v.head+int(v.size)]
		i += len(whole)
		if err := content(whole, v); err != nil {
			return err
		}
		if n := len(stack); n > 0 {
			if err := stack[n-1].take(whole, v); err != nil {
				return err
			}
		}
		if v.kind >= array {
			switch {
			case len(stack) >= l.Depth:
				return fmt.Errorf("it nests deeper than %d levels", l.Depth)
			case v.elements() > uint64(l.Elements):
				return fmt.Errorf("it has more than %d elements in one place", l.Elements)
			case v.count > uint64(len(b)-i):
				return errPromise
			}
			o := open{left: v.count}
			if v.kind == mapping {
				o.keys, o.key = map[string]struct{}{}, true
			}
			stack = append(stack, o)
		}
		for len(stack) > 0 && stack[len(stack)-1].left == 0 {
			stack = stack[:len(stack)-1]
		}
		if len(stack) == 0 {
			if i < len(b) {
				return errTail
			}
			return nil
		}
	}
}

// elements are pairs in a map.
func (v value) elements() uint64 {
	if v.kind == mapping {
		return v.count / 2
	}
	return v.count
}

// take counts a value inside of what is open.
func (o *open) take(whole []byte, v value) error {
	o.left--
	if o.keys == nil {
		return nil
	}
	if key := o.key; !key {
		o.key = true
		return nil
	}
	o.key = false
	k, err := keyOf(whole, v)
	if err != nil {
		return err
	}
	if _, twice := o.keys[k]; twice {
		return fmt.Errorf("it has the key %.40q twice", whole[v.head:])
	}
	o.keys[k] = struct{}{}
	return nil
}

// keyOf is equal for equal keys, however many bytes they are written with.
func keyOf(whole []byte, v value) (string, error) {
	switch v.kind {
	case text, data:
		return "t" + string(whole[v.head:]), nil
	case signed, unsigned:
		return "i" + string(integer(whole, v)), nil
	case boolean, float:
		return string(whole), nil
	}
	return "", errKey
}

// integer is a number in nine bytes, of which the first tells below zero.
func integer(whole []byte, v value) []byte {
	var n uint64
	switch rest := whole[1:]; {
	case whole[0] <= 0x7f:
		n = uint64(whole[0])
	case whole[0] >= 0xe0:
		n = uint64(int64(int8(whole[0])))
	default:
		for _, c := range rest {
			n = n<<8 | uint64(c)
		}
		if shift := 64 - 8*len(rest); v.kind == signed {
			n = uint64(int64(n<<shift) >> shift)
		}
	}
	sign := byte(0)
	if v.kind == signed && int64(n) < 0 {
		sign = 1
	}
	return binary.BigEndian.AppendUint64([]byte{sign}, n)
}

// content looks into texts and floats.
func content(whole []byte, v value) error {
	switch rest := whole[v.head:]; {
	case v.kind == text && !utf8.Valid(rest):
		return errUTF8
	case v.kind != float:
		return nil
	case v.size == 4 && !finite(float64(math.Float32frombits(binary.BigEndian.Uint32(rest)))):
		return errNumber
	case v.size == 8 && !finite(math.Float64frombits(binary.BigEndian.Uint64(rest))):
		return errNumber
	}
	return nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// header reads the header at the begin of b.
func header(b []byte) (value, error) {
	if len(b) == 0 {
		return value{}, errShort
	}
	switch c := b[0]; {
	case c <= 0x7f || c >= 0xe0:
		return value{head: 1, kind: signed}, nil
	case c <= 0x8f:
		return value{head: 1, count: 2 * uint64(c&0x0f), kind: mapping}, nil
	case c <= 0x9f:
		return value{head: 1, count: uint64(c & 0x0f), kind: array}, nil
	case c <= 0xbf:
		return value{head: 1, size: uint64(c & 0x1f), kind: text}, nil
	case c == 0xc1:
		return value{}, errUnused
	}
	f := formats[b[0]-0xc0]
	v := value{head: 1 + f.length, kind: f.kind, size: f.size}
	if len(b) < v.head {
		return value{}, errShort
	}
	var n uint64
	for _, c := range b[1:v.head] {
		n = n<<8 | uint64(c)
	}
	switch f.kind {
	case array:
		v.count = n
	case mapping:
		v.count = 2 * n
	default:
		v.size += n
	}
	return v, nil
}

// format is what a first byte from c0 on says: how many bytes of length follow,
// and how many bytes beside those of that length.
type format struct {
	kind   kind
	length int
	size   uint64
}

var formats = [0x20]format{
	0x00: {scalar, 0, 0},                   // nil
	0x02: {boolean, 0, 0}, {boolean, 0, 0}, // false, true
	0x04: {data, 1, 0}, {data, 2, 0}, {data, 4, 0}, // bin 8, 16, 32
	0x07: {extension, 1, 1}, {extension, 2, 1}, {extension, 4, 1}, // ext 8, 16, 32, with a type
	0x0a: {float, 0, 4}, {float, 0, 8}, // float 32, 64
	0x0c: {unsigned, 0, 1}, {unsigned, 0, 2}, {unsigned, 0, 4}, {unsigned, 0, 8}, // uint 8 to 64
	0x10: {signed, 0, 1}, {signed, 0, 2}, {signed, 0, 4}, {signed, 0, 8}, // int 8 to 64
	0x14: {extension, 0, 2}, {extension, 0, 3}, {extension, 0, 5}, {extension, 0, 9}, {extension, 0, 17}, // fixext
	0x19: {text, 1, 0}, {text, 2, 0}, {text, 4, 0}, // str 8, 16, 32
	0x1c: {array, 2, 0}, {array, 4, 0}, // array 16, 32
	0x1e: {mapping, 2, 0}, {mapping, 4, 0}, // map 16, 32
}
