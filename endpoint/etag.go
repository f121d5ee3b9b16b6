package endpoint

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/gofogo/fogo/internal/conditional"
	"github.com/gofogo/fogo/internal/frame"
)

// Versioned is a value that knows its version. A GET whose conditions say that
// the client has it is answered with 304 before the value is encoded, see RFC
// 9110 section 13. For other methods Tag and Modified are sent only: what they
// were conditional on is what was there before, see [Preconditions].
type Versioned[T any] struct {
	// Tag tells versions of this resource apart: a number, a hash, without
	// blanks and quotes; "" for none. If the value is offered in several formats
	// use [ETag] instead, because each needs a tag of its own.
	Tag string
	// Weak says that versions with the same tag may differ in what does not
	// matter.
	Weak bool
	// Modified is when the value changed last; zero if that is not known.
	Modified time.Time
	Body     T
}

func (v Versioned[T]) respond(s *state) error {
	known, header, err := validators(v.Tag, v.Weak, v.Modified)
	if err != nil {
		return err
	}
	switch s.condition(known) {
	case http.StatusNotModified:
		s.out.status, s.out.header = http.StatusNotModified, header
		s.out.vary = s.view.result.offers != nil && s.view.result.offers.vary
		return nil
	case http.StatusPreconditionFailed:
		return errPrecondition
	}
	return s.value(http.StatusOK, header, frame.RefOf(&v.Body))
}

func (Versioned[T]) body() reflect.Type { return reflect.TypeFor[T]() }
func (Versioned[T]) usual() int         { return http.StatusOK }
func (Versioned[T]) ownTag()            {}

// versioned is a responder that needs no tag made for it.
type versioned interface{ ownTag() }

// errPrecondition is the answer to a condition that is not met (RFC 9110
// section 15.5.13).
var errPrecondition = &Error{Status: http.StatusPreconditionFailed, Detail: "The resource is not in the state that the request depends on."}

// validators are those of a value, and its header fields.
func validators(tag string, weak bool, modified time.Time) (v conditional.Validators, h http.Header, err error) {
	v.Modified, h = modified, http.Header{}
	if tag != "" {
		if v.Tag, err = conditional.Quote(tag); err != nil {
			return v, nil, fmt.Errorf("endpoint: %w", err)
		}
		if weak {
			v.Tag = "W/" + v.Tag
		}
		h["Etag"] = []string{v.Tag}
	}
	if !modified.IsZero() {
		h["Last-Modified"] = []string{modified.UTC().Format(http.TimeFormat)}
	}
	return v, h, nil
}

// condition evaluates the conditions of a request that reads.
func (s *state) condition(known conditional.Validators) int {
	if s.r.Method != http.MethodGet && s.r.Method != http.MethodHead {
		return 0
	}
	return known.Evaluate(s.r.Method, s.r.Header)
}

// tag gives an answer its ETag, or makes it a 304, by the option of that name.
func (s *state) tag(h http.Header) error {
	if s.out.status != http.StatusOK || !s.view.result.tags(s.r.Method) {
		return nil
	}
	if len(h["Etag"]) == 0 {
		h["Etag"] = []string{hashTag(s.out.body)}
	}
	known := conditional.Validators{Tag: h["Etag"][0]}
	known.Modified, _ = http.ParseTime(h.Get("Last-Modified"))
	switch s.condition(known) {
	case http.StatusNotModified:
		conditional.Strip(h)
		s.out.status, s.out.body = http.StatusNotModified, nil
	case http.StatusPreconditionFailed:
		return errPrecondition
	}
	return nil
}

// hashTag is a strong tag: no two bodies have the same.
func hashTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// Preconditions are what a request that changes something depends on (RFC 9110
// section 13): "only if it is still what I saw", which keeps two people from
// overwriting each other's work. Take it as a parameter, and ask it before
// anything is changed:
//
//	func PutPage(pages *Pages, id PageID, if_ endpoint.Preconditions, body resolve.Body[Page]) error {
//		old := pages.Get(id)
//		if err := if_.Check(old.Version, old.Changed); err != nil {
//			return err // 412
//		}
//		…
//	}
//
// For what a GET depends on there are [Versioned] and [ETag].
type Preconditions struct {
	method string
	header http.Header
}

// Extract takes note of the request.
func (p *Preconditions) Extract(r *http.Request) error {
	p.method, p.header = r.Method, r.Header
	return nil
}

// Any reports whether the request has a condition at all. A resource that
// demands one answers 428 Precondition Required without.
func (p Preconditions) Any() bool { return conditional.Any(p.header) }

// Check returns an error that is answered with 412 if the request must not be
// done to what there is. The tag is that of [Versioned], without quotes, or as
// it was sent; "" and a zero time are what is not known, and both together that
// there is nothing: then "If-None-Match: *" says that it may be made.
func (p Preconditions) Check(tag string, modified time.Time) error {
	v := conditional.Validators{Tag: tag, Modified: modified, Missing: tag == "" && modified.IsZero()}
	if tag != "" && tag[len(tag)-1] != '"' {
		quoted, err := conditional.Quote(tag)
		if err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
		v.Tag = quoted
	}
	if v.Evaluate(p.method, p.header) == http.StatusPreconditionFailed {
		return errPrecondition
	}
	return nil
}
