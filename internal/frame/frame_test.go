package frame_test

import (
	"encoding"
	"errors"
	"net/netip"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type userID int64

type wide struct {
	A, B string
	C    [3]int
	D    any
}

func TestSlotsKeepTheirValues(t *testing.T) {
	values := []any{
		userID(7), "text", []byte("bytes"), 3.5, true, int8(-3), uint16(9), float32(1.5),
		map[string]int{"a": 1}, &wide{A: "a"}, wide{B: "b", C: [3]int{1, 2, 3}, D: 4},
		time.Unix(5, 6), netip.MustParseAddr("::1"), struct{}{}, errors.New("x"),
	}
	var b frame.Builder
	for _, v := range values {
		assert.NotNil(t, v)
		b.Add(reflect.TypeOf(v))
	}
	l := b.Build()
	f, g := l.New(), l.New()
	for i, v := range values {
		f.At(l.Offset(i)).Value(reflect.TypeOf(v)).Set(reflect.ValueOf(v))
	}
	runtime.GC()
	for i, v := range values {
		typ := reflect.TypeOf(v)
		frame.CopyOf(typ)(g.At(l.Offset(i)), f.At(l.Offset(i)))
	}
	for i, v := range values {
		assert.Equal(t, v, g.At(l.Offset(i)).Box(reflect.TypeOf(v)), "slot %d", i)
	}
	g.Clear()
	for i, v := range values {
		assert.True(t, g.At(l.Offset(i)).Value(reflect.TypeOf(v)).IsZero(), "slot %d is cleared", i)
	}
}

func TestTypedViews(t *testing.T) {
	var b frame.Builder
	id := b.Add(reflect.TypeFor[userID]())
	ptr := b.Add(reflect.TypeFor[*wide]())
	l := b.Build()
	f := l.New()

	*frame.At[int64](f.At(l.Offset(id))) = 42
	assert.Equal(t, userID(42), f.At(l.Offset(id)).Box(reflect.TypeFor[userID]()))

	fresh := frame.New(reflect.TypeFor[wide]())
	f.At(l.Offset(ptr)).Point(fresh)
	*frame.At[string](f.At(l.Offset(ptr)).Deref().Field(reflect.TypeFor[wide]().Field(1).Offset)) = "b"
	assert.Equal(t, &wide{B: "b"}, *frame.At[*wide](f.At(l.Offset(ptr))))
}

func TestCall(t *testing.T) {
	sum := func(a int, s string, w wide, e error) (string, error) {
		w.A = "the callee's own copy"
		return s + w.B, e
	}
	typ := reflect.TypeOf(sum)
	var b frame.Builder
	var in, out []int
	for i := range typ.NumIn() {
		in = append(in, b.Add(typ.In(i)))
	}
	for i := range typ.NumOut() {
		out = append(out, b.Add(typ.Out(i)))
	}
	site := b.AddCall(reflect.ValueOf(sum), in, out)
	l := b.Build()
	c := l.Call(site)
	f := l.New()
	for range 3 { // a cleared frame serves as a new one does
		*frame.At[string](f.At(l.Offset(in[1]))) = "a"
		frame.At[wide](f.At(l.Offset(in[2]))).B = "b"
		c.Run(f)
		assert.Equal(t, "ab", *frame.At[string](f.At(l.Offset(out[0]))))
		assert.NoError(t, *frame.At[error](f.At(l.Offset(out[1]))))
		assert.Empty(t, frame.At[wide](f.At(l.Offset(in[2]))).A)
		f.Clear()
	}
}

func TestPointing(t *testing.T) {
	view, ok := frame.Pointing[encoding.TextUnmarshaler](reflect.TypeFor[time.Time]())
	require.True(t, ok)
	var at time.Time
	require.NoError(t, view(frame.RefOf(&at)).UnmarshalText([]byte("2026-01-02T03:04:05Z")))
	assert.Equal(t, 2026, at.Year())

	_, ok = frame.Pointing[encoding.TextUnmarshaler](reflect.TypeFor[int]())
	assert.False(t, ok)
}

func TestIdentityTellsClosuresApart(t *testing.T) {
	closure := func(n int) func() int { return func() int { return n } }
	a, b := closure(1), closure(2)
	assert.NotEqual(t, frame.Identity(reflect.ValueOf(a)), frame.Identity(reflect.ValueOf(b)))
	assert.Equal(t, frame.Identity(reflect.ValueOf(TestCall)), frame.Identity(reflect.ValueOf(TestCall)))
}

func TestClearingDoesNotAllocate(t *testing.T) {
	var b frame.Builder
	b.Add(reflect.TypeFor[wide]())
	l := b.Build()
	f := l.New()
	assert.Zero(t, testing.AllocsPerRun(100, f.Clear))
}
