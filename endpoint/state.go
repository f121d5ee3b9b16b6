package endpoint

import (
	"bytes"
	"net/http"

	"github.com/gofogo/fogo/resolve"
)

// state is what one HTTP call needs beside its plan. It is pooled by its view.
type state struct {
	resolve.Call
	view  *httpView
	w     http.ResponseWriter
	r     *http.Request
	buf   bytes.Buffer // of the encoded result
	began bool         // the answer's first byte may have been sent
	own   ownWriter    // for handlers that take the http.ResponseWriter
}

// maxPooledBuffer is the size over which a buffer is not kept for other calls:
// one big answer must not be paid for by every later small one.
const maxPooledBuffer = 64 << 10

func (s *state) reset() {
	s.Call.Reset()
	s.w, s.r, s.began, s.own = nil, nil, false, ownWriter{}
	if s.buf.Cap() > maxPooledBuffer {
		s.buf = bytes.Buffer{}
	} else {
		s.buf.Reset()
	}
}

// headOnly reports whether the body must not be written.
func (s *state) headOnly() bool { return s.r.Method == http.MethodHead }

// ownWriter is the http.ResponseWriter of handlers that take it. It notices
// whether anything was written, which decides if an error can still be
// answered.
type ownWriter struct {
	http.ResponseWriter
	began bool
}

func (w *ownWriter) WriteHeader(status int) {
	// An informational status leaves the answer open (RFC 9110 section 15.2).
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.began = true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *ownWriter) Write(b []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the server's own writer.
func (w *ownWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush serves code that asks for an http.Flusher by type assertion.
func (w *ownWriter) Flush() {
	w.began = true
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}
