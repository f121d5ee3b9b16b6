package resolve

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type even int

func (even) Validate() error { return nil }

func pathBinding(t reflect.Type) rules.Binding {
	return rules.Binding{Source: rules.Path, Name: "v", Shape: rules.ScalarShape, Type: rules.Reflect(t), Value: rules.Reflect(t)}
}

// The short way fills in and reports what the long one does.
func TestPathFiller(t *testing.T) {
	var tree pattern.Tree[int]
	require.NoError(t, tree.Add(pattern.MustParse("/{v...}"), 0))
	for _, typ := range []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[userID](), reflect.TypeFor[int64](),
		reflect.TypeFor[int32](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](),
		reflect.TypeFor[uint64](), reflect.TypeFor[string](), reflect.TypeFor[label](),
	} {
		rb := pathBinding(typ)
		short, parse := pathFiller(rb, typ), checkedParser(typ)
		for _, text := range []string{
			"", "0", "-7", "+7", "127", "128", "255", "256", "-129", "007", "40000", "65536", "4294967296", "999999999999999999", "1000000000000000000", "18446744073709551615", "3000000000", "9223372036854775807", "9223372036854775808", "x", "1.5", "0x1",
			"%FF", "%C3%BC", "a/b", strings.Repeat("9", 50),
		} {
			var vals pattern.Values
			tree.Match("GET", "", "/"+text, &vals)
			fast, slow := &Call{Vars: &vals}, &Call{Vars: &vals}
			got, want := reflect.New(typ), reflect.New(typ)
			short(fast, frame.RefTo(got))
			parse(slow, vals.At(0), frame.RefTo(want), spot{location(rb), -1})
			assert.Equal(t, want.Elem().Interface(), got.Elem().Interface(), "%s from %q", typ, text)
			assert.Equal(t, slow.faults, fast.faults, "%s from %q", typ, text)
		}
	}
}

// A number of few digits is what strconv makes of it, and any other is left to
// that.
func TestFewDigits(t *testing.T) {
	for _, text := range []string{
		"", "0", "7", "127", "128", "255", "256", "007", "32767", "32768", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
		"999999999999999999", "1000000000000000000", "-1", "+1", "1_0", "1.", "x", "/", ":", "\x00", "１",
	} {
		checkDigits[int](t, text, strconv.IntSize)
		checkDigits[int8](t, text, 8)
		checkDigits[int32](t, text, 32)
		checkDigits[int64](t, text, 64)
		checkDigits[uint](t, text, strconv.IntSize)
		checkDigits[uint8](t, text, 8)
		checkDigits[uint16](t, text, 16)
		checkDigits[uint32](t, text, 32)
		checkDigits[uint64](t, text, 64)
	}
}

func checkDigits[T integer](t *testing.T, text string, bits int) {
	t.Helper()
	signed := ^T(0) < 0
	var want T
	var err error
	if signed {
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		want = T(n)
	} else {
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		want = T(n)
	}
	got, ok := fewDigits[T](text)
	if ok {
		assert.NoError(t, err, "%T %q", want, text)
		assert.Equal(t, want, got, "%T %q", want, text)
	}
	isShort := text != "" && len(text) <= 18 && strings.Trim(text, "0123456789") == ""
	assert.Equal(t, err == nil && isShort, ok, "%T %q", want, text)
}

func TestPathFillerLeavesOut(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[time.Duration](), reflect.TypeFor[uuid](), reflect.TypeFor[keeper](), reflect.TypeFor[even](), reflect.TypeFor[bool](),
	} {
		assert.Nil(t, pathFiller(pathBinding(typ), typ), typ)
	}
	typ := reflect.TypeFor[int]()
	withDefault, optional, query := pathBinding(typ), pathBinding(typ), pathBinding(typ)
	withDefault.HasDefault, optional.Optional, query.Source = true, true, rules.Query
	for _, rb := range []rules.Binding{withDefault, optional, query} {
		assert.Nil(t, pathFiller(rb, typ))
	}
}
