package inject

import (
	"fmt"
	"strings"
	"sync"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/observe"
)

// Plan is one call compiled: a flat list of steps over a frame. It is immutable
// and safe for concurrent use.
type Plan struct {
	// Name is the name of the call in its program.
	Name string

	steps   []step
	layout  *frame.Layout
	results []uintptr // slots of the handler's results
	program *Program
	pool    sync.Pool          // of *Run, each with a cleared frame of its own
	watched []observe.Provider // nil without observers

	listing []line
}

// line is a step, or a part of one, for Dump and Explain.
type line struct {
	op   opcode
	what string
	call *frame.Call // opProvide, opCall
}

// opcode says what a step does.
type opcode uint8

const (
	opFill    opcode = iota // write a value from its source, for example {id} of a path
	opFresh                 // allocate a new T and point the slot at it, for example a class
	opCheck                 // stop if a source reported a fault
	opCell                  // a Singleton is in the frame: no step, but a line of the listing
	opLoad                  // copy a PerConnection value from the scope
	opSave                  // copy a PerConnection value to the scope
	opPart                  // copy a component into the struct that holds it
	opDeref                 // copy what a pointer slot points to, for example a T that extracted itself
	opWatch                 // a provider is called next: look at the clock for observers
	opMade                  // it has returned: tell them
	opProvide               // call a constructor, and what can be called right after it
	opCall                  // call a guard, Extract method or the handler, and so on
)

var opNames = [...]string{"fill", "fresh", "check", "cell", "load", "save", "part", "deref", "watch", "made", "provide", "call"}

// step is one instruction. Which fields are used depends on op. A step is small,
// so that those of a plan stay together in the processor's cache.
type step struct {
	op   opcode
	ind  bool   // opFill, opPart: write behind the pointer in at
	at   uint32 // the slot written or, for opSave, read
	from uint32 // the slot read, or the scope's slot; opWatch, opMade: which of Plan.watched
	off  uint32 // opPart: offset inside at

	move  frame.Mover // opLoad, opSave, opPart, opDeref
	fill  Fill        // opFill, opFresh
	call  *frame.Call // opProvide, opCall: the first of those that follow each other
	clean *disposal   // of the last of them; nil if it has no clean-up
}

// disposal is the clean-up that a constructor returns.
type disposal struct {
	kind   cleanup
	at     uintptr // its slot
	scoped bool    // it belongs to the connection
	what   string  // for logs
}

// NewRun returns a run of the caller's own, for one call after the other, in
// place of the runs that Begin takes from a pool. It is begun with Run.Begin.
func (p *Plan) NewRun() *Run {
	r := p.newRun()
	r.owned = true
	return r
}

func (p *Plan) newRun() *Run {
	a := p.program.assembly
	r := &Run{plan: p, frame: p.layout.New(), age: a.age, now: &a.age}
	r.janitor = janitor{of: r, limit: a.opts.CleanupTimeout}
	if p.watched != nil {
		r.clock = &stopwatch{run: r, open: -1}
	}
	return r
}

// Result is the slot of a plan's result i, to be read with Run.At.
func (p *Plan) Result(i int) uintptr { return p.results[i] }

// Dump lists the steps, one per line, for tests and for the curious.
func (p *Plan) Dump() string {
	var b strings.Builder
	for i, l := range p.listing {
		fmt.Fprintf(&b, "%2d  %-8s %s\n", i, opNames[l.op], l.what)
	}
	return b.String()
}

// Program is the compiled calls of one route.
type Program struct {
	plans    []*Plan
	spec     Spec
	scope    *frame.Layout // PerConnection values that later calls use; nil if none
	assembly *Assembly
	tables   []Table
}

// Plan returns the compiled form of Spec.Calls[i].
func (p *Program) Plan(i int) *Plan { return p.plans[i] }
