package inject_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// journal records what happened, in order.
type journal struct{ lines []string }

func (j *journal) add(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

type (
	config struct{ name string }
	db     struct{ cfg config }
	tx     struct{ db *db }
	user   string
	store  interface{ Load() string }
)

func (d *db) Load() string { return d.cfg.name }

// build assembles fn over a level and starts it.
func build(t *testing.T, in *inject.Injector, fn any) *inject.Func {
	t.Helper()
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	f, err := a.Func(in, fn)
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, a.Stop(context.Background())) })
	return f
}

func TestCallInjectsAndReturns(t *testing.T) {
	in := inject.New()
	require.NoError(t, in.Value(config{"main"}))
	require.NoError(t, in.Provide(inject.Singleton, func(c config) *db { return &db{c} }))
	require.NoError(t, in.Provide(inject.PerCall, func(d *db) (*tx, error) { return &tx{d}, nil }))
	f := build(t, in, func(ctx context.Context, x *tx, c config) (string, error) {
		assert.NotNil(t, ctx)
		return x.db.cfg.name + "/" + c.name, nil
	})
	for range 3 {
		var s string
		require.NoError(t, f.Call(t.Context(), &s))
		assert.Equal(t, "main/main", s)
	}
}

func TestDiamondBuildsItsTopOnce(t *testing.T) {
	type (
		a struct{ n int }
		b struct{ *a }
		c struct{ *a }
	)
	made := 0
	in := inject.New()
	require.NoError(t, in.Provide(inject.PerCall, func() *a { made++; return &a{made} }))
	require.NoError(t, in.Provide(inject.PerCall, func(x *a) b { return b{x} }))
	require.NoError(t, in.Provide(inject.PerCall, func(x *a) c { return c{x} }))
	f := build(t, in, func(x b, y c, z *a) error {
		if x.a != y.a || y.a != z {
			return errors.New("three tops")
		}
		return nil
	})
	require.NoError(t, f.Call(t.Context()))
	require.NoError(t, f.Call(t.Context()))
	assert.Equal(t, 2, made, "once per call")
}

func TestSingletonsAreMadeOnceAndClosedInReverse(t *testing.T) {
	j := &journal{}
	in := inject.New()
	require.NoError(t, in.Provide(inject.Singleton, func() (config, func()) {
		j.add("make config")
		return config{}, func() { j.add("release config") }
	}))
	require.NoError(t, in.Provide(inject.Singleton, func(config) *closer { j.add("make closer"); return &closer{j} }))
	require.NoError(t, in.Provide(inject.Singleton, func() user { j.add("make user"); return "unused" }))
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	f, err := a.Func(in, func(*closer, config) {})
	require.NoError(t, err)
	assert.Empty(t, j.lines, "building makes nothing")
	require.NoError(t, a.Start(t.Context()))
	require.NoError(t, f.Call(t.Context()))
	require.NoError(t, f.Call(t.Context()))
	require.NoError(t, a.Stop(t.Context()))
	assert.Equal(t, []string{"make config", "make closer", "close", "release config"}, j.lines)
	require.Len(t, a.Unused(), 1)
	assert.Contains(t, a.Unused()[0], "inject_test.user, which nothing needs")
}

type closer struct{ j *journal }

func (c *closer) Close() error { c.j.add("close"); return nil }

func TestStartFailureClosesWhatWasMade(t *testing.T) {
	j := &journal{}
	in := inject.New()
	require.NoError(t, in.Provide(inject.Singleton, func() *closer { return &closer{j} }))
	require.NoError(t, in.Provide(inject.Singleton, func(*closer) (*db, error) { return nil, errors.New("no route to host") }))
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	_, err = a.Func(in, func(*db) {})
	require.NoError(t, err)
	err = a.Start(t.Context())
	require.ErrorContains(t, err, "making *inject_test.db with inject_test.TestStartFailure")
	require.ErrorContains(t, err, "no route to host")
	assert.Equal(t, []string{"close"}, j.lines)
}

func TestFinishersAndReleases(t *testing.T) {
	failed, commit := errors.New("handler failed"), errors.New("commit failed")
	for _, tt := range []struct {
		name    string
		handler func() error
		commit  error
		want    error
		lines   []string
	}{
		{"success commits before it answers", func() error { return nil }, nil, nil,
			[]string{"handler", "finish inner <nil>", "finish outer <nil>", "answer", "release"}},
		{"the handler's error reaches the finishers", func() error { return failed }, nil, failed,
			[]string{"handler", "finish inner handler failed", "finish outer handler failed", "answer", "release"}},
		{"a failed commit takes the place of success", func() error { return nil }, commit, commit,
			[]string{"handler", "finish inner <nil>", "finish outer commit failed", "answer", "release"}},
		{"a panic reaches the finishers as an error", func() error { panic("boom") }, nil, &inject.Panic{},
			[]string{"handler", "finish inner panic: boom", "finish outer panic: boom", "answer", "release"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := &journal{}
			in := inject.New()
			require.NoError(t, in.Provide(inject.PerCall, func() (*db, func()) {
				return &db{}, func() { j.add("release") }
			}))
			require.NoError(t, in.Provide(inject.PerCall, func(*db) (user, func(error) error, error) {
				return "u", func(err error) error { j.add("finish outer %v", err); return nil }, nil
			}))
			require.NoError(t, in.Provide(inject.PerCall, func(user, *db) (*tx, func(context.Context, error) error) {
				return &tx{}, func(ctx context.Context, err error) error {
					_, deadline := ctx.Deadline()
					assert.True(t, deadline)
					assert.NoError(t, ctx.Err(), "the call's cancellation does not reach the clean-up")
					j.add("finish inner %v", err)
					return tt.commit
				}
			}))
			a, err := inject.Assemble(in, inject.Options{})
			require.NoError(t, err)
			p, err := a.Compile(inject.Spec{Level: in, Calls: []inject.Call{{Handler: handler(func(*tx) error {
				j.add("handler")
				return tt.handler()
			})}}})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			r := p.Plan(0).Begin(ctx, nil, nil)
			err = r.Finish(r.Do())
			j.add("answer")
			r.End()
			if _, ok := tt.want.(*inject.Panic); ok {
				require.ErrorAs(t, err, new(*inject.Panic))
			} else {
				require.Equal(t, tt.want, err)
			}
			assert.Equal(t, tt.lines, j.lines)
		})
	}
}

func TestProviderErrorStopsTheCall(t *testing.T) {
	denied := errors.New("denied")
	in := inject.New()
	require.NoError(t, in.Provide(inject.PerCall, func() (user, error) { return "", denied }))
	f := build(t, in, func(user) { t.Error("called") })
	assert.Equal(t, denied, f.Call(t.Context()))
}

func TestGoexitStillCleansUp(t *testing.T) {
	j := &journal{}
	in := inject.New()
	require.NoError(t, in.Provide(inject.PerCall, func() (*tx, func(error) error) {
		return &tx{}, func(err error) error { j.add("%v", err); return nil }
	}))
	exit := false
	f := build(t, in, func(*tx) {
		if exit {
			runtimeGoexit()
		}
	})
	done := make(chan struct{})
	exit = true
	go func() {
		defer close(done)
		_ = f.Call(t.Context())
	}()
	<-done
	exit = false
	require.NoError(t, f.Call(t.Context()))
	assert.Equal(t, []string{inject.ErrGoexit.Error(), "<nil>"}, j.lines)
}

func TestInnerLevelWins(t *testing.T) {
	in := inject.New()
	require.NoError(t, in.Value(config{"outer"}))
	require.NoError(t, in.Provide(inject.Singleton, func(c config) *db { return &db{c} }))
	require.NoError(t, in.Provide(inject.PerCall, func(c config) user { return user(c.name) }))
	group := in.Child()
	require.NoError(t, group.Value(config{"inner"}))
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	show := func(c config, d *db, u user) string { return c.name + " " + d.cfg.name + " " + string(u) }
	outer, err := a.Func(in, show)
	require.NoError(t, err)
	inner, err := a.Func(group, show)
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))

	var s string
	require.NoError(t, outer.Call(t.Context(), &s))
	assert.Equal(t, "outer outer outer", s)
	require.NoError(t, inner.Call(t.Context(), &s))
	assert.Equal(t, "inner outer inner", s, "a Singleton sees its own level, a PerCall provider the route's")
}

func TestReplace(t *testing.T) {
	in := inject.New()
	require.NoError(t, in.Provide(inject.Singleton, func() store { t.Error("made"); return nil }))
	a, err := inject.Assemble(in, inject.Options{Replace: []any2{valueOf[store](&db{config{"fake"}})}})
	require.NoError(t, err)
	f, err := a.Func(in, func(s store) string { return s.Load() })
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	var s string
	require.NoError(t, f.Call(t.Context(), &s))
	assert.Equal(t, "fake", s)

	_, err = inject.Assemble(in, inject.Options{Replace: []any2{valueOf(42)}})
	require.ErrorContains(t, err, "a replacement for int replaces nothing")
}
