package inject_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func variadicDB(...config) *db                      { return nil }
func noResult()                                     {}
func errorOnly() error                              { return nil }
func twoErrors() (*db, error, error)                { return nil, nil, nil }
func errorInFront() (error, *db)                    { return nil, nil }
func errorBeforeCleanup() (*db, error, func())      { return nil, nil, nil }
func twoValues() (*db, *tx)                         { return nil, nil }
func twoValuesAndError() (*db, *tx, error)          { return nil, nil, nil }
func twoCleanups() (*db, func(), func(error) error) { return nil, nil, nil }
func cleanupWithError() (*db, func() error)         { return nil, nil }
func cleanupWithArgument() (*db, func(int))         { return nil, nil }
func closerBeside() (*db, io.Closer)                { return nil, nil }
func makesInt() int                                 { return 1 }
func makesString() (string, error)                  { return "", nil }
func makesAny() any                                 { return nil }
func makesContext() context.Context                 { return nil }
func makesLogger() *slog.Logger                     { return nil }
func makesEmptyInterface() empty                    { return nil }

type empty interface{}

// TestRejectedConstructors has a row for each way in which a registration can
// be wrong by itself. Each text names what was given and what is accepted.
func TestRejectedConstructors(t *testing.T) {
	var nilFunc func() *db
	for _, tt := range []struct {
		name        string
		lifetime    inject.Lifetime
		constructor any
	}{
		{"no lifetime", 0, newConfig},
		{"lifetime out of range", 9, newConfig},
		{"nil", inject.PerCall, nil},
		{"nil function", inject.PerCall, nilFunc},
		{"not a function", inject.PerCall, &db{}},
		{"variadic", inject.PerCall, variadicDB},
		{"no result", inject.PerCall, noResult},
		{"error only", inject.PerCall, errorOnly},
		{"error in front", inject.PerCall, errorInFront},
		{"two errors", inject.PerCall, twoErrors},
		{"error before cleanup", inject.PerCall, errorBeforeCleanup},
		{"two values", inject.PerCall, twoValues},
		{"two values and error", inject.PerCall, twoValuesAndError},
		{"two cleanups", inject.PerCall, twoCleanups},
		{"cleanup with error", inject.PerCall, cleanupWithError},
		{"cleanup with argument", inject.PerCall, cleanupWithArgument},
		{"closer beside", inject.PerCall, closerBeside},
		{"predeclared int", inject.PerCall, makesInt},
		{"predeclared string", inject.Singleton, makesString},
		{"any", inject.Singleton, makesAny},
		{"empty interface", inject.Singleton, makesEmptyInterface},
		{"context", inject.PerCall, makesContext},
		{"logger", inject.Singleton, makesLogger},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inject.New()
			err := in.Provide(tt.lifetime, tt.constructor)
			require.Error(t, err)
			require.ErrorAs(t, err, new(*inject.Fault))
			golden(t, err.Error())

			require.NoError(t, in.Provide(inject.PerCall, newDB), "what was refused leaves nothing behind")
		})
	}
}

func TestRejectedValues(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
	}{
		{"nil", nil},
		{"predeclared", 42},
		{"predeclared bool", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := inject.New().Value(tt.value)
			require.Error(t, err)
			golden(t, err.Error())
		})
	}
	t.Run("context", func(t *testing.T) {
		golden(t, inject.ValueOf(inject.New(), t.Context()).Error())
	})
	t.Run("any", func(t *testing.T) {
		golden(t, inject.ValueOf[any](inject.New(), 1).Error())
	})
}

func TestAcceptedShapes(t *testing.T) {
	for name, fn := range map[string]any{
		"value":                 func() config { return config{} },
		"interface":             func() store { return nil },
		"with error":            func() (config, error) { return config{}, nil },
		"release":               func() (config, func()) { return config{}, nil },
		"release and error":     func() (config, func(), error) { return config{}, nil, nil },
		"release with context":  func() (config, func(context.Context)) { return config{}, nil },
		"finisher":              func() (config, func(error) error) { return config{}, nil },
		"finisher and error":    func() (config, func(error) error, error) { return config{}, nil, nil },
		"finisher with context": func() (config, func(context.Context, error) error) { return config{}, nil },
		"unnamed slice":         func() []config { return nil },
		"function value":        func() func() string { return nil },
	} {
		for _, lt := range []inject.Lifetime{inject.Singleton, inject.PerConnection, inject.PerCall} {
			assert.NoError(t, inject.New().Provide(lt, fn), "%s %s", lt, name)
		}
	}
}

// Two providers of one type are an error that names both, wherever the second
// comes from.
func TestTwoProvidersOfOneType(t *testing.T) {
	t.Run("constructors", func(t *testing.T) {
		in := level(t, singleton(newDB))
		golden(t, in.Provide(inject.PerCall, openDB).Error())
	})
	t.Run("constructor and value", func(t *testing.T) {
		in := level(t, singleton(newDB))
		golden(t, in.Value(&db{}).Error())
	})
	t.Run("values", func(t *testing.T) {
		in := inject.New()
		require.NoError(t, in.Value(config{"a"}))
		golden(t, in.Value(config{"b"}).Error())
	})
	t.Run("an inner level may override", func(t *testing.T) {
		in := level(t, singleton(newDB))
		assert.NoError(t, in.Child().Provide(inject.PerCall, openDB))
	})
	t.Run("siblings may differ", func(t *testing.T) {
		in := inject.New()
		assert.NoError(t, in.Child().Provide(inject.PerCall, openDB))
		assert.NoError(t, in.Child().Provide(inject.PerCall, newDB))
	})
}

// One constructor registered twice would make two values where one was meant.
func TestOneConstructorTwice(t *testing.T) {
	t.Run("inner after outer", func(t *testing.T) {
		in := level(t, singleton(newDB))
		golden(t, in.Child().Provide(inject.PerCall, newDB).Error())
	})
	t.Run("outer after inner", func(t *testing.T) {
		in := inject.New()
		add(t, in.Child(), perCall(newDB))
		golden(t, in.Provide(inject.PerCall, newDB).Error())
	})
	t.Run("siblings", func(t *testing.T) {
		in := inject.New()
		add(t, in.Child(), perCall(newDB))
		golden(t, in.Child().Provide(inject.PerCall, newDB).Error())
	})
	t.Run("closures of one literal differ", func(t *testing.T) {
		named := func(name string) func() config { return func() config { return config{name} } }
		in := inject.New()
		add(t, in, perCall(named("outer")))
		child := in.Child()
		add(t, child, perCall(named("inner")))
		var outer, inner string
		show := func(c config) string { return c.name }
		a := assemble(t, in)
		f, err := a.Func(in, show)
		require.NoError(t, err)
		g, err := a.Func(child, show)
		require.NoError(t, err)
		require.NoError(t, f.Call(t.Context(), &outer))
		require.NoError(t, g.Call(t.Context(), &inner))
		assert.Equal(t, []string{"outer", "inner"}, []string{outer, inner})
	})
	t.Run("instances of a generic function differ", func(t *testing.T) {
		add(t, inject.New(), perCall(newBox[int]), perCall(newBox[string]))
	})
}

type box[T any] struct{ v T }

func newBox[T any]() box[T] { return box[T]{} }

func TestRejectHoldsForInnerLevels(t *testing.T) {
	in := inject.New()
	in.Reject(func(t reflect.Type) string {
		if t == reflect.TypeFor[user]() {
			return "users come from requests"
		}
		return ""
	})
	for _, l := range []*inject.Injector{in, in.Child(), in.Child().Child()} {
		require.ErrorContains(t, l.Provide(inject.PerCall, newUser), "users come from requests")
		require.ErrorContains(t, l.Value(user("u")), "users come from requests")
	}
}

func TestRegistrationAfterAssemble(t *testing.T) {
	in := inject.New()
	child := in.Child()
	assemble(t, in)
	t.Run("constructor", func(t *testing.T) { golden(t, in.Provide(inject.PerCall, newUser).Error()) })
	t.Run("inner level", func(t *testing.T) { golden(t, child.Provide(inject.PerCall, newUser).Error()) })
	t.Run("value", func(t *testing.T) { golden(t, in.Value(config{}).Error()) })
	t.Run("level made later", func(t *testing.T) { golden(t, in.Child().Provide(inject.PerCall, newUser).Error()) })
}

func TestReplacements(t *testing.T) {
	in := inject.New()
	add(t, in, singleton(newConfig))
	inner := in.Child()
	add(t, inner, perCall(configOfUser))
	t.Run("hold on every level", func(t *testing.T) {
		a, err := inject.Assemble(in, inject.Options{Replace: []reflect.Value{valueOf(config{"fake"})}})
		require.NoError(t, err)
		for _, l := range []*inject.Injector{in, inner} {
			f, err := a.Func(l, func(c config) string { return c.name })
			require.NoError(t, err)
			var got string
			require.NoError(t, f.Call(t.Context(), &got))
			assert.Equal(t, "fake", got)
		}
		assert.Empty(t, a.Unused(), "what was replaced is not unused")
	})
	t.Run("of nothing", func(t *testing.T) {
		_, err := inject.Assemble(in, inject.Options{Replace: []reflect.Value{valueOf(&db{}), valueOf(user("u"))}})
		golden(t, err.Error())
	})
}

func TestFunctionsThatCannotBeCalled(t *testing.T) {
	a := assemble(t, inject.New())
	for _, fn := range []any{nil, 3, (func())(nil), func(...string) {}} {
		_, err := a.Func(inject.New(), fn)
		assert.ErrorAs(t, err, new(*inject.Fault), "%T", fn)
	}
}

func TestStoringResults(t *testing.T) {
	a := assemble(t, inject.New())
	failed := errors.New("failed")
	f, err := a.Func(inject.New(), func() (string, int, error) { return "s", 7, nil })
	require.NoError(t, err)
	var s string
	var n int
	require.NoError(t, f.Call(t.Context(), nil, &n), "nil skips one")
	assert.Equal(t, 7, n)
	require.NoError(t, f.Call(t.Context(), &s, nil, nil))
	assert.Equal(t, "s", s)
	require.ErrorContains(t, f.Call(t.Context(), &n), "result 0 of func() (string, int, error) cannot be stored in a *int")
	require.ErrorContains(t, f.Call(t.Context(), (*string)(nil)), "cannot be stored in a nil *string")
	require.ErrorContains(t, f.Call(t.Context(), &s, &n, nil, &s), "result 3")
	require.Error(t, f.Call(t.Context(), s), "a value is no place to store")

	f, err = a.Func(inject.New(), func() (string, error) { return "lost", failed })
	require.NoError(t, err)
	s = "kept"
	require.Equal(t, failed, f.Call(t.Context(), &s))
	assert.Equal(t, "kept", s, "a function that failed stores nothing")
}
