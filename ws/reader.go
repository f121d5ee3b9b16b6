// How messages are read.
//
// A reader takes bytes from its source through a small buffer and gives out
// whole messages and control frames. It is a state machine whose state is all
// in the struct, and it consumes a header or a control frame only when all of
// it is there. So any error of the source, a timeout say, can be followed by another
// call that goes on exactly where the last one stopped: that is how a Receive can be
// cancelled in the middle of a message.
//
// The surprise: a message grows as its bytes arrive, never by the length that a header declares.

package ws

import (
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
)

const (
	readSize = 4 << 10  // the buffer: most messages in one system call
	trust    = 32 << 10 // a declared length is allocated at once up to here
)

// readBuffers recycles the buffers of idle connections. Message bytes are copied out of them.
var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

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
	deflate *deflation   // nil: compressed messages are against the protocol

	// The buffer. Bytes r to w are unread. It is nil while there are none and nobody reads.
	buf    []byte
	pooled *[readSize]byte
	r, w   int

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
	collecting bool         // replies are being collected
	late       *time.Timer  // bounds that
}

// readers recycles those of connections that park.
var readers = sync.Pool{New: func() any { return new(reader) }}

func newReader(c *WebSocket) *reader {
	r := readers.Get().(*reader)
	r.src, r.opts, r.deflate, r.side = (*source)(c), c.opts, c.deflate, gobwas.StateServerSide
	if c.client {
		r.side = gobwas.StateClientSide
	}
	r.canPark = c.is(flagBare) && c.tracked != nil && !c.opts.noParking()
	return r
}

// recycleReader keeps the memory of a reader that holds nothing.
func recycleReader(r *reader) {
	r.drop()
	*r = reader{}
	readers.Put(r)
}

// idle reports whether the reader is between messages and has no bytes.
func (r *reader) idle() bool { return r.r == r.w && r.op == 0 && !r.inFrame && !r.closed }

// note is called before waiting for bytes: it notes since when a message is incomplete.
func (r *reader) note() {
	switch began := r.began.Load(); {
	case r.idle():
		if began != 0 {
			r.began.Store(0)
		}
	case began == 0:
		r.began.Store(now())
	}
}

// flooded counts a control frame and reports whether there are too many.
func (r *reader) flooded() bool {
	if at := now(); at-r.second > int64(time.Second) {
		r.second, r.controls = at, 0
	}
	r.controls++
	limit := r.opts.maxControlFrames()
	return limit > 0 && r.controls > limit
}

// more reports whether the next frame is in the buffer already, all of it.
func (r *reader) more() bool {
	b := r.buf[r.r:r.w]
	if len(b) < 2 {
		return false
	}
	head, size := 2, int(b[1]&0x7f)
	switch {
	case size == 127:
		return false // it doesn't fit in here
	case size == 126 && len(b) < 4:
		return false
	case size == 126:
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	}
	if b[1]&0x80 != 0 {
		head += 4
	}
	return len(b) >= head+size
}

// next returns a whole message (OpText, OpBinary; the bytes are the caller's) or a
// control frame (the bytes are good until the next call).
// Errors are those of the source, and *violation.
func (r *reader) next() (gobwas.OpCode, []byte, error) {
	for {
		if !r.inFrame {
			op, payload, err := r.frame()
			if err != nil || op.IsControl() {
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

// message returns the message that is complete now.
func (r *reader) message() (op gobwas.OpCode, msg []byte, err error) {
	op, msg = r.op, r.msg
	compressed := r.compressed
	r.op, r.msg, r.checked, r.compressed = 0, nil, 0, false
	if r.began.Load() != 0 {
		r.began.Store(0)
	}
	if compressed {
		if msg, err = r.inflate(msg); err != nil {
			return 0, nil, err
		}
		if op == gobwas.OpText && !utf8.Valid(msg) {
			return 0, nil, errNotText
		}
	}
	if msg == nil {
		msg = []byte{}
	}
	return op, msg, nil
}

// errNotText: RFC 6455 section 8.1, a byte stream that is not UTF-8 fails the connection.
var errNotText = &violation{CodeInvalidPayload, "text is not valid UTF-8"}

// frame begins a data frame, or returns a whole control frame.
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
	r.r += n
	if h.OpCode != gobwas.OpContinuation {
		r.op, r.compressed = h.OpCode, h.Rsv == rsv1
	}
	r.inFrame, r.fin, r.masked, r.mask, r.pos, r.left = true, h.Fin, h.Masked, h.Mask, 0, h.Length
	return h.OpCode, nil, nil
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

// reserve makes room for at least one more payload byte: all of a frame up to
// the trusted size; beyond it never more than what has arrived already.
func (r *reader) reserve() {
	have := len(r.msg)
	if cap(r.msg) > have {
		return
	}
	grow := min(r.left, int64(max(trust, have)))
	if have > 0 && r.pos == 0 {
		// A new fragment: double, or a message in tiny fragments would be copied for each of them.
		grow = max(grow, min(int64(have), r.opts.maxMessage()-int64(have)))
	}
	msg := make([]byte, have, have+int(grow))
	copy(msg, r.msg)
	r.msg = msg
}

// need fills the buffer until n bytes are unread. n is at most maxHeader + 125.
func (r *reader) need(n int) error {
	for r.w-r.r < n {
		buf := r.take()
		switch {
		case r.r == r.w:
			r.r, r.w = 0, 0
		case r.r+n > len(buf):
			r.w = copy(buf, buf[r.r:r.w])
			r.r = 0
		}
		m, err := r.src.Read(buf[r.w:])
		r.w += m
		if m == 0 && err != nil {
			return err
		}
	}
	return nil
}

// take returns the buffer, getting one if there is none.
func (r *reader) take() []byte {
	if r.buf == nil {
		r.pooled = readBuffers.Get().(*[readSize]byte)
		r.buf, r.r, r.w = r.pooled[:], 0, 0
	}
	return r.buf
}

// preload puts bytes in front of the source: what came right behind the handshake.
func (r *reader) preload(p []byte) {
	switch {
	case len(p) == 0:
	case len(p) <= readSize:
		r.w = copy(r.take(), p)
	default:
		r.buf, r.r, r.w = append([]byte(nil), p...), 0, len(p)
	}
}

// rest gives the buffer back if it holds nothing.
func (r *reader) rest() {
	if r.r == r.w {
		r.drop()
	}
}

// drop gives the buffer back with whatever it holds.
func (r *reader) drop() {
	if r.pooled != nil {
		readBuffers.Put(r.pooled)
	}
	r.buf, r.pooled, r.r, r.w = nil, nil, 0, 0
}
