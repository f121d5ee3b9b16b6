package inject

import (
	"context"
	"fmt"
	"reflect"
)

// Func is a function whose parameters are injected, for use outside any route:
// a job, a command, a test. It is safe for concurrent use.
type Func struct {
	plan *Plan
	typ  reflect.Type
}

// Func compiles a call of fn, which may take context.Context, *slog.Logger and
// everything that level provides. It must be called before Start, for Start
// makes the Singletons that fn needs.
func (a *Assembly) Func(level *Injector, fn any) (*Func, error) {
	if err := CheckFunction(fn); err != nil {
		return nil, err
	}
	v := reflect.ValueOf(fn)
	p, err := a.Compile(Spec{Level: level, Calls: []Call{{Handler: NewFunction(v, RoleHandler)}}})
	if err != nil {
		return nil, err
	}
	return &Func{plan: p.Plan(0), typ: v.Type()}, nil
}

// Call makes the parameters, calls the function, runs the finishers and the
// releases, and returns the error: a provider's, the function's own last
// result, or the one that a finisher put in its place. A panic comes back as a
// *Panic. The function's other results are stored in what results points to,
// in order; nil skips one.
func (f *Func) Call(ctx context.Context, results ...any) error {
	r := f.plan.Begin(ctx, nil, nil)
	defer r.End()
	err := r.Do()
	if err == nil {
		err = f.store(r, results)
	}
	return r.Finish(err)
}

func (f *Func) store(r *Run, results []any) error {
	for i, to := range results {
		if to == nil {
			continue
		}
		v := reflect.ValueOf(to)
		if i >= f.typ.NumOut() || v.Type() != reflect.PointerTo(f.typ.Out(i)) {
			return fmt.Errorf("inject: result %d of %s cannot be stored in a %s", i, f.typ, v.Type())
		}
		v.Elem().Set(r.Result(i).Value(f.typ.Out(i)))
	}
	return nil
}
