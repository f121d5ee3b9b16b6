package inject

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"

	"github.com/gofogo/fogo/internal/frame"
)

// contextValue is context.Context where a type argument must be short.
type contextValue = context.Context

// Run is one call of a plan: Begin, Do, Finish, End, in this order and on one
// goroutine. It comes from a pool and must not be used after End.
type Run struct {
	// Host is the caller's own state, for the binder's Fill functions.
	Host any

	plan     *Plan
	frame    *frame.Frame
	ctx      context.Context
	scope    *Scope
	pending  []pending
	janitor  janitor
	clock    *stopwatch // nil without observers
	age      int        // of the Singletons in the frame, see Assembly.age
	now      *int       // that of the Singletons that there are
	finished bool
	dirty    bool // the frame was left in the middle of a step
	owned    bool // by who called Plan.NewRun; not from the pool
}

// LoggerHost is implemented by hosts whose logger carries the attributes of
// the call.
type LoggerHost interface {
	CallLogger(base *slog.Logger) *slog.Logger
}

// ContextHost is implemented by hosts that make the context of a call when
// something asks for it.
type ContextHost interface {
	CallContext() context.Context
}

// ErrGoexit is what finishers see when the handler ended its goroutine.
var ErrGoexit = errors.New("inject: the handler called runtime.Goexit")

// Panic is a panic of a handler, provider or guard turned into an error.
type Panic struct {
	Value any
	Stack []byte
}

// Error tells the value, without the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Unwrap returns the value if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Begin starts a call. host is handed to the binder; scope is the connection's
// and may be nil where the program has none. ctx may be nil if the host is a
// ContextHost.
func (p *Plan) Begin(ctx context.Context, host any, scope *Scope) *Run {
	r, ok := p.pool.Get().(*Run)
	if !ok {
		r = p.newRun()
	}
	r.Begin(ctx, host, scope)
	return r
}

// Begin starts a call on a run from Plan.NewRun, as Plan.Begin does.
func (r *Run) Begin(ctx context.Context, host any, scope *Scope) {
	r.ctx, r.Host, r.scope = ctx, host, scope
	if r.age != *r.now {
		r.age = *r.now
		r.frame.Fix()
	}
}

// Reusable reports whether a run from Plan.NewRun may be begun again after its
// End. It may not if a panic left its frame in the middle of a step, or if the
// frame was held.
func (r *Run) Reusable() bool { return !r.dirty }

// Context is the call's context.
func (r *Run) Context() context.Context {
	if r.ctx == nil {
		if h, ok := r.Host.(ContextHost); ok {
			r.ctx = h.CallContext()
		} else {
			r.ctx = context.Background()
		}
	}
	return r.ctx
}

// Logger is the assembly's logger with the call's attributes.
func (r *Run) Logger() *slog.Logger {
	base := r.plan.program.assembly.opts.Logger
	if h, ok := r.Host.(LoggerHost); ok {
		return h.CallLogger(base)
	}
	return base
}

func (r *Run) scopeContext() context.Context {
	if r.scope == nil {
		return r.Context()
	}
	return r.scope.Context()
}

// At returns the slot at an offset that came from Plan.Result.
func (r *Run) At(slot uintptr) frame.Ref { return r.frame.At(slot) }

// Result returns the slot of the handler's result i.
func (r *Run) Result(i int) frame.Ref { return r.frame.At(r.plan.results[i]) }

// Do runs the steps: it fills and makes the parameters and calls the
// functions. The error is the first that a step, provider, guard or the handler
// reported; a panic comes back as a *Panic.
func (r *Run) Do() (err error) {
	r.dirty = true
	defer func() {
		if r.dirty {
			if v := recover(); v != nil {
				err = &Panic{Value: v, Stack: debug.Stack()}
				r.clock.failed(err)
			}
		}
	}()
	if err = r.steps(); err != nil {
		r.clock.failed(err)
	}
	r.dirty = false
	return err
}

func (r *Run) steps() error {
	f, steps := r.frame, r.plan.steps
	for i := range steps {
		s := &steps[i]
		if s.op >= opProvide {
			if failed := s.call.Run(f); failed != nil {
				return failed.Err(f)
			}
			if s.clean != nil {
				r.remember(s.clean)
			}
			continue
		}
		at := f.At(uintptr(s.at))
		switch s.op {
		case opFill, opFresh:
			if s.ind {
				at = at.Deref()
			}
			s.fill(r, at)
		case opCheck:
			if err := r.plan.program.spec.Binder.Check(r); err != nil {
				return err
			}
		case opLoad:
			s.move.Move(at, r.scope.frame.At(uintptr(s.from)))
		case opSave:
			s.move.Move(r.scope.frame.At(uintptr(s.from)), at)
		case opPart:
			if s.ind {
				at = at.Deref()
			}
			s.move.Move(at.Field(uintptr(s.off)), f.At(uintptr(s.from)))
		case opDeref:
			s.move.Move(at, f.At(uintptr(s.from)).Deref())
		case opWatch:
			r.clock.begin(int(s.from))
		case opMade:
			r.clock.made()
		}
	}
	return nil
}

// remember keeps the clean-up that a constructor returned.
func (r *Run) remember(d *disposal) {
	p := pending{what: d.what}
	at := r.frame.At(d.at)
	switch d.kind {
	case release:
		p.release = *frame.At[func()](at)
	case releaseContext:
		p.releaseContext = *frame.At[func(context.Context)](at)
	case finisher:
		p.finish = *frame.At[func(error) error](at)
	case finisherContext:
		p.finishContext = *frame.At[func(context.Context, error) error](at)
	}
	if p.nothing() {
		return
	}
	if d.scoped {
		r.scope.pending = append(r.scope.pending, p)
		return
	}
	r.pending = append(r.pending, p)
}

// Finish runs the finishers in reverse order. Each is given the error so far;
// one that fails puts its own in its place. Call it after Do and before the
// first byte of the answer or, for a stream, after the last item.
func (r *Run) Finish(err error) error {
	r.finished = true
	if len(r.pending) == 0 {
		return err
	}
	return r.janitor.finish(r.pending, err)
}

// End runs the releases in reverse order and gives the run back to its pool.
// A run that was not finished is, with ErrGoexit.
func (r *Run) End() {
	if !r.finished {
		_ = r.Finish(ErrGoexit)
	}
	if len(r.pending) > 0 {
		r.janitor.release(r.pending)
		r.janitor.rest()
		clear(r.pending)
		r.pending = r.pending[:0]
	}
	if r.dirty {
		return // the frame may be referred to from a stack: drop it
	}
	r.frame.Clear()
	r.ctx, r.Host, r.scope, r.finished = nil, nil, nil, false
	if !r.owned {
		r.plan.pool.Put(r)
	}
}

// Hold marks the frame as still in use by what the handler returned, so that
// End drops it instead of using it again.
func (r *Run) Hold() { r.dirty = true }

// takeCleanup removes the one clean-up of a Singleton's run and returns it.
func (r *Run) takeCleanup() func(context.Context, error) error {
	r.finished = true
	if len(r.pending) == 0 {
		return nil
	}
	p := r.pending[0]
	r.pending = slices.Delete(r.pending, 0, 1)
	return p.run
}
