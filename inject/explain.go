package inject

import (
	"strings"
)

// Table is one call of a program as data: its functions with their parameters,
// and the providers it runs, in order.
type Table struct {
	Call      string
	Functions []FunctionTable
	// Providers are made during the call, dependencies first.
	Providers []string
	// Steps counts the steps of the plan, FrameBytes is the size of its frame.
	Steps      int
	FrameBytes int
}

// FunctionTable is a function with the sources of its parameters.
type FunctionTable struct {
	Name     string
	Position string
	Role     Role
	Rows     []Row
	// Way names how the function is called.
	Way string
}

// Tables returns the calls of the program as data, in the order of Spec.Calls.
func (p *Program) Tables() []Table { return p.tables }

func tableOf(call Call, fns []*bound, plan *Plan) Table {
	t := Table{Call: call.Name, Steps: len(plan.listing), FrameBytes: int(plan.layout.Size())}
	for _, b := range fns {
		t.Functions = append(t.Functions, FunctionTable{
			Name: b.fn.Name, Position: b.fn.Position, Role: b.fn.Role, Rows: b.rows, Way: plan.wayOf(b.fn),
		})
	}
	for _, l := range plan.listing {
		if l.op == opProvide {
			t.Providers = append(t.Providers, l.what)
		}
	}
	return t
}

func (p *Plan) wayOf(fn *Function) string {
	for _, l := range p.listing {
		if l.op == opCall && l.what == fn.String() {
			return l.call.Way()
		}
	}
	return ""
}

// Explain prints the program: each function with the table of its parameters,
// then the providers that the call runs, in order.
func (p *Program) Explain() string {
	var b strings.Builder
	b.WriteString(p.spec.Route)
	for _, t := range p.tables {
		b.WriteString("\n")
		if t.Call != "" {
			b.WriteString(t.Call + ": ")
		}
		t.explain(&b)
	}
	return b.String()
}

func (t *Table) explain(b *strings.Builder) {
	for i, f := range t.Functions {
		if i > 0 {
			b.WriteString("then ")
		}
		b.WriteString(f.Name)
		if f.Position != "" {
			b.WriteString(" (" + f.Position + ")")
		}
		b.WriteString(" called by " + f.Way + "\n" + table(f.Rows))
	}
	for _, p := range t.Providers {
		b.WriteString("  makes " + p + "\n")
	}
}
