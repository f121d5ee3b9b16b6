package compress

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
)

// mode is what becomes of an answer.
type mode uint8

const (
	waiting    mode = iota // it isn't known yet; what is written is held back
	plain                  // it is passed on as it is
	compressed             // it goes through the encoder
)

// writer is the http.ResponseWriter of handlers whose answers may be
// compressed. It decides as soon as it can: from the header fields, or when
// MinSize bytes were written, on a flush, or at the end.
type writer struct {
	http.ResponseWriter
	c *config
	r *http.Request
	// encoding is what the client likes best, if it accepts any.
	encoding Encoding
	accepted bool

	mode    mode
	status  int     // what the handler said; 0 before
	held    *[]byte // from the pool; only while waiting
	encoder encoder // only while compressed
	// declared is the length that the handler said, -1 if it did not, and
	// written what it wrote so far. Where the field is sent, net/http compares.
	declared, written int64
	// fields are those of the answer, if the handler may have changed them since
	// it wrote the status; only while waiting.
	fields http.Header
}

// held are the buffers for what is held back.
var held = sync.Pool{New: func() any { b := make([]byte, 0, DefaultMinSize+512); return &b }}

// maxHeld is the capacity up to which buffers go back to the pool.
const maxHeld = 64 << 10

// WriteHeader decides if the header fields suffice for that.
func (w *writer) WriteHeader(status int) {
	if w.mode != waiting {
		w.ResponseWriter.WriteHeader(status) // net/http says that it is superfluous
		return
	}
	if w.status != 0 {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // the answer is still to come
		return
	}
	w.status, w.declared = status, contentLength(w.header())
	switch w.judge() {
	case no:
		w.pass()
	case yes:
		w.compress()
	}
}

// Header implements http.ResponseWriter. What a handler changes after the status,
// other than trailers, must change nothing, though nothing was sent yet.
func (w *writer) Header() http.Header {
	h := w.ResponseWriter.Header()
	if w.mode == waiting && w.status != 0 && w.fields == nil {
		w.fields = maps.Clone(h)
	}
	return h
}

// header are the fields to send.
func (w *writer) header() http.Header {
	if w.fields != nil {
		return w.fields
	}
	return w.ResponseWriter.Header()
}

// begin sends the status and the fields.
func (w *writer) begin() {
	if w.fields == nil {
		w.ResponseWriter.WriteHeader(w.status)
		return
	}
	h := w.ResponseWriter.Header()
	changed := maps.Clone(h) // trailers may be among them
	clear(h)
	maps.Copy(h, w.fields)
	w.ResponseWriter.WriteHeader(w.status)
	clear(h)
	maps.Copy(h, changed)
	w.fields = nil
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 && w.mode == waiting {
		w.WriteHeader(http.StatusOK)
	}
	if w.mode == plain {
		return w.ResponseWriter.Write(b)
	}
	if w.declared >= 0 && w.written+int64(len(b)) > w.declared {
		return 0, http.ErrContentLength
	}
	w.written += int64(len(b))
	if w.mode == waiting {
		if w.held != nil || len(b) < w.c.minSize {
			w.hold(b)
			return len(b), nil
		}
		w.settle(b, false)
	}
	if w.mode == plain {
		return w.ResponseWriter.Write(b)
	}
	return w.encoder.Write(b)
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	if w.mode == plain {
		return io.WriteString(w.ResponseWriter, s)
	}
	return w.Write([]byte(s))
}

// hold holds bytes back, until there are enough to decide.
func (w *writer) hold(b []byte) {
	if w.held == nil {
		w.held, _ = held.Get().(*[]byte)
	}
	*w.held = append(*w.held, b...)
	if len(*w.held) >= w.c.minSize {
		w.settle(*w.held, false)
	}
}

// settle ends the waiting. What was written so far is given, from which the
// type is guessed if it must be; short says that the answer is below the
// minimum size, or flushed there.
func (w *writer) settle(b []byte, short bool) {
	h := w.header()
	if _, ok := h["Content-Type"]; !ok && len(b) > 0 {
		// net/http would guess it from compressed bytes.
		h["Content-Type"] = []string{http.DetectContentType(b)}
	}
	if w.eligible() && !short {
		w.compress()
		return
	}
	w.pass()
}

// pass sends the answer as it is.
func (w *writer) pass() {
	w.mode = plain
	w.begin()
	if w.held != nil {
		_, _ = w.ResponseWriter.Write(*w.held) // the next write fails too
		w.drop()
	}
}

// compress sends the answer through an encoder. That to HEAD has the fields of
// the one to GET, and ends there (RFC 9110 section 9.3.2).
func (w *writer) compress() {
	w.mode = compressed
	transform(w.header(), w.encoding)
	w.begin()
	if w.r.Method == http.MethodHead {
		w.encoder = noEncoder{}
		w.drop()
		return
	}
	w.encoder = w.c.pools[w.encoding].get(w.ResponseWriter)
	if w.held != nil {
		_, _ = w.encoder.Write(*w.held) // the next write fails too
		w.drop()
	}
}

// drop gives the buffer back.
func (w *writer) drop() {
	if w.held != nil && cap(*w.held) <= maxHeld {
		*w.held = (*w.held)[:0]
		held.Put(w.held)
	}
	w.held = nil
}

// finish ends the answer of a handler that returned.
func (w *writer) finish() {
	if w.mode == waiting && w.status == 0 && w.r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK) // header fields may be all that a handler has for it
	}
	if w.mode == waiting && w.status != 0 {
		var b []byte
		if w.held != nil {
			b = *w.held
		}
		w.settle(b, true)
	}
	if w.encoder == nil || w.encoder == (noEncoder{}) {
		return
	}
	if w.written < w.declared {
		// What net/http does over a Content-Length that was not kept: the client
		// must not take what there is for the whole.
		panic(http.ErrAbortHandler)
	}
	if w.encoder.Close() == nil { // else the client is gone, and so is the encoder
		w.c.pools[w.encoding].put(w.encoder)
	}
	w.encoder = nil
}

// release is run also when the handler panicked. Its encoder is dropped: closing it
// would write a proper end.
func (w *writer) release() {
	w.drop()
	w.encoder = nil
}

// Unwrap lets http.ResponseController find the server's own writer.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError sends what was written so far: through the encoder, if there is
// one. An answer that is flushed before MinSize bytes is a stream.
func (w *writer) FlushError() error {
	if w.status == 0 && w.mode == waiting {
		w.WriteHeader(http.StatusOK)
	}
	if w.mode == waiting {
		var b []byte
		if w.held != nil {
			b = *w.held
		}
		w.settle(b, !w.c.streams)
	}
	if w.encoder != nil {
		if err := w.encoder.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker. What was held back is dropped, as net/http
// does.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.mode = plain
		w.release()
	}
	return conn, rw, err
}

// ReadFrom keeps the server's way of sending files without copying them, where
// the answer is passed on as it is. The answer begins with its first byte: the
// source may fail before.
func (w *writer) ReadFrom(r io.Reader) (n int64, err error) {
	if w.mode == waiting {
		n, err = io.CopyN(onlyWriter{w}, r, int64(w.c.minSize))
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	to := io.Writer(onlyWriter{w})
	if w.mode == plain {
		to = w.ResponseWriter
	}
	m, err := io.Copy(to, r)
	return n + m, err
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }
