package resolve

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-json"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	plainKinds struct {
		B   bool    `json:"b"`
		I   int     `json:"i-1"`
		I8  int8    `json:"i_8"`
		I16 int16   //
		I32 int32   `json:"I32"`
		I64 int64   `xml:"x"`
		U   uint    `json:""`
		U8  uint8   `json:"u8"`
		U16 uint16  `json:"u16"`
		U32 uint32  `json:"u32"`
		U64 uint64  `json:"u64"`
		F32 float32 `json:"f32"`
		F64 float64 `json:"f64"`
		S   string  `json:"s"`

		Left    int `json:"-"`
		private int
	}
	plainNest struct {
		First  plainEmpty
		Kinds  plainKinds    `json:"kinds"`
		Wait   time.Duration `json:"wait"`
		Deep   struct{ X, Y int }
		List   []plainKinds  `json:"list"`
		Names  []plainName2  `json:"names"`
		Grid   [][]int       `json:"grid"`
		To     *plainKinds   `json:"to"`
		N      *int          `json:"n"`
		Twice  **string      `json:"twice"`
		Empty  plainEmpty    `json:"empty"`
		Many   []plainEmpty  `json:"many"`
		Others []*plainKinds `json:"others"`
	}
	plainEmpty struct{ _ int }
	plainName2 string
)

func nestOf(k plainKinds) plainNest {
	n, s := k.I, &k.S
	return plainNest{
		Kinds: k, Wait: time.Duration(k.I64), Deep: struct{ X, Y int }{k.I, -k.I}, List: []plainKinds{k, {}, k},
		Names: []plainName2{plainName2(k.S), ""}, Grid: [][]int{nil, {}, {1, 2}}, To: &k, N: &n, Twice: &s,
		Many: []plainEmpty{{}, {}}, Others: []*plainKinds{nil, &k},
	}
}

// checkAppend compares an Append with the codec.
func checkAppend[T any](t *testing.T, v T) {
	t.Helper()
	f := AppendOf(JSON(), reflect.TypeFor[T]())
	require.NotNil(t, f, "%T", v)
	got, ok := f([]byte("before "), frame.RefOf(&v))
	if !ok {
		return
	}
	var want bytes.Buffer
	require.NoError(t, JSON().Encode(&want, &v))
	assert.Equal(t, "before "+want.String(), string(got))
}

func TestAppendIsWhatTheCodecWrites(t *testing.T) {
	for _, k := range []plainKinds{
		{},
		{true, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1.5, 2.25, "text", 1, 1},
		{false, math.MinInt, math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64, math.MaxUint, math.MaxUint8, math.MaxUint16,
			math.MaxUint32, math.MaxUint64, 1e-6, 123456789012345680000, "ö€🙂 \"\\/<b>&\n\r\t'", 0, 0},
		{F32: 0.1, F64: -0.1}, {F32: 16777216, F64: math.Copysign(0, -1)}, {F32: 999999.9, F64: 1e20},
	} {
		checkAppend(t, k)
		checkAppend(t, nestOf(k))
		checkAppend(t, []plainKinds{k, k})
		checkAppend(t, &k)
		checkAppend(t, k.I8)
		checkAppend(t, k.S)
		checkAppend(t, []time.Time{{}, time.Unix(k.I64%1e9, k.I64).UTC(), time.Unix(k.I64%1e9, 1000).In(time.FixedZone("", -12345))})
		_, ok := AppendOf(JSON(), reflect.TypeFor[plainNest]())(nil, frame.RefOf(new(nestOf(k))))
		assert.True(t, ok, "%+v is plain", k)
	}
	_, ok := AppendOf(JSON(), reflect.TypeFor[time.Time]())(nil, frame.RefOf(new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))))
	assert.False(t, ok, "RFC 3339 has years of four digits")
	checkAppend(t, time.Unix(1e9, 0))
	checkAppend(t, plainEmpty{})
	checkAppend(t, plainNest{})
	checkAppend(t, (*plainKinds)(nil))
	nothing, ok := AppendOf(JSON(), reflect.TypeFor[[]int]())(nil, frame.RefOf(new([]int)))
	assert.True(t, ok)
	assert.Equal(t, "[]", string(nothing), "as the answer of a nil slice")
}

func TestAppendLeavesValuesToTheCodec(t *testing.T) {
	for _, k := range []plainKinds{
		{S: "\x00"}, {S: "a\x7f\b"}, {S: "\xff"}, {S: "a\xe2\x80"}, {S: "\u2028"}, {S: "\u2029"},
		{F64: math.NaN()}, {F64: math.Inf(1)}, {F32: float32(math.Inf(-1))}, {F64: 1e21}, {F64: 9e-7}, {F32: 9e-7}, {F32: 1e21},
	} {
		for _, at := range []struct {
			f Append
			v frame.Ref
		}{
			{AppendOf(JSON(), reflect.TypeFor[plainKinds]()), frame.RefOf(&k)},
			{AppendOf(JSON(), reflect.TypeFor[[]plainKinds]()), frame.RefOf(&[]plainKinds{{}, k})},
			{AppendOf(JSON(), reflect.TypeFor[plainNest]()), frame.RefOf(&plainNest{To: &k})},
		} {
			_, ok := at.f(nil, at.v)
			assert.False(t, ok, "%+v", k)
		}
	}
}

type (
	plainRing    struct{ Next *plainRing }
	plainTree    struct{ Kids []plainTree }
	marshalsJSON struct{ A int }
	marshalsText string
)

type localTime struct{ time.Time }

func (*marshalsJSON) MarshalJSON() ([]byte, error) { return []byte("1"), nil }
func (marshalsText) MarshalText() ([]byte, error)  { return []byte("1"), nil }

func TestAppendLeavesTypesToTheCodec(t *testing.T) {
	for _, v := range []any{
		map[string]int{}, [2]int{}, any(nil), []byte{}, &map[string]int{}, json.RawMessage{}, json.Number("1"), localTime{},
		[]any{}, []map[string]int{}, []marshalsText{}, plainRing{}, plainTree{}, marshalsJSON{},
		struct{ A *marshalsJSON }{}, struct{ A marshalsText }{}, struct{ N json.Number }{}, struct{ B []byte }{}, struct{ A any }{},
		struct{ A [2]int }{}, struct{ C complex64 }{}, struct{ U uintptr }{},
		struct {
			A int `json:"a,omitempty"`
		}{},
		struct {
			A int `json:",string"`
		}{},
		struct {
			A int `json:"<a>"`
		}{},
		struct {
			Ä int
		}{},
		struct {
			A int
			B int `json:"A"`
		}{},
		struct{ plainKinds }{},
	} {
		if typ := reflect.TypeOf(v); typ != nil {
			assert.Nil(t, AppendOf(JSON(), typ), "%s", typ)
		}
	}
	assert.Nil(t, AppendOf(XML(), reflect.TypeFor[plainKinds]()))
	assert.Nil(t, AppendOf(nowhere{JSON()}, reflect.TypeFor[plainKinds]()), "somebody's codec may do what it wants")
}

func TestAppendAllocates(t *testing.T) {
	f, v, b := AppendOf(JSON(), reflect.TypeFor[plainNest]()), nestOf(plainKinds{S: "näme\n"}), make([]byte, 0, 4096)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = f(b, frame.RefOf(&v)) }))
}

func FuzzAppend(f *testing.F) {
	f.Add("text", int64(1), 0.5, true)
	f.Add(strings.Repeat("\x1f\x20\x7e\x7f", 3), int64(-1), 1e-7, false)
	f.Add("<\u2027\u2028\u2030&\xc3\x28>", int64(math.MinInt64), 1e21, false)
	f.Fuzz(func(t *testing.T, s string, n int64, x float64, b bool) {
		k := plainKinds{
			b, int(n), int8(n), int16(n), int32(n), n, uint(n), uint8(n), uint16(n), uint32(n), uint64(n), float32(x), x, s, 0, 0,
		}
		if math.IsNaN(x) || math.IsInf(x, 0) || math.IsInf(float64(float32(x)), 0) {
			return // an error of the codec
		}
		checkAppend(t, k)
		checkAppend(t, nestOf(k))
		checkAppend(t, time.Unix(n, int64(k.U32)))
	})
}
