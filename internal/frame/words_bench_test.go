package frame_test

import (
	"reflect"
	"testing"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
)

// The functions that the ways to call are measured with. By hand each does
// nothing, so that a time is that of the call.

//go:noinline
func take0() {}

//go:noinline
func take1(*pair) {}

//go:noinline
func take2(string) {}

//go:noinline
func take4(*pair, []byte) {}

//go:noinline
func take6(*pair, int, string, error) {}

//go:noinline
func take9(*pair, int, string, string, []byte) {}

//go:noinline
func takeNarrow(*pair, bool, int32) {}

//go:noinline
func takeWide(*pair, request12) {}

//go:noinline
func takeArray(*pair, uuid) {}

//go:noinline
func give0() (*pair, error) { return nil, nil }

//go:noinline
func give1(p *pair) (*pair, error) { return p, nil }

//go:noinline
func give2(string) (*pair, error) { return nil, nil }

//go:noinline
func give4(p *pair, _ []byte) (*pair, error) { return p, nil }

//go:noinline
func give6(p *pair, _ int, _ string, err error) (*pair, error) { return p, err }

//go:noinline
func give9(p *pair, _ int, _, _ string, _ []byte) (*pair, error) { return p, nil }

//go:noinline
func giveWide(p *pair, _ request12) (*pair, error) { return p, nil }

//go:noinline
func giveStruct(p *pair, _ string) (pair, error) { return *p, nil }

// workloads are those functions, named by the words of their arguments.
var workloads = []struct {
	name   string
	fn     any
	direct func(*values)
}{
	{"none/0", take0, func(*values) { take0() }},
	{"none/1", take1, func(v *values) { take1(v.p) }},
	{"none/2", take2, func(v *values) { take2(v.s) }},
	{"none/4", take4, func(v *values) { take4(v.p, v.b) }},
	{"none/6", take6, func(v *values) { take6(v.p, v.n, v.s, v.err) }},
	{"none/9", take9, func(v *values) { take9(v.p, v.n, v.s, v.s, v.b) }},
	{"none/narrow", takeNarrow, func(v *values) { takeNarrow(v.p, true, 1) }},
	{"none/uuid", takeArray, func(v *values) { takeArray(v.p, v.id) }},
	{"none/struct12", takeWide, func(v *values) { takeWide(v.p, v.req) }},
	{"T,error/0", give0, func(v *values) { v.p, v.err = give0() }},
	{"T,error/1", give1, func(v *values) { v.p, v.err = give1(v.p) }},
	{"T,error/2", give2, func(v *values) { v.p, v.err = give2(v.s) }},
	{"T,error/4", give4, func(v *values) { v.p, v.err = give4(v.p, v.b) }},
	{"T,error/6", give6, func(v *values) { v.p, v.err = give6(v.p, v.n, v.s, v.err) }},
	{"T,error/9", give9, func(v *values) { v.p, v.err = give9(v.p, v.n, v.s, v.s, v.b) }},
	{"T,error/struct12", giveWide, func(v *values) { v.p, v.err = giveWide(v.p, v.req) }},
	{"struct,error/3", giveStruct, func(v *values) { *v.p, v.err = giveStruct(v.p, v.s) }},
}

type values struct {
	p   *pair
	n   int
	s   string
	b   []byte
	err error
	id  uuid
	req request12
}

func BenchmarkCall(b *testing.B) {
	for _, w := range workloads {
		fn := reflect.ValueOf(w.fn)
		b.Run(w.name+"/direct", func(b *testing.B) {
			v := &values{p: &pair{}}
			for b.Loop() {
				w.direct(v)
			}
		})
		b.Run(w.name+"/call", func(b *testing.B) {
			c, f := callOf(fn)
			b.ReportAllocs()
			for b.Loop() {
				c.Run(f)
			}
		})
		b.Run(w.name+"/reflect", func(b *testing.B) {
			_, _, in, _ := layoutOf(fn)
			args := make([]reflect.Value, fn.Type().NumIn())
			for i := range args {
				args[i] = in(i)
			}
			fill(args)
			b.ReportAllocs()
			for b.Loop() {
				fn.Call(args)
			}
		})
	}
}

func TestCallsByWordsDoNotAllocate(t *testing.T) {
	if !byWords() {
		t.Skip("this build calls by reflection")
	}
	for _, w := range workloads {
		c, f := callOf(reflect.ValueOf(w.fn))
		assert.Equal(t, "words", c.Way(), w.name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { c.Run(f) }), w.name)
	}
}

// callOf makes a call of fn and a frame of it, in which no pointer is nil.
func callOf(fn reflect.Value) (*frame.Call, *frame.Frame) {
	c, f, in, _ := layoutOf(fn)
	args := make([]reflect.Value, fn.Type().NumIn())
	for i := range args {
		args[i] = in(i)
	}
	fill(args)
	return c, f
}

func fill(args []reflect.Value) {
	s := newSource(1)
	s.noNil = true
	for _, v := range args {
		s.fill(v.Type(), v.Addr().UnsafePointer(), depthOfValues)
	}
}

// layoutOf makes a frame for one call of fn; in and out view its slots.
func layoutOf(fn reflect.Value) (c *frame.Call, f *frame.Frame, in, out func(int) reflect.Value) {
	t := fn.Type()
	var b frame.Builder
	ins, outs := make([]int, t.NumIn()), make([]int, t.NumOut())
	for i := range ins {
		ins[i] = b.Add(t.In(i))
	}
	for i := range outs {
		outs[i] = b.Add(t.Out(i))
	}
	site := b.AddCall(fn, ins, outs)
	l := b.Build()
	c, f = l.Call(site), l.New()
	in = func(i int) reflect.Value { return f.At(l.Offset(ins[i])).Value(t.In(i)) }
	out = func(i int) reflect.Value { return f.At(l.Offset(outs[i])).Value(t.Out(i)) }
	return c, f, in, out
}
