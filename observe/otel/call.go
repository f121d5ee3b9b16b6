package fogootel

import (
	"context"
	"fmt"
	"sync/atomic"
	"unicode/utf8"

	"github.com/gofogo/fogo/observe"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// BeginCall implements observe.CallObserver.
func (o *Observer) BeginCall(ctx context.Context, c observe.Call) context.Context {
	o.metrics.begin(ctx, &c)
	s := &state{skip: o.opts.Skip != nil && o.opts.Skip(c)}
	ctx = context.WithValue(ctx, stateKey{o}, s)
	if s.skip {
		return ctx
	}
	ctx = o.propagator.Extract(ctx, propagation.HeaderCarrier(c.Request.Header))
	opts := append(make([]trace.SpanStartOption, 0, 4),
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(requestAttributes(&c)...))
	if o.opts.Public {
		opts = append(opts, trace.WithNewRoot())
		if from := trace.SpanContextFromContext(ctx); from.IsValid() && from.IsRemote() {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: from}))
		}
	}
	ctx, _ = o.tracer.Start(ctx, nameOf(&c), opts...)
	return ctx
}

// state is what an observer knows of a call, in its context.
type state struct {
	skip bool        // Options.Skip left it out: whatever span there is in the context is not ours
	told atomic.Bool // the panic is recorded
}

// stateKey is what a context has the state under.
type stateKey struct{ *Observer }

func (o *Observer) state(ctx context.Context) *state {
	s, _ := ctx.Value(stateKey{o}).(*state)
	return s
}

// skipped reports whether what the context is of is left out.
func (o *Observer) skipped(ctx context.Context) bool {
	s := o.state(ctx)
	return s != nil && s.skip
}

// nameOf is the name of a call's span: bounded, as the conventions want it.
func nameOf(c *observe.Call) string {
	name := c.Method
	if name == observe.OtherMethod {
		name = "HTTP"
	}
	if c.Route == "" {
		return name
	}
	return name + " " + c.Route
}

// EndCall implements observe.CallObserver.
func (o *Observer) EndCall(ctx context.Context, c observe.Call, end observe.CallEnd) {
	o.metrics.end(ctx, &c, &end)
	s := o.state(ctx)
	if s == nil || s.skip {
		return
	}
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	if c.Route != "" {
		span.SetName(nameOf(&c)) // of a mounted router's route it is known only now
		span.SetAttributes(semconv.HTTPRoute(c.Route))
	}
	if end.Status != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(end.Status))
	}
	if end.Bytes > 0 {
		span.SetAttributes(semconv.HTTPResponseBodySize(int(end.Bytes)))
	}
	if kind := end.ErrorType(); kind != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
	if end.Class == observe.Panicked && !s.told.Load() {
		record(span, end.Err) // of middleware, which no ErrorObserver was told of
	}
	setStatus(span, end.Class)
}

// setStatus makes what failed an error. "For HTTP status codes in the 4xx range span
// status MUST be left unset in case of SpanKind.SERVER".
func setStatus(span trace.Span, class observe.Class) {
	switch class {
	case observe.Failed, observe.Panicked, observe.Aborted:
		span.SetStatus(codes.Error, "")
	}
}

// ObserveError implements observe.ErrorObserver: it records the error in the span
// of the call or message.
func (o *Observer) ObserveError(ctx context.Context, e observe.Error) {
	if s := o.state(ctx); s != nil {
		if s.skip {
			return
		}
		s.told.Store(true)
	}
	record(trace.SpanFromContext(ctx), e.Err)
}

// record records an error, with its stack if it is a panic.
func record(span trace.Span, err error) {
	if err == nil || !span.IsRecording() {
		return
	}
	text, stack := err.Error(), stackOf(err)
	if utf8.ValidString(text) {
		span.RecordError(err, trace.WithAttributes(stack...))
		return
	}
	// What a client sent may be a part of the text.
	span.AddEvent(semconv.ExceptionEventName, trace.WithAttributes(append(stack,
		semconv.ExceptionType(fmt.Sprintf("%T", err)), semconv.ExceptionMessage(valid(text)))...))
}
