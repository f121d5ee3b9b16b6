package router

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/funcinfo"
)

// DefaultCheckTimeout is how long a readiness check may take where nothing else
// was said.
const DefaultCheckTimeout = 2 * time.Second

// Ready registers a function that tells whether the application can do its
// work: func(deps…) error. Its parameters are contexts, loggers and what has a
// provider, and it is checked by Build like any other. Package fogo asks all of
// them, at once, when somebody wants to know whether the application is ready.
//
//	app.Ready(func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) }).Name("database")
//
// The context ends with the timeout of the check. A check that fails is no
// reason to stop the application: it takes no new requests meanwhile.
func (r *Router) Ready(fn any) *ReadyCheck {
	c := &ReadyCheck{fn: fn, at: funcinfo.Caller(1), timeout: DefaultCheckTimeout}
	if !r.open("Ready", c.at) {
		return c
	}
	if fault := checkReady(fn); fault != "" {
		r.reg.fail(&Problem{What: "Ready", Position: c.at.Position(), Faults: []string{fault}})
		return c
	}
	c.name, _ = (&Route{view: fn}).handler()
	r.reg.ready = append(r.reg.ready, c)
	return c
}

// checkReady says what forbids a readiness check, or "".
func checkReady(f any) string {
	if err := inject.CheckFunction(f); err != nil {
		return faultOf(err)
	}
	if t := reflect.TypeOf(f); t.NumOut() != 1 || t.Out(0) != reflect.TypeFor[error]() {
		return fmt.Sprintf("%s has the type %s; a readiness check is a func(deps…) error", describeFunc(f), t)
	}
	return ""
}

// ReadyCheck is a registered readiness check.
type ReadyCheck struct {
	fn      any
	at      funcinfo.Info
	name    string
	timeout time.Duration
}

// Name says what the check is called in answers and logs, in place of the name
// of its function. Clients see it.
func (c *ReadyCheck) Name(name string) *ReadyCheck {
	c.name = name
	return c
}

// Timeout limits the check, to [DefaultCheckTimeout] where it is not called.
func (c *ReadyCheck) Timeout(d time.Duration) *ReadyCheck {
	c.timeout = d
	return c
}

// Check is a readiness check that can be run.
type Check struct {
	// Name is what clients may be told.
	Name string
	// Timeout is how long it may take.
	Timeout time.Duration

	hook compiledHook
}

// Run runs the check once. A panic comes back as an error.
func (c *Check) Run(ctx context.Context) error { return c.hook.run(ctx) }

// checker is a part that has readiness checks of its own.
type checker interface{ Checks() []Check }

// Checks are the readiness checks, in order of registration, and then those of
// what is mounted. They can be run between Start and Stop.
func (b *Built) Checks() []Check {
	list := slices.Clone(b.checks)
	for _, p := range b.parts {
		if c, ok := p.(checker); ok {
			list = append(list, c.Checks()...)
		}
	}
	return list
}

// checks compiles the readiness checks.
func (b *builder) checks(r *Router) []Check {
	var out []Check
	for i, c := range r.reg.ready {
		if fault := c.fault(r.reg.ready[:i]); fault != "" {
			b.fail(&Problem{What: "Ready", Position: c.at.Position(), Faults: []string{fault}})
		}
		fn, err := b.asm.Func(b.tree.Level(r.injector), c.fn)
		if err != nil {
			for _, p := range inject.Problems(err) {
				p.Route = "Ready (" + c.at.Position() + ")"
			}
			b.fail(err)
			continue
		}
		out = append(out, Check{Name: c.name, Timeout: c.timeout, hook: compiledHook{fn, "Ready " + describeFunc(c.fn)}})
	}
	return out
}

// fault says what is wrong with a check apart from its function, or "".
func (c *ReadyCheck) fault(before []*ReadyCheck) string {
	switch {
	case c.name == "":
		return "the check has an empty name; give it one, or leave Name away"
	case c.timeout <= 0:
		return fmt.Sprintf("the timeout %v is not positive; leave Timeout away for %v", c.timeout, DefaultCheckTimeout)
	}
	for _, old := range before {
		if old.name == c.name {
			return fmt.Sprintf("the name %q belongs to the check of %s already; choose another with Name", c.name, old.at.Position())
		}
	}
	return ""
}
