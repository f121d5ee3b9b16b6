package msgpack_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/msgpack"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Count and Number are named integers.
type (
	Count  uint8
	Number int16
)

// Inner is embedded, and contains itself.
type Inner struct {
	Deep Count   `json:"deep"`
	Next *Inner  `json:"next"`
	More []Inner `json:"more"`
}

type everything struct {
	Inner
	A    int8                     `json:"a"`
	B    uint16                   `msgpack:"b" json:"other"`
	C    *int64                   `json:"c"`
	D    []Number                 `json:"d"`
	E    map[string]int8          `json:"e"`
	F    map[int8]bool            `json:"f"`
	G    [2]Number                `json:"g"`
	H    string                   `json:"h"`
	I    []byte                   `json:"i"`
	J    any                      `json:"j"`
	K    time.Time                `json:"k"`
	L    netip.Addr               `json:"l"`
	M    float32                  `json:"m"`
	N    map[string][]map[int]int `json:"n"`
	Skip int8                     `json:"-"`
	own  int8
}

// A number that a field has no room for is not another number, and has a place.
func TestNumbersFit(t *testing.T) {
	for _, row := range []struct {
		v  map[string]any
		at string // "" if it fits
	}{
		{map[string]any{"a": 127}, ""}, {map[string]any{"a": -128}, ""}, {map[string]any{"a": 128}, "a"}, {map[string]any{"a": -129}, "a"},
		{map[string]any{"b": 65535}, ""}, {map[string]any{"b": 65536}, "b"}, {map[string]any{"b": -1}, "b"}, {map[string]any{"other": -1}, ""},
		{map[string]any{"c": uint64(math.MaxInt64)}, ""}, {map[string]any{"c": int64(math.MinInt64)}, ""},
		{map[string]any{"c": uint64(math.MaxInt64) + 1}, "c"}, {map[string]any{"c": nil}, ""},
		{map[string]any{"d": []int{255}}, ""}, {map[string]any{"d": []int{0, 40000}}, "d[1]"},
		{map[string]any{"e": map[string]int{"x": 1}}, ""}, {map[string]any{"e": map[string]int{"x": 1000}}, "e.x"},
		{map[string]any{"f": map[int]bool{1: true}}, ""}, {map[string]any{"f": map[int]bool{1000: true}}, "f"},
		{map[string]any{"g": []int{1, -40000}}, "g[1]"}, {map[string]any{"g": []int{1, 2}}, ""},
		{map[string]any{"h": []byte("é")}, ""}, {map[string]any{"h": []byte{0xff}}, "h"}, {map[string]any{"i": []byte{0xff}}, ""},
		{map[string]any{"j": uint64(math.MaxUint64)}, ""}, {map[string]any{"j": map[string]any{"a": 1000}}, ""},
		{map[string]any{"k": time.Unix(1<<40, 0)}, ""}, {map[string]any{"l": []byte{192, 0, 2, 1}}, ""}, {map[string]any{"m": 1 << 40}, ""},
		{map[string]any{"n": map[string]any{"x": []any{map[int]int{1: 2}, map[int]uint64{1: math.MaxUint64}}}}, "n.x[1]"},
		{map[string]any{"deep": 256}, "deep"}, {map[string]any{"next": map[string]any{"next": map[string]any{"deep": -1}}}, "next.next.deep"},
		{map[string]any{"more": []any{nil, map[string]any{"deep": 1}, map[string]any{"deep": 1000}}}, "more[2].deep"},
		{map[string]any{"unknown": 1 << 40, "Skip": 1000, "-": 1000, "own": 1000, "a": 1}, ""},
	} {
		var v everything
		err := msgpack.Codec().Decode(encode(t, row.v), &v)
		if row.at == "" {
			assert.NoError(t, err, "%v", row.v)
			continue
		}
		var fault resolve.Fault
		if assert.True(t, errors.As(err, &fault), "%v: %v", row.v, err) {
			assert.Equal(t, row.at, fault.Location, "%v", row.v)
			assert.Regexp(t, "^is -?[0-9]+, which is out of range$|^is not valid UTF-8$", fault.Message)
			assert.Equal(t, everything{}, v, "nothing was decoded")
		}
	}
	assert.Error(t, msgpack.Codec().Decode(encode(t, []int{300}), &struct{ A int8 }{}), "a struct as an array")
	assert.Error(t, msgpack.Codec().Decode(encode(t, 300), new(int8)))
	assert.Error(t, msgpack.Codec().Decode(encode(t, 300), new(*Count)))
	assert.NoError(t, msgpack.Codec().Decode(encode(t, 300), new(any)))
	_ = everything{own: 0}.own
}

type (
	narrow struct{ X, Y int8 }
	wide   struct{ X, Y int64 }
	first  struct {
		narrow
		wide
	}
	last struct {
		wide
		narrow
	}
	outer struct {
		narrow
		X int64
	}
)

// The field that is checked is the one that the library fills.
func TestShadowedFieldsFit(t *testing.T) {
	x := encode(t, map[string]any{"X": 1000})
	assert.Error(t, msgpack.Codec().Decode(x, new(first)))
	assert.NoError(t, msgpack.Codec().Decode(x, new(last)))
	assert.NoError(t, msgpack.Codec().Decode(x, new(outer)))
	type aliased struct {
		X int8 `msgpack:"y,alias:x"`
	}
	assert.Error(t, msgpack.Codec().Decode(encode(t, map[string]any{"x": 1000}), new(aliased)))
	assert.Error(t, msgpack.Codec().Decode(encode(t, map[string]any{"y": 1000}), new(aliased)))
	var list struct {
		narrow
		Z int64
	}
	require.NoError(t, msgpack.Codec().Decode(encode(t, []int{1, 2, 1000}), &list))
	assert.Equal(t, int64(1000), list.Z)
	assert.Error(t, msgpack.Codec().Decode(encode(t, []int{1, 1000, 2}), &list))
}

// Every integer type takes what it has room for, however it is written.
func TestIntegersOfAllSizes(t *testing.T) {
	numbers := []*big.Int{}
	for bits := range 65 {
		for d := int64(-1); d <= 1; d++ {
			n := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(d))
			numbers = append(numbers, n, new(big.Int).Neg(n))
		}
	}
	for _, into := range []any{new(int), new(int8), new(int16), new(int32), new(int64), new(uint), new(uint8), new(uint16), new(uint32), new(uint64), new(Count)} {
		for _, n := range numbers {
			var data []byte
			switch {
			case n.IsUint64():
				data = binary.BigEndian.AppendUint64([]byte{0xcf}, n.Uint64())
			case n.IsInt64():
				data = binary.BigEndian.AppendUint64([]byte{0xd3}, uint64(n.Int64()))
			default:
				continue
			}
			err := msgpack.Codec().Decode(data, into)
			got := fmt.Sprint(reflect.ValueOf(into).Elem())
			if fits := n.Cmp(lowest(into)) >= 0 && n.Cmp(highest(into)) <= 0; fits {
				require.NoError(t, err, "%s into %T", n, into)
				require.Equal(t, n.String(), got, "%T", into)
			} else {
				require.Error(t, err, "%s into %T", n, into)
			}
		}
	}
}

func lowest(p any) *big.Int {
	t := reflect.TypeOf(p).Elem()
	if t.Kind() >= reflect.Uint {
		return new(big.Int)
	}
	return new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), uint(t.Bits()-1)))
}

func highest(p any) *big.Int {
	t := reflect.TypeOf(p).Elem()
	bits := t.Bits()
	if t.Kind() < reflect.Uint {
		bits--
	}
	return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
}
