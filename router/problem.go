package router

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
)

// Problem is what is wrong with one registration, apart from parameters, whose
// problems are [*inject.Problem]. Get at it with
//
//	var p *router.Problem
//	if errors.As(err, &p) { … p.Position … }
type Problem struct {
	// What is the registration: "GET /users/{id}", "Provide".
	What string
	// Position is where it stands: "main.go:12".
	Position string
	// Faults say what is wrong and how to mend it, one line each.
	Faults []string
	// Err is the cause, if a package below found it.
	Err error
}

// Error is the block of lines that a build prints for the problem.
func (p *Problem) Error() string {
	s := p.What
	if p.Position != "" {
		s += " (" + p.Position + ")"
	}
	s += ": cannot be registered"
	for _, f := range p.Faults {
		s += "\n  - " + strings.ReplaceAll(f, "\n", "\n    ")
	}
	return s
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// BuildError joins everything that is wrong with an application, in order of
// registration: [*Problem], [*inject.Problem] and others. Use errors.As on it,
// range over Problems, or over [inject.Problems].
type BuildError struct {
	// Problems has at least one element, and none that joins others.
	Problems []error
}

// Error prints the problems, each as a block with an empty line before it.
func (e *BuildError) Error() string {
	var b strings.Builder
	if n := len(e.Problems); n == 1 {
		b.WriteString("router: the application cannot be built, there is 1 problem:")
	} else {
		fmt.Fprintf(&b, "router: the application cannot be built, there are %d problems:", n)
	}
	for _, p := range e.Problems {
		b.WriteString("\n\n" + strings.TrimRight(p.Error(), "\n"))
	}
	return b.String()
}

// Unwrap returns the problems.
func (e *BuildError) Unwrap() []error { return e.Problems }

// buildError joins errors that may be joined themselves. It leaves out those
// that repeat what was reported, and returns nil if nothing is left.
func buildError(errs []error) error {
	var flat []error
	for _, err := range errs {
		flat = flatten(flat, err)
	}
	var told []error
	for _, err := range flat {
		if !errors.Is(err, inject.ErrReported) {
			told = append(told, err)
		}
	}
	if len(told) > 0 {
		flat = told
	}
	if len(flat) == 0 {
		return nil
	}
	return &BuildError{Problems: flat}
}

// flatten appends the errors that err joins. A Problem stays whole.
func flatten(to []error, err error) []error {
	if err == nil {
		return to
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range j.Unwrap() {
			to = flatten(to, e)
		}
		return to
	}
	return append(to, err)
}

// faultOf is the line for an error of a package below. The problem's first line
// says what the package's prefix would.
func faultOf(err error) string {
	if e, ok := errors.AsType[*inject.Fault](err); ok {
		return e.Text
	}
	if e, ok := errors.AsType[*pattern.ParseError](err); ok {
		return fmt.Sprintf("the pattern %q at offset %d: %s; %s", e.Pattern, e.Offset, e.What, e.Fix)
	}
	return err.Error()
}

// conflict is the problem of a route whose pattern conflicts with another's.
func (e *entry) conflict(err error) *Problem {
	rt := e.route
	c, ok := errors.AsType[*pattern.ConflictError[*entry]](err)
	if !ok {
		return &Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{err.Error()}, Err: err}
	}
	first := fmt.Sprintf("%s, served by %s, conflicts with %s, served by %s", e.full, rt.describe(), c.Old.route.registered(c.Old.full), c.Old.route.describe())
	if _, witness := pattern.Compare(e.full, c.Old.full); witness != "" {
		first += fmt.Sprintf("; both match %s", witness)
	}
	return &Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{first, c.Why}, Err: err}
}

// registered is one of the route's patterns with the position of the route.
func (rt *Route) registered(p *pattern.Pattern) string {
	return fmt.Sprintf("%s (%s)", p, rt.at.Position())
}

// checkGuard says what forbids a guard, or "".
func checkGuard(f any) string {
	if err := inject.CheckFunction(f); err != nil {
		return faultOf(err)
	}
	if t := reflect.TypeOf(f); t.NumOut() != 1 || t.Out(0) != reflect.TypeFor[error]() {
		return fmt.Sprintf("%s has the type %s; a guard is a func(deps…) error", describeFunc(f), t)
	}
	return ""
}

// checkHook says what forbids a hook, or "".
func checkHook(f any) string {
	if err := inject.CheckFunction(f); err != nil {
		return faultOf(err)
	}
	t := reflect.TypeOf(f)
	if t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != reflect.TypeFor[error]() {
		return fmt.Sprintf("%s has the type %s; a hook is a func(deps…) or a func(deps…) error", describeFunc(f), t)
	}
	return ""
}

func describeFunc(f any) string { return (&Route{view: f}).describe() }
