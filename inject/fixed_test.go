package inject_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Frames keep Singletons from call to call, but not beyond the start that made
// them; nor do runs that their caller owns.
func TestSingletonsAfterAnotherStart(t *testing.T) {
	made := 0
	in := level(t,
		singleton(func() config { made++; return config{name: string(rune('a' + made))} }),
		singleton(func(c config) *db { return &db{c} }))
	a := assemble(t, in)
	var got []string
	p, err := a.Compile(route(in, "", func(d *db, c config) {
		if d != nil {
			got = append(got, d.cfg.name+c.name)
		}
	}))
	require.NoError(t, err)
	owned := p.Plan(0).NewRun()
	call := func() {
		r := p.Plan(0).Begin(t.Context(), nil, nil)
		require.NoError(t, r.Finish(r.Do()))
		r.End()
		owned.Begin(t.Context(), nil, nil)
		require.NoError(t, owned.Finish(owned.Do()))
		owned.End()
	}
	call() // nothing is made yet
	for range 2 {
		require.NoError(t, a.Start(t.Context()))
		call()
		call()
		require.NoError(t, a.Stop(t.Context()))
	}
	assert.Equal(t, []string{"bb", "bb", "bb", "bb", "cc", "cc", "cc", "cc"}, got)
}

// A function changes its arguments as it likes: the next call gets what it
// should.
func TestSingletonsAreCopied(t *testing.T) {
	in := level(t, singleton(func() big { return bigOf(1) }), singleton(func() id128 { return id128{1} }), singleton(newConfig))
	f := build(t, in, func(b big, id id128, c config, again big) error {
		if !b.whole() || !again.whole() || id != (id128{1}) || c.name != "made" {
			return errors.New("changed")
		}
		b.id, id[0], c.name, again.name = 7, 7, "changed", "changed"
		keepSeven(&b, &id, &c, &again)
		return nil
	})
	for range 3 {
		require.NoError(t, f.Call(t.Context()))
	}
}

//go:noinline
func keepSeven(b *big, id *id128, c *config, again *big) { b.pad[0] = 7 }

// Providers that follow each other are one step, whose error is that of the one
// that failed; those behind it are not called, and the next call finds nothing
// of it.
func TestFailureInAChain(t *testing.T) {
	var called []string
	failAt := ""
	step := func(name string) error {
		called = append(called, name)
		if name == failAt {
			return errors.New(name)
		}
		return nil
	}
	in := level(t, singleton(newDB), singleton(newConfig),
		perCall(func() (*tx, error) { return &tx{}, step("tx") }),
		perCall(func(*tx) (user, error) { return "u", step("user") }),
		perCall(func(user) (ratio, error) { return 0.5, step("ratio") }), // by reflection
		perCall(func(ratio) (octet, func(), error) {
			return 1, func() { called = append(called, "release") }, step("octet")
		}),
		perCall(func(octet) (pathNumber, error) { return 2, step("number") }))
	a := assemble(t, in)
	spec := inject.Spec{Level: in, Calls: []inject.Call{{
		Guards: []*inject.Function{guard(func(user) error { return step("guard") })},
		Handler: handler(func(_ context.Context, n pathNumber, d *db, u user) (string, error) {
			return string(u), step("handler")
		}),
	}}}
	p := program(t, a, spec)
	all := []string{"tx", "user", "guard", "ratio", "octet", "number", "handler"}
	for i, name := range append(all, "") {
		for range 2 {
			called, failAt = nil, name
			r := p.Plan(0).Begin(t.Context(), nil, nil)
			err := r.Finish(r.Do())
			if name == "" {
				require.NoError(t, err)
				assert.Equal(t, "u", *at[string](r))
			} else {
				require.EqualError(t, err, name)
			}
			r.End()
			want := append([]string(nil), all[:min(i+1, len(all))]...)
			if i > 4 { // only what was made is released
				want = append(want, "release")
			}
			assert.Equal(t, want, called)
		}
	}
}
