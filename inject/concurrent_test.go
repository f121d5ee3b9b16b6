package inject_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// big is a value of many words, so that a frame written by two calls at once
// would tear.
type big struct {
	id    int
	name  string
	pad   [9]int
	again *int
}

func bigOf(id int) big {
	b := big{id: id, name: fmt.Sprint(id), again: &id}
	for i := range b.pad {
		b.pad[i] = id
	}
	return b
}

func (b big) whole() bool {
	ok := b.name == fmt.Sprint(b.id) && *b.again == b.id
	for _, p := range b.pad {
		ok = ok && p == b.id
	}
	return ok
}

// Calls on many goroutines never see each other's values, whether they end
// well, fail, panic or leave their goroutine.
func TestFramesNeverMix(t *testing.T) {
	const goroutines, calls = 100, 50
	type key struct{}
	in := level(t, singleton(newConfig), singleton(newDB),
		perCall(func(ctx context.Context) big { return bigOf(ctx.Value(key{}).(int)) }),
		perCall(func(b big) (*big, func(error) error) { return &b, func(err error) error { return err } }),
		perCall(func(b *big) (user, error) { return user(b.name), nil }))
	f := build(t, in, func(b big, p *big, u user, d *db) (big, string, error) {
		if b.id%7 == 3 {
			panic(b.id)
		}
		if b.id%7 == 4 {
			return big{}, "", fmt.Errorf("%d", b.id)
		}
		if d.cfg.name != "made" || !b.whole() || b != *p || string(u) != b.name {
			panic("mixed")
		}
		return b, string(u), nil
	})
	var bad atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for c := range calls {
				id := g*calls + c
				var b big
				var s string
				err := f.Call(context.WithValue(t.Context(), key{}, id), &b, &s)
				switch id % 7 {
				case 3:
					if err == nil || err.Error() != fmt.Sprintf("panic: %d", id) {
						bad.Add(1)
					}
				case 4:
					if err == nil || err.Error() != fmt.Sprint(id) {
						bad.Add(1)
					}
				default:
					if err != nil || b.id != id || !b.whole() || s != b.name {
						bad.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, bad.Load())
}

// Connections run at once, the calls of each one after the other.
func TestScopesNeverMix(t *testing.T) {
	in := level(t, perConnection(func(id pathID) big { return bigOf(int(id)) }))
	p := program(t, assemble(t, in), inject.Spec{Level: in, Binder: &fakeBinder{}, Connection: true, Calls: []inject.Call{
		{Name: "handshake"},
		{Handler: handler(func(b big, id pathID, m message) error {
			if !b.whole() || b.id != int(id) || string(m) != b.name {
				return fmt.Errorf("mixed: %v %v %v", b, id, m)
			}
			return nil
		})},
	}})
	var wg sync.WaitGroup
	errs := make([]error, 100)
	for i := range errs {
		wg.Go(func() {
			scope := p.NewScope(t.Context)
			h := &fakeHost{id: i, text: fmt.Sprint(i)}
			err := run(p.Plan(0), h, scope)
			h.id = -1 // whatever reads it again fails
			for range 20 {
				if err == nil {
					err = run(p.Plan(1), h, scope)
				}
			}
			errs[i] = scope.Close(t.Context(), err)
		})
	}
	wg.Wait()
	for _, err := range errs {
		assert.NoError(t, err)
	}
}

// A frame that a panic left in the middle of a step is not used again: what the
// handler started may still look at it.
func TestFrameIsDroppedAfterPanic(t *testing.T) {
	fail := true
	in := level(t, perCall(func() user { return "u" }))
	p := program(t, assemble(t, in), route(in, "", func(u user) {
		if fail {
			panic("boom")
		}
	}))
	first := p.Plan(0).Begin(t.Context(), nil, nil)
	require.Error(t, first.Finish(first.Do()))
	first.End()
	fail = false
	for range 10 {
		r := p.Plan(0).Begin(t.Context(), nil, nil)
		assert.NotSame(t, first, r)
		require.NoError(t, r.Finish(r.Do()))
		r.End()
	}
}

func TestHeldFrameIsDropped(t *testing.T) {
	in := inject.New()
	p := program(t, assemble(t, in), route(in, "", func() string { return "s" }))
	held := p.Plan(0).Begin(t.Context(), nil, nil)
	require.NoError(t, held.Do())
	held.Hold()
	require.NoError(t, held.Finish(nil))
	held.End()
	for range 10 {
		r := p.Plan(0).Begin(t.Context(), nil, nil)
		assert.NotSame(t, held, r)
		require.NoError(t, r.Do())
		r.End()
	}
	assert.Equal(t, "s", *at[string](held), "and keeps its values")
}

// Nothing of a call is reachable once it is over, though its run is in the pool.
func TestPooledRunsPinNothing(t *testing.T) {
	type payload struct{ b [1 << 10]byte }
	for _, tt := range []struct {
		name    string
		fail    error
		cleanup bool
	}{
		{"after success", nil, false},
		{"after an error", assert.AnError, false},
		{"after a clean-up", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var made, cleaned, host weak.Pointer[payload]
			p, c, h := new(payload), new(payload), new(payload)
			made, cleaned, host = weak.Make(p), weak.Make(c), weak.Make(h)
			give := func() *payload { defer func() { p = nil }(); return p }
			in := level(t, perCall(give))
			if tt.cleanup {
				in = level(t, perCall(func() (*payload, func(error) error) {
					own := c
					c = nil
					return give(), func(err error) error { own.b[0]++; return err }
				}))
			}
			prog := program(t, assemble(t, in), route(in, "", func(p *payload) (*payload, error) { return p, tt.fail }))
			r := prog.Plan(0).Begin(context.WithValue(t.Context(), stopping{}, h), h, nil)
			assert.Equal(t, tt.fail, r.Finish(r.Do()))
			r.End()
			r, h = nil, nil
			if !tt.cleanup {
				c = nil
			}
			// One collection moves pooled runs to the victim cache and keeps
			// them; only a second would free the runs themselves.
			runtime.GC()
			assert.True(t, made.Value() == nil, "the provided value")
			assert.True(t, cleaned.Value() == nil, "the clean-up")
			assert.True(t, host.Value() == nil, "the host and the context")
			runtime.KeepAlive(prog)
		})
	}
}
