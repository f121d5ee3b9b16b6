package fogoprom

import (
	"context"
	"strconv"

	"github.com/gofogo/fogo/observe"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	_ observe.CallObserver       = (*Metrics)(nil)
	_ observe.MessageObserver    = (*Metrics)(nil)
	_ observe.ConnectionObserver = (*Metrics)(nil)
)

// Keys of the series that are looked up often.
type (
	callKey struct {
		method, route string
		status        int
		class         observe.Class
	}
	messageKey struct {
		route  string
		binary bool
		class  observe.Class
	}
	kindKey struct {
		route  string
		binary bool
	}
	providerKey struct {
		typ, lifetime string
		class         observe.Class
	}
	callSeries struct{ duration, size prometheus.Observer }
)

// BeginCall implements observe.CallObserver.
func (m *Metrics) BeginCall(ctx context.Context, c observe.Call) context.Context {
	m.gauge(c.Method).Inc()
	return ctx
}

func (m *Metrics) gauge(method string) prometheus.Gauge {
	return m.underway.get(method, func() prometheus.Gauge { return m.active.WithLabelValues(method) })
}

// EndCall implements observe.CallObserver.
func (m *Metrics) EndCall(_ context.Context, c observe.Call, end observe.CallEnd) {
	m.gauge(c.Method).Dec()
	s := m.calls.get(callKey{c.Method, c.Route, end.Status, end.Class}, func() callSeries {
		return callSeries{
			m.duration.WithLabelValues(c.Method, c.Route, strconv.Itoa(end.Status), end.ErrorType()),
			m.size.WithLabelValues(c.Method, c.Route),
		}
	})
	s.duration.Observe(end.Duration.Seconds())
	s.size.Observe(float64(end.Bytes))
}

// BeginMessage implements observe.MessageObserver.
func (m *Metrics) BeginMessage(ctx context.Context, _ observe.Message) context.Context { return ctx }

// EndMessage implements observe.MessageObserver.
func (m *Metrics) EndMessage(_ context.Context, msg observe.Message, end observe.MessageEnd) {
	m.handled.get(messageKey{msg.Route, msg.Binary, end.Class}, func() prometheus.Observer {
		return m.messages.WithLabelValues(msg.Route, msg.Kind(), end.Class.ErrorType())
	}).Observe(end.Duration.Seconds())
	m.received.get(kindKey{msg.Route, msg.Binary}, func() prometheus.Observer {
		return m.lengths.WithLabelValues(msg.Route, msg.Kind())
	}).Observe(float64(msg.Size))
}

// OpenConnection implements observe.ConnectionObserver.
func (m *Metrics) OpenConnection(ctx context.Context, c observe.Connection) context.Context {
	m.opened.WithLabelValues(c.Route).Inc()
	return ctx
}

// CloseConnection implements observe.ConnectionObserver.
func (m *Metrics) CloseConnection(_ context.Context, c observe.Connection, end observe.ConnectionEnd) {
	m.lives.WithLabelValues(c.Route, end.CodeLabel(), end.Class.ErrorType()).Observe(end.Duration.Seconds())
}

// Providers measures providers too, if it is given to the application beside
// the Metrics. It costs two looks at the clock for each value that is made.
func (m *Metrics) Providers() observe.ProviderObserver { return providers{m} }

type providers struct{ m *Metrics }

// ObserveProvider implements observe.ProviderObserver.
func (o providers) ObserveProvider(_ context.Context, p observe.Provider) {
	o.m.made.get(providerKey{p.Type, p.Lifetime, p.Class}, func() prometheus.Observer {
		return o.m.providers.WithLabelValues(p.Type, p.Lifetime, p.Class.ErrorType())
	}).Observe(p.Duration.Seconds())
}
