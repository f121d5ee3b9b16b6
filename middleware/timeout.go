package middleware

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// Timeout gives a handler the time d to begin its answer. When it is over, the
// request's context ends with context.DeadlineExceeded, and a handler that then
// returns without an answer, or with the status 500, is answered for with 503,
// as a problem object. Other answers, which come too late but come, are sent:
// somebody chose their status, and may say in them what was done and what not.
//
// Once an answer has begun there is no deadline any more, nor once a connection
// was hijacked: streams, downloads and WebSockets are never cut. Give writes
// deadlines of their own, as Fogo does, through http.ResponseController.
//
// A handler that doesn't heed its context is waited for, since no goroutine can
// be stopped from outside. http.TimeoutHandler abandons it instead, still
// running with its transaction, answers while it does, and to be able to do that holds back
// the whole answer and has no Flush and no Hijack.
//
// A d of 0 or less is no limit.
func Timeout(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if d <= 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t := &timed{ResponseWriter: w, r: r}
			t.deadline.start(r.Context(), d)
			defer t.deadline.stop()
			serveCopy(next, t, r, r.WithContext(&t.deadline))
			if !t.began && t.deadline.over() {
				t.refuse()
			}
		})
	}
}

// timed is the http.ResponseWriter of a handler with a deadline.
type timed struct {
	http.ResponseWriter
	r        *http.Request
	deadline deadline
	began    bool
	refused  bool // the client was answered 503; what the handler writes is dropped
}

func (t *timed) refuse() {
	t.began, t.refused = true, true
	answer(t.ResponseWriter, t.r, http.StatusServiceUnavailable, "The answer took too long.")
}

// begin is called before the first byte of an answer with a status.
func (t *timed) begin(status int) {
	if t.began {
		return
	}
	t.began = true
	// A 500 after the deadline is most likely what became of the context's error.
	if !t.deadline.disarm() && status == http.StatusInternalServerError {
		t.refuse()
	}
}

func (t *timed) WriteHeader(status int) {
	if !informational(status) {
		t.begin(status)
	}
	if !t.refused {
		t.ResponseWriter.WriteHeader(status)
	}
}

func (t *timed) Write(b []byte) (int, error) {
	t.begin(http.StatusOK)
	if t.refused {
		return len(b), nil
	}
	return t.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (t *timed) WriteString(s string) (int, error) {
	t.begin(http.StatusOK)
	if t.refused {
		return len(s), nil
	}
	return io.WriteString(t.ResponseWriter, s)
}

// ReadFrom keeps the server's way of sending files without copying them.
func (t *timed) ReadFrom(r io.Reader) (int64, error) {
	start, more, err := copyStart(t, t.began, r)
	if !more {
		return start, err
	}
	to := io.Writer(t.ResponseWriter)
	if t.refused {
		to = io.Discard
	}
	n, err := io.Copy(to, r)
	return start + n, err
}

// Unwrap lets http.ResponseController find the server's own writer.
func (t *timed) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// FlushError serves http.ResponseController.
func (t *timed) FlushError() error {
	if t.refused {
		return nil
	}
	// The deadline goes first, for it must not end in the middle.
	first := t.first(http.StatusOK)
	err := http.NewResponseController(t.ResponseWriter).Flush()
	if errors.Is(err, http.ErrNotSupported) && first {
		t.began = false
	}
	return err
}

// first begins the answer, and reports whether that was the first to do so.
func (t *timed) first(status int) bool {
	before := t.began
	t.begin(status)
	return !before
}

// Flush implements http.Flusher.
func (t *timed) Flush() { _ = t.FlushError() }

// Hijack implements http.Hijacker.
func (t *timed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.refused {
		return nil, nil, http.ErrHandlerTimeout
	}
	first := t.first(http.StatusSwitchingProtocols)
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil && first {
		t.began = false // the handler has to answer otherwise
	}
	return conn, rw, err
}
