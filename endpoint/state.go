package endpoint

import (
	"bytes"
	"io"
	"net/http"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
)

// state is what one HTTP call needs. It is pooled by its view, whose route and
// configuration it keeps.
type state struct {
	resolve.Call
	view *HTTPView
	vars pattern.Values
	run  *inject.Run // of the view's plan, for one call after the other
	w    http.ResponseWriter
	r    *http.Request
	text []byte       // of a result that was appended
	buf  bytes.Buffer // of one that was encoded
	own  *ownWriter   // around w while something else writes the answer; else nil

	// what was negotiated
	offer   *offer
	framing *framing

	out    answer
	closer io.Closer // what the answer reads from
	began  bool      // the answer's first byte may have been sent
	events bool      // it is an event stream, in which an error has its place
}

// answer is what will be sent once the finishers have agreed to it.
type answer struct {
	status      int
	contentType []string // shared by all calls, never written to
	vary        bool
	header      http.Header  // of a responder
	body        []byte       // usually in one of the state's buffers
	handler     http.Handler // sends the rest itself; nil for a body
}

// maxPooledBuffer is the size over which a buffer is not kept for other calls,
// nor for the next item of a stream: one big answer must not be paid for by every
// later small one.
const maxPooledBuffer = 64 << 10

func (s *state) reset() {
	s.Call.Reset()
	s.vars.Reset()
	s.w, s.r, s.own, s.offer, s.framing, s.closer = nil, nil, nil, nil, nil, nil
	s.out = answer{}
	s.began, s.events = false, false
	s.buf.Reset()
	s.trim()
}

// trim lets go of buffers that became big. What they hold is not needed any
// more.
func (s *state) trim() {
	if cap(s.text) > maxPooledBuffer {
		s.text = nil
	}
	if s.buf.Cap() > maxPooledBuffer {
		s.buf = bytes.Buffer{}
	}
}

// headOnly reports whether the body must not be written.
func (s *state) headOnly() bool { return s.r.Method == http.MethodHead }

// started reports whether the client may have seen a part of the answer.
func (s *state) started() bool { return s.began || s.own != nil && s.own.began }

// watch puts a writer before the response that notices whether somebody else
// wrote to it.
func (s *state) watch() http.ResponseWriter {
	if s.own == nil {
		s.own = &ownWriter{ResponseWriter: s.w}
		s.w = s.own
	}
	return s.w
}
