package resolve

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// bodyFiller decodes the request's body into a T by the codec of its
// Content-Type, then validates it. A struct whose fields are scalars can be
// sent as a form too.
func (b *Binder) bodyFiller(rb rules.Binding, t reflect.Type) (filler, error) {
	k, err := compileCheck(b.cfg.Validator, t)
	if err != nil {
		return nil, err
	}
	d := &bodyDecoder{typ: t, check: k, set: frame.CopyOf(t), optional: rb.Optional}
	d.codecs, d.known = b.cfg.Codecs, knownTypes(b.cfg.Codecs)
	for _, c := range d.codecs {
		d.each = append(d.each, decodingOf(c))
	}
	d.form, d.formNames = b.formFiller(t)
	d.accepts = acceptedTypes(b.cfg.Codecs, d.form != nil)
	return d.fill, nil
}

type bodyDecoder struct {
	typ       reflect.Type
	check     *check
	set       frame.Copy
	codecs    Codecs
	each      []decoding // of codecs
	known     map[string]decoding
	form      filler // nil if the type cannot be sent as a form
	formNames fieldNamer
	accepts   []string
	optional  bool
}

// decoding is what there is to know of a codec for one body.
type decoding struct {
	codec Codec
	names fieldNamer // of the fields, in the codec's view
	text  bool       // it may begin with a byte order mark
}

func decodingOf(c Codec) decoding {
	return decoding{c, taggedNames(fieldTags(c)...), isText(c)}
}

// knownTypes are the codecs for the Content-Types that clients commonly send,
// spelled as they commonly are. What is not among them has to be parsed.
func knownTypes(cs Codecs) map[string]decoding {
	known := map[string]decoding{}
	add := func(contentType string) {
		if c, ok := cs.ByType(contentType); ok && !isForm(contentType) {
			known[contentType] = decodingOf(c)
		}
	}
	add("")
	for _, c := range cs {
		for _, media := range c.MediaTypes() {
			for _, params := range []string{"", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8"} {
				add(media + params)
			}
		}
	}
	return known
}

func (d *bodyDecoder) fill(c *Call, at frame.Ref) {
	contentType := c.contentType()
	by, known := d.known[contentType]
	if !known && d.form != nil && isForm(contentType) {
		d.fillForm(c, at)
		return
	}
	data, ok := c.bodyBytes()
	if !ok {
		return
	}
	if len(data) == 0 {
		c.malformed("body", "is required")
		return
	}
	if !known {
		if by, ok = d.unknown(c, contentType); !ok {
			return
		}
	}
	if by.text {
		data = bytes.TrimPrefix(data, byteOrderMark)
	}
	own := reflect.New(d.typ)
	if err := by.codec.Decode(data, own.Interface()); err != nil {
		c.decodeFault(err)
		return
	}
	if d.check != nil {
		d.check.run(c, own.Interface(), "body", by.names)
	}
	d.set(at, frame.RefTo(own))
}

// byteOrderMark is what some programs begin a file with. RFC 8259 section 8.1:
// "implementations that parse JSON texts MAY ignore the presence of a byte order
// mark rather than treating it as an error"; in XML it is no part of the text.
var byteOrderMark = []byte("\uFEFF")

// unknown finds the codec for a Content-Type that clients rarely send. It
// reports false after recording a fault.
func (d *bodyDecoder) unknown(c *Call, contentType string) (decoding, bool) {
	media, charset := charsetOf(contentType)
	if charset != "" {
		c.fault(Fault{Location: "header.Content-Type", Message: charset, Status: http.StatusUnsupportedMediaType})
		return decoding{}, false
	}
	if i := d.codecs.reading(media); i >= 0 {
		return d.each[i], true
	}
	c.unsupported(d.accepts...)
	return decoding{}, false
}

func (d *bodyDecoder) fillForm(c *Call, at frame.Ref) {
	own := reflect.New(d.typ)
	before := c.unread
	d.form(c, frame.RefTo(own))
	if d.check != nil && c.unread == before {
		d.check.run(c, own.Interface(), "", d.formNames)
	}
	d.set(at, frame.RefTo(own))
}

// decodeFault records the first fault of a body that does not decode. Only then
// it is looked whether that could be for a content coding: a good body pays
// nothing.
func (c *Call) decodeFault(err error) {
	if c.encoded() {
		return
	}
	if f, ok := errors.AsType[Fault](err); ok {
		c.fault(Fault{Location: join("body", f.Location), Message: f.Message, Status: http.StatusBadRequest})
		return
	}
	if fs, ok := errors.AsType[Faults](err); ok {
		for _, f := range fs {
			c.malformed(join("body", f.Location), f.Message)
		}
		return
	}
	c.malformed("body", shortened(err.Error()))
}

// shortened cuts a text down that may quote the client at length, as the errors
// of the standard library's UnmarshalText methods do.
func shortened(text string) string {
	const most = 300
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

func isForm(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == urlencodedForm || media == multipartForm
}

// formFiller returns the filler of a Body[T] that was sent as a form, nil if T
// has a field that is no scalar or slice of scalars. As in the other codecs, a
// field that is absent is left zero.
func (b *Binder) formFiller(t reflect.Type) (filler, fieldNamer) {
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	bindings, ok := formFields(t)
	if !ok {
		return nil, nil
	}
	var fields []fieldFiller
	for _, rb := range bindings {
		f, err := b.fillerOf(rb)
		if err != nil {
			return nil, nil
		}
		if rb.Shape == rules.ScalarShape && !rb.Optional {
			f = whenPresent(presenceOf(rb), f)
		}
		fields = append(fields, fieldFiller{offset: locate(t, rb.Index), fill: f})
	}
	return func(c *Call, at frame.Ref) {
		for i := range fields {
			fields[i].fill(c, fields[i].at(at))
		}
	}, fieldNames(bindings, t)
}

func whenPresent(present presence, f filler) filler {
	return func(c *Call, at frame.Ref) {
		if present(c) {
			f(c, at)
		}
	}
}

// formFields are the bindings of a struct's exported fields as form fields,
// named by their `form` or `json` tags.
func formFields(t reflect.Type) ([]rules.Binding, bool) {
	var out []rules.Binding
	for i := range t.NumField() {
		f := t.Field(i)
		name := formName(f)
		if f.Anonymous && !f.IsExported() {
			return nil, false // its fields may be promoted
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		ft := rules.Reflect(f.Type)
		rb := rules.Binding{Source: rules.Form, Name: name, Index: []int{i}, Var: -1, Type: ft, Value: ft}
		switch {
		case rules.IsScalar(ft):
			rb.Shape = rules.ScalarShape
		case f.Type.Kind() == reflect.Pointer && rules.IsScalar(ft.Elem()):
			rb.Shape, rb.Optional, rb.Value = rules.ScalarShape, true, ft.Elem()
		case f.Type.Kind() == reflect.Slice && rules.IsScalar(ft.Elem()):
			rb.Shape = rules.SliceShape
		default:
			return nil, false
		}
		out = append(out, rb)
	}
	return out, len(out) > 0
}

func formName(f reflect.StructField) string {
	for _, tag := range []string{"form", "json"} {
		if n, _, _ := strings.Cut(f.Tag.Get(tag), ","); n != "" {
			return n
		}
	}
	return rules.Snake(f.Name)
}

func acceptedTypes(cs Codecs, form bool) []string {
	var types []string
	for _, c := range cs {
		types = append(types, c.MediaTypes()[0])
	}
	if form {
		types = append(types, urlencodedForm, multipartForm)
	}
	return types
}
