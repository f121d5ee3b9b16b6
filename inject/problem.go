package inject

import (
	"fmt"
	"strings"

	"github.com/gofogo/fogo/internal/rules"
)

// Fault is one thing wrong with a registration: what, where, why and the
// remedy, in one line.
type Fault struct{ Text string }

// Error returns the text.
func (f *Fault) Error() string { return "inject: " + f.Text }

func faultf(format string, args ...any) *Fault {
	return &Fault{Text: fmt.Sprintf(format, args...)}
}

// Row is one parameter in the table of a plan.
type Row struct {
	// Index counts parameters from 1; fields of a class have a name instead.
	Index string
	// Type is the parameter's type as Go prints it.
	Type string
	// Source says where the value comes from, "???" where nothing was found.
	Source string
}

// Problem is everything wrong with one function on one route. Get at it with
//
//	var p *inject.Problem
//	if errors.As(err, &p) { … }
//
// or, as a build reports all problems of an application at once, by ranging
// over [Problems].
type Problem struct {
	// Route is the route or, for a provider that no route is to blame for, "".
	Route string
	// Func is the function at fault with its position.
	Func string
	// Needed is the chain of providers that leads to Func, innermost first;
	// nil for a function of the route itself.
	Needed []string
	Rows   []Row
	// Faults are the lines that say what is wrong and how to mend it.
	Faults []string
}

// Error is the block of lines that a build prints for the problem.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Route != "" {
		b.WriteString(p.Route + ": ")
	}
	b.WriteString("cannot bind " + p.Func + "\n")
	for _, n := range p.Needed {
		b.WriteString("  needed by " + n + "\n")
	}
	b.WriteString(table(p.Rows))
	for _, f := range p.Faults {
		// A fault of several lines keeps them under its dash.
		b.WriteString("  - " + strings.ReplaceAll(f, "\n", "\n    ") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Problems takes the problems out of an error that joins several.
func Problems(err error) []*Problem {
	switch e := err.(type) {
	case *Problem:
		return []*Problem{e}
	case interface{ Unwrap() []error }:
		var all []*Problem
		for _, one := range e.Unwrap() {
			all = append(all, Problems(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Problems(e.Unwrap())
	}
	return nil
}

// table is the rows with aligned columns, two blanks before each.
func table(rows []Row) string {
	out := make([]rules.Row, len(rows))
	for i, r := range rows {
		out[i] = rules.Row(r)
	}
	text := rules.Format(out)
	if text == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
