package main

import (
	"context"
	"errors"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
)

// fogoRun is a compiled plan, run as package endpoint does: for a request on a
// run that a pooled view keeps, for a message on one from the plan's pool.
type fogoRun struct{ pooled bool }

func (f fogoRun) name() string {
	if f.pooled {
		return "fogo run, pooled"
	}
	return "fogo run"
}

func (fogoRun) absent(string) string { return "" }

func (f fogoRun) injectValues(fn any, values []any) (op, error) {
	in, err := injectorOf(values, nil)
	if err != nil {
		return nil, err
	}
	return f.op(in, fn)
}

func (f fogoRun) injectProviders(end any, providers []any) (op, error) {
	in, err := injectorOf(nil, providers)
	if err != nil {
		return nil, err
	}
	return f.op(in, end)
}

func (f fogoRun) op(in *inject.Injector, fn any) (op, error) {
	asm, err := inject.Assemble(in, inject.Options{})
	if err != nil {
		return nil, err
	}
	program, err := asm.Compile(inject.Spec{Level: in, Calls: []inject.Call{{
		Handler: inject.NewFunction(reflect.ValueOf(fn), inject.RoleHandler),
	}}})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := asm.Start(ctx); err != nil {
		return nil, err
	}
	plan := program.Plan(0)
	if f.pooled {
		return func(n int) {
			for range n {
				callOnce(plan.Begin(ctx, nil, nil))
			}
		}, nil
	}
	run := plan.NewRun()
	return func(n int) {
		for range n {
			run.Begin(ctx, nil, nil)
			callOnce(run)
		}
	}, nil
}

// callOnce makes the call that was begun.
func callOnce(run *inject.Run) {
	err := run.Finish(run.Do())
	keep(*frame.At[*answer](run.Result(0)), err)
	run.End()
}

// fogoFunc is a function with injected parameters outside any route.
type fogoFunc struct{}

func (fogoFunc) name() string         { return "fogo Func.Call" }
func (fogoFunc) absent(string) string { return "" }

func (f fogoFunc) injectValues(fn any, values []any) (op, error) {
	in, err := injectorOf(values, nil)
	if err != nil {
		return nil, err
	}
	return f.op(in, fn)
}

func (f fogoFunc) injectProviders(end any, providers []any) (op, error) {
	in, err := injectorOf(nil, providers)
	if err != nil {
		return nil, err
	}
	return f.op(in, end)
}

func (fogoFunc) op(in *inject.Injector, fn any) (op, error) {
	asm, err := inject.Assemble(in, inject.Options{})
	if err != nil {
		return nil, err
	}
	f, err := asm.Func(in, fn)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := asm.Start(ctx); err != nil {
		return nil, err
	}
	var out *answer
	return func(n int) {
		for range n {
			err := f.Call(ctx, &out)
			keep(out, err)
		}
	}, nil
}

func injectorOf(values, providers []any) (*inject.Injector, error) {
	in := inject.New()
	var errs []error
	for _, v := range values {
		errs = append(errs, in.Value(v))
	}
	for _, p := range providers {
		errs = append(errs, in.Provide(inject.PerCall, p))
	}
	return in, errors.Join(errs...)
}

// fogoStep is the step of a plan that calls the function, on a frame whose
// arguments are there already. It is no way to use Fogo, but shows what the
// call by itself costs.
type fogoStep struct{}

func (fogoStep) name() string         { return "fogo call step" }
func (fogoStep) absent(string) string { return "" }

func (fogoStep) injectValues(fn any, values []any) (op, error) {
	var b frame.Builder
	in := make([]int, len(values))
	for i, v := range values {
		in[i] = b.Add(reflect.TypeOf(v))
	}
	out := []int{b.Add(reflect.TypeFor[*answer]()), b.Add(reflect.TypeFor[error]())}
	site := b.AddCall(reflect.ValueOf(fn), in, out)
	l := b.Build()
	call, f := l.Call(site), l.New()
	for i, v := range values {
		rv := reflect.ValueOf(v)
		f.At(l.Offset(in[i])).Value(rv.Type()).Set(rv)
	}
	result, failure := l.Offset(out[0]), l.Offset(out[1])
	return func(n int) {
		for range n {
			call.Run(f)
			keep(*frame.At[*answer](f.At(result)), *frame.At[error](f.At(failure)))
		}
	}, nil
}
