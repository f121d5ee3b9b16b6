package inject

import (
	"context"
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
)

// provider is one registered constructor or value.
type provider struct {
	typ      reflect.Type // what it provides
	lifetime Lifetime
	level    *Injector
	fn       *Function     // nil for values
	value    reflect.Value // for values
	shape    shape
}

// shape says what a constructor returns beside its value.
type shape struct {
	cleanup cleanup
	err     bool
}

// cleanup is the kind of the clean-up that a constructor returns.
type cleanup uint8

const (
	noCleanup       cleanup = iota
	release                 // func()
	releaseContext          // func(context.Context)
	finisher                // func(error) error
	finisherContext         // func(context.Context, error) error
)

var (
	errorType   = reflect.TypeFor[error]()
	contextType = reflect.TypeFor[context.Context]()
)

var cleanups = [...]struct {
	typ  reflect.Type
	kind cleanup
}{
	{reflect.TypeFor[func()](), release},
	{reflect.TypeFor[func(context.Context)](), releaseContext},
	{reflect.TypeFor[func(error) error](), finisher},
	{reflect.TypeFor[func(context.Context, error) error](), finisherContext},
}

func cleanupOf(t reflect.Type) cleanup {
	for _, c := range cleanups {
		if t == c.typ {
			return c.kind
		}
	}
	return noCleanup
}

const acceptedShapes = "accepted are func(deps…) T, (T, error), (T, func(), error), (T, func(error) error, error), and the last two without the error; " +
	"the functions may take a context.Context first"

// newProvider analyses a constructor.
func newProvider(lt Lifetime, constructor any) (*provider, error) {
	if lt < Singleton || lt > PerCall {
		return nil, faultf("Lifetime(%d) is not a lifetime; write inject.Singleton, inject.PerConnection or inject.PerCall", uint8(lt))
	}
	if err := CheckFunction(constructor); err != nil {
		return nil, err
	}
	fn := NewFunction(reflect.ValueOf(constructor), RoleProvider)
	fn.Lifetime = lt
	s, err := shapeOf(fn)
	if err != nil {
		return nil, err
	}
	return &provider{typ: fn.Type().Out(0), lifetime: lt, fn: fn, shape: s}, nil
}

func shapeOf(fn *Function) (shape, error) {
	t := fn.Type()
	var s shape
	rest := t.NumOut() - 1
	if rest < 0 || t.Out(0) == errorType {
		return s, faultf("provider %s returns no value; %s", fn, acceptedShapes)
	}
	if rest > 0 && t.Out(rest) == errorType {
		s.err = true
		rest--
	}
	if rest == 1 {
		s.cleanup = cleanupOf(t.Out(1))
	}
	if rest > 1 || rest == 1 && s.cleanup == noCleanup {
		return s, faultf("provider %s has the results %s; %s", fn, resultsOf(t), acceptedShapes)
	}
	return s, nil
}

func resultsOf(t reflect.Type) string {
	s := "("
	for i := range t.NumOut() {
		if i > 0 {
			s += ", "
		}
		s += t.Out(i).String()
	}
	return s + ")"
}

// String describes the provider for tables and messages.
func (p *provider) String() string {
	if p.fn == nil {
		return "a value of type " + p.typ.String()
	}
	return p.fn.String()
}

// identity tells one constructor from another, for the check that none is
// registered twice.
func (p *provider) identity() uintptr {
	if p.fn == nil {
		return 0
	}
	return frame.Identity(p.fn.fn)
}
