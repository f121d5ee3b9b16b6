// Package cbor is a codec for CBOR (RFC 8949), over fxamacker/cbor. It is a
// module of its own, so that programs without it don't depend on that library.
//
//	app := fogo.New(fogo.WithCodecs(resolve.JSON(), cbor.Codec()))
//
// Bodies of the type application/cbor, and those with the suffix +cbor, are read
// with it, and answers are sent in it to clients that ask by Accept. A WebSocket
// view whose Encoding is "cbor" sends and takes binary messages.
//
// # Names and types
//
// Fields are named by their `cbor` tags, else by their `json` tags, else as in
// Go, and match in any case if they don't exactly; so a type that is sent as JSON
// needs nothing more. What has MarshalText and UnmarshalText is a text, as in
// JSON; []byte is a byte string, and time.Time a text of tag 0. An any holds
// map[string]any, []any, string, []byte, bool, uint64, int64 or float64. Answers
// are in the core deterministic encoding (RFC 8949 section 4.2.1): equal values
// are equal bytes.
//
// # Security
//
// A body that nests deeper than 64 levels, an array or map of more than 131072
// elements, a key that is there twice, text that is not UTF-8, NaN, infinities,
// and anything behind the value are refused with 400. Nothing is allocated for
// elements that a header promises and the body does not have. See [With] for
// other limits.
package cbor

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/gofogo/fogo/resolve"
)

// Limits are what a client may send. A zero field has its default.
type Limits struct {
	// Depth is how deep arrays, maps and tags may nest: 4 to 65535, 64 if 0.
	Depth int
	// Elements is how many elements an array, and how many pairs a map, may
	// have: at least 16, 131072 if 0.
	Elements int
}

// Codec returns the codec named "cbor".
func Codec() resolve.Codec {
	c, err := With(Limits{})
	if err != nil {
		panic("bug: " + err.Error())
	}
	return c
}

// With returns the codec with limits other than the default ones. The error is
// about limits that are out of range.
func With(l Limits) (resolve.Codec, error) {
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Elements == 0 {
		l.Elements = 128 << 10
	}
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   l.Depth,
		MaxArrayElements:  l.Elements,
		MaxMapPairs:       l.Elements,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
		BinaryUnmarshaler: cbor.BinaryUnmarshalerNone,
		NaN:               cbor.NaNDecodeForbidden,
		Inf:               cbor.InfDecodeForbidden,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("cbor: %w", err)
	}
	opts := cbor.CoreDetEncOptions()
	opts.Time, opts.TimeTag = cbor.TimeRFC3339Nano, cbor.EncTagRequired
	opts.TextMarshaler, opts.BinaryMarshaler = cbor.TextMarshalerTextString, cbor.BinaryMarshalerNone
	enc, err := opts.EncMode()
	if err != nil {
		return nil, fmt.Errorf("cbor: %w", err)
	}
	return codec{dec, enc}, nil
}

type codec struct {
	dec cbor.DecMode
	enc cbor.EncMode
}

func (codec) Name() string         { return "cbor" }
func (codec) MediaTypes() []string { return []string{"application/cbor"} }
func (codec) FieldTags() []string  { return []string{"cbor", "json"} }
func (codec) Binary() bool         { return true }

func (c codec) Decode(data []byte, v any) error {
	if err := c.dec.Wellformed(data); err != nil {
		return fmt.Errorf("is not valid CBOR: %w", err)
	}
	err := c.dec.Unmarshal(data, v)
	if misfit, ok := errors.AsType[*cbor.UnmarshalTypeError](err); ok {
		return faultOf(misfit)
	}
	if err != nil {
		return fmt.Errorf("does not fit: %w", err)
	}
	return nil
}

// faultOf says what is wrong in the client's terms: the library's text has the
// names of Go's types in it. It knows the outermost field only.
func faultOf(misfit *cbor.UnmarshalTypeError) resolve.Fault {
	name := misfit.StructFieldName // "main.Order.lines"
	return resolve.Fault{
		Location: name[strings.LastIndexByte(name, '.')+1:], Status: http.StatusBadRequest,
		Message: "has a CBOR " + misfit.CBORType + " that does not fit",
	}
}

func (c codec) Encode(w io.Writer, v any) error { return c.enc.NewEncoder(w).Encode(v) }
