package fogootel

import (
	"context"

	"github.com/gofogo/fogo/observe"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// OpenConnection implements observe.ConnectionObserver.
func (o *Observer) OpenConnection(ctx context.Context, c observe.Connection) context.Context {
	o.metrics.open(ctx, &c)
	if o.skipped(ctx) {
		return ctx
	}
	ctx, _ = o.tracer.Start(ctx, "WEBSOCKET "+c.Route, trace.WithAttributes(semconv.HTTPRoute(c.Route)))
	return ctx
}

// CloseConnection implements observe.ConnectionObserver.
func (o *Observer) CloseConnection(ctx context.Context, c observe.Connection, end observe.ConnectionEnd) {
	o.metrics.close(ctx, &c, &end)
	if o.skipped(ctx) {
		return
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(closeCodeKey.Int(end.Code))
	finish(span, end.Class)
}

// finish ends a span that is none of HTTP's.
func finish(span trace.Span, class observe.Class, at ...trace.SpanEndOption) {
	if kind := class.ErrorType(); kind != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
	setStatus(span, class)
	span.End(at...)
}

// BeginMessage implements observe.MessageObserver.
func (o *Observer) BeginMessage(ctx context.Context, m observe.Message) context.Context {
	opts := append(make([]trace.SpanStartOption, 0, 4), trace.WithSpanKind(trace.SpanKindServer))
	switch {
	case o.skipped(ctx):
		return ctx
	case o.opts.Messages == MessageSpans:
	case o.opts.Messages == MessageTraces:
		opts = append(opts, trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	default:
		return ctx
	}
	ctx, _ = o.tracer.Start(ctx, "MESSAGE "+m.Route, append(opts, trace.WithAttributes(
		semconv.HTTPRoute(m.Route), messageKindKey.String(m.Kind()), messageSizeKey.Int(m.Size)))...)
	return ctx
}

// EndMessage implements observe.MessageObserver.
func (o *Observer) EndMessage(ctx context.Context, m observe.Message, end observe.MessageEnd) {
	o.metrics.message(ctx, &m, &end)
	if o.skipped(ctx) {
		return
	}
	span := trace.SpanFromContext(ctx)
	switch o.opts.Messages {
	case MessageEvents:
		addEvent(span, &m, &end)
	case MessageSpans, MessageTraces:
		if end.Err != nil && end.Class != observe.Gone {
			record(span, end.Err) // it ends before the observers of errors are told
		}
		finish(span, end.Class)
	}
}

// addEvent adds a message to the span of its connection.
func addEvent(span trace.Span, m *observe.Message, end *observe.MessageEnd) {
	if !span.IsRecording() {
		return
	}
	list := []attribute.KeyValue{
		messageKindKey.String(m.Kind()), messageSizeKey.Int(m.Size),
		attribute.Float64("fogo.websocket.message.duration", end.Duration.Seconds()),
	}
	if kind := end.Class.ErrorType(); kind != "" {
		list = append(list, semconv.ErrorTypeKey.String(kind))
	}
	span.AddEvent("message", trace.WithAttributes(list...))
}

// Providers makes a span of each value that a provider makes, if it is given to
// the application beside the Observer.
func (o *Observer) Providers() observe.ProviderObserver { return providers{o} }

type providers struct{ o *Observer }

// ObserveProvider implements observe.ProviderObserver.
func (p providers) ObserveProvider(ctx context.Context, made observe.Provider) {
	if p.o.skipped(ctx) {
		return
	}
	_, span := p.o.tracer.Start(ctx, "provide "+made.Type, trace.WithTimestamp(made.Start), trace.WithAttributes(
		providerTypeKey.String(made.Type), providerFunctionKey.String(made.Func), providerLifetimeKey.String(made.Lifetime)))
	finish(span, made.Class, trace.WithTimestamp(made.Start.Add(made.Duration)))
}
