package main

// Injection alone: a function is called with values that it only names by
// their types. No HTTP, no parsing.
//
//   - Every function returns (*answer, error); the answer is an address of the
//     program's, so that nothing but the injection allocates. It is written to
//     from all parameters, so that each of them is really passed.
//   - Every contender takes the answer and looks at the error.
//   - In "parameters" the values exist already. In "chain" and "diamond" every
//     call makes them anew, as a request does with what belongs to it; each
//     provider returns (T, error) and does next to nothing.
//   - Whatever a contender can prepare once is prepared before it is timed.

import (
	"fmt"
	"maps"
	"slices"
)

//go:generate go run gen.go

// answer is what the injected functions return.
type answer struct{ n int }

var theAnswer answer

// lastAnswer keeps the compiler from dropping a call.
var lastAnswer *answer

func keep(a *answer, err error) {
	if err != nil {
		panic(err)
	}
	lastAnswer = a
}

// chainCase is a function at the end of a chain of providers.
type chainCase struct {
	end          any
	direct, hand func() (*answer, error)
}

// An injection contender calls fn, whose parameters are values that exist.
type parameterInjector interface {
	contender
	injectValues(fn any, values []any) (op, error)
}

// A chainInjector calls end, whose parameters are made by providers for each
// call. The providers come in an order in which they can be called.
type chainInjector interface {
	contender
	injectProviders(end any, providers []any) (op, error)
}

// Providers of the diamond: left and right both need its top.
type (
	top   struct{ n int }
	left  struct{ n int }
	right struct{ n int }
)

var (
	atTop   top
	atLeft  left
	atRight right
)

//go:noinline
func makeTop() (*top, error) { atTop.n++; return &atTop, nil }

//go:noinline
func makeLeft(t *top) (*left, error) { atLeft.n = t.n; return &atLeft, nil }

//go:noinline
func makeRight(t *top) (*right, error) { atRight.n = t.n; return &atRight, nil }

// endDiamond can tell whether its top was made once or twice.
//
//go:noinline
func endDiamond(l *left, r *right) (*answer, error) {
	theAnswer.n = l.n - r.n
	return &theAnswer, nil
}

func directDiamond() (*answer, error) {
	t, err := makeTop()
	if err != nil {
		return nil, err
	}
	l, err := makeLeft(t)
	if err != nil {
		return nil, err
	}
	r, err := makeRight(t)
	if err != nil {
		return nil, err
	}
	return endDiamond(l, r)
}

// diamondScope makes each value when it is first asked for.
type diamondScope struct{ top *top }

func (s *diamondScope) getTop() (t *top, err error) {
	if s.top == nil {
		s.top, err = makeTop()
	}
	return s.top, err
}

func handDiamond() (*answer, error) {
	var s diamondScope
	t, err := s.getTop()
	if err != nil {
		return nil, err
	}
	l, err := makeLeft(t)
	if err != nil {
		return nil, err
	}
	if t, err = s.getTop(); err != nil {
		return nil, err
	}
	r, err := makeRight(t)
	if err != nil {
		return nil, err
	}
	return endDiamond(l, r)
}

func injectionScenarios() []*scenario {
	return []*scenario{
		{
			id: "injection/parameters", title: "Injection alone, by number of parameters",
			about:    "A function of 0 to 16 pointer parameters that returns `(T, error)` is called with values that exist.",
			baseline: directName, axis: "parameters",
			open: openParameters,
		},
		{
			id: "injection/chain", title: "Injection alone, by depth of a chain of providers",
			about: "A function of one parameter (none at depth 0) at the end of a chain: each provider needs the one before, " +
				"returns `(T, error)`, and is run for every call.",
			baseline: directName, axis: "providers",
			open: openChain,
		},
		{
			id: "injection/diamond", title: "Injection alone, a diamond",
			about:    "A function of two parameters whose providers need the same third value, which must be made once per call.",
			baseline: directName,
			open:     openDiamond,
		},
	}
}

func openParameters(*session) (*field, error) {
	f := &field{notes: []string{
		"\"fogo call step\" is the call of the function alone, on a frame that is filled already; \"fogo run\" is a whole call of a compiled plan (Begin, Do, Finish, End) as a request makes it, on a run that the pooled view keeps; \"fogo run, pooled\" is the same on a run from the plan's own pool, as a WebSocket message makes it; \"fogo Func.Call\" is the same through the API for jobs and tests, which stores the result through a pointer.",
	}}
	for _, n := range slices.Sorted(maps.Keys(takes)) {
		err := f.enter("injection/parameters", n, n*(n+1)/2, func(c contender) (op, error) {
			if p, ok := c.(parameterInjector); ok {
				return p.injectValues(takes[n], values[:n])
			}
			return nil, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

func openChain(*session) (*field, error) {
	f := &field{}
	for _, d := range slices.Sorted(maps.Keys(chains)) {
		err := f.enter("injection/chain", d, d, func(c contender) (op, error) {
			switch c := c.(type) {
			case handWritten:
				return c.repeat(chains[d]), nil
			case chainInjector:
				return c.injectProviders(chains[d].end, makers[:d])
			}
			return nil, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

func openDiamond(*session) (*field, error) {
	f := &field{}
	return f, f.enter("injection/diamond", 0, 0, func(c contender) (op, error) {
		switch c := c.(type) {
		case handWritten:
			return c.repeat(chainCase{direct: directDiamond, hand: handDiamond}), nil
		case chainInjector:
			return c.injectProviders(endDiamond, []any{makeTop, makeLeft, makeRight})
		}
		return nil, nil
	})
}

// enter makes a starter of every contender that opens, after a look at its
// answer.
func (f *field) enter(id string, x, want int, open func(contender) (op, error)) error {
	for _, c := range injectors() {
		run, err := open(c)
		if err != nil {
			return fmt.Errorf("%s at %d: %w", c.name(), x, err)
		}
		if run == nil {
			f.absentee(c, id)
			continue
		}
		check := func() error {
			if lastAnswer != &theAnswer || lastAnswer.n != want {
				return fmt.Errorf("the answer at %d is %v, want %d", x, lastAnswer, want)
			}
			return nil
		}
		lastAnswer, theAnswer.n = nil, -1
		run(1)
		if err := check(); err != nil {
			return fmt.Errorf("%s: %w", c.name(), err)
		}
		f.starters = append(f.starters, starter{contender: c.name(), x: x, run: timed(run, check)})
	}
	return nil
}

// absentee notes once that a contender stays away, and why.
func (f *field) absentee(c contender, id string) {
	a := Absence{c.name(), c.absent(id)}
	if a.Reason != "" && !slices.Contains(f.absent, a) {
		f.absent = append(f.absent, a)
	}
}
