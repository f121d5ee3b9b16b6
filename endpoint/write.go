package endpoint

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo/resolve"
)

// writeTimeout limits each write of a stream, not the stream.
const writeTimeout = 30 * time.Second

// begin sends the header. After it an error can no longer be answered.
func (s *state) begin(status int, contentType string) {
	if contentType != "" {
		if h := s.w.Header(); h["Content-Type"] == nil {
			h["Content-Type"] = []string{contentType}
		}
	}
	s.began = true
	s.w.WriteHeader(status)
}

func (s *state) noContent() { s.begin(http.StatusNoContent, "") }

// body sends a whole answer.
func (s *state) body(status int, contentType string, b []byte) error {
	// net/http finds out the length of short bodies by itself.
	if s.headOnly() || len(b) > 2048 {
		s.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	}
	s.begin(status, contentType)
	if s.headOnly() || !hasBody(status) {
		return nil
	}
	_, err := s.w.Write(b)
	return s.lost(err)
}

// lost is the error of a write: a client that left is nobody's fault and there
// is nobody to tell.
func (s *state) lost(err error) error {
	if err != nil && s.r.Context().Err() != nil {
		return nil
	}
	return err
}

// hasBody reports whether an answer of that status may have a body (RFC 9110
// section 6.4.1).
func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

func (s *state) text(v any) error {
	s.buf.WriteString(reflect.ValueOf(v).String())
	return s.body(http.StatusOK, "text/plain; charset=utf-8", s.buf.Bytes())
}

func (s *state) bytes(b []byte) error {
	return s.body(http.StatusOK, "application/octet-stream", b)
}

// encode sends v with the codec that the client prefers.
func (s *state) encode(status int, header http.Header, v any) error {
	codecs := s.view.values.Codecs
	codec := negotiate(s.r.Header["Accept"], codecs)
	if codec == nil {
		return &Error{Status: http.StatusNotAcceptable, Detail: "This can be sent as " + offered(codecs) + "."}
	}
	if err := codec.Encode(&s.buf, v); err != nil {
		return fmt.Errorf("endpoint: result of type %T as %s: %w", v, codec.Name(), err)
	}
	h := s.w.Header()
	if len(codecs) > 1 {
		h.Add("Vary", "Accept")
	}
	for k, values := range header {
		h[k] = values
	}
	return s.body(status, codec.MediaTypes()[0], s.buf.Bytes())
}

func offered(codecs resolve.Codecs) string {
	var types []string
	for _, c := range codecs {
		types = append(types, c.MediaTypes()[0])
	}
	return strings.Join(types, " or ")
}

// serveHandler answers with a handler that the view returned; nil is 204.
func (s *state) serveHandler(h http.Handler) error {
	if v := reflect.ValueOf(h); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Func && v.IsNil() {
		s.noContent()
		return nil
	}
	s.began = true
	h.ServeHTTP(s.w, s.r)
	return nil
}

// copyReader streams a reader, and closes it if it is an io.Closer. What can be
// read is read before the header is sent, so that a reader that fails at once
// is answered with its error.
func (s *state) copyReader(r io.Reader) (err error) {
	if v := reflect.ValueOf(r); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		s.noContent()
		return nil
	}
	if c, ok := r.(io.Closer); ok {
		defer func() {
			if cerr := c.Close(); err == nil {
				err = cerr
			}
		}()
	}
	if s.headOnly() {
		s.begin(http.StatusOK, "application/octet-stream")
		return nil
	}
	chunk := make([]byte, 32<<10)
	rc := http.NewResponseController(s.w)
	for {
		n, rerr := r.Read(chunk)
		if rerr != nil && rerr != io.EOF {
			return fmt.Errorf("endpoint: reading the result: %w", rerr)
		}
		if !s.began {
			s.begin(http.StatusOK, "application/octet-stream")
		}
		if n > 0 {
			_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, werr := s.w.Write(chunk[:n]); werr != nil {
				return s.lost(werr)
			}
		}
		if rerr == io.EOF {
			_ = rc.SetWriteDeadline(time.Time{})
			return nil
		}
	}
}
