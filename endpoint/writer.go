package endpoint

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// ownWriter is the http.ResponseWriter of handlers that write the answer
// themselves. It notices whether anything was written, which decides if an
// error can still be answered.
//
// It has the optional methods that code looks for by type assertion, and
// Unwrap for everything else.
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

// WriteString implements io.StringWriter.
func (w *ownWriter) WriteString(s string) (int, error) {
	w.began = true
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom keeps the server's way of sending files without copying them.
func (w *ownWriter) ReadFrom(r io.Reader) (int64, error) {
	w.began = true
	return io.Copy(w.ResponseWriter, r)
}

// Unwrap lets http.ResponseController find the server's own writer.
func (w *ownWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError serves http.ResponseController.
func (w *ownWriter) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.began = w.began || err == nil
	return err
}

// Flush implements http.Flusher.
func (w *ownWriter) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker. Afterwards nothing can be answered.
func (w *ownWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.began = w.began || err == nil
	return conn, rw, err
}
