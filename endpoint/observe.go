package endpoint

import (
	"context"
	"net/http"

	"github.com/gofogo/fogo/observe"
)

// CheckObservers reports what is wrong with the observers.
func (c *Config) CheckObservers() error {
	_, err := observe.NewSet(c.Observers...)
	return err
}

// ProviderObservers are those that want to know what providers do: they belong
// in inject.Options.
func (c *Config) ProviderObservers() []observe.ProviderObserver { return c.observers.Providers }

// report tells the observers of an error that a call is about to be answered
// with. The writer is nil for an error after a handshake.
func (c *Config) report(ctx context.Context, w http.ResponseWriter, r *http.Request, route string, err error) {
	if w != nil && c.Observed() {
		if x := exchangeOf(w, r); x != nil {
			x.note(err)
		}
	}
	if len(c.observers.Errors) == 0 {
		return
	}
	e := observe.Error{Request: r, Route: route, Err: err, Class: classOf(err)}
	switch {
	case w == nil:
		e.Class = messageClass(err)
	case r.Context().Err() != nil && !isPanic(err):
		e.Class = observe.Gone
	}
	for _, o := range c.observers.Errors {
		o.ObserveError(ctx, e)
	}
}

// classOf is the class of an error of an HTTP call, or of a handshake. A close
// code that refuses one is answered with 403.
func classOf(err error) observe.Class {
	if isPanic(err) {
		return panicClass(err)
	}
	if _, ok := chosen(err); ok {
		return observe.Refused
	}
	if problemOf(err).Status >= http.StatusInternalServerError {
		return observe.Failed
	}
	return observe.Refused
}

// panicClass tells aborting from other panics.
func panicClass(err error) observe.Class {
	if isAbort(err) {
		return observe.Aborted
	}
	return observe.Panicked
}
