package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
)

// Values of header fields that all calls share. Nobody writes to them: what
// adds a value to a field appends, which copies them.
var (
	textPlain   = []string{"text/plain; charset=utf-8"}
	textHTML    = []string{"text/html; charset=utf-8"}
	octetStream = []string{"application/octet-stream"}
	varyAccept  = []string{"Accept"}
)

// appendValue makes the body of the answer from the value at a place, if it can
// be done without the codec. It runs nobody's code.
func (s *state) appendValue(at frame.Ref) bool {
	if s.offer.append == nil {
		return false
	}
	body, ok := s.offer.append(s.text[:0], at)
	if !ok {
		return false
	}
	s.text, s.out.body = body, body
	s.out.contentType, s.out.vary = s.offer.contentType, s.view.result.offers.vary
	return true
}

// encode makes the body of the answer from a value of type t, in the format
// that was negotiated.
func (s *state) encode(t reflect.Type, v any) error {
	s.out.contentType, s.out.vary = s.offer.contentType, s.view.result.offers.vary
	if err := s.offer.codec.Encode(&s.buf, v); err != nil {
		return fmt.Errorf("endpoint: result of type %s as %s: %w", t, s.offer.codec.Name(), err)
	}
	s.out.body = s.buf.Bytes()
	return nil
}

// send sends the answer that was made.
func (s *state) send(*inject.Run) error {
	h := s.w.Header()
	if s.out.header != nil {
		mergeHeader(h, s.out.header)
	}
	fresh := len(h) == 0 // as it is where no middleware sets anything
	if s.out.contentType != nil && (fresh || h["Content-Type"] == nil) {
		h["Content-Type"] = s.out.contentType
	}
	switch {
	case s.out.vary && fresh:
		h["Vary"] = varyAccept
	case s.out.vary:
		addVary(h)
	}
	if s.out.handler != nil {
		s.out.handler.ServeHTTP(s.watch(), s.r)
		return nil
	}
	if s.view.result.etag {
		if err := s.tag(h); err != nil {
			return err
		}
	}
	body, whole := s.out.body, hasBody(s.out.status)
	// net/http finds out the length of short bodies by itself.
	if whole && (s.headOnly() || len(body) > 2048) {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	s.began = true
	s.w.WriteHeader(s.out.status)
	if s.headOnly() || !whole || len(body) == 0 {
		return nil
	}
	if _, err := s.w.Write(body); err != nil && !s.left() {
		return fmt.Errorf("endpoint: sending the answer: %w", err)
	}
	return nil
}

// hasBody reports whether an answer of that status may have a body (RFC 9110
// section 6.4.1).
func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// addVary says that the answer depends on the Accept header (RFC 9110 section
// 12.5.5).
func addVary(h http.Header) {
	if old := h["Vary"]; len(old) > 0 {
		h["Vary"] = append(old[:len(old):len(old)], "Accept")
		return
	}
	h["Vary"] = varyAccept
}

// mergeHeader sets the fields of an answer. Of those that lists are made of,
// what middleware set before stays.
func mergeHeader(to, from http.Header) {
	for k, values := range from {
		k = http.CanonicalHeaderKey(k)
		if old := to[k]; len(old) > 0 && (k == "Set-Cookie" || k == "Vary" || k == "Link") {
			values = append(old[:len(old):len(old)], values...)
		}
		// The header may be shared by calls: what is appended to it is copied.
		to[k] = slices.Clip(values)
	}
}
