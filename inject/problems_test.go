package inject_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// route is a program with one handler.
func route(in *inject.Injector, title string, fn any) inject.Spec {
	return inject.Spec{Route: title, Level: in, Calls: []inject.Call{{Handler: handler(fn)}}}
}

// problem compiles a spec that must be wrong and returns the text.
func problem(t *testing.T, in *inject.Injector, spec inject.Spec) string {
	t.Helper()
	_, err := assemble(t, in).Compile(spec)
	require.Error(t, err)
	return err.Error()
}

func TestMissingProvider(t *testing.T) {
	for _, tt := range []struct {
		name      string
		providers []provided
		handler   any
	}{
		{"nothing is provided", nil, handleNothing},
		{"others are provided", []provided{singleton(newConfig), singleton(newDB)}, handleNothing},
		{"a pointer is provided", []provided{singleton(newConfig), singleton(newDB)}, handleDBValue},
		{"a value is provided", []provided{singleton(newConfig)}, handleConfigPointer},
		{"an implementor is provided", []provided{singleton(newConfig), singleton(newDB)}, handleStore},
		{"a provider misses its own", []provided{perCall(newTx)}, handleTx},
		{"two levels down", []provided{perCall(newCart), perCall(newSession), singleton(newDB)}, handleCart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := level(t, tt.providers...)
			golden(t, problem(t, in, route(in, "GET /x", tt.handler)))
		})
	}
	t.Run("many are provided", func(t *testing.T) {
		in := level(t, singleton(newConfig), singleton(newDB), perCall(newTx), perCall(newUser), perCall(newSession),
			perCall(newCart), perCall(storeOfDB), perCall(newBox[int]), perCall(newBox[string]), perCall(newBox[bool]))
		golden(t, problem(t, in, route(in, "GET /x", handleNothing)))
	})
	t.Run("on another level", func(t *testing.T) {
		in := inject.New()
		add(t, in.Child(), perCall(newUser))
		golden(t, problem(t, in, route(in, "GET /x", handleUser)))
	})
	t.Run("without a route", func(t *testing.T) {
		in := inject.New()
		golden(t, problem(t, in, route(in, "", handleTx)))
	})
	t.Run("guard and handler", func(t *testing.T) {
		in := inject.New()
		spec := route(in, "GET /x", handleTx)
		spec.Calls[0].Guards = []*inject.Function{guard(guardRing)}
		golden(t, problem(t, in, spec))
	})
}

func TestCycles(t *testing.T) {
	for _, tt := range []struct {
		name      string
		providers []provided
		handler   any
	}{
		{"one needs itself", []provided{perCall(newLonely)}, func(*lonely) {}},
		{"two", []provided{perCall(newRing1), perCall(ring2OfRing1)}, handleRing},
		{"three", []provided{perCall(newRing1), perCall(newRing2), perCall(newRing3)}, handleRing},
		{"three entered twice", []provided{perCall(newRing1), perCall(newRing2), perCall(newRing3)}, handleRings},
		{"through Singletons", []provided{singleton(newRing1), singleton(newRing2), singleton(newRing3)}, handleRing},
		{"two of them", []provided{perCall(newRing1), perCall(ring2OfRing1), perCall(newLonely)}, func(*lonely, *ring1) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := level(t, tt.providers...)
			golden(t, problem(t, in, route(in, "GET /x", tt.handler)))
		})
	}
}

// A cycle is one problem, whichever route comes upon it first and wherever it
// enters.
func TestCycleIsReportedOnce(t *testing.T) {
	in := level(t, singleton(newRing1), singleton(newRing2), singleton(newRing3))
	a := assemble(t, in)
	_, err := a.Compile(route(in, "GET /1", handleRing))
	require.Len(t, inject.Problems(err), 1)
	_, err = a.Compile(route(in, "GET /2", handleRing))
	require.Equal(t, inject.ErrReported, err)
	_, err = a.Compile(route(in, "GET /3", func(*ring2) {}))
	require.Equal(t, inject.ErrReported, err, "entered at another provider it is the same cycle")
}

// Providers outlived by what they are needed for, for every pair of lifetimes.
func TestCaptiveDependencies(t *testing.T) {
	all := []inject.Lifetime{inject.Singleton, inject.PerConnection, inject.PerCall}
	for _, wide := range all {
		for _, narrow := range all {
			t.Run(fmt.Sprintf("%s needs %s", wide, narrow), func(t *testing.T) {
				in := level(t, provided{narrow, newUser}, provided{wide, configOfUser}, perCall(func(config) *db { return nil }))
				_, err := assemble(t, in).Compile(route(in, "GET /x", func(*db) {}))
				if wide >= narrow {
					require.NoError(t, err)
					return
				}
				require.Len(t, inject.Problems(err), 1)
				golden(t, strings.NewReplacer("func1", "func#").Replace(err.Error()))
			})
		}
	}
	t.Run("below a chain", func(t *testing.T) {
		in := level(t, perCall(newUser), perConnection(sessionOfUser), perCall(newCart))
		golden(t, problem(t, in, route(in, "WEBSOCKET /x", handleCart)))
	})
}

// A provider's problem belongs to the provider: of many routes that need it the
// first one tells.
func TestSharedProblemIsReportedOnce(t *testing.T) {
	in := level(t, singleton(newDB), perCall(newTx))
	a := assemble(t, in)
	_, err := a.Compile(route(in, "GET /1", handleTx))
	require.Len(t, inject.Problems(err), 1)
	assert.Equal(t, "GET /1", inject.Problems(err)[0].Route)

	for range 3 {
		p, err := a.Compile(route(in, "GET /2", handleTx))
		assert.Nil(t, p)
		require.Equal(t, inject.ErrReported, err)
	}
	_, err = a.Compile(route(in, "GET /3", func(*tx, net1) {}))
	require.Len(t, inject.Problems(err), 1, "a problem of its own is told all the same")
	assert.Contains(t, err.Error(), "net1")

	_, err = a.Compile(route(in, "GET /4", func() {}))
	assert.NoError(t, err, "a route that needs none of it is well")
}

// leased is a PerCall resource with a clean-up: the thing that a stream would
// hold for long.
func TestHold(t *testing.T) {
	stream := func(in *inject.Injector, fn any) inject.Spec {
		spec := route(in, "GET /feed", fn)
		spec.Calls[0].Stream, spec.Calls[0].StreamWhy = true, "the handler returns a stream"
		return spec
	}
	t.Run("is needed", func(t *testing.T) {
		in := level(t, singleton(newConfig), singleton(newDB), perCall(beginTx))
		golden(t, problem(t, in, stream(in, handleTx)))
	})
	t.Run("is needed below a provider and for two", func(t *testing.T) {
		in := level(t, singleton(newConfig), singleton(newDB), perCall(beginTx), perCall(leasedUser),
			perCall(func(*tx) *session { return nil }), perCall(newCart))
		golden(t, problem(t, in, stream(in, func(*cart, user) {})))
	})
	t.Run("is needed for a guard's", func(t *testing.T) {
		in := level(t, perCall(leasedUser))
		spec := stream(in, func() {})
		spec.Calls[0].Guards = []*inject.Function{guard(func(user) error { return nil })}
		assert.Contains(t, problem(t, in, spec), "inject_test.leasedUser")
	})
	ok := func(name string, spec func(*inject.Injector) inject.Spec, providers ...provided) {
		t.Run(name, func(t *testing.T) {
			in := level(t, providers...)
			_, err := assemble(t, in).Compile(spec(in))
			assert.NoError(t, err)
		})
	}
	ok("is said", func(in *inject.Injector) inject.Spec {
		spec := stream(in, handleUser)
		spec.Hold = true
		return spec
	}, perCall(leasedUser))
	ok("is not needed by what does not stream", func(in *inject.Injector) inject.Spec {
		return route(in, "GET /x", handleUser)
	}, perCall(leasedUser))
	ok("is not needed for PerConnection", func(in *inject.Injector) inject.Spec {
		return stream(in, handleUser)
	}, perConnection(leasedUser))
	ok("is not needed for Singletons", func(in *inject.Injector) inject.Spec {
		return stream(in, handleUser)
	}, singleton(leasedUser))
	ok("is not needed without a clean-up", func(in *inject.Injector) inject.Spec {
		return stream(in, handleUser)
	}, perCall(newUser))
}

func TestProblemTellsPositions(t *testing.T) {
	in := level(t, perCall(newTx))
	_, err := assemble(t, in).Compile(route(in, "GET /x", handleTx))
	var p *inject.Problem
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "GET /x", p.Route)
	assert.Regexp(t, `^inject_test\.newTx \(constructors_test\.go:\d+\)$`, p.Func)
	assert.NotContains(t, p.Func, ":0)")
	assert.Equal(t, []inject.Row{{Index: "1", Type: "*inject_test.db", Source: "???"}}, p.Rows)
	require.Len(t, p.Faults, 1)
}

func TestProblems(t *testing.T) {
	a, b := &inject.Problem{Func: "a"}, &inject.Problem{Func: "b"}
	assert.Nil(t, inject.Problems(nil))
	assert.Nil(t, inject.Problems(errors.New("other")))
	assert.Equal(t, []*inject.Problem{a}, inject.Problems(fmt.Errorf("build: %w", a)))
	nested := errors.Join(a, errors.New("other"), errors.Join(b))
	assert.Equal(t, []*inject.Problem{a, b}, inject.Problems(nested))
	assert.Equal(t, []*inject.Problem{a, b}, inject.Problems(fmt.Errorf("build: %w", nested)), "also inside a wrapped join")
}

func TestUnusedProviders(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB), perCall(newUser))
	a := assemble(t, in)
	_, err := a.Compile(route(in, "GET /x", func(config) {}))
	require.NoError(t, err)
	golden(t, strings.Join(a.Unused(), "\n"))
}
