package resolve

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
)

// ErrUploadOver is the error of reading an uploaded file, or a part, after the
// call that it belongs to.
var ErrUploadOver = errors.New("resolve: the call of this upload is over; save what is needed longer, or File.Keep it")

// stored is the content of a file, in memory or on disk. It belongs to a call,
// which releases it at its end whatever happened; so memory ends with the call
// too, lest what works with small files fails with large ones.
type stored struct {
	mu   sync.Mutex // guards all of it
	data []byte     // the content, if path is ""
	path string
	open []*openFile // not closed yet
	kept bool        // the file is the user's
	over bool
}

// openFile is a stored file that is being read.
type openFile struct {
	*os.File
	of *stored
}

// Close implements io.Closer.
func (f *openFile) Close() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.of.open = slices.DeleteFunc(f.of.open, func(o *openFile) bool { return o == f })
	return f.File.Close()
}

// openBytes is a file in memory that is being read.
type openBytes struct {
	bytes.Reader
	closed bool
}

// Close implements io.Closer.
func (f *openBytes) Close() error {
	if f.closed {
		return os.ErrClosed
	}
	f.closed = true
	f.Reset(nil)
	return nil
}

// reader opens the content once more.
func (s *stored) reader() (io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over && !s.kept:
		return nil, ErrUploadOver
	case s.path == "":
		r := &openBytes{}
		r.Reset(s.data)
		return r, nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	r := &openFile{f, s}
	if !s.over {
		s.open = append(s.open, r)
	}
	return r, nil
}

// keep makes the file the user's.
func (s *stored) keep(dir string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over && !s.kept {
		return "", ErrUploadOver
	}
	if s.path == "" {
		f, err := createSpool(dir)
		if err != nil {
			return "", err
		}
		_, err = f.Write(s.data)
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
			return "", err
		}
		s.path, s.data = f.Name(), nil
	}
	s.kept = true
	return s.path, nil
}

// release ends the call that the file belongs to. What is still open is closed,
// which some systems demand of a file that is removed.
func (s *stored) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, f := range s.open {
		_ = f.File.Close()
	}
	s.open, s.data = nil, nil
	if s.path != "" && !s.kept {
		_ = os.Remove(s.path) // nobody is left to tell
	}
}

// createSpool creates a file that nobody else can read.
func createSpool(dir string) (*os.File, error) { return os.CreateTemp(dir, "fogo-upload-*") }

// spoolError is an error of the server's disk, which is no fault of the client.
type spoolError struct{ err error }

// Error tells the cause.
func (e *spoolError) Error() string { return "resolve: an upload cannot be spooled: " + e.err.Error() }

// Unwrap returns the cause.
func (e *spoolError) Unwrap() error { return e.err }
