package endpoint

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
)

// responder is a result that says how it is answered. It is implemented by
// [Status], [Response], [Versioned], [Created], [Accepted], [NoContent],
// [Redirect], [RedirectLocal], [HTML], [File] and [Template]. The family is sealed by the unexported methods, because they
// work on the state of a call; what is not in it can be done by returning an
// http.Handler.
type responder interface {
	// respond makes the answer. Nothing is sent yet.
	respond(s *state) error
	// body is the type of the value that is sent, nil if there is none.
	body() reflect.Type
	// usual is the status, unless the value says another.
	usual() int
}

// Status is a value with a status and header fields of its own.
type Status[T any] struct {
	// Code is the HTTP status, 200 if 0. A status that has no body, such as
	// 304, drops the value.
	Code int
	// Header is added to the answer. A Content-Type in it takes the place of
	// that of the value's format.
	Header http.Header
	Body   T
}

func (v Status[T]) respond(s *state) error {
	code := v.Code
	if code == 0 {
		code = http.StatusOK
	}
	return s.value(code, v.Header, frame.RefOf(&v.Body))
}

func (Status[T]) body() reflect.Type { return reflect.TypeFor[T]() }
func (Status[T]) usual() int         { return http.StatusOK }

// Created answers 201 with the value and, if Location is set, where it can be
// found: a URL, in which blanks, line breaks and what is not ASCII are escaped.
type Created[T any] struct {
	Location string
	Body     T
}

func (v Created[T]) respond(s *state) error {
	return s.value(http.StatusCreated, locationHeader(v.Location), frame.RefOf(&v.Body))
}

func (Created[T]) body() reflect.Type { return reflect.TypeFor[T]() }
func (Created[T]) usual() int         { return http.StatusCreated }

// Accepted answers 202 with the value and, if Location is set, where the
// outcome will be found.
type Accepted[T any] struct {
	Location string
	Body     T
}

func (v Accepted[T]) respond(s *state) error {
	return s.value(http.StatusAccepted, locationHeader(v.Location), frame.RefOf(&v.Body))
}

func (Accepted[T]) body() reflect.Type { return reflect.TypeFor[T]() }
func (Accepted[T]) usual() int         { return http.StatusAccepted }

func locationHeader(target string) http.Header {
	if target == "" {
		return nil
	}
	return http.Header{"Location": {location(target)}}
}

// value makes an answer of the value at a place, whose form the view's result
// has.
func (s *state) value(code int, header http.Header, at frame.Ref) error {
	if err := checkStatus(code); err != nil {
		return err
	}
	f := &s.view.result.form
	s.out.status, s.out.header = code, header
	switch {
	case !hasBody(code):
	case f.kind == plainText:
		s.out.contentType = textPlain
		s.buf.WriteString(*frame.At[string](at))
		s.out.body = s.buf.Bytes()
	case f.kind == plainData:
		s.out.contentType = octetStream
		s.out.body = *frame.At[[]byte](at)
	case s.appendValue(at):
	default:
		return s.encode(f.typ, f.of(at, s.offer.codec))
	}
	return nil
}

func checkStatus(code int) error {
	if code < 200 || code > 599 {
		return fmt.Errorf("endpoint: a result with the status %d, which is not between 200 and 599", code)
	}
	return nil
}

// NoContent answers 204.
type NoContent struct{}

func (NoContent) respond(s *state) error { s.out.status = http.StatusNoContent; return nil }
func (NoContent) body() reflect.Type     { return nil }
func (NoContent) usual() int             { return http.StatusNoContent }

// HTML is sent as text/html. It is written as it is: escaping is the author's.
type HTML string

func (v HTML) respond(s *state) error {
	s.out = answer{status: http.StatusOK, contentType: textHTML, body: []byte(v)}
	return nil
}

func (HTML) body() reflect.Type { return nil }
func (HTML) usual() int         { return http.StatusOK }

// Engine executes templates by name, as *template.Template of html/template
// does.
type Engine interface {
	ExecuteTemplate(w io.Writer, name string, data any) error
}

// Template is a page rendered by a template engine. It is rendered as a whole
// before the first byte is sent, so an error in it is still answered.
type Template struct {
	Engine Engine
	Name   string
	Data   any
	// Code is the status, 200 if 0.
	Code int
}

func (v Template) respond(s *state) error {
	// The engine is the user's and may keep the writer, so it gets no buffer
	// that other calls will use.
	var page bytes.Buffer
	if err := v.Engine.ExecuteTemplate(&page, v.Name, v.Data); err != nil {
		return fmt.Errorf("endpoint: template %q: %w", v.Name, err)
	}
	code := v.Code
	if code == 0 {
		code = http.StatusOK
	}
	s.out = answer{status: code, contentType: textHTML, body: page.Bytes()}
	return checkStatus(code)
}

func (Template) body() reflect.Type { return nil }
func (Template) usual() int         { return http.StatusOK }
