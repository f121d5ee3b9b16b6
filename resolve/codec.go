package resolve

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

// Codec encodes and decodes values in one format, for bodies, messages and
// answers. Implementations are safe for concurrent use. Those of this package are
// [JSON] and [XML]; packages resolve/msgpack and resolve/cbor have others, and
// forms, which only read, are no codecs.
//
// A codec may have more methods, which are asked at build time:
//
//	// Encodes reports whether it can encode values of type t. Answers of types
//	// that it refuses are never offered in its format.
//	Encodes(t reflect.Type) bool
//
//	// Binary reports whether what it writes is no text, so that messages in it
//	// are sent in binary frames.
//	Binary() bool
//
//	// FieldTags are the keys of the struct tags that name fields, the first
//	// that a field has counts. Without this method it is the codec's name.
//	FieldTags() []string
//
// The body that Decode is given is not empty, no larger than the limit of the
// route, and otherwise as the client sent it: how deep it nests, how many elements
// it says it has and whether a key is there twice is the codec's to look at.
type Codec interface {
	// Name is how options and Encoding methods name the codec: "json".
	Name() string
	// MediaTypes are the media types it reads, in lower case and without
	// parameters. The first is the Content-Type of what it writes. One in
	// "application/" is a suffix that is read too: "application/cbor" reads
	// "application/senml+cbor", unless that is another codec's.
	MediaTypes() []string
	// Decode decodes data, which it must not keep, into the value v points
	// to. An error that is a Fault or Faults, with locations relative to the
	// value, is passed on to the client; the text of others is too, cut short,
	// since it speaks of the client's own data.
	Decode(data []byte, v any) error
	// Encode writes v to w. v is the value or a pointer to it.
	Encode(w io.Writer, v any) error
}

// IsBinary reports whether what a codec writes is no text.
func IsBinary(c Codec) bool {
	b, ok := c.(interface{ Binary() bool })
	return ok && b.Binary()
}

// fieldTags are the keys of the tags that name fields for a codec.
func fieldTags(c Codec) []string {
	if t, ok := c.(interface{ FieldTags() []string }); ok {
		return t.FieldTags()
	}
	return []string{c.Name()}
}

// isText reports whether a codec is one of ours for text, which may begin with
// a byte order mark.
func isText(c Codec) bool {
	switch c.(type) {
	case *jsonCodec, xmlCodec:
		return true
	}
	return false
}

// JSON returns the codec for application/json, over goccy/go-json.
func JSON() Codec { return &jsonCodec{} }

type jsonCodec struct {
	encoders sync.Pool // of *jsonEncoder
}

func (*jsonCodec) Name() string         { return "json" }
func (*jsonCodec) MediaTypes() []string { return []string{"application/json", "text/json"} }

func (*jsonCodec) Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		// RFC 8259 section 8.1: JSON text exchanged between systems is UTF-8.
		return errInvalidUTF8
	}
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Fault{
			Location: jsonPath(data, int(bad.Offset)),
			Message:  fmt.Sprintf("is a JSON %s, which is not %s", bad.Value, jsonKind(bad.Type)),
			Status:   400,
		}
	}
	return fmt.Errorf("is not valid JSON: %w", err)
}

// Encode writes the value without a line break behind it.
func (c *jsonCodec) Encode(w io.Writer, v any) error {
	e, ok := c.encoders.Get().(*jsonEncoder)
	if !ok {
		e = &jsonEncoder{}
		e.enc = json.NewEncoder(e)
	}
	e.to = w
	err := e.enc.Encode(v)
	e.to = nil
	c.encoders.Put(e)
	return err
}

// jsonEncoder keeps an encoder for use with any writer: an encoder writes the
// text as it made it, where Marshal would copy it.
type jsonEncoder struct {
	enc *json.Encoder
	to  io.Writer
}

// Write takes the whole text and leaves out the line break that ends it.
func (e *jsonEncoder) Write(b []byte) (int, error) {
	n, err := e.to.Write(bytes.TrimSuffix(b, newline))
	if err == nil {
		n = len(b)
	}
	return n, err
}

var newline = []byte{'\n'}

// KeepsNothing reports whether a codec is known to keep no pointer into a value
// that it encodes or bytes that it decodes, and to hand none to anybody. Such a
// codec may be given memory that is used again.
func KeepsNothing(c Codec) bool {
	_, ok := c.(*jsonCodec)
	return ok
}

var errInvalidUTF8 = errors.New("is not valid UTF-8")

// XML returns the codec for application/xml, over encoding/xml.
func XML() Codec { return xmlCodec{} }

type xmlCodec struct{}

func (xmlCodec) Name() string         { return "xml" }
func (xmlCodec) MediaTypes() []string { return []string{"application/xml", "text/xml"} }

func (xmlCodec) Decode(data []byte, v any) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	err := d.Decode(v)
	if err == nil {
		err = toEnd(d)
	}
	if err != nil {
		return fmt.Errorf("is not valid XML: %w", err)
	}
	return nil
}

// toEnd returns an error for what may not be behind the root element, which
// encoding/xml alone would not look at. XML 1.0 section 2.1 has
//
//	document ::= prolog element Misc*
//	Misc     ::= Comment | PI | S
func toEnd(d *xml.Decoder) error {
	for {
		t, err := d.Token()
		switch text, _ := t.(xml.CharData); t.(type) {
		case nil:
			if err == io.EOF {
				return nil
			}
			return err
		case xml.Comment, xml.ProcInst:
		default:
			if len(text) == 0 || len(bytes.TrimSpace(text)) > 0 {
				return errBehindRoot
			}
		}
	}
}

var errBehindRoot = errors.New("there is something behind the root element")

func (xmlCodec) Encode(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(v)
}

// Codecs is a set of codecs in order of preference; the first is the default.
type Codecs []Codec

// ByName finds a codec by its name.
func (cs Codecs) ByName(name string) (Codec, bool) {
	for _, c := range cs {
		if c.Name() == name {
			return c, true
		}
	}
	return nil, false
}

// ByType finds the codec that reads a Content-Type. A type with a structured
// suffix, as in application/problem+json or image/svg+xml, is read by the
// suffix's codec (RFC 6839). An absent Content-Type means the default codec. One
// that is malformed, or a list, is read by none.
func (cs Codecs) ByType(contentType string) (Codec, bool) {
	if contentType == "" {
		if len(cs) == 0 {
			return nil, false
		}
		return cs[0], true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, false
	}
	if i := cs.reading(media); i >= 0 {
		return cs[i], true
	}
	return nil, false
}

// reading is the index of the codec that reads a media type, or -1. One that has
// the type itself goes before one that has its suffix.
func (cs Codecs) reading(media string) int {
	if i := cs.naming(media); i >= 0 {
		return i
	}
	// "application/json" of "model/gltf+json"
	if i, slash := strings.LastIndexByte(media, '+'), strings.IndexByte(media, '/'); slash > 0 && i > slash {
		return cs.naming("application/" + media[i+1:])
	}
	return -1
}

// naming is the index of the first codec with that media type, or -1.
func (cs Codecs) naming(media string) int {
	return slices.IndexFunc(cs, func(c Codec) bool { return slices.Contains(c.MediaTypes(), media) })
}
