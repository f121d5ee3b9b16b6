package inject

import (
	"context"
	"fmt"
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
)

// Func is a function whose parameters are injected, for use outside any route:
// a job, a command, a test. It is safe for concurrent use.
type Func struct {
	plan    *Plan
	typ     reflect.Type
	results []target
}

// target is where a result can be stored: behind a pointer of that type.
type target struct {
	pointer reflect.Type
	mover   frame.Mover
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
	f := &Func{plan: p.Plan(0), typ: v.Type()}
	for i := range f.typ.NumOut() {
		out := f.typ.Out(i)
		f.results = append(f.results, target{reflect.PointerTo(out), frame.MoverOf(out)})
	}
	return f, nil
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
		if i >= len(f.results) || reflect.TypeOf(to) != f.results[i].pointer {
			return fmt.Errorf("inject: result %d of %s cannot be stored in a %T", i, f.typ, to)
		}
		at := frame.RefTo(reflect.ValueOf(to))
		if at.IsNil() {
			return fmt.Errorf("inject: result %d of %s cannot be stored in a nil %T", i, f.typ, to)
		}
		f.results[i].mover.Move(at, r.Result(i))
	}
	return nil
}
