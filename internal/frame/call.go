package frame

import (
	"reflect"
	"unsafe"
)

// Call is a call of one function, its arguments and results in slots of one
// layout. It is the one place that invokes user functions: by words where that
// is possible, see words_call.go, else by reflection.
type Call struct {
	next  *Call  // what Run goes on with
	err   uint32 // the slot of the error, if the last result is one
	fails bool   // and whether it is
	words        // how it is called by words, if it is

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

var errorType = reflect.TypeFor[error]()

// fails reports whether the last result of a function is an error.
func fails(fn reflect.Type) bool {
	n := fn.NumOut()
	return n > 0 && fn.Out(n-1) == errorType
}

// AddCall notes a call of fn: slot in[i] holds its argument i, slot out[i] takes
// its result i. The slots must have the exact types. Calls that follow each
// other only if none fails may share one slot for their errors.
func (b *Builder) AddCall(fn reflect.Value, in, out []int) Site {
	return Site{fn: fn, in: in, out: out, block: b.reserve(fn.Type(), in)}
}

// Call compiles a call that was noted with the layout's builder.
func (l *Layout) Call(s Site) *Call {
	c := &Call{fn: s.fn, in: s.in, out: s.out}
	if c.fails = fails(s.fn.Type()); c.fails {
		c.err = uint32(l.Offset(s.out[len(s.out)-1]))
	}
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

// Then makes Run go on with another call of the same layout if this one does
// not fail. It is for while the layout is made.
func (c *Call) Then(next *Call) { c.next = next }

func (c *Call) failed(b unsafe.Pointer) bool {
	return c.fails && *(*error)(unsafe.Add(b, c.err)) != nil
}

// Err returns the error of a call that failed.
func (c *Call) Err(f *Frame) error { return *(*error)(unsafe.Add(f.base, c.err)) }

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
