package inject_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
)

// constructor is a constructor, or a function with its results.
type constructor struct {
	shape   string
	fn      any
	results int
}

// valued is a type whose values are injected in every shape.
type valued struct {
	typ          string
	constructors []constructor
	handler      any // takes a value
	// How functions with such a result, or argument, must be called.
	result, argument way
}

// way is how a function must be called.
type way bool

const (
	asWords   way = false
	reflected way = true
)

// valuesOf are the functions with a value of type T. The value is made before:
// what is counted is the plan's.
func valuesOf[T any](typ string, v T, result, argument way) valued {
	return valued{typ: typ, result: result, argument: argument, handler: func(T) {}, constructors: []constructor{
		{"T", func() T { return v }, 1},
		{"(T, error)", func() (T, error) { return v, nil }, 2},
		{"(T, func())", func() (T, func()) { return v, nil }, 2},
		{"(T, func(), error)", func() (T, func(), error) { return v, nil, nil }, 3},
		{"(T, func(context.Context))", func() (T, func(context.Context)) { return v, nil }, 2},
		{"(T, func(error) error, error)", func() (T, func(error) error, error) { return v, nil, nil }, 3},
		{"(T, func(context.Context, error) error, error)", func() (T, func(context.Context, error) error, error) { return v, nil, nil }, 3},
	}}
}

// wide is a request struct of twelve words.
type wide struct {
	Name, Text, Mail string
	Tags             []string
	ID, Page, Size   int
}

type numbers struct {
	id    int
	name  string
	small [1]uint8
}

type id128 [16]byte

var allValues = []valued{
	valuesOf("pointer", &tx{}, asWords, asWords),
	valuesOf[store]("interface", &db{}, asWords, asWords),
	valuesOf("string", user("u"), asWords, asWords),
	valuesOf("slice", []user{"u"}, asWords, asWords),
	valuesOf("map", map[user]int{"u": 1}, asWords, asWords),
	valuesOf("func", func(user) {}, asWords, asWords),
	valuesOf("chan", make(chan user), asWords, asWords),
	valuesOf("int", pathNumber(1), asWords, asWords),
	valuesOf("uint8", octet(1), asWords, asWords),
	valuesOf("bool", flagged(true), asWords, asWords),
	valuesOf("struct", numbers{1, "n", [1]uint8{2}}, asWords, asWords),
	valuesOf("time.Time", time.Unix(1, 0), asWords, asWords),
	valuesOf("netip.Addr", netip.MustParseAddr("::1"), asWords, asWords),
	// Results that come back on the stack.
	valuesOf("array", id128{1}, reflected, asWords),
	valuesOf("struct of twelve words", wide{Name: "n"}, reflected, asWords),
	// Values that travel in floating-point registers.
	valuesOf("float", ratio(0.5), reflected, reflected),
}

type (
	pathNumber int
	octet      uint8
	flagged    bool
	ratio      float64
)

// wayOf is how the handler of a program's first call is called.
func wayOf(p *inject.Program) string { return p.Tables()[0].Functions[0].Way }

// byWords reports whether calls are made by words at all.
func byWords(t *testing.T) bool {
	in := level(t)
	return wayOf(program(t, assemble(t, in), route(in, "", func() {}))) == "words"
}

// perRun counts the allocations of one run of the only call of a program.
func perRun(t *testing.T, p *inject.Program) float64 {
	ctx, h := t.Context(), &fakeHost{reads: make([]string, 0, 8)}
	return allocations(t, func() {
		h.reads = h.reads[:0]
		r := p.Plan(0).Begin(ctx, h, nil)
		if r.Finish(r.Do()) != nil {
			t.Error("failed")
		}
		r.End()
	})
}

// checkRun compares what a run allocates with what its calls may: nothing by
// words; by reflection a list of the results and memory for each.
func checkRun(t *testing.T, p *inject.Program, how way, results int) {
	t.Helper()
	want := "words"
	if how == reflected || !byWords(t) {
		want = "reflect"
	}
	assert.Equal(t, want, wayOf(p))
	if want == "words" {
		assert.Zero(t, perRun(t, p))
	} else {
		assert.LessOrEqual(t, perRun(t, p), float64(mostOf(results)))
	}
}

// mostOf is what a call by reflection may allocate: the list of its results
// and memory for each of them.
func mostOf(results int) int {
	if results == 0 {
		return 0
	}
	return 1 + results
}

func TestAllocationsOfHandlers(t *testing.T) {
	for _, c := range []constructor{{"none", func() {}, 0}, {"error", func() error { return nil }, 1}} {
		t.Run(c.shape, func(t *testing.T) {
			in := level(t)
			checkRun(t, program(t, assemble(t, in), route(in, "", c.fn)), asWords, c.results)
		})
	}
	for _, v := range allValues {
		for _, c := range v.constructors {
			t.Run(v.typ+"/"+c.shape, func(t *testing.T) {
				in := level(t)
				checkRun(t, program(t, assemble(t, in), route(in, "", c.fn)), v.result, c.results)
			})
		}
	}
}

// A Singleton is copied from its cell.
func TestAllocationsOfArguments(t *testing.T) {
	for _, v := range allValues {
		t.Run(v.typ, func(t *testing.T) {
			in := level(t, singleton(v.constructors[0].fn))
			checkRun(t, program(t, assemble(t, in), route(in, "", v.handler)), v.argument, 0)
		})
	}
}

// A value is made by a constructor in each call. Both functions are counted.
func TestAllocationsOfProviders(t *testing.T) {
	mode := byWords(t)
	for _, v := range allValues {
		for _, c := range v.constructors {
			t.Run(v.typ+"/"+c.shape, func(t *testing.T) {
				in := level(t, perCall(c.fn))
				got := perRun(t, program(t, assemble(t, in), route(in, "", v.handler)))
				if mode && v.result == asWords {
					assert.Zero(t, got)
				} else {
					assert.LessOrEqual(t, got, float64(mostOf(c.results)))
				}
			})
		}
	}
}

// A method on the pointer is given new memory, for it may keep the address: one
// allocation, whatever the size.
func TestAllocationsOfAClass(t *testing.T) {
	b := &fakeBinder{class: inject.PerCall}
	in := level(t, singleton(func() *cart { return &cart{} }))
	p := program(t, assemble(t, in), inject.Spec{Level: in, Binder: b, Calls: []inject.Call{{Handler: method((*class).nothing)}}})
	assert.EqualValues(t, 1, perRun(t, p))
}

func (*class) nothing() {}

// A clean-up that there is nothing of costs nothing, see above. What another
// costs is not its call, but its watch: one timer for all clean-ups of a call. A
// context is two more, as long as nobody waits for its end.
func TestAllocationsOfCleanups(t *testing.T) {
	one := &tx{}
	mode := byWords(t)
	for _, tt := range []struct {
		shape   string
		fn      any
		results int
		want    int
		why     string
	}{
		{"func()", func() (*tx, func()) { return one, func() {} }, 2, 1, "the timer"},
		{"func(error) error", func() (*tx, func(error) error, error) { return one, func(err error) error { return err }, nil }, 3, 1, "the timer"},
		{"func(context.Context)", func() (*tx, func(context.Context)) { return one, func(context.Context) {} }, 2, 3,
			"the timer, the context, and one that keeps cancellation from it"},
	} {
		t.Run(tt.shape, func(t *testing.T) {
			in := level(t, perCall(tt.fn))
			got := perRun(t, program(t, assemble(t, in), route(in, "", handleOnlyTx)))
			if mode {
				assert.EqualValues(t, tt.want, got, tt.why)
			} else {
				assert.LessOrEqual(t, got, float64(tt.want+mostOf(tt.results)), tt.why)
			}
		})
	}
}

// One timer watches all clean-ups of a call, before and after the answer.
func TestAllocationsOfManyCleanups(t *testing.T) {
	if !byWords(t) {
		t.Skip("this build calls by reflection")
	}
	one, d := &tx{}, &db{}
	in := level(t,
		perCall(func() (config, func()) { return config{}, func() {} }),
		perCall(func(config) (*db, func(error) error) { return d, func(err error) error { return err } }),
		perCall(func(*db) (*tx, func(), error) { return one, func() {}, nil }))
	assert.EqualValues(t, 1, perRun(t, program(t, assemble(t, in), route(in, "", handleOnlyTx))))
}
