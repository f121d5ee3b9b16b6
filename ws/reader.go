// How messages are read.
//
// A reader takes bytes from its source through a small buffer and gives out
// whole messages and control frames. It is a state machine whose state is all
// in the struct, and it consumes a header or a control frame only when all of
// it is there. So any error of the source, a timeout say, can be followed by another
// call that goes on exactly where the last one stopped: that is how a Receive can be
// cancelled in the middle of a message.
//
// A message grows as its bytes arrive, never by the length that a header declares: a big one in memory that is
// used again, from which a copy is handed out.
//
// The surprise: a reader may lend what it reads. Then the bytes of a message are those of its buffer,
// and it takes them back when the next message is asked for.

package ws

import (
	"encoding/binary"
	"io"
	"sync/atomic"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
)

const (
	readSize  = 4 << 10  // the buffer: most messages in one system call
	bigSize   = 32 << 10 // that of a connection with bigger messages, while it talks
	trust     = 32 << 10 // a declared length is allocated at once up to here
	maxMemory = 4 << 20  // what bigger messages were put together in is not kept
)

// violation is a breach of the protocol: the code to close with, and what happened.
type violation struct {
	code Code
	text string
}

func (v *violation) Error() string { return "ws: " + v.text }

type reader struct {
	src     io.Reader
	opts    *Options
	side    gobwas.State // StateServerSide or StateClientSide
	limit   int64        // of a message in one frame
	deflate *deflation   // nil: compressed messages are against the protocol

	// The buffer. Bytes r to w are unread. It is nil while there are none and nobody reads.
	buf    []byte
	pooled *[]byte // where buf comes from; nil if it came with the handshake
	r, w   int
	big    bool // the latest message didn't fit into a buffer of readSize

	// What is lent until the next call. See the comment above.
	lends  bool // messages are lent
	lent   bool // that in the buffer is
	memory *[]byte

	// The message being put together.
	msg        []byte
	op         gobwas.OpCode // text or binary; 0 between messages
	compressed bool
	checked    int // so much of msg is known to be valid UTF-8

	// The data frame being read.
	inFrame bool
	fin     bool
	masked  bool
	mask    [4]byte
	pos     int   // payload bytes read so far, for the mask
	left    int64 // payload bytes to come

	closed bool // the peer's Close frame was read: nothing after it counts

	// For Serve. See park.go and cork.
	canPark    bool         // under Serve
	hot        bool         // the connection talks: it keeps its goroutine; guarded by WebSocket.mu
	tired      atomic.Bool  // it has not for a while
	began      atomic.Int64 // since when the rest of a message is awaited; 0: it is not
	second     instant      // when the current second of control frames began
	controls   int          // how many came in it
	collecting bool         // replies are being collected, or were until it took too long
	corks      *corks       // the tracker's, or its own; there while flagCollects is set
	stay       stay
}

// next returns a whole message (OpText, OpBinary; the bytes are the caller's) or a
// control frame (the bytes are good until the next call).
// Errors are those of the source, and *violation.
func (r *reader) next() (gobwas.OpCode, []byte, error) {
	r.reclaim()
	if h, n := r.usual(); n > 0 {
		return r.whole(h, n)
	}
	for {
		if !r.inFrame {
			op, payload, err := r.frame()
			if err != nil || op != goesOn {
				return op, payload, err
			}
		}
		if err := r.payload(); err != nil {
			return 0, nil, err
		}
		r.inFrame = false
		if r.fin {
			return r.message()
		}
	}
}

// usual parses what most messages are: a client's, small, in one frame that is in the buffer already, not compressed, and
// without a fault. Of everything else n is 0, and the rest of this file has its reasons.
func (r *reader) usual() (h gobwas.Header, n int) {
	b := r.buf[r.r:r.w]
	if len(b) < 6 || r.inFrame || r.op != 0 || r.closed || r.side != gobwas.StateServerSide {
		return h, 0
	}
	op := gobwas.OpCode(b[0] & 0x0f)
	if b[0]&0xf0 != 0x80 || op != gobwas.OpText && op != gobwas.OpBinary || b[1]&0x80 == 0 {
		return h, 0
	}
	size := int(b[1] & 0x7f)
	n = 6
	if size >= 126 {
		if n = 8; size > 126 || len(b) < n {
			return h, 0
		}
		if size = int(binary.BigEndian.Uint16(b[2:])); size < 126 {
			return h, 0
		}
	}
	if len(b) < n+size || int64(size) > r.limit {
		return h, 0
	}
	r.big = size > readSize-maxHeader
	return gobwas.Header{Fin: true, OpCode: op, Masked: true, Mask: [4]byte(b[n-4 : n]), Length: int64(size)}, n
}

// message returns the message that is complete now.
func (r *reader) message() (op gobwas.OpCode, msg []byte, err error) {
	op, msg = r.op, r.msg
	compressed := r.compressed
	r.op, r.msg, r.checked, r.compressed = 0, nil, 0, false
	r.noteEnd()
	if r.memory != nil {
		*r.memory = msg // it may have grown
	}
	if compressed {
		msg, err = r.inflate(op, msg)
		r.reclaim()
		return op, msg, err
	}
	if r.memory != nil && !r.lends {
		msg = append([]byte(nil), msg...)
		r.reclaim()
	}
	if msg == nil {
		msg = []byte{}
	}
	return op, msg, nil
}

// whole returns a message that lies in the buffer, in one frame with a header of n bytes.
func (r *reader) whole(h gobwas.Header, n int) (gobwas.OpCode, []byte, error) {
	payload := r.buf[r.r+n : r.r+n+int(h.Length) : r.r+n+int(h.Length)]
	r.r += n + int(h.Length)
	r.noteEnd()
	if h.Masked {
		gobwas.Cipher(payload, h.Mask, 0)
	}
	switch {
	case h.Rsv == rsv1:
		msg, err := r.inflate(h.OpCode, payload)
		return h.OpCode, msg, err
	case h.OpCode == gobwas.OpText && !utf8.Valid(payload):
		return 0, nil, errNotText
	case r.lends:
		r.lent = true
		return h.OpCode, payload, nil
	}
	msg := make([]byte, len(payload)) // not cleared: the compiler sees the copy
	copy(msg, payload)
	return h.OpCode, msg, nil
}

// inflate decompresses a message.
func (r *reader) inflate(op gobwas.OpCode, msg []byte) ([]byte, error) {
	msg, err := r.deflate.inflate(msg, r.opts.maxMessage())
	if err == nil && op == gobwas.OpText && !utf8.Valid(msg) {
		err = errNotText
	}
	return msg, err
}

// errNotText: RFC 6455 section 8.1, a byte stream that is not UTF-8 fails the connection.
var errNotText = &violation{CodeInvalidPayload, "text is not valid UTF-8"}

// goesOn is what frame returns for a frame that is not here yet, or not the whole message.
const goesOn = gobwas.OpContinuation

// frame begins a data frame, or returns a whole control frame or message.
func (r *reader) frame() (gobwas.OpCode, []byte, error) {
	h, n, err := r.header()
	if err != nil {
		return 0, nil, err
	}
	if err := r.check(h); err != nil {
		return 0, nil, err
	}
	if h.OpCode.IsControl() {
		if err := r.need(n + int(h.Length)); err != nil {
			return 0, nil, err
		}
		payload := r.buf[r.r+n : r.r+n+int(h.Length)]
		r.r += n + int(h.Length)
		if h.Masked {
			gobwas.Cipher(payload, h.Mask, 0)
		}
		return h.OpCode, payload, nil
	}
	if h.OpCode != gobwas.OpContinuation {
		r.big = h.Length > readSize-maxHeader
		if h.Fin && h.Length <= int64(r.w-r.r-n) {
			return r.whole(h, n)
		}
		r.op, r.compressed = h.OpCode, h.Rsv == rsv1
	}
	r.r += n
	r.inFrame, r.fin, r.masked, r.mask, r.pos, r.left = true, h.Fin, h.Masked, h.Mask, 0, h.Length
	return goesOn, nil, nil
}

// header parses a frame header (RFC 6455 section 5.2) without consuming it, and returns its size.
func (r *reader) header() (h gobwas.Header, n int, err error) {
	if err := r.need(2); err != nil {
		return h, 0, err
	}
	b := r.buf[r.r:]
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] >> 4 & 7
	h.OpCode = gobwas.OpCode(b[0] & 0x0f)
	h.Masked = b[1]&0x80 != 0
	size := b[1] & 0x7f
	n = 2
	switch size {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if h.Masked {
		n += 4
	}
	if err := r.need(n); err != nil {
		return h, 0, err
	}
	b = r.buf[r.r : r.r+n]
	h.Length, err = length(size, b[2:])
	if h.Masked {
		copy(h.Mask[:], b[n-4:])
	}
	return h, n, err
}

// length decodes the payload length, whose extended form is at the start of b.
func length(size byte, b []byte) (int64, error) {
	switch size {
	case 126:
		n := binary.BigEndian.Uint16(b)
		// RFC 6455 section 5.2: "in all cases, the minimal number of bytes MUST be used to encode the length".
		if n < 126 {
			return 0, &violation{CodeProtocolError, "length not in its shortest form"}
		}
		return int64(n), nil
	case 127:
		n := binary.BigEndian.Uint64(b)
		switch {
		// RFC 6455 section 5.2: "the most significant bit MUST be 0".
		case n>>63 != 0:
			return 0, &violation{CodeProtocolError, "length with its top bit set"}
		case n <= 0xffff:
			return 0, &violation{CodeProtocolError, "length not in its shortest form"}
		}
		return int64(n), nil
	}
	return int64(size), nil
}

// rsv1 is the first of the reserved bits, as gobwas.Header has them.
const rsv1 = 4

// check applies the rules of framing, then the limits.
func (r *reader) check(h gobwas.Header) error {
	state := r.side
	if r.op != 0 {
		state |= gobwas.StateFragmented
	}
	// RFC 7692 section 6.1: RSV1 says "compressed", on the first frame of a message only.
	if r.deflate != nil && h.Rsv == rsv1 && (h.OpCode == gobwas.OpText || h.OpCode == gobwas.OpBinary) {
		h.Rsv = 0
	}
	// RFC 6455: RSV bits without an extension, reserved opcodes (section 5.2), masks
	// (5.1), fragments out of order (5.4), control frames in fragments or above 125 bytes (5.5).
	if err := gobwas.CheckHeader(h, state); err != nil {
		return &violation{CodeProtocolError, err.Error()}
	}
	if h.OpCode.IsControl() {
		return nil
	}
	// RFC 6455 section 10.4: limits "on the frame size and total message size".
	if h.Length > r.opts.maxFrame() {
		return &violation{CodeMessageTooBig, "frame too big"}
	}
	if h.Length > r.opts.maxMessage()-int64(len(r.msg)) {
		return &violation{CodeMessageTooBig, "message too big"}
	}
	return nil
}

// payload reads the rest of the current data frame into the message.
func (r *reader) payload() error {
	for r.left > 0 {
		r.reserve()
		have := len(r.msg)
		room := int(min(r.left, int64(cap(r.msg)-have)))
		switch {
		case r.r < r.w:
			n := copy(r.msg[have:have+room], r.buf[r.r:r.w])
			r.r += n
			r.took(n)
		case r.left >= readSize:
			// Nothing is buffered and the frame goes on for long: straight to where it belongs.
			n, err := r.src.Read(r.msg[have : have+room])
			r.took(n)
			if n == 0 && err != nil {
				return err
			}
		default:
			if err := r.need(1); err != nil {
				return err
			}
			continue
		}
		if err := r.text(false); err != nil {
			return err
		}
	}
	return r.text(r.fin)
}

// took accounts for n payload bytes behind the end of msg.
func (r *reader) took(n int) {
	have := len(r.msg)
	r.msg = r.msg[:have+n]
	if r.masked {
		gobwas.Cipher(r.msg[have:], r.mask, r.pos&3)
	}
	r.pos += n
	r.left -= int64(n)
}

// text checks the bytes of a text message that came since the last time.
func (r *reader) text(fin bool) error {
	if r.op != gobwas.OpText || r.compressed {
		return nil
	}
	n, ok := validText(r.msg, r.checked, fin)
	if !ok {
		return errNotText
	}
	r.checked = n
	return nil
}
