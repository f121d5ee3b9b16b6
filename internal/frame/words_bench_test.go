package frame_test

import (
	"reflect"
	"testing"

	"github.com/gofogo/fogo/internal/frame"
)

type service struct{ n int }

//go:noinline
func target(s *service, id int, name string) (*service, error) {
	s.n += id
	return s, nil
}

// BenchmarkCall compares the ways to call func(*service, int, string)
// (*service, error).
func BenchmarkCall(b *testing.B) {
	c, f, set := prepare(reflect.ValueOf(target))
	set(0, &service{})
	set(1, 3)
	set(2, "name")
	b.Run("direct", func(b *testing.B) {
		s := &service{}
		for b.Loop() {
			_, _ = target(s, 3, "name")
		}
	})
	b.Run("call", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Run(f)
		}
	})
	b.Run("reflect", func(b *testing.B) {
		b.ReportAllocs()
		fn := reflect.ValueOf(target)
		in := []reflect.Value{reflect.ValueOf(&service{}), reflect.ValueOf(3), reflect.ValueOf("name")}
		for b.Loop() {
			fn.Call(in)
		}
	})
}

// prepare makes a frame for one call of fn, and a function that sets its
// arguments.
func prepare(fn reflect.Value) (*frame.Call, *frame.Frame, func(int, any)) {
	c, f, in, _ := layoutOf(fn)
	return c, f, func(i int, v any) { in(i).Set(reflect.ValueOf(v)) }
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
