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

// A fixed value is in the frame from the start, and stays.
func TestFixedValues(t *testing.T) {
	cell, wideCell, n := "first", wide{A: "a", D: 1}, 1
	var b frame.Builder
	before := b.Add(reflect.TypeFor[string]())
	fixed := b.AddFixed(reflect.TypeFor[string](), frame.RefOf(&cell))
	between := b.Add(reflect.TypeFor[*int]())
	large := b.AddFixed(reflect.TypeFor[wide](), frame.RefOf(&wideCell))
	l := b.Build()
	f := l.New()
	for range 3 {
		assert.Equal(t, cell, *frame.At[string](f.At(l.Offset(fixed))))
		assert.Equal(t, wideCell, *frame.At[wide](f.At(l.Offset(large))))
		assert.Empty(t, *frame.At[string](f.At(l.Offset(before))))
		assert.Nil(t, *frame.At[*int](f.At(l.Offset(between))))
		*frame.At[string](f.At(l.Offset(before))) = "x"
		*frame.At[*int](f.At(l.Offset(between))) = &n
		f.Clear()
	}
	cell = "second"
	f.Fix()
	assert.Equal(t, "second", *frame.At[string](f.At(l.Offset(fixed))))
}

// A frame that is too large to be cleared piece by piece keeps its fixed values
// too.
func TestFixedValuesOfALargeFrame(t *testing.T) {
	type large [200]string
	cell := "fixed"
	var b frame.Builder
	fixed, other := b.AddFixed(reflect.TypeFor[string](), frame.RefOf(&cell)), b.Add(reflect.TypeFor[large]())
	l := b.Build()
	f := l.New()
	frame.At[large](f.At(l.Offset(other)))[199] = "x"
	f.Clear()
	assert.Equal(t, "fixed", *frame.At[string](f.At(l.Offset(fixed))))
	assert.Zero(t, *frame.At[large](f.At(l.Offset(other))))
}

// Clear leaves nothing behind, whatever stands beside what.
func TestClearAtRandom(t *testing.T) {
	s := newSource(3)
	s.noNil = true
	for range 300 {
		var b frame.Builder
		types := make([]reflect.Type, 1+s.rd.Intn(12))
		for i := range types {
			types[i] = s.typ(3)
			b.Add(types[i])
		}
		l := b.Build()
		f := l.New()
		at := func(i int) reflect.Value { return f.At(l.Offset(i)).Value(types[i]) }
		for i, typ := range types {
			s.fill(typ, at(i).Addr().UnsafePointer(), depthOfValues)
		}
		if s.chance(5) {
			runtime.GC()
		}
		f.Clear()
		for i := range types {
			require.True(t, at(i).IsZero(), "slot %d of %v", i, types)
		}
	}
}

//go:noinline
func stacked(a uuid, r request12, p *pair, again uuid) string {
	text := fmt.Sprint(a, r, *p, again)
	zero(&a)
	zero(&r)
	zero(&again)
	return text
}

//go:noinline
func stackedToo(n int8, r request12, a uuid) string {
	text := fmt.Sprint(n, r, a)
	zero(&r)
	zero(&a)
	return text
}

// The slot of an argument that travels on the stack is its place among the stack
// arguments. Where two calls, or two parameters, share a slot, only one of them can
// have it so.
func TestSharedStackArguments(t *testing.T) {
	id, req := uuid{1, 2, 3}, request12{}
	s := newSource(1)
	s.noNil = true
	s.fill(reflect.TypeOf(req), reflect.ValueOf(&req).UnsafePointer(), depthOfValues)
	var b frame.Builder
	a := b.Add(reflect.TypeFor[uuid]())
	n := b.Add(reflect.TypeFor[int8]())
	r := b.AddFixed(reflect.TypeFor[request12](), frame.RefOf(&req))
	p := b.Add(reflect.TypeFor[*pair]())
	out, outToo := b.Add(reflect.TypeFor[string]()), b.Add(reflect.TypeFor[string]())
	site := b.AddCall(reflect.ValueOf(stacked), []int{a, r, p, a}, []int{out})
	siteToo := b.AddCall(reflect.ValueOf(stackedToo), []int{n, r, a}, []int{outToo})
	l := b.Build()
	c := l.Call(site)
	c.Then(l.Call(siteToo))
	f := l.New()
	for i := range 3 {
		*frame.At[uuid](f.At(l.Offset(a))) = id
		*frame.At[int8](f.At(l.Offset(n))) = int8(-i)
		*frame.At[*pair](f.At(l.Offset(p))) = &pair{}
		require.Nil(t, c.Run(f))
		assert.Equal(t, fmt.Sprint(id, req, pair{}, id), *frame.At[string](f.At(l.Offset(out))))
		assert.Equal(t, fmt.Sprint(int8(-i), req, id), *frame.At[string](f.At(l.Offset(outToo))))
		assert.Equal(t, id, *frame.At[uuid](f.At(l.Offset(a))), "the callee's own copy")
		assert.Equal(t, req, *frame.At[request12](f.At(l.Offset(r))))
		f.Clear()
		assert.Zero(t, *frame.At[uuid](f.At(l.Offset(a))))
		id[0]++
	}
}

// Calls that follow each other end with the first that fails.
func TestThen(t *testing.T) {
	var called []int
	failAt := -1
	fail := func(n int) error {
		called = append(called, n)
		if n == failAt {
			return fmt.Errorf("%d", n)
		}
		return nil
	}
	fns := []any{
		func() error { return fail(0) },
		func() (string, error) { return "s", fail(1) },
		func(string) (float64, error) { return 1, fail(2) }, // by reflection
		func(string) { called = append(called, 3) },
		func(string) ([4]int, int8, error) { return [4]int{}, 1, fail(4) }, // on the stack
		func(id uuid) (int8, error) { return 1, fail(5) },
		func(id uuid) (string, error) { return "", fail(6) },
	}
	var b frame.Builder
	e := b.Add(reflect.TypeFor[error]())
	slots := map[reflect.Type]int{reflect.TypeFor[error](): e}
	slot := func(t reflect.Type) int {
		if _, ok := slots[t]; !ok {
			slots[t] = b.Add(t)
		}
		return slots[t]
	}
	var sites []frame.Site
	for _, fn := range fns {
		v := reflect.ValueOf(fn)
		var in, out []int
		for i := range v.Type().NumIn() {
			in = append(in, slot(v.Type().In(i)))
		}
		for i := range v.Type().NumOut() {
			out = append(out, slot(v.Type().Out(i)))
		}
		sites = append(sites, b.AddCall(v, in, out))
	}
	l := b.Build()
	calls := make([]*frame.Call, len(sites))
	for i, s := range sites {
		if calls[i] = l.Call(s); i > 0 {
			calls[i-1].Then(calls[i])
		}
	}
	f := l.New()
	for failAt = range len(fns) + 1 {
		called = nil
		failed := calls[0].Run(f)
		if failAt == len(fns) || failAt == 3 {
			assert.Nil(t, failed)
			assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6}, called)
		} else if assert.Same(t, calls[failAt], failed) {
			assert.Equal(t, fmt.Sprint(failAt), failed.Err(f).Error())
			assert.Len(t, called, failAt+1)
		}
		f.Clear()
		assert.NoError(t, *frame.At[error](f.At(l.Offset(e))))
	}
}
