package wsconform

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// session is one connection to the server under test: the client's side, by hand.
// What fails panics with a failure, which [Case.Check] turns into an error.
type session struct {
	o    Options
	conn net.Conn
	br   *bufio.Reader
	log  []string // the end of the exchange

	out  chan piece // to the writing goroutine, so that a server that doesn't read blocks nobody
	gone chan struct{}

	pongs []event // that came between the fragments of a message
	over  bool    // the server's Close frame came

	deflate *agreement // nil: no extension
	inflate inflater
	pack    compressor
}

type failure struct{ text string }

func (s *session) failf(format string, args ...any) {
	panic(failure{fmt.Sprintf(format, args...)})
}

// error makes the message of a failed case.
func (c Case) error(f failure, s *session) error {
	return fmt.Errorf("wsconform: %s (%s): %s\nthe exchange (> sent, < received):\n\t%s",
		c.Name, c.Section, f.text, strings.Join(s.log, "\n\t"))
}

// piece is one write.
type piece struct {
	data  string
	pause time.Duration // after it
}

func newSession(conn net.Conn, o Options) *session {
	s := &session{
		o: o, conn: conn, br: bufio.NewReader(conn),
		out: make(chan piece, 1<<8), gone: make(chan struct{}),
	}
	go s.writer()
	return s
}

// stop hangs up and waits for the writing goroutine.
func (s *session) stop() {
	_ = s.conn.Close()
	close(s.out)
	<-s.gone
	s.pack.release()
}

// writer writes until the first error: a server that has failed the connection
// takes nothing more, and what it said is what counts.
func (s *session) writer() {
	defer close(s.gone)
	var err error
	for p := range s.out {
		if err != nil {
			continue
		}
		_ = s.conn.SetWriteDeadline(time.Now().Add(s.o.Patience))
		_, err = s.conn.Write([]byte(p.data))
		if p.pause > 0 {
			time.Sleep(p.pause)
		}
	}
}

// write sends pieces, each in a write of its own.
func (s *session) write(pieces ...string) { s.drip(0, pieces...) }

// drip is write with a pause after each piece, so that the server sees them one by one.
func (s *session) drip(pause time.Duration, pieces ...string) {
	for _, p := range pieces {
		s.note('>', p)
		s.out <- piece{p, pause}
	}
}

// moment is long enough for a server to read what came.
const moment = time.Millisecond

// note keeps the last few lines of the exchange.
func (s *session) note(way byte, data string) {
	const width, lines = 40, 12
	line := fmt.Sprintf("%c % x", way, data[:min(len(data), width)])
	if len(data) > width {
		line += fmt.Sprintf("… (%d bytes)", len(data))
	}
	s.log = append(s.log, line)
	if len(s.log) > lines {
		s.log = slices.Delete(s.log, 0, 1)
	}
}

// message expects a whole message.
func (s *session) message(op byte, payload string) {
	e := s.next()
	if e.op != op || e.payload != payload {
		s.failf("want %v, got %v", event{op: op, payload: payload}, e)
	}
}

func (s *session) text(payload string) { s.message(opText, payload) }

func (s *session) bin(payload string) { s.message(opBinary, payload) }

func (s *session) pong(payload string) { s.message(opPong, payload) }

// closed expects a Close frame with one of the codes, and answers it, as
// RFC 6455 section 5.5.1 asks of a client. Code 0 stands for an empty frame.
func (s *session) closed(codes ...int) {
	e := s.next()
	if e.op != opClose || !slices.Contains(codes, e.code) {
		s.failf("want a Close frame with %v, got %v", codes, e)
	}
	s.write(frame(fin|opClose, e.payload[:min(len(e.payload), 2)]))
}

// end expects the end of the stream.
func (s *session) end() {
	if e := s.next(); e.op != eof {
		s.failf("want the end of the stream after the Close frame, got %v", e)
	}
}

// fails expects the connection to be failed (RFC 6455 section 7.1.7).
func (s *session) fails(codes ...int) {
	s.closed(codes...)
	s.end()
}

// bye proves that the connection is sound and that nothing else was sent over it: it closes it.
func (s *session) bye() {
	s.write(frame(fin|opClose, closeBody(1000, "")))
	if e := s.next(); e.op != opClose || e.code != 1000 {
		s.failf("want the closing handshake to be answered with 1000, got %v", e)
	}
	s.end()
}

// silent expects that nothing comes for a while.
func (s *session) silent() {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.o.Silence))
	if b, err := s.br.Peek(1); err == nil {
		s.failf("want silence, got a frame that begins with %#x", b[0])
	} else if !timeout(err) {
		s.failf("want silence, got %v", err)
	}
}

// The common endings of rows.

// fails expects a failed connection.
func fails(codes ...int) func(*session) {
	return func(s *session) { s.fails(codes...) }
}

// echoesText expects these texts, and that the connection is sound.
func echoesText(texts ...string) func(*session) {
	return func(s *session) {
		for _, t := range texts {
			s.text(t)
		}
		s.bye()
	}
}

// echoesBinary is echoesText for binary messages.
func echoesBinary(payloads ...string) func(*session) {
	return func(s *session) {
		for _, p := range payloads {
			s.bin(p)
		}
		s.bye()
	}
}
