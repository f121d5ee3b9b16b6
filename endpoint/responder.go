package endpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// responder is a result that answers by itself. The family is sealed by the
// unexported method, because it works on the state of a call; what is not in
// it can be done by returning an http.Handler.
type responder interface {
	respond(s *state) error
}

// checked is a responder that can be wrong by its type.
type checked interface{ check() string }

func checkResponder(t reflect.Type) string {
	if c, ok := reflect.Zero(t).Interface().(checked); ok {
		return c.check()
	}
	return ""
}

// Status is a value with a status and header fields of its own.
type Status[T any] struct {
	// Code is the HTTP status, 200 if 0.
	Code   int
	Header http.Header
	Body   T
}

func (v Status[T]) respond(s *state) error {
	code := v.Code
	if code == 0 {
		code = http.StatusOK
	}
	return respondValue(s, code, v.Header, v.Body)
}

func (Status[T]) check() string { return encodable(reflect.TypeFor[T]()) }

// Created answers 201 with the value and, if Location is set, where it can be
// found.
type Created[T any] struct {
	Location string
	Body     T
}

func (v Created[T]) respond(s *state) error {
	h := http.Header{}
	if v.Location != "" {
		h.Set("Location", v.Location)
	}
	return respondValue(s, http.StatusCreated, h, v.Body)
}

func (Created[T]) check() string { return encodable(reflect.TypeFor[T]()) }

// Accepted answers 202 with the value.
type Accepted[T any] struct {
	Location string
	Body     T
}

func (v Accepted[T]) respond(s *state) error {
	h := http.Header{}
	if v.Location != "" {
		h.Set("Location", v.Location)
	}
	return respondValue(s, http.StatusAccepted, h, v.Body)
}

func (Accepted[T]) check() string { return encodable(reflect.TypeFor[T]()) }

// respondValue sends a value the way that a plain result of its type is sent.
func respondValue(s *state, code int, header http.Header, v any) error {
	if !hasBody(code) {
		for k, values := range header {
			s.w.Header()[k] = values
		}
		s.begin(code, "")
		return nil
	}
	t := reflect.TypeOf(v)
	switch {
	case t != nil && isText(t):
		return s.raw(code, header, "text/plain; charset=utf-8", []byte(reflect.ValueOf(v).String()))
	case t != nil && isBytes(t):
		return s.raw(code, header, "application/octet-stream", reflect.ValueOf(v).Bytes())
	case t != nil && t.Kind() == reflect.Slice && !marshals(t) && reflect.ValueOf(v).IsNil():
		v = reflect.MakeSlice(t, 0, 0).Interface()
	}
	return s.encode(code, header, v)
}

func (s *state) raw(code int, header http.Header, contentType string, b []byte) error {
	for k, values := range header {
		s.w.Header()[k] = values
	}
	return s.body(code, contentType, b)
}

// NoContent answers 204.
type NoContent struct{}

func (NoContent) respond(s *state) error { s.noContent(); return nil }

// Redirect answers with a Location.
type Redirect struct {
	// URL is where to go: a path of this site, or an absolute http or https
	// URL. Never put a client's text there unchecked.
	URL string
	// Code is 301, 302, 303, 307 or 308; 303 See Other if 0, which is right
	// after a form was handled.
	Code int
}

func (v Redirect) respond(s *state) error {
	code := v.Code
	if code == 0 {
		code = http.StatusSeeOther
	}
	u, err := url.Parse(v.URL)
	if err != nil || strings.ContainsAny(v.URL, "\r\n") || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("endpoint: redirect to %q, which is no path and no http URL", v.URL)
	}
	if code < 300 || code > 308 {
		return fmt.Errorf("endpoint: redirect with status %d", code)
	}
	s.began = true
	http.Redirect(s.w, s.r, v.URL, code)
	return nil
}

// HTML is sent as text/html. It is written as it is: escaping is the author's.
type HTML string

func (v HTML) respond(s *state) error {
	return s.body(http.StatusOK, "text/html; charset=utf-8", []byte(v))
}

// File is a file of a file system, with the content type of its name's
// extension, ranges, and Last-Modified.
type File struct {
	FS   fs.FS
	Name string
	// Attachment is the name under which a browser saves the file, instead of
	// showing it; "" shows it.
	Attachment string
}

func (v File) respond(s *state) error {
	f, err := v.FS.Open(v.Name)
	if err != nil {
		return fileError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fileError(err)
	}
	content, ok := f.(io.ReadSeeker)
	if info.IsDir() || !ok {
		return &Error{Status: http.StatusNotFound, Err: fmt.Errorf("%s is not a seekable file", v.Name)}
	}
	if v.Attachment != "" {
		s.w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(v.Attachment))
	}
	s.began = true
	http.ServeContent(s.w, s.r, info.Name(), info.ModTime(), content)
	return nil
}

func fileError(err error) error {
	status := http.StatusInternalServerError
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		status = http.StatusNotFound
	}
	return &Error{Status: status, Err: err}
}

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
	if err := v.Engine.ExecuteTemplate(&s.buf, v.Name, v.Data); err != nil {
		return fmt.Errorf("endpoint: template %s: %w", v.Name, err)
	}
	code := v.Code
	if code == 0 {
		code = http.StatusOK
	}
	return s.body(code, "text/html; charset=utf-8", s.buf.Bytes())
}
