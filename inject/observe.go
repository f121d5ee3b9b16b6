package inject

import (
	"time"

	"github.com/gofogo/fogo/observe"
)

// watch emits the call of a provider between the steps that observe it, if
// somebody wants to know.
func (e *emitter) watch(n *node, call func()) {
	if !e.observed {
		call()
		return
	}
	p := n.provider
	i := len(e.watched)
	e.watched = append(e.watched, observe.Provider{Type: p.typ.String(), Func: p.fn.Name, Lifetime: p.lifetime.String()})
	e.step(step{op: opWatch}, n.what, -1, i)
	call()
	e.step(step{op: opMade}, n.what, -1, i)
}

// stopwatch is what a run knows of the provider that is being called. It is nil
// where nobody observes.
type stopwatch struct {
	run   *Run
	start time.Time
	open  int // which of Plan.watched; -1: none
}

func (w *stopwatch) begin(i int) { w.start, w.open = time.Now(), i }

func (w *stopwatch) made() { w.tell(observe.OK, nil) }

// failed is called when a call failed, which may be because of a provider.
func (w *stopwatch) failed(err error) {
	if w == nil || w.open < 0 {
		return
	}
	class := observe.Failed
	if _, ok := err.(*Panic); ok {
		class = observe.Panicked
	}
	w.tell(class, err)
}

func (w *stopwatch) tell(class observe.Class, err error) {
	p := w.run.plan.watched[w.open]
	w.open = -1 // before an observer can panic
	p.Start, p.Duration, p.Class, p.Err = w.start, time.Since(w.start), class, err
	ctx := w.run.Context()
	for _, o := range w.run.plan.program.assembly.opts.Observers {
		o.ObserveProvider(ctx, p)
	}
}
