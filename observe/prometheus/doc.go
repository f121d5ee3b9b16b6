// Package fogoprom measures an application for Prometheus.
//
//	m, err := fogoprom.New(fogoprom.Options{})
//	if err != nil { … }
//	app := fogo.New(fogo.WithObserver(m))
//	app.Handle("GET /metrics", m.Handler())
//
// It is a module of its own, for the sake of those who don't use it, and named
// so that it can be imported beside client_golang's package prometheus.
//
// # Options
//
//	option            default
//	Registerer        a registry of its own
//	Gatherer          the Registerer if it is one, else prometheus.DefaultGatherer
//	Tracker           nil: no gauges of open WebSockets
//	DurationBuckets   5 ms to 10 s in 14 steps; providers 10 µs to 10 s in 7
//	NativeHistograms  false
//	ConstLabels       none
//
// # Metrics
//
// Names and labels of HTTP are those of OpenTelemetry's semantic conventions, as
// they are written in Prometheus.
//
//	http_server_request_duration_seconds        histogram  http_request_method, http_route, http_response_status_code, error_type
//	http_server_response_body_size_bytes        histogram  http_request_method, http_route
//	http_server_active_requests                 gauge      http_request_method
//	fogo_websocket_message_duration_seconds     histogram  http_route, kind, error_type
//	fogo_websocket_message_size_bytes           histogram  http_route, kind
//	fogo_websocket_connections_opened_total     counter    http_route
//	fogo_websocket_connection_duration_seconds  histogram  http_route, code, error_type
//	fogo_websocket_connections                  gauge      with Options.Tracker
//	fogo_websocket_connections_parked           gauge      with Options.Tracker: those that wait without a goroutine
//	fogo_provider_duration_seconds              histogram  type, lifetime, error_type; with Metrics.Providers
//
// How many requests, messages, closed connections and values there were is the
// _count of their histogram: there is no counter beside it. Requests in a second,
// and the part of them that failed:
//
//	sum by (http_route) (rate(http_server_request_duration_seconds_count[5m]))
//	sum(rate(http_server_request_duration_seconds_count{error_type!=""}[5m])) / sum(rate(http_server_request_duration_seconds_count[5m]))
//
// # Labels
//
//	http_request_method        a known method, or "_OTHER"
//	http_route                 the pattern, "/users/{id}"; "" if no route matched
//	http_response_status_code  "200"; "0" if there was no answer
//	error_type                 "" for what is no error of the server; the status, "failed", "panic", "aborted", "gone"
//	kind                       "text", "binary"
//	code                       the close code; "3xxx" and "4xxx" for those that clients choose freely
//	type, lifetime             "*main.DB", "PerCall"
//
// None of them is made of something that a client may choose at will, so that
// nobody can fill the memory of the program and of Prometheus with series.
//
// # Performance
//
// A request costs no allocation beside the one that observing costs. Series are
// found in a map that is copied when it grows, which ends when every route has been
// called.
package fogoprom
