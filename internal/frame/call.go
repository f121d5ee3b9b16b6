package frame

import "reflect"

// Call is a call of one function, its arguments and results in slots of one
// layout. It is the one place that invokes user functions: by words where that
// is possible, see words_call.go, else by reflection.
type Call struct {
	words   // how it is called by words, if it is
	fn      reflect.Value
	reflect func([]reflect.Value) []reflect.Value // how it is called else
	id      int                                   // among the layout's calls by reflection
	in, out []int
}

// operands are the argument and result slots of one call in one frame, as
// reflect sees them. They are made once for a frame and live as long as it.
type operands struct {
	in, out []reflect.Value
}

// Site is a call whose arguments and results have slots, before the layout is
// built.
type Site struct {
	fn      reflect.Value
	in, out []int
	block   int
}

// AddCall notes a call of fn: slot in[i] holds its argument i, slot out[i] takes
// its result i. The slots must have the exact types.
func (b *Builder) AddCall(fn reflect.Value, in, out []int) Site {
	return Site{fn: fn, in: in, out: out, block: b.reserve(fn.Type())}
}

// Call compiles a call that was noted with the layout's builder.
func (l *Layout) Call(s Site) *Call {
	c := &Call{fn: s.fn, in: s.in, out: s.out}
	c.compile(l, s.block)
	if !c.byWords() {
		c.reflect = c.fn.Call
		if c.fn.Type().IsVariadic() {
			c.reflect = c.fn.CallSlice // a slot holds the slice
		}
		c.id = len(l.calls)
		l.calls = append(l.calls, c)
	}
	return c
}

// Run calls the function on the values in f. A panic passes through.
func (c *Call) Run(f *Frame) {
	if c.runWords(f) {
		return
	}
	o := &f.calls[c.id]
	for i, v := range c.reflect(o.in) {
		o.out[i].Set(v)
	}
}

// Way names how the call is made, for Explain: "words" or "reflect".
func (c *Call) Way() string {
	if c.byWords() {
		return "words"
	}
	return "reflect"
}

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
