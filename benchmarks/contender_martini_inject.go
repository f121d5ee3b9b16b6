package main

import "github.com/codegangsta/inject"

// martiniInject is codegangsta/inject, the injector of martini and the parent
// of those of macaron and flamego, used as in contender_flamego_inject.go.
type martiniInject struct{}

func (martiniInject) name() string         { return "martini/inject" }
func (martiniInject) absent(string) string { return "" }

func (martiniInject) injectValues(fn any, values []any) (op, error) {
	in := inject.New()
	for _, v := range values {
		in.Map(v)
	}
	return func(n int) {
		for range n {
			keep(answerOf(in.Invoke(fn)))
		}
	}, nil
}

func (martiniInject) injectProviders(end any, providers []any) (op, error) {
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
