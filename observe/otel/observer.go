package fogootel

import (
	"github.com/gofogo/fogo/observe"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// ScopeName is the name of the instrumentation scope.
const ScopeName = "github.com/gofogo/fogo/observe/otel"

// Options configure [New]. The zero value uses the global providers and propagator.
type Options struct {
	// TracerProvider makes the tracer, MeterProvider the meter; nil for the
	// global one. For none, give a no-op provider.
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
	// Propagator finds the caller's trace in the header of a request: such as
	// propagation.TraceContext for the traceparent of W3C. Nil for the global
	// one, which finds nothing unless it was set.
	Propagator propagation.TextMapPropagator
	// Public says that clients are not trusted: their traces are linked to and
	// not continued.
	Public bool
	// Messages says what becomes of the messages of a WebSocket.
	Messages Messages
	// Skip leaves calls out of the traces, such as those of health checks. They
	// are measured.
	Skip func(observe.Call) bool
}

// Messages says what becomes of the messages of a WebSocket in a trace.
type Messages uint8

const (
	// MessageEvents makes each an event of the connection's span, when it was
	// handled. SDKs keep 128 of them by default.
	MessageEvents Messages = iota
	// MessageSpans makes each a span in the connection's.
	MessageSpans
	// MessageTraces makes each a trace of its own with a link to the
	// connection's span: for connections that live for long.
	MessageTraces
	// MessageNone leaves them out.
	MessageNone
)

// Observer traces and measures an application. It is an observe.CallObserver,
// observe.MessageObserver, observe.ConnectionObserver and observe.ErrorObserver, and may
// observe several applications.
type Observer struct {
	opts       Options
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	metrics    metrics
}

var (
	_ observe.CallObserver       = (*Observer)(nil)
	_ observe.MessageObserver    = (*Observer)(nil)
	_ observe.ConnectionObserver = (*Observer)(nil)
	_ observe.ErrorObserver      = (*Observer)(nil)
)

// New makes an observer. The error is the meter's.
func New(opts Options) (*Observer, error) {
	o := &Observer{opts: opts, propagator: opts.Propagator}
	if o.propagator == nil {
		o.propagator = otel.GetTextMapPropagator()
	}
	tp, mp := opts.TracerProvider, opts.MeterProvider
	if tp == nil {
		tp = otel.GetTracerProvider()
	}
	if mp == nil {
		mp = otel.GetMeterProvider()
	}
	o.tracer = tp.Tracer(ScopeName, trace.WithSchemaURL(semconv.SchemaURL))
	err := o.metrics.make(mp.Meter(ScopeName, metric.WithSchemaURL(semconv.SchemaURL)))
	if err != nil {
		return nil, err
	}
	return o, nil
}
