package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"
)

// isNil reports whether a reader or handler that a view returned is absent.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil() || v.Kind() == reflect.Interface && isNil(v.Elem())
	}
	return false
}

// serveHandler answers with a handler that the view returned; nil is 204.
func (s *state) serveHandler(v reflect.Value) error {
	if isNil(v) {
		s.out.status = http.StatusNoContent
		return s.send(nil)
	}
	s.out.handler = v.Interface().(http.Handler)
	return s.send(nil)
}

// sendReader streams a reader, and closes it if it is an io.Closer; nil is
// 204.
func (s *state) sendReader(v reflect.Value) (err error) {
	if isNil(v) {
		s.out.status = http.StatusNoContent
		return s.send(nil)
	}
	r := v.Interface().(io.Reader)
	if c, ok := r.(io.Closer); ok {
		defer func() {
			if cerr := c.Close(); err == nil {
				err = cerr
			}
		}()
	}
	h := s.w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = octetStream
	}
	if l, ok := r.(interface{ Len() int }); ok {
		h["Content-Length"] = []string{strconv.Itoa(l.Len())}
	}
	return s.copyReader(r)
}

// copyReader sends what a reader has. The header is sent with the first bytes,
// so that a reader that fails at once is answered with its error. A reader that
// has less to give than there is room for is one that waits for something, and
// so may the client: what it gave is flushed.
func (s *state) copyReader(r io.Reader) error {
	if s.headOnly() {
		s.begin()
		return nil
	}
	_, sized := s.w.Header()["Content-Length"]
	chunk := make([]byte, 32<<10)
	rc := http.NewResponseController(s.w)
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	for {
		n, err := r.Read(chunk)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("endpoint: reading the result: %w", err)
		}
		s.begin()
		if werr := s.chunk(rc, chunk[:n], err == nil && n < len(chunk) && !sized); werr != nil {
			return werr
		}
		if err != nil {
			return nil
		}
	}
}

// begin sends the header of a stream.
func (s *state) begin() {
	if !s.began {
		s.began = true
		s.w.WriteHeader(http.StatusOK)
	}
}

// chunk sends a piece of a stream, with a deadline of its own.
func (s *state) chunk(rc *http.ResponseController, b []byte, flush bool) error {
	if len(b) == 0 {
		return nil
	}
	_ = rc.SetWriteDeadline(time.Now().Add(s.view.result.timeout))
	if s.r.ProtoMajor >= 2 {
		// There it is a timer that resets the stream, also while nobody writes.
		defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	}
	_, err := s.w.Write(b)
	if err == nil && flush {
		err = rc.Flush()
		if errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("endpoint: writing the stream: %w", err)
	}
	return nil
}
