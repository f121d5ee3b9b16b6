package main

import (
	"reflect"

	"github.com/flamego/flamego/inject"
)

// flamegoInject is the injector of flamego by itself: a child of the
// application's for each call, as flamego makes one for each request. It has no
// providers; what a request needs is mapped by middleware that ran before,
// which is invoked in the same way.
type flamegoInject struct{}

func (flamegoInject) name() string         { return "flamego/inject" }
func (flamegoInject) absent(string) string { return "" }

func (flamegoInject) injectValues(fn any, values []any) (op, error) {
	in := inject.New()
	in.Map(values...)
	return func(n int) {
		for range n {
			keep(answerOf(in.Invoke(fn)))
		}
	}, nil
}

func (flamegoInject) injectProviders(end any, providers []any) (op, error) {
	app := inject.New()
	call := func() (*answer, error) {
		in := inject.New()
		in.SetParent(app)
		for _, p := range providers {
			out, err := in.Invoke(p)
			if err != nil {
				return nil, err
			}
			if !out[1].IsNil() {
				return nil, out[1].Interface().(error)
			}
			in.Map(out[0].Interface())
		}
		return answerOf(in.Invoke(end))
	}
	return func(n int) {
		for range n {
			keep(call())
		}
	}, nil
}

// answerOf takes the answer out of what an injector returns.
func answerOf(out []reflect.Value, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	if !out[1].IsNil() {
		return nil, out[1].Interface().(error)
	}
	return out[0].Interface().(*answer), nil
}
