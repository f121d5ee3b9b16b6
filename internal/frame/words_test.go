package frame_test

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Functions at the limits of calls by words. Each shows its arguments and
// overwrites them where its caller reserved space.

//go:noinline
func spillOfOne(a tail) { saw(box(a)); zero(&a) }

//go:noinline
func spillOfSix(a, b, c, d, e, f tail) {
	saw(box(a), box(b), box(c), box(d), box(e), box(f))
	zero(&a)
	zero(&b)
	zero(&c)
	zero(&d)
	zero(&e)
	zero(&f)
}

// The block of four words has room for the array, but not for the spilled.
//
//go:noinline
func spillBehindBlock(a, b, c, d, e, f tail, g [3]*int64) {
	saw(box(a), box(b), box(c), box(d), box(e), box(f), box(g))
	zero(&a)
	zero(&f)
	zero(&g)
}

//go:noinline
func largestBlock(a [32]*int64, b string) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func beyondBlock(a [33]*int64, b string) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func floating1(a string, b float64) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func floatOnStack(a string, b [2]float64) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func floatResult(a string) float64 { saw(box(a)); zero(&a); return 1 }

//go:noinline
func sevenWords(a string) (nested2, error) { saw(box(a)); zero(&a); return nested2{}, nil }

//go:noinline
func eightWords(a string) (nested2, error, int8) { saw(box(a)); zero(&a); return nested2{}, nil, 1 }

//go:noinline
func arrayResult(a string) [2]string { saw(box(a)); zero(&a); return [2]string{} }

//go:noinline
func variadic(a string, b ...any) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func variadicFloat(a float64, b ...string) { saw(box(a), box(b)); zero(&a); zero(&b) }

//go:noinline
func spillOfDeep(a deep, b string) { saw(box(a), box(b)); zero(&a); zero(&b) }

// Were its block the smallest with room for the array, this would overwrite the
// address that its caller returns to.
//
//go:noinline
func spillOfDeepBehindBlock(a more4[more4[more4[deep]]], b [3]*int64) {
	saw(box(a), box(b))
	zero(&a)
	zero(&b)
}

//go:noinline
func spillOfDeepest(a more4[deep], b string) { saw(box(a), box(b)); zero(&a); zero(&b) }

// Every empty field at an end takes a word of memory and none of a register.
type (
	more[T any] struct {
		t T
		_ struct{}
	}
	more4[T any] = more[more[more[more[T]]]]
	deep         = more4[more4[more4[more4[more4[more4[tail]]]]]] // one word, 208 bytes
)

type nested2 struct {
	a *int64
	b []byte
	c int8
}

func TestLimits(t *testing.T) {
	const reflected, words = "reflect", "words"
	for _, c := range []struct {
		fn  any
		way string // on an architecture with nine registers
	}{
		{spillOfOne, words},
		{spillOfSix, reflected}, // 96 bytes, behind nine words
		{spillBehindBlock, words},
		{spillOfDeep, reflected},
		{spillOfDeepBehindBlock, words},
		{spillOfDeepest, reflected},
		{largestBlock, words},
		{beyondBlock, reflected},
		{floating1, reflected},
		{floatOnStack, words},
		{floatResult, reflected},
		{sevenWords, words},
		{eightWords, reflected},
		{arrayResult, reflected},
		{variadic, words},
		{variadicFloat, reflected},
	} {
		fn := reflect.ValueOf(c.fn)
		t.Run(runtime.FuncForPC(fn.Pointer()).Name(), func(t *testing.T) {
			s := newSource(1)
			s.noNil = true
			for range 20 {
				call, f, in, _ := layoutOf(fn)
				if byWords() && runtime.GOARCH == "amd64" {
					require.Equal(t, c.way, call.Way())
				}
				var args []reflect.Value
				for i := range fn.Type().NumIn() {
					s.fill(fn.Type().In(i), in(i).Addr().UnsafePointer(), depthOfValues)
					args = append(args, in(i))
				}
				sent := printAll(args)
				rec.seen = nil
				require.NoError(t, onNewStack(func() error { return guarded(call, f) }))
				assert.Equal(t, sent, rec.seen)
				assert.Equal(t, sent, printAll(args))
			}
		})
	}
}

// Panics and Goexit pass through a call, and leave what it was given alone.
func TestPanicPassesThrough(t *testing.T) {
	c, f, in, _ := layoutOf(reflect.ValueOf(func(s string, id uuid) (*pair, error) { panic(s + " panics") }))
	in(0).SetString("callee")
	for range 2 {
		assert.PanicsWithValue(t, "callee panics", func() { c.Run(f) })
		assert.Equal(t, "callee", in(0).String())
	}
	left := true
	c, f, _, _ = layoutOf(reflect.ValueOf(func() error { runtime.Goexit(); return nil }))
	require.NoError(t, onNewStack(func() error { c.Run(f); left = false; return nil }))
	assert.True(t, left)
}

// Many goroutines make one call, each with a frame of its own.
func TestOneCallFromManyGoroutines(t *testing.T) {
	fn := reflect.ValueOf(func(n int8, id uuid, s *string) (string, error) {
		grow(int(n) & 15)
		return fmt.Sprint(n, id[0], *s), nil
	})
	typ := fn.Type()
	var b frame.Builder
	in := []int{b.Add(typ.In(0)), b.Add(typ.In(1)), b.Add(typ.In(2))}
	out := []int{b.Add(typ.Out(0)), b.Add(typ.Out(1))}
	site := b.AddCall(fn, in, out)
	l := b.Build()
	c := l.Call(site)
	underPressure(func() {
		done := make(chan error)
		for g := range 8 {
			go func() {
				f := l.New()
				for i := range 500 {
					n, s := int8(i), fmt.Sprint(g, i)
					*frame.At[int8](f.At(l.Offset(in[0]))) = n
					frame.At[uuid](f.At(l.Offset(in[1])))[0] = byte(g)
					*frame.At[*string](f.At(l.Offset(in[2]))) = &s
					c.Run(f)
					if got := *frame.At[string](f.At(l.Offset(out[0]))); got != fmt.Sprint(n, byte(g), s) {
						done <- fmt.Errorf("goroutine %d got %q", g, got)
						return
					}
					f.Clear()
				}
				done <- nil
			}()
		}
		for range 8 {
			assert.NoError(t, <-done)
		}
	})
}
