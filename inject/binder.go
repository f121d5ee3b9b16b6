package inject

import (
	"log/slog"
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
)

var loggerType = reflect.TypeFor[*slog.Logger]()

// Binder says where the parameters of functions come from. It is how the
// packages around inject add sources: package resolve binds path variables,
// bodies and messages. It can be implemented in this module only, for a
// binding reaches into the memory of a call; users add sources with providers
// and with types that extract themselves.
//
// A binder serves one route. All its methods but Check run at build time.
type Binder interface {
	// Bind returns one Binding for each of f.Params(), and the faults found.
	// It may be asked more than once for one function, first to find out
	// what the function needs; the last answer counts.
	Bind(f *Function, see View) ([]Binding, []string)
	// BindReceiver binds the receiver of a function that has one.
	BindReceiver(f *Function, see View) (Binding, []string)
	// Reached is called between the first and the last Bind of every
	// function, with the functions that the route calls, and with those it
	// would call if no provider were overridden. uses lists what calling one
	// of them leads to, itself included.
	Reached(now, before []*Function, uses func(*Function) []*Function)
	// Done is called after the last Bind and returns the faults that concern
	// the route as a whole.
	Done() []string
	// Check is called per call, after the values of a function were filled
	// from their sources and before anything is made from them. Its error
	// ends the call.
	Check(r *Run) error
}

// View is what a Binder may ask about providers.
type View interface {
	// Provided describes the provider of exactly t, "" if there is none.
	Provided(t reflect.Type) string
	// Known lists the types that have providers, by name.
	Known() []reflect.Type
}

// Fill writes a value into the memory at, which has the type of the parameter
// or, for a Fresh binding, the type behind its pointer. A failure is recorded
// with the host of the call and reported by the binder's Check.
type Fill func(r *Run, at frame.Ref)

// Binding is where one parameter comes from.
type Binding struct {
	// Source is the column of that name in tables; "" means that there is
	// none, and a fault says why.
	Source string
	// Lifetime is the shortest-lived thing that the value is made from; 0 for
	// what is there at any time.
	Lifetime Lifetime
	// Fill writes the value, or the part of it that needs no component.
	Fill Fill
	// Parts are the components that the value holds, each at an offset. A
	// parameter that is a component is one part at offset 0.
	Parts []Part
	// Fresh is the type T of a parameter *T for which a new T is allocated;
	// Fill and Parts then write to the T.
	Fresh reflect.Type
	// Extract is the method (*T).Extract of a parameter T that extracts
	// itself, as a method expression.
	Extract *Function
	// Key makes bindings with equal keys share one value; nil shares nothing.
	Key any
	// Fields are rows of their own below the parameter's, for a class.
	Fields []Row
}

// Part is a component inside a parameter.
type Part struct {
	Type   reflect.Type
	Offset uintptr
}

// Ambient binds what inject itself knows: context.Context, *slog.Logger and
// components. It reports false for every other type.
func Ambient(f *Function, t reflect.Type, see View) (Binding, bool) {
	switch t {
	case contextType:
		return contextBinding(f), true
	case loggerType:
		return Binding{Source: "framework", Fill: fillLogger}, true
	}
	if by := see.Provided(t); by != "" {
		return Binding{Source: "provider " + by, Parts: []Part{{Type: t}}}, true
	}
	return Binding{}, false
}

// contextBinding gives the context of what lives as long as the function's
// value: a PerConnection provider must not keep the handshake's context, which
// ends when the handshake is answered.
func contextBinding(f *Function) Binding {
	b := Binding{Source: "framework", Fill: fillContext}
	if f.Lifetime == PerConnection {
		b.Fill = fillScopeContext
	}
	return b
}

func fillContext(r *Run, at frame.Ref) { *frame.At[contextValue](at) = r.Context() }

func fillScopeContext(r *Run, at frame.Ref) { *frame.At[contextValue](at) = r.scopeContext() }

func fillLogger(r *Run, at frame.Ref) { *frame.At[*slog.Logger](at) = r.Logger() }

// plain is the binder of functions outside any route: Singletons, and all of
// inject's own.
type plain struct{}

// Plain returns a Binder that knows contexts, loggers and components only.
func Plain() Binder { return plain{} }

func (plain) Bind(f *Function, see View) ([]Binding, []string) {
	var faults []string
	params := f.Params()
	bs := make([]Binding, len(params))
	for i, t := range params {
		b, ok := Ambient(f, t, see)
		if !ok {
			faults = append(faults, missing(i, t, see))
		}
		bs[i] = b
	}
	return bs, faults
}

func (plain) BindReceiver(f *Function, _ View) (Binding, []string) {
	return Binding{Source: "new", Fresh: f.Type().In(0).Elem()}, nil
}

func (plain) Reached(_, _ []*Function, _ func(*Function) []*Function) {}
func (plain) Done() []string                                          { return nil }
func (plain) Check(*Run) error                                        { return nil }
