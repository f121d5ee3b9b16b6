package resolve

import (
	"reflect"
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
		reflect.TypeFor[string](), reflect.TypeFor[label](),
	} {
		rb := pathBinding(typ)
		short, parse := pathFiller(rb, typ), checkedParser(typ)
		for _, text := range []string{
			"", "0", "-7", "+7", "127", "128", "-129", "40000", "3000000000", "9223372036854775807", "9223372036854775808", "x", "1.5", "0x1",
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
