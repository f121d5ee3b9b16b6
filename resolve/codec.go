package resolve

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

// Codec encodes and decodes values in one format, for bodies, messages and
// answers. Implementations are safe for concurrent use.
//
// A codec that cannot encode every type may have a method
//
//	Encodes(t reflect.Type) bool
//
// which is asked at build time. Answers of types that it refuses are never
// offered in its format.
type Codec interface {
	// Name is how options and Encoding methods name the codec: "json".
	Name() string
	// MediaTypes are the media types it reads, without parameters. The first
	// is the Content-Type of what it writes.
	MediaTypes() []string
	// Decode decodes data, which it must not keep, into the value v points
	// to. An error that is a Fault or Faults, with locations relative to the
	// value, is passed on to the client; the text of others is too, since it
	// speaks of the client's own data.
	Decode(data []byte, v any) error
	// Encode writes v to w.
	Encode(w io.Writer, v any) error
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
	if err := xml.Unmarshal(data, v); err != nil {
		return fmt.Errorf("is not valid XML: %w", err)
	}
	return nil
}

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
// suffix's codec (RFC 6839). An absent Content-Type means the default codec.
func (cs Codecs) ByType(contentType string) (Codec, bool) {
	if contentType == "" {
		return cs[0], true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, false
	}
	suffix := "" // "application/json" of "model/gltf+json"
	if i := strings.LastIndexByte(media, '+'); i >= 0 {
		suffix = "application/" + media[i+1:]
	}
	for _, c := range cs {
		for _, m := range c.MediaTypes() {
			if m == media || m == suffix {
				return c, true
			}
		}
	}
	return nil, false
}
