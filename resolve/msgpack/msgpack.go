// Package msgpack is a codec for MessagePack, over vmihailenco/msgpack. It is a
// module of its own, so that programs without it don't depend on that library.
//
//	app := fogo.New(fogo.WithCodecs(resolve.JSON(), msgpack.Codec()))
//
// Bodies of the types application/vnd.msgpack, application/msgpack and
// application/x-msgpack are read with it, and answers are sent in it to clients
// that ask by Accept. A WebSocket view whose Encoding is "msgpack" sends and takes
// binary messages.
//
// # Names and types
//
// Fields are named by their `msgpack` tags, else by their `json` tags, else as in
// Go, exactly; so a type that is sent as JSON needs nothing more. Of the options
// in json tags only omitempty counts. time.Time is a timestamp, which has no zone
// and is read in the local one, []byte is binary, and what has MarshalBinary or
// MarshalText is what that makes. An any holds map[string]any, []any, string,
// []byte, bool, integers or floats of the size that was sent. The keys of maps of
// strings are sorted in answers.
//
// # Security
//
// The library recurses as deep as the input says and takes the last of equal
// keys. So a body is looked through first: one that nests deeper than 64 levels,
// that has more than 131072 elements in an array or map, or more than it has
// bytes, a key that is there twice, text that is not UTF-8, NaN, infinities, and
// anything behind the value are refused with 400. See [With] for other limits.
//
// It converts integers that a field has no room for, and bytes into strings. Both
// are refused with 400 and the place, if the number is out of range or the bytes
// are not UTF-8.
package msgpack

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"reflect"

	"github.com/gofogo/fogo/resolve"
	"github.com/vmihailenco/msgpack/v5"
)

// Limits are what a client may send. A zero field has its default.
type Limits struct {
	// Depth is how deep arrays and maps may nest; 64 if 0.
	Depth int
	// Elements is how many elements an array, and how many pairs a map, may
	// have; 131072 if 0.
	Elements int
}

// Codec returns the codec named "msgpack".
func Codec() resolve.Codec { return With(Limits{}) }

// With returns the codec with limits other than the default ones.
func With(l Limits) resolve.Codec {
	return codec{Limits{Depth: cmp.Or(l.Depth, 64), Elements: cmp.Or(l.Elements, 128<<10)}, &shapes{}}
}

type codec struct {
	limits Limits
	shapes *shapes
}

func (codec) Name() string { return "msgpack" }

// The first is the registered one.
func (codec) MediaTypes() []string {
	return []string{"application/vnd.msgpack", "application/msgpack", "application/x-msgpack"}
}

func (codec) FieldTags() []string { return []string{"msgpack", "json"} }
func (codec) Binary() bool        { return true }

func (c codec) Decode(data []byte, v any) error {
	if err := scan(data, c.limits); err != nil {
		return fmt.Errorf("is not valid MessagePack: %w", err)
	}
	if fault := (&checker{b: data}).value(c.shapes.of(reflect.TypeOf(v))); fault != nil {
		return *fault
	}
	d := msgpack.GetDecoder()
	defer msgpack.PutDecoder(d)
	d.Reset(bytes.NewReader(data))
	d.SetCustomStructTag("json")
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("does not fit: %w", err)
	}
	return nil
}

func (codec) Encode(w io.Writer, v any) error {
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(w)
	e.SetCustomStructTag("json")
	e.SetSortMapKeys(true)
	e.UseCompactInts(true)
	return e.Encode(v)
}
