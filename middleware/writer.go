package middleware

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// writer is an http.ResponseWriter that notices what becomes of an answer. It
// changes nothing: what the writer below can do, it can do through
// http.ResponseController, which finds Unwrap, and through the optional methods
// that code looks for by type assertion.
//
// It is not pooled: a handler may keep what it was given.
type writer struct {
	http.ResponseWriter
	// status is that of the answer, 0 until it began, and 101 once the
	// connection was taken over.
	status   int
	bytes    int64
	hijacked bool
}

// watcher is a writer, or something around one. It is implemented by *writer
// and *exchange.
type watcher interface {
	http.ResponseWriter
	watched() *writer
}

func (w *writer) watched() *writer { return w }

// watch returns what notices the writes to w: w itself, if another middleware
// of this package stands directly outside.
func watch(w http.ResponseWriter) watcher {
	if own, ok := w.(watcher); ok {
		return own
	}
	return &writer{ResponseWriter: w}
}

// began reports whether an answer was begun, so that no other can be given.
func (w *writer) began() bool { return w.status != 0 }

func (w *writer) begin(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// informational statuses leave the answer open (RFC 9110 section 15.2). 101 is
// the last one that a server sends.
func informational(status int) bool {
	return status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
}

func (w *writer) WriteHeader(status int) {
	// It panics over a status that there cannot be, and then nothing has begun.
	w.ResponseWriter.WriteHeader(status)
	if !informational(status) {
		w.begin(status)
	}
}

func (w *writer) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	w.begin(http.StatusOK)
	n, err := io.WriteString(w.ResponseWriter, s)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the server's way of sending files without copying them.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	start, more, err := copyStart(w, w.began(), r)
	if !more {
		return start, err
	}
	n, err := io.Copy(w.ResponseWriter, r)
	w.bytes += n
	return start + n, err
}

// startSize is how much net/http copies itself before it lets the kernel do it.
const startSize = 512

// copyStart copies the start of an answer that has not begun, for that begins
// with its first byte: the source may fail before, and it may take its time. It
// reports whether there may be more to copy.
func copyStart(w io.Writer, began bool, r io.Reader) (n int64, more bool, err error) {
	if began {
		return 0, true, nil
	}
	n, err = io.CopyN(onlyWriter{w}, r, startSize)
	if err == io.EOF {
		return n, false, nil
	}
	return n, err == nil, err
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// Unwrap lets http.ResponseController find the server's own writer.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError serves http.ResponseController.
func (w *writer) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	// With any other error the client has left, but the answer had begun.
	if !errors.Is(err, http.ErrNotSupported) {
		w.begin(http.StatusOK)
	}
	return err
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked = true
		w.begin(http.StatusSwitchingProtocols)
	}
	return conn, rw, err
}

// innermost is the server's own writer below all wrappers.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

// serveCopy passes a copy of a request on. The pattern that a ServeMux further
// in sets on it is set on the original too, so that an access log outside sees
// it; and so is a parsed form, for the server removes the files of the request
// that it made, and of no copy.
func serveCopy(next http.Handler, w http.ResponseWriter, r, c *http.Request) {
	if e := exchangeOf(w); e != nil {
		e.inner = c
	}
	defer func() {
		r.Pattern = c.Pattern
		if c.MultipartForm != nil {
			r.MultipartForm = c.MultipartForm
		}
	}()
	next.ServeHTTP(w, c)
}
