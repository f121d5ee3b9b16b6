package resolve

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
)

// createSpool creates a file that nobody else can read.
func createSpool(dir string) (*os.File, error) { return os.CreateTemp(dir, "fogo-upload-*") }

// spool writes what was read and what is left to a file. spooled is how much its
// call has on disk.
func spool(s *stored, dir string, spooled *int64, head []byte, rest io.Reader) (int64, error) {
	out, err := createSpool(dir)
	if err != nil {
		return 0, &spoolError{err}
	}
	s.path = out.Name() // from here on the end of the call removes it
	w := diskWriter{out, s, spooled}
	n, err := w.Write(head)
	size := int64(n)
	if err == nil {
		var more int64
		more, err = io.Copy(w, rest)
		size += more
	}
	if closed := out.Close(); err == nil && closed != nil {
		err = &spoolError{closed}
	}
	return size, err
}

// errSpoolAlone is about a call that would find no room if it were alone. To try
// it again would be of no use.
var errSpoolAlone = errors.New("resolve: uploads of one call larger than those of all may be")

// diskWriter takes room for what it writes, and marks the errors of a disk.
type diskWriter struct {
	w       io.Writer
	of      *stored
	spooled *int64
}

// Write implements io.Writer. A write that does not fit takes nothing, so that
// what is on disk is never more than what was taken.
func (d diskWriter) Write(b []byte) (int, error) {
	if *d.spooled += int64(len(b)); *d.spooled > d.of.space.limit {
		return 0, errSpoolAlone
	}
	if err := d.of.take(int64(len(b))); err != nil {
		return 0, &spoolError{err}
	}
	n, err := d.w.Write(b)
	if err != nil {
		err = &spoolError{err}
	}
	return n, err
}

// spoolError is an error of the server's disk, which is no fault of the client.
type spoolError struct{ err error }

// Error tells the cause.
func (e *spoolError) Error() string { return "resolve: an upload cannot be spooled: " + e.err.Error() }

// Unwrap returns the cause.
func (e *spoolError) Unwrap() error { return e.err }

// SpoolFullError is the error of a call whose uploads found no room, because
// those of all calls have as much on disk as MaxSpool of [Uploads] allows. It is
// answered with 503 and a Retry-After, since room is made as soon as others end.
// Get at it, in an observer say, with
//
//	var full *resolve.SpoolFullError
//	if errors.As(err, &full) { … }
type SpoolFullError struct {
	// Limit is the number of bytes that all calls together may have.
	Limit int64
}

// Error tells the limit.
func (e *SpoolFullError) Error() string {
	return "the uploads of all calls have as much on disk as they may, which is " + strconv.FormatInt(e.Limit, 10) +
		" bytes; see MaxSpool of resolve.Uploads"
}

// StatusCode is 503.
func (e *SpoolFullError) StatusCode() int { return http.StatusServiceUnavailable }

// Header says when to try again. RFC 9110 section 15.6.4: "The server MAY send a
// Retry-After header field [to] suggest an appropriate amount of time".
func (e *SpoolFullError) Header() http.Header { return http.Header{"Retry-After": {"5"}} }

// spoolSpace is the room on disk that the calls of an application share. It is
// safe for concurrent use.
type spoolSpace struct {
	limit int64
	used  atomic.Int64
}

// take takes n bytes, or nothing if there is no room for all of them.
func (s *spoolSpace) take(n int64) error {
	for {
		used := s.used.Load()
		if n > s.limit-used {
			return &SpoolFullError{Limit: s.limit}
		}
		if s.used.CompareAndSwap(used, used+n) {
			return nil
		}
	}
}

// give gives n bytes back.
func (s *spoolSpace) give(n int64) { s.used.Add(-n) }
