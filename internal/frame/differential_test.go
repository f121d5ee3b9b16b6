package frame_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"unsafe"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
)

var (
	signatures = flag.Int("frame.n", signaturesByDefault(), "signatures of the differential test")
	firstSeed  = flag.Int64("frame.seed", 1, "seed of the differential test's first signatures")
)

// signaturesByDefault is a number that a normal run has time for, or what the
// environment variable FRAME_SIGNATURES says. Types made by reflection are never
// freed, and every collection marks them: beyond some 10000 signatures, several
// runs with seeds of their own take less time than one.
func signaturesByDefault() int {
	if n, err := strconv.Atoi(os.Getenv("FRAME_SIGNATURES")); err == nil {
		return n
	}
	return 4000
}

// TestCallsAgreeWithReflect calls functions of signatures at random that were
// made by reflect.MakeFunc, which takes its arguments and returns its results
// by its own account of the ABI.
func TestCallsAgreeWithReflect(t *testing.T) {
	n := *signatures
	if testing.Short() {
		n /= 8
	}
	const workers = 4
	var mu sync.Mutex
	ways := map[string]int{}
	underPressure(func() {
		var wg sync.WaitGroup
		for seed := range workers {
			wg.Go(func() {
				s := newSource(*firstSeed + int64(seed))
				for i := 0; i < n/workers && !t.Failed(); i++ {
					ft := reflect.FuncOf(s.params(), s.results(), false)
					way, err := tryAgainstReflect(s, ft)
					mu.Lock()
					ways[way]++
					mu.Unlock()
					assert.NoError(t, err, "seed %d, number %d: %v by %s", *firstSeed+int64(seed), i, ft, way)
				}
			})
		}
		wg.Wait()
	})
	t.Logf("%d signatures, %v", n, ways)
	if byWords() {
		assert.Greater(t, ways["words"], n/2)
	} else {
		assert.Zero(t, ways["words"])
	}
}

// tryAgainstReflect calls a function of the type, twice with one frame, at times
// on a stack that is small.
func tryAgainstReflect(s *source, ft reflect.Type) (way string, err error) {
	var got, want []string
	fn := reflect.MakeFunc(ft, func(args []reflect.Value) []reflect.Value {
		got, want = nil, nil
		s.churn()
		for _, a := range args {
			c := reflect.New(a.Type())
			c.Elem().Set(a)
			got = append(got, print(a.Type(), c.UnsafePointer()))
		}
		results := make([]reflect.Value, ft.NumOut())
		for i := range results {
			v := reflect.New(ft.Out(i))
			s.fill(ft.Out(i), v.UnsafePointer(), depthOfValues)
			want = append(want, print(ft.Out(i), v.UnsafePointer()))
			results[i] = v.Elem()
		}
		s.churn()
		return results
	})
	r := newRig(s, fn)
	for range 1 + s.rd.Intn(2) {
		sent := r.send(s)
		call := func() error { return guarded(r.call, r.frame) }
		if s.chance(30) {
			err = onNewStack(call)
		} else {
			err = call()
		}
		if err != nil {
			return r.call.Way(), err
		}
		if s.chance(2) {
			runtime.GC()
		}
		if err := r.check(got, sent, want); err != nil {
			return r.call.Way(), err
		}
		r.frame.Clear()
	}
	return r.call.Way(), nil
}

func (s *source) churn() {
	grow(s.rd.Intn(30))
	if s.chance(2) {
		runtime.GC()
	}
}

// rig is a call in a frame whose slots have neighbours.
type rig struct {
	call       *frame.Call
	frame      *frame.Frame
	in, out    []reflect.Value
	neighbours []reflect.Value
}

func newRig(s *source, fn reflect.Value) *rig {
	var b frame.Builder
	var others []int
	var beside []reflect.Type
	neighbour := func() {
		t := reflect.ArrayOf(pick(s, []int{1, 3, 8, 16}), reflect.TypeFor[byte]())
		others, beside = append(others, b.Add(t)), append(beside, t)
	}
	add := func(t reflect.Type) int {
		neighbour()
		return b.Add(t)
	}
	var in, out []int
	t := fn.Type()
	for i := range t.NumIn() {
		in = append(in, add(t.In(i)))
	}
	for i := range t.NumOut() {
		out = append(out, add(t.Out(i)))
	}
	neighbour()
	site := b.AddCall(fn, in, out)
	l := b.Build()
	r := &rig{call: l.Call(site), frame: l.New()}
	view := func(slot int, t reflect.Type) reflect.Value { return r.frame.At(l.Offset(slot)).Value(t) }
	for i, slot := range in {
		r.in = append(r.in, view(slot, t.In(i)))
	}
	for i, slot := range out {
		r.out = append(r.out, view(slot, t.Out(i)))
	}
	for i, slot := range others {
		r.neighbours = append(r.neighbours, view(slot, beside[i]))
	}
	return r
}

// send stores arguments, and returns them as text.
func (r *rig) send(s *source) []string {
	for _, v := range r.in {
		s.fill(v.Type(), v.Addr().UnsafePointer(), depthOfValues)
	}
	for _, n := range r.neighbours {
		for i := range n.Len() {
			n.Index(i).SetUint(0xA5)
		}
	}
	return printAll(r.in)
}

// check compares what arrived with what was sent.
func (r *rig) check(got, sent, want []string) error {
	for _, n := range r.neighbours {
		for _, x := range unsafe.Slice((*byte)(n.Addr().UnsafePointer()), n.Len()) {
			if x != 0xA5 {
				return fmt.Errorf("the call changed memory beside its slots")
			}
		}
	}
	if err := differ("argument", got, sent); err != nil {
		return err
	}
	if err := differ("argument in the frame", printAll(r.in), sent); err != nil {
		return err
	}
	return differ("result", printAll(r.out), want)
}
