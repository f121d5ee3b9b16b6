package inject_test

import (
	"context"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at is the first result of a run as a T.
func at[T any](r *inject.Run) *T { return frame.At[T](r.Result(0)) }

// allocations counts those of one call in a plan that is warm.
func allocations(t *testing.T, call func()) float64 {
	t.Helper()
	if raceEnabled {
		t.Skip("under the race detector sync.Pool drops runs at random")
	}
	call()
	return testing.AllocsPerRun(500, call)
}

// What a call is given costs no allocation, wherever it comes from. What
// functions return does: reflect.Value.Call allocates a list for the results of
// each call that has any, and memory for each result that is no pointer.
func TestAllocations(t *testing.T) {
	one, d := &tx{}, &db{}
	for _, tt := range []struct {
		name      string
		providers []provided
		handler   any
		want      float64
		why       string
	}{
		{"no parameters", nil, func() {}, 0, "arguments cost nothing"},
		{"context", nil, func(context.Context) {}, 0, "arguments cost nothing"},
		{"Singletons", []provided{singleton(newConfig), singleton(newDB)}, func(context.Context, *db, config) {}, 0, "arguments cost nothing"},
		{"a wide value", []provided{singleton(func() big { return bigOf(1) })}, func(big) {}, 0, "arguments cost nothing"},
		{"a PerCall provider", []provided{perCall(func() *tx { return one })}, handleOnlyTx, 2, "one result"},
		{"two PerCall providers", []provided{perCall(func() *tx { return one }), perCall(func(*tx) *db { return d })},
			func(*tx, *db) {}, 4, "one result each"},
		{"an error", nil, func() error { return nil }, 2, "one result of two words"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := level(t, tt.providers...)
			f := build(t, in, tt.handler)
			ctx := t.Context()
			got := allocations(t, func() { _ = f.Call(ctx) })
			// At most what reflection needs: another way of calling functions
			// may need less.
			assert.LessOrEqual(t, got, tt.want, tt.why)
		})
	}
}

func handleOnlyTx(*tx) {}

func TestAllocationsOfSources(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB))
	spec := route(in, "", func(pathID, message, params) {})
	spec.Binder = &fakeBinder{}
	p := program(t, assemble(t, in), spec)
	ctx := t.Context()
	h := &fakeHost{id: 1, text: "m", reads: make([]string, 0, 8)}
	assert.Zero(t, allocations(t, func() {
		h.reads = h.reads[:0]
		r := p.Plan(0).Begin(ctx, h, nil)
		if r.Finish(r.Do()) != nil {
			t.Error("failed")
		}
		r.End()
	}))
}

func TestAllocationsOfAConnection(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB), perConnection(newSession), perConnection(newCart))
	p := program(t, assemble(t, in), inject.Spec{Level: in, Binder: &fakeBinder{}, Connection: true, Calls: []inject.Call{
		{Name: "handshake"}, {Handler: handler(func(*cart, pathID, message) {})},
	}})
	ctx := t.Context()
	scope := p.NewScope(t.Context)
	h := &fakeHost{id: 1, text: "m", reads: make([]string, 0, 8)}
	require.NoError(t, run(p.Plan(0), h, scope))
	assert.Zero(t, allocations(t, func() {
		h.reads = h.reads[:0]
		r := p.Plan(1).Begin(ctx, h, scope)
		_ = r.Finish(r.Do())
		r.End()
	}), "a message of a connection finds everything made")
}
