package inject

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/gofogo/fogo/internal/frame"
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
	pool    sync.Pool // of *Run, each with a cleared frame of its own
}

// opcode says what a step does.
type opcode uint8

const (
	opFill    opcode = iota // write a value from its source, for example {id} of a path
	opFresh                 // allocate a new T and point the slot at it, for example a class
	opCheck                 // stop if a source reported a fault
	opCell                  // copy a Singleton from its cell
	opLoad                  // copy a PerConnection value from the scope
	opSave                  // copy a PerConnection value to the scope
	opPart                  // copy a component into the struct that holds it
	opDeref                 // copy what a pointer slot points to, for example a T that extracted itself
	opProvide               // call a constructor
	opCall                  // call a guard, Extract method or the handler
)

var opNames = [...]string{"fill", "fresh", "check", "cell", "load", "save", "part", "deref", "provide", "call"}

// step is one instruction. Which fields are used depends on op.
type step struct {
	op   opcode
	at   uintptr      // the slot written or, for opSave, read
	from uintptr      // the slot read, or the scope's slot
	off  uintptr      // opPart: offset inside at
	ind  bool         // opFill, opPart: write behind the pointer in at
	typ  reflect.Type // opFresh: what to allocate
	cell frame.Ref    // opCell
	move frame.Mover  // opCell, opLoad, opSave, opPart, opDeref
	fill Fill         // opFill

	call    *frame.Call // opProvide, opCall
	hasErr  bool        // the error result is in the slot err
	err     uintptr
	cleanup cleanup // the clean-up result is in the slot cleanupAt
	clean   uintptr
	scoped  bool   // the clean-up belongs to the connection
	what    string // for the dump and for logs
}

// NewRun returns a run of the caller's own, for one call after the other, in
// place of the runs that Begin takes from a pool. It is begun with Run.Begin.
func (p *Plan) NewRun() *Run {
	return &Run{plan: p, frame: p.layout.New(), owned: true}
}

// Result is the slot of a plan's result i, to be read with Run.At.
func (p *Plan) Result(i int) uintptr { return p.results[i] }

// Dump lists the steps, one per line, for tests and for the curious.
func (p *Plan) Dump() string {
	var b strings.Builder
	for i, s := range p.steps {
		fmt.Fprintf(&b, "%2d  %-8s %s\n", i, opNames[s.op], s.what)
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
