package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/frame"
)

// Response is a value with header fields and cookies that are known by the type
// H, a struct for nothing else:
//
//	type PageHeader struct {
//		Total int          `header:"X-Total-Count"`
//		Next  *string      `header:"Link"`   // nil: not sent
//		Seen  *http.Cookie `cookie:"seen"`
//	}
//
//	func List(q resolve.Query[Paging]) endpoint.Response[PageHeader, []User]
//
// So documents know them, and a struct of parameters, which has the same tags,
// is never taken for one: only H is read so.
//
// A header field may be a string, a number, a bool, a time.Time, which is sent
// as an HTTP date, or a type with MarshalText; a pointer to one, nil for absent;
// or a slice, which is sent as a line for each element. An empty text and a zero
// time are not sent. A cookie is an http.Cookie or a pointer to one, with the
// name in the tag; one without a value, an age and an expiry is not sent.
//
// A value that is not safe in a header, because of a line break, say, or a
// cookie that is not valid is an error, which is answered with 500; and so is one
// that browsers ignore, such as SameSite=None without Secure.
type Response[H, T any] struct {
	// Code is the HTTP status, 200 if 0.
	Code   int
	Header H
	Body   T
}

func (v Response[H, T]) respond(s *state) error {
	header, err := s.view.result.head.header(frame.RefOf(&v.Header))
	if err != nil {
		return err
	}
	code := v.Code
	if code == 0 {
		code = http.StatusOK
	}
	return s.value(code, header, frame.RefOf(&v.Body))
}

func (Response[H, T]) body() reflect.Type     { return reflect.TypeFor[T]() }
func (Response[H, T]) usual() int             { return http.StatusOK }
func (Response[H, T]) headType() reflect.Type { return reflect.TypeFor[H]() }

// headed is a responder with a header of its own type.
type headed interface{ headType() reflect.Type }

// head is a compiled H of a Response.
type head struct{ fields []headField }

// headField is one header or cookie.
type headField struct {
	HeaderInfo
	off uintptr
	// add adds the values of the field at a place.
	add func(to []string, at frame.Ref) ([]string, error)
}

// header makes the header from the struct at a place.
func (h *head) header(at frame.Ref) (http.Header, error) {
	header := make(http.Header, len(h.fields))
	for i := range h.fields {
		f := &h.fields[i]
		key := f.Name
		if f.Cookie {
			key = "Set-Cookie"
		}
		values, err := f.add(header[key], at.Field(f.off))
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			header[key] = values
		}
	}
	return header, nil
}

// parameterTags are those that say where a parameter comes from. What is sent
// comes from nowhere.
var parameterTags = []string{"path", "query", "form", "body", "inject", "default", "validate"}

// headCompiler compiles an H. It collects faults.
type headCompiler struct {
	out    head
	faults []string
}

// compileHead compiles the header type of a Response.
func compileHead(t reflect.Type) (*head, []string) {
	c := &headCompiler{}
	if t.Kind() != reflect.Struct {
		c.fault("the header of a Response is %s, which is no struct; declare one whose fields are tagged `header:\"…\"` or `cookie:\"…\"`", t)
		return nil, c.faults
	}
	c.structure(t, 0)
	if len(c.out.fields) == 0 && len(c.faults) == 0 {
		c.fault("the header of a Response is %s, which has no fields; return endpoint.Status[T], or the value itself", t)
	}
	return &c.out, c.faults
}

func (c *headCompiler) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func (c *headCompiler) structure(t reflect.Type, off uintptr) {
	for i := range t.NumField() {
		f := t.Field(i)
		_, isHeader := f.Tag.Lookup("header")
		_, isCookie := f.Tag.Lookup("cookie")
		if f.Anonymous && f.Type.Kind() == reflect.Struct && !isHeader && !isCookie {
			c.structure(f.Type, off+f.Offset)
			continue
		}
		c.field(t, f, off, isHeader, isCookie)
	}
}

func (c *headCompiler) field(t reflect.Type, f reflect.StructField, off uintptr, isHeader, isCookie bool) {
	for _, tag := range parameterTags {
		if _, ok := f.Tag.Lookup(tag); ok {
			c.fault("field %s of %s has the tag %q, which is for parameters; a header has `header:\"…\"` and `cookie:\"…\"` only", f.Name, t, tag)
			return
		}
	}
	switch {
	case !f.IsExported() && (isHeader || isCookie):
		c.fault("field %s of %s is not exported, so it cannot be sent; write %s", f.Name, t, strings.ToUpper(f.Name[:1])+f.Name[1:])
	case !f.IsExported():
	case isHeader && isCookie:
		c.fault("field %s of %s is a header and a cookie; make it two", f.Name, t)
	case isHeader:
		c.headerField(t, f, off)
	case isCookie:
		c.cookieField(t, f, off)
	default:
		c.fault("field %s of %s has no tag; say `header:\"X-%s\"` or `cookie:\"%s\"`, or put it into the body", f.Name, t, f.Name, strings.ToLower(f.Name))
	}
}

func (c *headCompiler) headerField(t reflect.Type, f reflect.StructField, off uintptr) {
	name := http.CanonicalHeaderKey(f.Tag.Get("header"))
	switch {
	case !isToken(name):
		c.fault("field %s of %s: %q is no name of a header", f.Name, t, f.Tag.Get("header"))
		return
	case name == "Set-Cookie":
		c.fault("field %s of %s sets a cookie by hand; make it an http.Cookie with the tag `cookie:\"…\"`", f.Name, t)
		return
	case ownHeaders[name]:
		c.fault("field %s of %s: the header %s is the server's business; leave it out", f.Name, t, name)
		return
	}
	info := HeaderInfo{Name: name, Type: f.Type}
	add, fault := headerValues(name, f.Type, &info)
	if fault != "" {
		c.fault("field %s of %s %s", f.Name, t, fault)
		return
	}
	c.add(t, f, headField{HeaderInfo: info, off: off + f.Offset, add: add})
}

func (c *headCompiler) cookieField(t reflect.Type, f reflect.StructField, off uintptr) {
	name := f.Tag.Get("cookie")
	if !isToken(name) {
		c.fault("field %s of %s: %q is no name of a cookie", f.Name, t, name)
		return
	}
	field := headField{HeaderInfo: HeaderInfo{Name: name, Cookie: true, Type: f.Type, Optional: true}, off: off + f.Offset}
	switch f.Type {
	case reflect.TypeFor[http.Cookie]():
		field.add = func(to []string, at frame.Ref) ([]string, error) {
			return addCookie(to, name, frame.At[http.Cookie](at))
		}
	case reflect.TypeFor[*http.Cookie]():
		field.add = func(to []string, at frame.Ref) ([]string, error) {
			return addCookie(to, name, *frame.At[*http.Cookie](at))
		}
	default:
		c.fault("field %s of %s is a cookie of type %s; make it an http.Cookie, which has the attributes that a cookie needs", f.Name, t, f.Type)
		return
	}
	c.add(t, f, field)
}

// add adds a field, unless there is one of that name.
func (c *headCompiler) add(t reflect.Type, f reflect.StructField, field headField) {
	if slices.ContainsFunc(c.out.fields, func(o headField) bool { return o.Name == field.Name && o.Cookie == field.Cookie }) {
		kind := "header"
		if field.Cookie {
			kind = "cookie"
		}
		c.fault("field %s of %s: the %s %s is there already; for several values make it a slice", f.Name, t, kind, field.Name)
		return
	}
	c.out.fields = append(c.out.fields, field)
}

// ownHeaders are about the connection and the length of the message, which the
// server decides.
var ownHeaders = map[string]bool{
	"Connection": true, "Content-Length": true, "Date": true, "Keep-Alive": true, "Proxy-Connection": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// addCookie adds a Set-Cookie line.
func addCookie(to []string, name string, c *http.Cookie) ([]string, error) {
	if c == nil || c.Value == "" && c.MaxAge == 0 && c.Expires.IsZero() {
		return to, nil
	}
	own := *c
	if own.Name != "" && own.Name != name {
		return nil, fmt.Errorf("endpoint: a cookie named %q in the field for %q; leave its name out", own.Name, name)
	}
	own.Name = name
	if err := own.Valid(); err != nil {
		return nil, fmt.Errorf("endpoint: the cookie %s: %w", name, err)
	}
	if why := ignored(&own); why != "" {
		return nil, fmt.Errorf("endpoint: the cookie %s would be ignored by browsers, because %s", name, why)
	}
	return append(to, own.String()), nil
}

// ignored says why browsers ignore a cookie without telling anybody, or ""
// (RFC 6265bis sections 4.1.3 and 5.7).
func ignored(c *http.Cookie) string {
	prefix := func(p string) bool { return len(c.Name) >= len(p) && strings.EqualFold(c.Name[:len(p)], p) }
	switch {
	case c.Secure && c.Path == "/" && c.Domain == "":
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return "SameSite=None needs Secure"
	case prefix("__Secure-") && !c.Secure:
		return "the prefix __Secure- needs Secure"
	case prefix("__Host-"):
		return "the prefix __Host- needs Secure, the path / and no domain"
	}
	return ""
}
