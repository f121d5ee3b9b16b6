package fogo

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// piece is how much is written under one deadline. A client that takes less than
// a piece in the time of a write is given up, which with 30 s is 2 KiB a second.
const piece = 64 << 10

// writer is the http.ResponseWriter of a request under [App.Run]: each write has
// a deadline. A client that doesn't read holds its handler no longer than that,
// and one that does may take as long as it needs.
//
// A handler that sets a deadline itself, with [http.ResponseController], has no
// other until it takes it back. Over HTTP/2 too it is one for writes: net/http
// would reset the stream at that time even if nobody writes, so there deadlines
// are handed on for as long as a write lasts.
type writer struct {
	http.ResponseWriter
	call
	calls   *inflight
	timeout time.Duration
	http2   bool
	body    *body        // nil if the request has none
	began   bool         // there is an answer
	talking bool         // some of it was sent
	armed   atomic.Int64 // when the deadline was set, after the beginning of the call; 0: it isn't
	own     atomic.Bool  // the handler has set one
	gone    atomic.Bool  // the connection was taken over

	mu       sync.Mutex // guards the rest, for HTTP/2
	deadline time.Time  // the handler's
	writing  bool
}

// arm sets the deadline for the next write of the answer.
func (w *writer) arm() {
	if w.body != nil && w.http2 && !w.talking {
		// A stream that answers before its request has ended is a
		// conversation, in which the client may be silent.
		w.body.release()
	}
	w.began, w.talking = true, true
	w.limit()
}

// limit sets the deadline for the next write. One of HTTP/1 that is young is left:
// setting it costs more than looking at the clock.
func (w *writer) limit() {
	switch {
	case w.http2:
		w.armStream()
	case w.timeout <= 0 || w.own.Load():
	default:
		at := max(1, int64(time.Since(w.since)))
		if old := w.armed.Load(); old != 0 && at-old < int64(w.timeout/4) {
			return
		}
		w.armed.Store(at)
		w.set(w.since.Add(time.Duration(at) + w.timeout))
	}
}

func (w *writer) armStream() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = true
	switch {
	case w.own.Load():
		w.set(w.deadline)
	case w.timeout > 0:
		w.set(time.Now().Add(w.timeout))
	}
}

// disarm takes the deadline back after a write, over HTTP/2.
func (w *writer) disarm() {
	if !w.http2 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = false
	if w.timeout > 0 || w.own.Load() {
		w.set(time.Time{})
	}
}

func (w *writer) set(t time.Time) {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
}

// finish sets a deadline for what the server still holds of the answer.
func (w *writer) finish() {
	if w.began && !w.gone.Load() {
		w.arm()
	}
}

func (w *writer) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		// It is sent at once, and is no answer yet.
		w.limit()
		defer w.disarm()
	} else {
		w.began = true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (n int, err error) {
	for {
		w.arm()
		m, err := w.ResponseWriter.Write(b[n:min(n+piece, len(b))])
		w.disarm()
		if n += m; err != nil || n >= len(b) {
			return n, err
		}
	}
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	if len(s) > piece {
		return w.Write([]byte(s))
	}
	w.arm()
	defer w.disarm()
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom keeps the server's way of sending files without copying them. From
// anything else it copies, for the time that a source takes is not the client's.
func (w *writer) ReadFrom(src io.Reader) (n int64, err error) {
	rest, limited := src.(*io.LimitedReader)
	if !limited {
		rest = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok || !isRegular(rest.R) {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	for rest.N > 0 {
		part := io.LimitedReader{R: rest.R, N: min(rest.N, piece)}
		want := part.N
		w.arm()
		m, err := to.ReadFrom(&part)
		w.disarm()
		n += m
		rest.N -= m
		if err != nil || m < want {
			return n, err
		}
	}
	return n, nil
}

func isRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// FlushError serves http.ResponseController.
func (w *writer) FlushError() error {
	w.arm()
	defer w.disarm()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker. The connection is no more the server's, and
// no request.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.body != nil {
		w.body.release()
	}
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.gone.Store(true)
		w.calls.remove(&w.call)
	}
	return conn, rw, err
}

// SetWriteDeadline serves http.ResponseController.
func (w *writer) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own.Store(!t.IsZero())
	w.armed.Store(0)
	w.deadline = t
	if w.http2 && !w.writing {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
}

// SetReadDeadline serves http.ResponseController.
func (w *writer) SetReadDeadline(t time.Time) error {
	if w.body != nil {
		w.body.release()
	}
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}

// EnableFullDuplex serves http.ResponseController: what is a conversation may be
// silent.
func (w *writer) EnableFullDuplex() error {
	if w.body != nil {
		w.body.release()
	}
	return http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
}

// Unwrap lets http.ResponseController find the server's own writer.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
