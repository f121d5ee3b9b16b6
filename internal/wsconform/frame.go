package wsconform

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
)

// The first byte of a frame (RFC 6455 section 5.2).
const (
	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10

	opCont   = 0x0
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xa
)

// key masks frames, except where a case is about that. Not a secret here.
var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// spec is a frame to be built, right or wrong.
type spec struct {
	first   byte
	payload string
	form    int    // bits of the length: 0 as few as possible, 16, 64
	declare uint64 // the declared length; 0: that of the payload
	bare    bool   // no mask
	key     [4]byte
}

func (f spec) build() string {
	n := f.declare
	if n == 0 {
		n = uint64(len(f.payload))
	}
	var mask byte
	if !f.bare {
		mask = 0x80
	}
	b := []byte{f.first}
	switch {
	case f.form == 64, f.form == 0 && n > 0xffff:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), n)
	case f.form == 16, f.form == 0 && n > 125:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = append(b, mask|byte(n))
	}
	if f.bare {
		return string(b) + f.payload
	}
	b = append(b, f.key[:]...)
	head := len(b)
	b = append(b, f.payload...)
	for i := head; i < len(b); i++ {
		b[i] ^= f.key[(i-head)&3]
	}
	return string(b)
}

// frame is a proper frame of a client.
func frame(first byte, payload string) string {
	return spec{first: first, payload: payload, key: key}.build()
}

// begin is a frame of which only the beginning comes.
func begin(first byte, declare uint64, payload string) string {
	return spec{first: first, declare: declare, payload: payload, key: key}.build()
}

func text(payload string) string { return frame(fin|opText, payload) }

func bin(payload string) string { return frame(fin|opBinary, payload) }

// chain is a message in fragments.
func chain(op byte, parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		first := byte(opCont)
		if i == 0 {
			first = op
		}
		if i == len(parts)-1 {
			first |= fin
		}
		b.WriteString(frame(first, p))
	}
	return b.String()
}

// closeBody is the payload of a Close frame.
func closeBody(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// pattern is text of n bytes that no shift maps to itself soon.
func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + (i+i/26+i/676)%26)
	}
	return string(b)
}

// noise are n bytes that cannot be compressed, the same for the same seed.
func noise(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// bytewise cuts a string into single bytes.
func bytewise(s string) []string {
	parts := make([]string, len(s))
	for i := range parts {
		parts[i] = s[i : i+1]
	}
	return parts
}
