package frame

import "reflect"

// Call is a call of one function, its arguments and results in slots of one
// layout. It is the one place that invokes user functions: a faster way of
// calling takes the place of reflect.Value.Call here and nowhere else.
type Call struct {
	fn      reflect.Value
	id      int
	in, out []int
}

// operands are the argument and result slots of one call in one frame, as
// reflect sees them. They are made once for a frame and live as long as it.
type operands struct {
	in, out []reflect.Value
}

// AddCall adds a call of fn to the layout: slot in[i] holds its argument i, slot
// out[i] takes its result i. The slots must have the exact types.
func (l *Layout) AddCall(fn reflect.Value, in, out []int) *Call {
	c := &Call{fn: fn, id: len(l.calls), in: in, out: out}
	l.calls = append(l.calls, c)
	return c
}

// Run calls the function on the values in f. A panic passes through.
func (c *Call) Run(f *Frame) {
	o := &f.calls[c.id]
	for i, v := range c.fn.Call(o.in) {
		o.out[i].Set(v)
	}
}

// Way names how the call is made, for Explain.
func (c *Call) Way() string { return "reflect" }

func (c *Call) operands(f *Frame, l *Layout) operands {
	return operands{in: views(f, l, c.in), out: views(f, l, c.out)}
}

func views(f *Frame, l *Layout, slots []int) []reflect.Value {
	vs := make([]reflect.Value, len(slots))
	for i, s := range slots {
		vs[i] = f.At(l.slots[s].off).Value(l.slots[s].typ)
	}
	return vs
}
