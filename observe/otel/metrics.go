package fogootel

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/gofogo/fogo/observe"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// metrics are the instruments.
type metrics struct {
	duration, size     metric.Float64Histogram
	active             metric.Int64UpDownCounter
	connections        metric.Int64UpDownCounter
	connectionDuration metric.Float64Histogram
	messageDuration    metric.Float64Histogram
	messageSize        metric.Float64Histogram

	sets sets
}

// bounds are those that the conventions want for durations of requests.
var bounds = metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

func (m *metrics) make(meter metric.Meter) error {
	var errs []error
	histogram := func(name, unit, text string, opts ...metric.Float64HistogramOption) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, append(opts, metric.WithUnit(unit), metric.WithDescription(text))...)
		errs = append(errs, err)
		return h
	}
	counter := func(name, unit, text string) metric.Int64UpDownCounter {
		c, err := meter.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(text))
		errs = append(errs, err)
		return c
	}
	m.duration = histogram("http.server.request.duration", "s", "Duration of HTTP server requests.", bounds)
	m.size = histogram("http.server.response.body.size", "By", "Size of HTTP server response bodies.")
	m.active = counter("http.server.active_requests", "{request}", "Number of active HTTP server requests.")
	m.connections = counter("fogo.websocket.connections", "{connection}", "Number of open WebSockets.")
	m.connectionDuration = histogram("fogo.websocket.connection.duration", "s", "Duration of WebSockets.",
		metric.WithExplicitBucketBoundaries(1, 10, 60, 600, 3600, 6*3600, 24*3600))
	m.messageDuration = histogram("fogo.websocket.message.duration", "s", "Duration of the handling of WebSocket messages.", bounds)
	m.messageSize = histogram("fogo.websocket.message.size", "By", "Size of received WebSocket messages.")
	return errors.Join(errs...)
}

// begin counts a call that begins.
func (m *metrics) begin(ctx context.Context, c *observe.Call) {
	m.active.Add(ctx, 1, m.whileActive(c)...)
}

func (m *metrics) whileActive(c *observe.Call) []metric.AddOption {
	scheme := schemeOf(c.Request)
	return m.sets.get(setKey{kind: 'a', method: c.Method, detail: scheme}, func() []attribute.KeyValue {
		return []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(c.Method), semconv.URLScheme(scheme)}
	}).add
}

func (m *metrics) end(ctx context.Context, c *observe.Call, end *observe.CallEnd) {
	m.active.Add(ctx, -1, m.whileActive(c)...)
	scheme, version := schemeOf(c.Request), versionOf(c.Request)
	s := m.sets.get(setKey{
		kind: 'c', method: c.Method, route: c.Route, code: end.Status, class: end.Class, detail: scheme, version: version,
	}, func() []attribute.KeyValue {
		list := []attribute.KeyValue{
			semconv.HTTPRequestMethodKey.String(c.Method), semconv.URLScheme(scheme), semconv.NetworkProtocolVersion(version),
		}
		if c.Route != "" {
			list = append(list, semconv.HTTPRoute(c.Route))
		}
		if end.Status != 0 {
			list = append(list, semconv.HTTPResponseStatusCode(end.Status))
		}
		return withErrorType(list, end.ErrorType())
	})
	m.duration.Record(ctx, end.Duration.Seconds(), s.record...)
	m.size.Record(ctx, float64(end.Bytes), s.record...)
}

func withErrorType(list []attribute.KeyValue, kind string) []attribute.KeyValue {
	if kind == "" {
		return list
	}
	return append(list, semconv.ErrorTypeKey.String(kind))
}

func (m *metrics) open(ctx context.Context, c *observe.Connection) {
	m.connections.Add(ctx, 1, m.ofRoute(c.Route)...)
}

func (m *metrics) ofRoute(route string) []metric.AddOption {
	return m.sets.get(setKey{kind: 'r', route: route}, func() []attribute.KeyValue {
		return []attribute.KeyValue{semconv.HTTPRoute(route)}
	}).add
}

func (m *metrics) close(ctx context.Context, c *observe.Connection, end *observe.ConnectionEnd) {
	m.connections.Add(ctx, -1, m.ofRoute(c.Route)...)
	code := end.CodeLabel()
	s := m.sets.get(setKey{kind: 'e', route: c.Route, class: end.Class, detail: code}, func() []attribute.KeyValue {
		return withErrorType([]attribute.KeyValue{semconv.HTTPRoute(c.Route), closeCodeKey.String(code)}, end.Class.ErrorType())
	})
	m.connectionDuration.Record(ctx, end.Duration.Seconds(), s.record...)
}

func (m *metrics) message(ctx context.Context, msg *observe.Message, end *observe.MessageEnd) {
	kind := msg.Kind()
	s := m.sets.get(setKey{kind: 'm', route: msg.Route, class: end.Class, detail: kind}, func() []attribute.KeyValue {
		return withErrorType([]attribute.KeyValue{semconv.HTTPRoute(msg.Route), messageKindKey.String(kind)}, end.Class.ErrorType())
	})
	m.messageDuration.Record(ctx, end.Duration.Seconds(), s.record...)
	sizes := m.sets.get(setKey{kind: 's', route: msg.Route, detail: kind}, func() []attribute.KeyValue {
		return []attribute.KeyValue{semconv.HTTPRoute(msg.Route), messageKindKey.String(kind)}
	})
	m.messageSize.Record(ctx, float64(msg.Size), sizes.record...)
}

// sets finds sets of attributes, whose number is bounded: making one costs more
// than what it is used for.
type sets struct {
	list atomic.Pointer[map[setKey]set]
	mu   sync.Mutex // held to add
}

// setKey says what a set is made of; kind says for what.
type setKey struct {
	kind                           byte
	class                          observe.Class
	method, route, detail, version string
	code                           int
}

// set is a set of attributes as the options that take it.
type set struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

func (s *sets) get(key setKey, list func() []attribute.KeyValue) set {
	if all := s.list.Load(); all != nil {
		if v, ok := (*all)[key]; ok {
			return v
		}
	}
	return s.fresh(key, list())
}

// fresh adds a set to a copy of the map.
func (s *sets) fresh(key setKey, list []attribute.KeyValue) set {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := metric.WithAttributeSet(attribute.NewSet(list...))
	v := set{add: []metric.AddOption{o}, record: []metric.RecordOption{o}}
	all := map[setKey]set{}
	if old := s.list.Load(); old != nil {
		all = maps.Clone(*old)
	}
	all[key] = v
	s.list.Store(&all)
	return v
}
