package inject_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logged assembles a level with a logger that writes to the buffer.
func logged(t *testing.T, in *inject.Injector, limit time.Duration) (*inject.Assembly, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	a, err := inject.Assemble(in, inject.Options{Logger: log, CleanupTimeout: limit})
	require.NoError(t, err)
	return a, &b
}

// A clean-up that takes too long is logged at its deadline and waited for.
func TestOverdueCleanup(t *testing.T) {
	slow := func(ctx context.Context) error {
		select {
		case <-time.After(time.Minute):
			return nil
		case <-ctx.Done():
			time.Sleep(time.Second) // on its way out
			return ctx.Err()
		}
	}
	for name, constructor := range map[string]any{
		"release": func() (*db, func(context.Context)) { return nil, func(ctx context.Context) { _ = slow(ctx) } },
		"finisher": func() (*db, func(context.Context, error) error) {
			return nil, func(ctx context.Context, _ error) error { return slow(ctx) }
		},
		"deaf": func() (*db, func()) { return nil, func() { time.Sleep(4 * time.Second) } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := level(t, perCall(constructor))
				a, log := logged(t, in, 3*time.Second)
				f, err := a.Func(in, func(*db) {})
				require.NoError(t, err)
				begin := time.Now()
				err = f.Call(t.Context())
				assert.Equal(t, 4*time.Second, time.Since(begin), "the deadline ends the context, not the wait")
				synctest.Wait()
				assert.Equal(t, 1, strings.Count(log.String(), "clean-up is overdue"))
				assert.Contains(t, log.String(), "limit=3s")
				assert.Contains(t, log.String(), "*inject_test.db by inject_test.TestOverdueCleanup")
				if name == "finisher" {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					assert.NoError(t, err)
				}
			})
		})
	}
}

func TestTimelyCleanupIsNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := level(t, perCall(func() (*db, func()) { return nil, func() { time.Sleep(2 * time.Second) } }))
		a, log := logged(t, in, 0)
		f, err := a.Func(in, func(*db) {})
		require.NoError(t, err)
		require.NoError(t, f.Call(t.Context()))
		time.Sleep(time.Minute)
		assert.Empty(t, log.String())
	})
}

// A finisher that panics fails the call; the others run all the same, and see it.
func TestPanickingFinisher(t *testing.T) {
	j := &journal{}
	in := level(t,
		perCall(func() (config, func(error) error) {
			return config{}, func(err error) error { j.add("outer: %v", err); return err }
		}),
		perCall(func(config) (*db, func(error) error) {
			return nil, func(error) error { panic("no commit") }
		}),
		perCall(func(*db) (*tx, func(error) error) {
			return nil, func(err error) error { j.add("inner: %v", err); return err }
		}),
		perCall(func(*tx) (user, func()) { return "", func() { j.add("release") } }))
	a, _ := logged(t, in, 0)
	f, err := a.Func(in, func(user) {})
	require.NoError(t, err)
	err = f.Call(t.Context())
	var p *inject.Panic
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "no commit", p.Value)
	assert.Contains(t, string(p.Stack), "TestPanickingFinisher")
	assert.Equal(t, []string{"inner: <nil>", "outer: panic: no commit", "release"}, j.lines)
}

// The answer was sent when releases run: a panic of one can only be logged.
func TestPanickingRelease(t *testing.T) {
	j := &journal{}
	boom := errors.New("boom")
	in := level(t,
		perCall(func() (config, func()) { return config{}, func() { j.add("first made") } }),
		perCall(func(config) (*db, func()) { return nil, func() { panic(boom) } }),
		perCall(func(*db) (*tx, func()) { return nil, func() { j.add("last made") } }))
	a, log := logged(t, in, 0)
	f, err := a.Func(in, handleTx)
	require.NoError(t, err)
	require.NoError(t, f.Call(t.Context()))
	assert.Equal(t, []string{"last made", "first made"}, j.lines)
	assert.Contains(t, log.String(), `level=ERROR msg="release panicked"`)
	assert.Contains(t, log.String(), `error="panic: boom"`)
	assert.Contains(t, log.String(), "stack=")
	require.NoError(t, f.Call(t.Context()), "and the plan still works")
}

func TestPanickingCleanupsOfAConnection(t *testing.T) {
	j := &journal{}
	in := level(t,
		perConnection(func() (config, func()) { return config{}, func() { j.add("released") } }),
		perConnection(func(config) (*db, func()) { return nil, func() { panic("release") } }),
		perConnection(func(*db) (*tx, func(error) error) { return nil, func(error) error { panic("finisher") } }))
	a, log := logged(t, in, 0)
	p := program(t, a, inject.Spec{Level: in, Connection: true, Calls: []inject.Call{{Handler: handler(func(*tx) {})}}})
	scope := p.NewScope(t.Context)
	require.NoError(t, run(p.Plan(0), &fakeHost{}, scope))
	err := scope.Close(t.Context(), nil)
	require.ErrorAs(t, err, new(*inject.Panic))
	assert.EqualError(t, err, "panic: finisher")
	assert.Equal(t, []string{"released"}, j.lines)
	assert.Contains(t, log.String(), "release panicked")
}

// A nil clean-up is none.
func TestNilCleanups(t *testing.T) {
	in := level(t,
		perCall(func() (config, func(), error) { return config{}, nil, nil }),
		perCall(func(config) (*db, func(error) error) { return nil, nil }),
		singleton(func() (user, func(context.Context)) { return "", nil }))
	f := build(t, in, func(*db, user) error { return nil })
	require.NoError(t, f.Call(t.Context()))
}

// A constructor that fails has cleaned up after itself; those before it are.
func TestCleanupAfterAFailedProvider(t *testing.T) {
	j := &journal{}
	failed := errors.New("failed")
	in := level(t,
		perCall(func() (*db, func(error) error) {
			return nil, func(err error) error { j.add("finish db: %v", err); return nil }
		}),
		perCall(func(*db) (*tx, func(), error) { return nil, func() { j.add("never") }, failed }))
	f := build(t, in, handleTx)
	require.Equal(t, failed, f.Call(t.Context()), "a finisher that returns nil does not hide the error")
	assert.Equal(t, []string{"finish db: failed"}, j.lines)
}

func TestValuesOfPanics(t *testing.T) {
	boom := errors.New("boom")
	for name, tt := range map[string]struct {
		value any
		text  string
		is    error
	}{
		"text":  {"boom", "panic: boom", nil},
		"error": {boom, "panic: boom", boom},
		"nil":   {nil, "panic called with nil argument", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := build(t, inject.New(), func() { panic(tt.value) })
			err := f.Call(t.Context())
			var p *inject.Panic
			require.ErrorAs(t, err, &p)
			assert.Contains(t, err.Error(), tt.text)
			assert.Contains(t, string(p.Stack), "cleanup_test.go")
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			}
		})
	}
	t.Run("of the runtime", func(t *testing.T) {
		var m map[string]int
		f := build(t, inject.New(), func() { m["a"] = 1 })
		var e runtime.Error
		require.ErrorAs(t, f.Call(t.Context()), &e)
	})
}

func TestSingletonsThatPanic(t *testing.T) {
	in := level(t, singleton(func() *db { panic("no network") }))
	a := assemble(t, in)
	_, err := a.Func(in, func(*db) {})
	require.NoError(t, err)
	require.ErrorContains(t, a.Start(t.Context()), "panic: no network")
}

// Stop tells every error, and closes the others all the same.
func TestStopJoinsErrors(t *testing.T) {
	j := &journal{}
	one, two := errors.New("one"), errors.New("two")
	in := level(t,
		singleton(func() (config, func(error) error) { return config{}, func(error) error { return one } }),
		singleton(func(config) (*db, func()) { return nil, func() { j.add("db") } }),
		singleton(func(*db) (*tx, func(context.Context, error) error) {
			return nil, func(ctx context.Context, err error) error {
				assert.NoError(t, err)
				assert.Equal(t, "stopping", ctx.Value(stopping{}))
				return two
			}
		}),
		singleton(func(*tx) *closer { return nil })) // typed nil: nothing to close
	a := assemble(t, in)
	_, err := a.Func(in, func(*closer) {})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	err = a.Stop(context.WithValue(t.Context(), stopping{}, "stopping"))
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
	assert.ErrorContains(t, err, "closing *inject_test.tx: two\nclosing inject_test.config: one")
	assert.Equal(t, []string{"db"}, j.lines)
	assert.NoError(t, a.Stop(t.Context()), "stopping again does nothing")
}

type stopping struct{}

// A panic while stopping must not leave the other Singletons open.
func TestStopSurvivesPanics(t *testing.T) {
	j := &journal{}
	in := level(t,
		singleton(func() (config, func()) { return config{}, func() { j.add("config") } }),
		singleton(func(config) (*db, func()) { return nil, func() { panic("db") } }),
		singleton(func(*db) panickingCloser { return panickingCloser{} }))
	a := assemble(t, in)
	_, err := a.Func(in, func(panickingCloser) {})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	err = a.Stop(t.Context())
	assert.ErrorContains(t, err, "panic: db")
	assert.ErrorContains(t, err, "panic: closer")
	assert.Equal(t, []string{"config"}, j.lines)
}

type panickingCloser struct{}

func (panickingCloser) Close() error { panic("closer") }
