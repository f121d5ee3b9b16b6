package fogoprom

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options configure [New]. The zero value is ready for use.
type Options struct {
	// Registerer is where the metrics are registered: a registry of their own
	// if nil. Give it prometheus.DefaultRegisterer to have them beside those of
	// the Go runtime.
	Registerer prometheus.Registerer
	// Gatherer is what Handler serves: the Registerer if it is one, as
	// registries are, else prometheus.DefaultGatherer.
	Gatherer prometheus.Gatherer
	// Tracker knows the open WebSockets: a *ws.Tracker that is also given to
	// the application, in ws.Options. Without it there are no gauges of them.
	Tracker Tracker
	// DurationBuckets are the bounds for durations of requests, messages and
	// providers, in seconds. By default those that OpenTelemetry recommends,
	// from 5 ms to 10 s; providers have 10 µs to 10 s.
	DurationBuckets []float64
	// NativeHistograms makes sparse histograms too, for servers that scrape
	// them; the buckets stay for those that don't.
	NativeHistograms bool
	// ConstLabels are added to every series.
	ConstLabels prometheus.Labels
}

// Tracker counts open WebSockets. *ws.Tracker implements it.
type Tracker interface {
	// Len is how many there are, Parked how many of them wait without a goroutine.
	Len() int
	Parked() int
}

// Metrics measures an application. It is an observe.CallObserver,
// observe.MessageObserver and observe.ConnectionObserver, and may observe several
// applications, whose numbers are added up.
type Metrics struct {
	gatherer prometheus.Gatherer

	duration  *prometheus.HistogramVec
	size      *prometheus.HistogramVec
	active    *prometheus.GaugeVec
	messages  *prometheus.HistogramVec
	lengths   *prometheus.HistogramVec
	opened    *prometheus.CounterVec
	lives     *prometheus.HistogramVec
	providers *prometheus.HistogramVec

	// Series that were found before.
	calls    table[callKey, callSeries]
	underway table[string, prometheus.Gauge]
	handled  table[messageKey, prometheus.Observer]
	received table[kindKey, prometheus.Observer]
	made     table[providerKey, prometheus.Observer]
}

// Bounds of buckets that Options has none for.
var (
	durations     = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	makings       = []float64{1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10}
	lifetimes     = []float64{1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600}
	sizesOfBodies = prometheus.ExponentialBuckets(256, 4, 9) // up to 16 MiB
)

// New registers the metrics. The error joins what the registerer says against
// them: that they are registered already, for one.
func New(opts Options) (*Metrics, error) {
	m := &Metrics{gatherer: opts.Gatherer}
	if opts.Registerer == nil {
		opts.Registerer = prometheus.NewRegistry()
	}
	if m.gatherer == nil {
		m.gatherer = prometheus.DefaultGatherer
		if g, ok := opts.Registerer.(prometheus.Gatherer); ok {
			m.gatherer = g
		}
	}
	m.make(&opts)
	list := append([]prometheus.Collector{
		m.duration, m.size, m.active, m.messages, m.lengths, m.opened, m.lives, m.providers,
	}, gauges(&opts)...)
	if err := register(opts.Registerer, list); err != nil {
		return nil, err
	}
	return m, nil
}

// register registers all collectors or none.
func register(r prometheus.Registerer, list []prometheus.Collector) error {
	var errs []error
	var done []prometheus.Collector
	for _, c := range list {
		if err := r.Register(c); err != nil {
			errs = append(errs, err)
		} else {
			done = append(done, c)
		}
	}
	if len(errs) > 0 {
		for _, c := range done {
			r.Unregister(c)
		}
	}
	return errors.Join(errs...)
}

func (m *Metrics) make(opts *Options) {
	usual, fine := durations, makings
	if opts.DurationBuckets != nil {
		usual, fine = opts.DurationBuckets, opts.DurationBuckets
	}
	m.duration = opts.histogram("http_server_request_duration_seconds", "Duration of HTTP server requests.", usual,
		"http_request_method", "http_route", "http_response_status_code", "error_type")
	m.size = opts.histogram("http_server_response_body_size_bytes", "Size of the bodies of HTTP server responses.", sizesOfBodies,
		"http_request_method", "http_route")
	m.active = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "http_server_active_requests", Help: "Number of HTTP server requests under way.", ConstLabels: opts.ConstLabels,
	}, []string{"http_request_method"})
	m.messages = opts.histogram("fogo_websocket_message_duration_seconds", "Duration of the handling of WebSocket messages.", usual,
		"http_route", "kind", "error_type")
	m.lengths = opts.histogram("fogo_websocket_message_size_bytes", "Size of received WebSocket messages.", sizesOfBodies,
		"http_route", "kind")
	m.opened = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fogo_websocket_connections_opened_total", Help: "Number of accepted WebSockets.", ConstLabels: opts.ConstLabels,
	}, []string{"http_route"})
	m.lives = opts.histogram("fogo_websocket_connection_duration_seconds", "Duration of WebSockets that have ended.", lifetimes,
		"http_route", "code", "error_type")
	m.providers = opts.histogram("fogo_provider_duration_seconds", "Duration of the calls of providers.", fine,
		"type", "lifetime", "error_type")
}

func (o *Options) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets, ConstLabels: o.ConstLabels}
	if o.NativeHistograms {
		h.NativeHistogramBucketFactor, h.NativeHistogramMaxBucketNumber = 1.1, 160
	}
	return prometheus.NewHistogramVec(h, labels)
}

// gauges ask the tracker when they are scraped.
func gauges(opts *Options) []prometheus.Collector {
	t := opts.Tracker
	if t == nil {
		return nil
	}
	gauge := func(name, help string, f func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: opts.ConstLabels},
			func() float64 { return float64(f()) })
	}
	return []prometheus.Collector{
		gauge("fogo_websocket_connections", "Number of open WebSockets.", t.Len),
		gauge("fogo_websocket_connections_parked", "Number of open WebSockets that wait without a goroutine.", t.Parked),
	}
}

// Handler serves the metrics in the formats of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.gatherer, promhttp.HandlerOpts{})
}
