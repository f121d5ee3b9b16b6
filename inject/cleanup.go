package inject

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"
)

// pending is a clean-up that a constructor returned; one of the functions is
// set, or none if the constructor returned nil.
type pending struct {
	what           string
	release        func()
	releaseContext func(context.Context)
	finish         func(error) error
	finishContext  func(context.Context, error) error
}

// run calls whichever function is set.
func (p *pending) run(ctx context.Context, err error) error {
	switch {
	case p.release != nil:
		p.release()
	case p.releaseContext != nil:
		p.releaseContext(ctx)
	case p.finish != nil:
		return p.finish(err)
	case p.finishContext != nil:
		return p.finishContext(ctx, err)
	}
	return nil
}

func (p *pending) finishes() bool { return p.finish != nil || p.finishContext != nil }

func (p *pending) wantsContext() bool { return p.releaseContext != nil || p.finishContext != nil }

// nothing reports whether the constructor returned a nil clean-up.
func (p *pending) nothing() bool {
	return p.release == nil && p.releaseContext == nil && p.finish == nil && p.finishContext == nil
}

// custodian is whose clean-ups are run: a call, or a connection that ends. It is
// asked for its context and logger only if something needs them, for making
// either may cost more than the clean-up.
type custodian interface {
	Context() context.Context
	Logger() *slog.Logger
}

// janitor runs clean-ups. Their context keeps the values of the call but not
// its cancellation, for the rollback of a call whose client left must still be
// sent.
type janitor struct {
	of    custodian
	limit time.Duration
	watch *watch // nil until there is something to be watched
}

func (j *janitor) finish(list []pending, err error) error {
	for i := range slices.Backward(list) {
		if !list[i].finishes() {
			continue
		}
		if own := j.run(&list[i], err); own != nil {
			err = own
		}
	}
	return err
}

func (j *janitor) release(list []pending) {
	for i := range slices.Backward(list) {
		if list[i].finishes() {
			continue
		}
		if err := j.run(&list[i], nil); err != nil {
			j.logPanic(list[i].what, err)
		}
	}
}

// run calls one clean-up, keeps its panic from the others, and has it logged when
// it is overdue. It is waited for all the same: nobody else will do its work.
func (j *janitor) run(p *pending, err error) (own error) {
	var ctx context.Context
	if p.wantsContext() {
		c := newCleanupContext(j.of.Context(), j.limit)
		defer c.end()
		ctx = c
	}
	j.begin(p.what)
	defer j.done()
	defer func() {
		if v := recover(); v != nil {
			own = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return p.run(ctx, err)
}

func (j *janitor) logPanic(what string, err error) {
	attrs := []slog.Attr{slog.String("of", what), slog.Any("error", err)}
	if p, ok := errors.AsType[*Panic](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	j.of.Logger().LogAttrs(j.of.Context(), slog.LevelError, "release panicked", attrs...)
}

// begin watches a clean-up.
func (j *janitor) begin(what string) {
	w := j.watch
	if w == nil {
		w = &watch{of: j.of, limit: j.limit}
		w.late = w.log
		j.watch = w
	}
	w.what = what
	if w.timer == nil {
		w.timer = time.AfterFunc(w.limit, w.late)
	} else {
		w.timer.Reset(w.limit)
	}
}

// done ends what begin began.
func (j *janitor) done() {
	if !j.watch.stop() {
		j.watch = nil
	}
}

// rest lets go of the timer between two calls. It is not kept for the next one,
// which may be in another bubble of testing/synctest.
func (j *janitor) rest() {
	if j.watch != nil {
		j.watch.timer = nil
	}
}
