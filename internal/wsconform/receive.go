package wsconform

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"
)

// event is what the server said: a whole message (op is that of its first
// frame), a pong, a Close frame, or the end.
type event struct {
	op      byte
	payload string
	code    int   // of a Close frame; 0 if it was empty
	wire    int   // bytes of a message as sent, compressed or not
	deflate bool  // whether it was compressed
	err     error // why it was no clean end
}

// Further values of event.op.
const (
	eof     = 0x80 // the stream ended between two frames
	cut     = 0x81 // it ended otherwise
	nothing = 0x82 // nothing came in time
)

func (e event) String() string {
	data := fmt.Sprintf("of %d bytes: %.60q", len(e.payload), e.payload)
	switch e.op {
	case opText:
		return "a text " + data
	case opBinary:
		return "a binary message " + data
	case opPong:
		return "a pong " + data
	case opClose:
		return fmt.Sprintf("a Close frame with %d %q", e.code, e.payload[min(len(e.payload), 2):])
	case eof:
		return "the end of the stream"
	case nothing:
		return "nothing in time"
	}
	return fmt.Sprintf("a broken connection: %v", e.err)
}

// limit is more than any server has to send.
const limit = 64 << 20

// next reads up to the next event and answers pings on the way.
// Every frame is checked as a client has to.
func (s *session) next() event {
	if len(s.pongs) > 0 {
		e := s.pongs[0]
		s.pongs = s.pongs[1:]
		return e
	}
	var m partial
	for {
		h, payload, err := s.frame()
		if err != nil {
			return s.ended(err, m.open)
		}
		switch h.op {
		case opPing:
			s.write(frame(fin|opPong, payload))
		case opPong:
			e := event{op: opPong, payload: payload}
			if !m.open {
				return e
			}
			s.pongs = append(s.pongs, e)
		case opClose:
			return s.closeEvent(payload)
		default:
			s.collect(&m, h, payload)
			if h.fin {
				return s.whole(m)
			}
		}
	}
}

// partial is a message of which not all fragments have come.
type partial struct {
	open       bool
	op         byte
	compressed bool
	data       []byte
}

// collect adds a fragment (RFC 6455 section 5.4).
func (s *session) collect(m *partial, h header, payload string) {
	switch {
	case h.op == opCont && !m.open:
		s.failf("the server continues a message that it did not begin")
	case h.op != opCont && m.open:
		s.failf("the server begins a message within another")
	case h.op == opCont && h.rsv != 0:
		s.failf("RSV bits %#x on a continuation (RFC 7692 section 6.1)", h.rsv)
	case !m.open:
		m.open, m.op, m.compressed = true, h.op, h.rsv != 0
	}
	m.data = append(m.data, payload...)
	if len(m.data) > limit {
		s.failf("the server sent more than %d bytes", limit)
	}
}

// whole makes the event of a complete message.
func (s *session) whole(m partial) event {
	e := event{op: m.op, payload: string(m.data), wire: len(m.data), deflate: m.compressed}
	if m.compressed {
		plain, err := s.inflate.message(e.payload)
		if err != nil {
			s.failf("the server's compressed message of %d bytes: %v", e.wire, err)
		}
		e.payload = plain
	}
	if m.op == opText && !utf8.ValidString(e.payload) {
		s.failf("the server sent text that is not UTF-8: %.60q", e.payload)
	}
	return e
}

// closeEvent checks a Close frame (RFC 6455 section 5.5.1).
func (s *session) closeEvent(p string) event {
	s.over = true
	e := event{op: opClose, payload: p}
	switch {
	case len(p) == 1:
		s.failf("the server sent a Close frame with half a code")
	case len(p) >= 2:
		e.code = int(binary.BigEndian.Uint16([]byte(p)))
		if !sendable(e.code) {
			s.failf("the server sent a Close frame with %d (RFC 6455 section 7.4)", e.code)
		}
		if !utf8.ValidString(p[2:]) {
			s.failf("the server sent a close reason that is not UTF-8: %q", p[2:])
		}
	}
	return e
}

// sendable says which codes may stand in a Close frame (RFC 6455 section 7.4 and the IANA registry).
func sendable(code int) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}

// ended makes the event of a read that failed.
func (s *session) ended(err error, inMessage bool) event {
	switch {
	case timeout(err):
		return event{op: nothing}
	case err == io.EOF && !inMessage:
		s.log = append(s.log, "< end of the stream")
		return event{op: eof}
	}
	s.log = append(s.log, "< "+err.Error())
	return event{op: cut, err: err}
}

func timeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

type header struct {
	fin bool
	rsv byte
	op  byte
}

// frame reads one frame of the server's and checks what needs no context (RFC 6455 section 5.2).
func (s *session) frame() (header, string, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.o.Patience))
	var b [8]byte
	if _, err := s.br.Peek(1); err != nil {
		return header{}, "", err // io.EOF here is a clean end
	}
	if _, err := io.ReadFull(s.br, b[:2]); err != nil {
		return header{}, "", unexpected(err)
	}
	if s.over {
		s.failf("the server sent a frame behind its Close frame, beginning with % x", b[:2])
	}
	h := header{fin: b[0]&fin != 0, rsv: b[0] & (rsv1 | rsv2 | rsv3), op: b[0] & 0xf}
	s.checkHeader(h, b[1])
	n, err := s.length(b[1] & 0x7f)
	if err != nil {
		return h, "", unexpected(err)
	}
	if h.op&8 != 0 && n > 125 {
		s.failf("the server sent a control frame of %d bytes", n)
	}
	if n > limit {
		s.failf("the server sent a frame of %d bytes", n)
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(s.br, p); err != nil {
		return h, "", unexpected(err)
	}
	s.note('<', string(b[:2])+string(p))
	return h, string(p), nil
}

// checkHeader looks at the first two bytes.
func (s *session) checkHeader(h header, second byte) {
	switch {
	case second&0x80 != 0:
		s.failf("the server masks (RFC 6455 section 5.1)")
	case h.op > opPong || h.op > opBinary && h.op < opClose:
		s.failf("the server sent the reserved opcode %d", h.op)
	case h.op&8 != 0 && !h.fin:
		s.failf("the server fragments a control frame")
	case h.rsv == 0:
	case h.rsv != rsv1 || s.deflate == nil:
		s.failf("the server sent RSV bits %#x that no extension explains", h.rsv)
	case h.op&8 != 0:
		s.failf("the server compressed a control frame (RFC 7692 section 6)")
	}
}

// length reads the extended payload length.
func (s *session) length(short byte) (uint64, error) {
	var b [8]byte
	n := uint64(short)
	var least uint64
	var err error
	switch short {
	case 126:
		_, err = io.ReadFull(s.br, b[:2])
		n, least = uint64(binary.BigEndian.Uint16(b[:2])), 126
	case 127:
		_, err = io.ReadFull(s.br, b[:])
		n, least = binary.BigEndian.Uint64(b[:]), 1<<16
	}
	if err == nil && n < least {
		s.failf("the server encodes the length %d in more bytes than needed", n)
	}
	return n, err
}

// unexpected tells an end within a frame from one between two.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
