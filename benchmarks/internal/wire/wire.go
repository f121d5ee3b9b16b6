// Package wire is what a client of RFC 6455 sends and gets, as bytes.
//
// It is for a load generator: frames are made once and sent many times, with
// one mask for all of them, which a real client must not do (section 5.3). What
// comes is looked at where it lies, without a copy.
package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Opcodes of RFC 6455 section 5.2.
const (
	Continuation byte = 0x0
	Text         byte = 0x1
	Binary       byte = 0x2
	Close        byte = 0x8
	Ping         byte = 0x9
	Pong         byte = 0xA
)

// NoStatus is the code of a Close frame that has none (section 7.4.1).
const NoStatus = 1005

// mask has no zero byte, so that a server which forgets to unmask is found.
var mask = [4]byte{0x5a, 0xc3, 0x96, 0x1f}

// Frame appends a whole masked message to b.
func Frame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask[:]...)
	at := len(b)
	b = append(b, payload...)
	for i := range payload {
		b[at+i] ^= mask[i&3]
	}
	return b
}

// Header is the head of a frame that a server sent.
type Header struct {
	Fin  bool
	Op   byte
	Size int // bytes of the header
	Len  int // bytes of the payload
}

// IsControl reports whether the frame is a Close, Ping or Pong.
func (h Header) IsControl() bool { return h.Op >= Close }

// Parse reads the header at the beginning of b. It reports false if b ends
// within it.
func Parse(b []byte) (h Header, ok bool, err error) {
	if len(b) < 2 {
		return h, false, nil
	}
	h = Header{Fin: b[0]&0x80 != 0, Op: b[0] & 0x0f, Size: 2, Len: int(b[1] & 0x7f)}
	switch {
	case b[0]&0x70 != 0:
		return h, false, fmt.Errorf("a frame with reserved bits, %#x", b[0])
	case b[1]&0x80 != 0:
		return h, false, fmt.Errorf("a masked frame from the server")
	case h.IsControl() && (h.Len > 125 || !h.Fin):
		return h, false, fmt.Errorf("a control frame of %d bytes or in pieces", h.Len)
	}
	switch h.Len {
	case 126:
		if len(b) < 4 {
			return h, false, nil
		}
		h.Size, h.Len = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return h, false, nil
		}
		n := binary.BigEndian.Uint64(b[2:])
		if n > 1<<31 {
			return h, false, fmt.Errorf("a frame of %d bytes", n)
		}
		h.Size, h.Len = 10, int(n)
	}
	return h, true, nil
}

// CloseCode is the code in the payload of a Close frame.
func CloseCode(payload []byte) int {
	if len(payload) < 2 {
		return NoStatus
	}
	return int(binary.BigEndian.Uint16(payload))
}

// The key of all handshakes and its answer are those of section 1.3.
const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// Handshake is the request that opens a connection.
func Handshake(host, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", path, host, key)
}

// Accepted looks for a server's answer to the handshake at the beginning of b.
// It returns its size, or 0 if it is not all there.
func Accepted(b []byte) (int, error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > 1<<13 {
			return 0, fmt.Errorf("%d bytes of an answer without an end", len(b))
		}
		return 0, nil
	}
	head := b[:end]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return 0, fmt.Errorf("the handshake was answered with %q", line)
	}
	if !bytes.Contains(head, []byte(accept)) {
		return 0, fmt.Errorf("the handshake was answered with a wrong Sec-WebSocket-Accept")
	}
	return end + 4, nil
}
