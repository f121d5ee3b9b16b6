package wsconform

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
	"unicode/utf8"
)

// server is an echo server that is correct, as far as this suite knows, and can have
// any of the faults in faults_test.go.
type server struct {
	bug     string
	max     int
	frames  int // limit for a frame; 0: none
	subs    []string
	deflate bool
}

func (sv *server) has(bug string) bool { return sv.bug == bug }

// link is one connection of it.
type link struct {
	*server
	conn net.Conn
	br   *bufio.Reader
	over bool // a Close frame came

	op         byte // of the message being read; 0: none
	compressed bool
	data       []byte
	tail       []byte // an unfinished rune

	ext  *agreement
	in   inflater
	pack compressor
}

// fault is why a connection is failed.
type fault struct{ code int }

func (fault) Error() string { return "fault" }

func (sv *server) serve(conn net.Conn) {
	l := &link{server: sv, conn: conn, br: bufio.NewReader(conn)}
	defer func() {
		l.pack.release()
		_ = conn.Close()
	}()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if !l.handshake() {
		return
	}
	if sv.has("speaks unasked") {
		l.send(fin|opPong, "")
	}
	if sv.has("early frames are lost") {
		_, _ = l.br.Discard(l.br.Buffered())
	}
	var err error
	for err == nil {
		err = l.frame()
	}
	var f fault
	if errors.As(err, &f) {
		l.fail(f.code)
	}
}

func (l *link) fail(code int) {
	switch l.bug {
	case "drops instead of failing":
		return
	case "fails with another code":
		code = 1000
	case "fails and goes on":
		l.send(fin|opClose, closeBody(code, ""))
		_, _ = io.Copy(io.Discard, l.br)
		return
	case "fails with two Close frames":
		l.send(fin|opClose, closeBody(code, ""))
	case "fails with a bad reason":
		l.send(fin|opClose, closeBody(code, "\xff"))
		return
	case "an answer behind the fault":
		l.send(fin|opText, "late")
	}
	l.send(fin|opClose, closeBody(code, "fault"))
	l.hangUp()
}

// hangUp ends the stream and reads on, so that nothing is reset.
func (l *link) hangUp() {
	if half, ok := l.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, l.br)
}

// send writes a frame as it stands.
func (l *link) send(first byte, p string) {
	f := spec{first: first, payload: p, bare: true}
	switch {
	case l.has("masks its answers"):
		f.bare, f.key = false, key
	case l.has("long lengths in answers") && len(p) < 126:
		f.form = 16
	}
	_, _ = io.WriteString(l.conn, f.build())
}

// frame reads and handles one frame.
func (l *link) frame() error {
	var b [2]byte
	if _, err := io.ReadFull(l.br, b[:]); err != nil {
		return err
	}
	if l.has("takes only frames that come whole") && l.br.Buffered() < int(b[1]&0x7f) {
		return io.ErrUnexpectedEOF
	}
	n, err := l.size(b[1] & 0x7f)
	if err != nil {
		return err
	}
	h := header{fin: b[0]&fin != 0, rsv: b[0] & 0x70, op: b[0] & 0xf}
	if b[1]&0x80 == 0 && !l.has("no mask needed") {
		return fault{1002}
	}
	if err := l.check(h, n); err != nil {
		return err
	}
	var k [4]byte
	if b[1]&0x80 != 0 {
		if _, err := io.ReadFull(l.br, k[:]); err != nil {
			return err
		}
	}
	if l.has("knows one mask") {
		k = key
	}
	if h.op&8 != 0 {
		return l.control(h, n, k)
	}
	return l.payload(h, n, k)
}

func (l *link) size(short byte) (uint64, error) {
	var b [8]byte
	var n, least uint64 = uint64(short), 0
	var err error
	switch short {
	case 126:
		_, err = io.ReadFull(l.br, b[:2])
		n, least = uint64(binary.BigEndian.Uint16(b[:2])), 126
	case 127:
		_, err = io.ReadFull(l.br, b[:])
		n, least = binary.BigEndian.Uint64(b[:]), 1<<16
	}
	switch {
	case err != nil:
		return 0, err
	case n < least && !l.has("lengths of any form"):
		return 0, fault{1002}
	case n>>63 != 0 && !l.has("top bit of the length"):
		return 0, fault{1002}
	}
	return n, nil
}

// check knows what is wrong with a header.
func (l *link) check(h header, n uint64) error {
	data := h.op&8 == 0
	switch {
	case l.has("opcodes are not checked"):
	case h.op > opPong || h.op > opBinary && h.op < opClose:
		return fault{1002}
	}
	if err := l.checkRSV(h); err != nil {
		return err
	}
	switch {
	case !data && n > 125 && !l.has("long control frames"):
		return fault{1002}
	case !data && !h.fin && !l.has("control frames in fragments"):
		return fault{1002}
	case h.op == opCont && l.op == 0 && !l.has("continuations of nothing"):
		return fault{1002}
	case data && h.op != opCont && l.op != 0 && !l.has("messages within messages"):
		return fault{1002}
	case !data || l.has("limits are seen late"):
		return nil
	case l.frames > 0 && n > uint64(l.frames) && !l.has("no limit for frames"):
		return fault{1009}
	case l.has("the limit is that of a frame"):
		if n > uint64(l.max) {
			return fault{1009}
		}
	case n > uint64(l.max-len(l.data)):
		return fault{1009}
	}
	return nil
}

func (l *link) checkRSV(h header) error {
	allowed := byte(0)
	switch {
	case l.ext == nil:
	case h.op == opText || h.op == opBinary,
		h.op == opCont && l.has("RSV1 on continuations"),
		h.op&8 != 0 && l.has("RSV1 on control frames"):
		allowed = rsv1
	}
	if l.has("RSV bits are not checked") || l.ext != nil && l.has("RSV2 with an extension") {
		allowed |= rsv2 | rsv3
	}
	if h.rsv&^allowed != 0 {
		return fault{1002}
	}
	return nil
}

// payload reads a data frame byte by byte, which is slow and simple.
func (l *link) payload(h header, n uint64, k [4]byte) error {
	if h.op != opCont {
		l.op, l.compressed = h.op, h.rsv&rsv1 != 0
	}
	for i := range n {
		b, err := l.br.ReadByte()
		if err != nil {
			return err
		}
		b ^= k[i&3]
		l.data = append(l.data, b)
		if err := l.rune(b); err != nil {
			return err
		}
		if len(l.data) > l.max && l.has("limits are seen late") && i == n-1 {
			return fault{1009}
		}
	}
	if l.has("runes end with their fragment") && len(l.tail) > 0 {
		return fault{1007}
	}
	if !h.fin {
		if l.has("fragments are not joined") {
			l.data = nil
		}
		return nil
	}
	return l.message()
}

// message handles a whole message.
func (l *link) message() error {
	op, data, compressed := l.op, string(l.data), l.compressed
	open := len(l.tail) > 0
	l.op, l.data, l.tail, l.compressed = 0, nil, nil, false
	if compressed {
		var err error
		if data, err = l.unpack(data); err != nil {
			return err
		}
	} else if l.ext != nil && l.has("uncompressed messages enter the window") {
		l.in.window += data
	}
	lax := l.has("text is not checked") || compressed && l.has("compressed text is not checked")
	if op == opText && !lax && (open || !l.laxDecoder() && !utf8.ValidString(data)) {
		return fault{1007}
	}
	l.echo(op, data)
	return nil
}

// echo answers in two fragments if the message is long, so that clients have to join them.
func (l *link) echo(op byte, p string) {
	switch {
	case l.has("texts come back as binary"):
		op = opBinary
	case l.has("a byte is lost") && len(p) > 0:
		p = p[1:]
	case l.has("a byte is added"):
		p += "x"
	case l.has("empty messages are not echoed") && p == "":
		return
	case l.has("breaks its own text") && op == opText:
		p += "\xff"
	}
	first := op
	if l.ext != nil && len(p) >= compressFrom {
		p, first = l.deflated(p), op|rsv1
	}
	if len(p) < 1000 {
		l.send(fin|first, p)
		return
	}
	l.send(first, p[:500])
	second := byte(fin | opCont)
	switch {
	case l.has("its continuations repeat the opcode"):
		second = fin | op
	case l.has("RSV1 on its continuations"):
		second |= rsv1
	}
	l.send(second, p[500:])
}

// control handles pings, pongs and Close frames.
func (l *link) control(h header, n uint64, k [4]byte) error {
	b := make([]byte, n)
	if _, err := io.ReadFull(l.br, b); err != nil {
		return err
	}
	for i := range b {
		b[i] ^= k[i&3]
	}
	p := string(b)
	switch {
	case h.op == opClose:
		return l.close(p)
	case h.op == opPong && l.has("pongs are a fault"):
		return fault{1002}
	case h.op != opPing || l.has("pings are not answered"):
		return nil
	case l.op != 0 && l.has("pings within messages are not answered"):
		return nil
	case l.has("pongs are empty"):
		p = ""
	}
	first := byte(fin | opPong)
	if l.ext != nil && l.has("RSV1 on its pongs") {
		first |= rsv1
	}
	l.send(first, p)
	return nil
}

// close answers a Close frame.
func (l *link) close(p string) error {
	code := 0
	switch {
	case len(p) == 1 && l.has("half a code is none"):
		p = ""
	case len(p) == 1:
		return fault{1002}
	case len(p) >= 2:
		code = int(binary.BigEndian.Uint16([]byte(p)))
		if !sendable(code) && !l.lenient(code) {
			return fault{1002}
		}
		if !utf8.ValidString(p[2:]) && !l.has("reasons are not checked") {
			return fault{1007}
		}
		p = p[:2]
	}
	switch {
	case l.has("Close frames are not answered"):
		return io.EOF
	case l.has("Close frames are answered with 1001") && code == 1000:
		p = closeBody(1001, "")
	case l.has("Close frames are answered with 1005") && code == 0:
		p = closeBody(1005, "")
	}
	l.send(fin|opClose, p)
	switch {
	case l.has("the client has to end TCP"):
		_, _ = io.Copy(io.Discard, l.br)
	case l.has("goes on after a Close"):
		_ = l.frame()
	}
	l.hangUp()
	return io.EOF
}

func (l *link) lenient(code int) bool {
	switch l.bug {
	case "close codes are not checked":
		return code >= 1000
	case "any close code above 3000":
		return code >= 3000
	}
	return false
}
