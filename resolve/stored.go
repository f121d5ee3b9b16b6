package resolve

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
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

	space *spoolSpace // of all calls
	taken int64       // of it
}

// take takes room for n more bytes on disk.
func (s *stored) take(n int64) error {
	if err := s.space.take(n); err != nil {
		return err
	}
	s.mu.Lock()
	s.taken += n
	s.mu.Unlock()
	return nil
}

// give gives back the room that was taken. The caller holds the mutex.
func (s *stored) give() {
	s.space.give(s.taken)
	s.taken = 0
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

// openBytes is a file in memory that is being read. As one on disk it can be
// read until it is closed, which the end of the call does.
type openBytes struct {
	r      bytes.Reader
	of     *stored
	closed bool
}

// usable returns an error after Close, or after the call.
func (f *openBytes) usable() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	if f.closed || f.of.over {
		return os.ErrClosed
	}
	return nil
}

// Read implements io.Reader.
func (f *openBytes) Read(b []byte) (int, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	return f.r.Read(b)
}

// ReadAt implements io.ReaderAt.
func (f *openBytes) ReadAt(b []byte, off int64) (int, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	return f.r.ReadAt(b, off)
}

// Seek implements io.Seeker.
func (f *openBytes) Seek(offset int64, whence int) (int64, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	return f.r.Seek(offset, whence)
}

// WriteTo implements io.WriterTo: nothing is copied on the way.
func (f *openBytes) WriteTo(w io.Writer) (int64, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	return f.r.WriteTo(w)
}

// Close implements io.Closer.
func (f *openBytes) Close() error {
	err := f.usable()
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.closed = true
	return err
}

// reader opens the content once more.
func (s *stored) reader() (multipart.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over && !s.kept:
		return nil, ErrUploadOver
	case s.path == "":
		r := &openBytes{of: s}
		r.r.Reset(s.data)
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
	s.give()
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
	if s.path == "" || s.kept {
		return
	}
	// Nobody is left to tell an error. What could not be removed is on disk and
	// goes on to count, for that is what the limit is about.
	if err := os.Remove(s.path); err == nil || errors.Is(err, os.ErrNotExist) {
		s.give()
	}
}
