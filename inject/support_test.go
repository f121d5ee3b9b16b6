package inject_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type any2 = reflect.Value

// valueOf is v as a reflect.Value of type T, which may be an interface.
func valueOf[T any](v T) reflect.Value { return reflect.ValueOf(&v).Elem() }

func handler(fn any) *inject.Function {
	return inject.NewFunction(reflect.ValueOf(fn), inject.RoleHandler)
}

func guard(fn any) *inject.Function {
	return inject.NewFunction(reflect.ValueOf(fn), inject.RoleGuard)
}

func runtimeGoexit() { runtime.Goexit() }

// level is a new level with the constructors of one lifetime after another.
func level(t *testing.T, providers ...provided) *inject.Injector {
	t.Helper()
	in := inject.New()
	add(t, in, providers...)
	return in
}

func add(t *testing.T, in *inject.Injector, providers ...provided) {
	t.Helper()
	for _, p := range providers {
		require.NoError(t, in.Provide(p.lifetime, p.constructor))
	}
}

// provided is one registration.
type provided struct {
	lifetime    inject.Lifetime
	constructor any
}

func singleton(fn any) provided     { return provided{inject.Singleton, fn} }
func perConnection(fn any) provided { return provided{inject.PerConnection, fn} }
func perCall(fn any) provided       { return provided{inject.PerCall, fn} }

// assemble assembles a level without options.
func assemble(t *testing.T, in *inject.Injector) *inject.Assembly {
	t.Helper()
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	return a
}

// program compiles a spec that must be right, and starts its Singletons.
func program(t *testing.T, a *inject.Assembly, spec inject.Spec) *inject.Program {
	t.Helper()
	p, err := a.Compile(spec)
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, a.Stop(t.Context())) })
	return p
}

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

var lineNumbers = regexp.MustCompile(`(_test\.go:)\d+`)

// golden compares a text with testdata/<name of the test>.golden. The numbers of
// lines in test files are left out of it; TestProblemTellsPositions holds those.
func golden(t *testing.T, got string) {
	t.Helper()
	got = lineNumbers.ReplaceAllString(got, "${1}#") + "\n"
	file := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the tests with -update to write it")
	assert.Equal(t, string(want), got)
}
