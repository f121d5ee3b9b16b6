package main

import "reflect"

// reflectPlan is the best that can be done with reflect.Value.Call: which
// value goes where is found out beforehand, and the slices of arguments are
// used again.
type reflectPlan struct{}

func (reflectPlan) name() string         { return "reflect.Value.Call, planned" }
func (reflectPlan) absent(string) string { return "" }

// reflectStep calls a function and gives its first result to the arguments of
// later ones.
type reflectStep struct {
	fn reflect.Value
	in []reflect.Value
	to []*reflect.Value
}

func (reflectPlan) injectValues(fn any, values []any) (op, error) {
	var in []reflect.Value
	for _, v := range values {
		in = append(in, reflect.ValueOf(v))
	}
	return reflectOp([]*reflectStep{{fn: reflect.ValueOf(fn), in: in}}), nil
}

func (reflectPlan) injectProviders(end any, providers []any) (op, error) {
	makers := map[reflect.Type]*reflectStep{}
	var steps []*reflectStep
	for _, fn := range append(append([]any(nil), providers...), end) {
		s := &reflectStep{fn: reflect.ValueOf(fn)}
		t := s.fn.Type()
		s.in = make([]reflect.Value, t.NumIn())
		for i := range s.in {
			from := makers[t.In(i)]
			from.to = append(from.to, &s.in[i])
		}
		makers[t.Out(0)] = s
		steps = append(steps, s)
	}
	return reflectOp(steps), nil
}

func reflectOp(steps []*reflectStep) op {
	return func(n int) {
		for range n {
			keep(runReflect(steps))
		}
	}
}

func runReflect(steps []*reflectStep) (*answer, error) {
	for i, s := range steps {
		out := s.fn.Call(s.in)
		if !out[1].IsNil() {
			return nil, out[1].Interface().(error)
		}
		for _, to := range s.to {
			*to = out[0]
		}
		if i == len(steps)-1 {
			return out[0].Interface().(*answer), nil
		}
	}
	return nil, nil
}
