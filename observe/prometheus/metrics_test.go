package fogoprom_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	fogoprom "github.com/gofogo/fogo/observe/prometheus"
	"github.com/gofogo/fogo/ws"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type store struct{}

// register registers routes with each kind of end.
func register(app *fogo.App) {
	app.Provide(inject.PerCall, func() *store { return &store{} })
	app.Get("/users/{id}", func(int, *store) string { return "hello" })
	app.Get("/fail", func() error { return errors.New("x") })
	app.Get("/panic", func() { panic("x") })
	app.WebSocket("/echo", func(text ws.Text) (string, error) {
		if text == "fail" {
			return "", errors.New("x")
		}
		return string(text), nil
	})
	app.WebSocket("/refused", func(*ws.WebSocket) error { return endpoint.NewError(403, "no") })
}

// site is an application that is measured.
type site struct {
	t        *testing.T
	registry *prometheus.Registry
	metrics  *fogoprom.Metrics
	tracker  *ws.Tracker
	srv      *httptest.Server
}

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, registry: prometheus.NewPedanticRegistry(), tracker: &ws.Tracker{}}
	var err error
	s.metrics, err = fogoprom.New(fogoprom.Options{Registerer: s.registry, Tracker: s.tracker})
	require.NoError(t, err)
	app := fogo.New(fogo.WithObserver(s.metrics), fogo.WithObserver(s.metrics.Providers()), fogo.WithWebSocket(ws.Options{Tracker: s.tracker}))
	register(app)
	app.Handle("GET /metrics", s.metrics.Handler())
	require.NoError(t, app.Start(t.Context()))
	s.srv = httptest.NewServer(app)
	t.Cleanup(func() {
		s.srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		assert.NoError(t, app.Stop(ctx))
	})
	return s
}

func (s *site) do(method, path string) string {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL+path, http.NoBody)
	require.NoError(s.t, err)
	res, err := s.srv.Client().Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return string(b)
}

// series are those of a metric as "a=x b=y" with the count or value.
func (s *site) series(name string) map[string]float64 {
	families, err := s.registry.Gather()
	require.NoError(s.t, err)
	out := map[string]float64{}
	i := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == name })
	if i < 0 {
		return out
	}
	for _, m := range families[i].GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			if l.GetValue() != "" {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
		}
		out[strings.Join(labels, " ")] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return out
}

// eventually waits for a metric: the end of a call is told after its answer.
func (s *site) eventually(name string, want map[string]float64) {
	s.t.Helper()
	var got map[string]float64
	for range 500 {
		if got = s.series(name); assert.ObjectsAreEqual(want, got) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	assert.Equal(s.t, want, got, name)
}

func TestRequests(t *testing.T) {
	s := serve(t)
	for _, r := range []string{"GET /users/1", "GET /users/2", "GET /users/x", "GET /fail", "GET /panic", "GET /nowhere", "GET /elsewhere", "BREW /pot", "PUT /fail"} {
		method, path, _ := strings.Cut(r, " ")
		s.do(method, path)
	}
	s.eventually("http_server_request_duration_seconds", map[string]float64{
		"http_request_method=GET http_response_status_code=200 http_route=/users/{id}":             2,
		"http_request_method=GET http_response_status_code=400 http_route=/users/{id}":             1,
		"error_type=500 http_request_method=GET http_response_status_code=500 http_route=/fail":    1,
		"error_type=panic http_request_method=GET http_response_status_code=500 http_route=/panic": 1,
		"http_request_method=GET http_response_status_code=404":                                    2,
		"http_request_method=_OTHER http_response_status_code=404":                                 1,
		"http_request_method=PUT http_response_status_code=405":                                    1,
	})
	s.eventually("http_server_active_requests", map[string]float64{"http_request_method=GET": 0, "http_request_method=_OTHER": 0, "http_request_method=PUT": 0})
	s.eventually("fogo_provider_duration_seconds", map[string]float64{"lifetime=PerCall type=*fogoprom_test.store": 2})
	assert.Equal(t, 3.0, s.series("http_server_response_body_size_bytes")["http_request_method=GET http_route=/users/{id}"])
	text := s.do("GET", "/metrics")
	assert.Contains(t, text, `http_server_request_duration_seconds_bucket{error_type="",http_request_method="GET",http_response_status_code="200",http_route="/users/{id}",le="0.005"}`)
	assert.Contains(t, text, `http_server_active_requests{http_request_method="GET"} 1`, "the scrape is a request")
	problems, err := testutil.GatherAndLint(s.registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

func TestWebSockets(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	dial := func(path string) (*ws.WebSocket, error) {
		c, _, err := ws.Dial(ctx, "ws"+s.srv.URL[len("http"):]+path, nil)
		return c, err
	}
	c, err := dial("/echo")
	require.NoError(t, err)
	require.NoError(t, c.SendText("hello"))
	_, err = c.Receive(ctx)
	require.NoError(t, err)
	s.eventually("fogo_websocket_connections", map[string]float64{"": 1})
	require.NoError(t, c.Close(4321))
	failing, err := dial("/echo")
	require.NoError(t, err)
	require.NoError(t, failing.SendText("fail"))
	_, err = failing.Receive(ctx)
	require.ErrorIs(t, err, ws.ErrClosed)
	_, err = dial("/refused")
	require.Error(t, err)
	s.eventually("http_server_request_duration_seconds", map[string]float64{
		"http_request_method=GET http_response_status_code=101 http_route=/echo":    2,
		"http_request_method=GET http_response_status_code=403 http_route=/refused": 1,
	})
	s.eventually("http_server_active_requests", map[string]float64{"http_request_method=GET": 0})
	s.eventually("fogo_websocket_message_duration_seconds", map[string]float64{
		"http_route=/echo kind=text": 1, "error_type=failed http_route=/echo kind=text": 1,
	})
	s.eventually("fogo_websocket_message_size_bytes", map[string]float64{"http_route=/echo kind=text": 2})
	s.eventually("fogo_websocket_connections_opened_total", map[string]float64{"http_route=/echo": 2})
	s.eventually("fogo_websocket_connection_duration_seconds", map[string]float64{
		"code=4xxx http_route=/echo": 1, "code=1011 error_type=failed http_route=/echo": 1,
	})
	s.eventually("fogo_websocket_connections", map[string]float64{"": 0})
	s.eventually("fogo_websocket_connections_parked", map[string]float64{"": 0})
}

func TestOptions(t *testing.T) {
	r := prometheus.NewRegistry()
	opts := fogoprom.Options{
		Registerer: prometheus.WrapRegistererWithPrefix("x_", r), Gatherer: r, DurationBuckets: []float64{1},
		NativeHistograms: true, ConstLabels: prometheus.Labels{"app": "a"},
	}
	m, err := fogoprom.New(opts)
	require.NoError(t, err)
	m.EndCall(t.Context(), observe.Call{Method: "GET"}, observe.CallEnd{Status: 200})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Contains(t, w.Body.String(), `x_http_server_request_duration_seconds_bucket{app="a",error_type="",http_request_method="GET",http_response_status_code="200",http_route="",le="1"} 1`)
	_, err = fogoprom.New(opts)
	var already prometheus.AlreadyRegisteredError
	require.ErrorAs(t, err, &already)
	opts.ConstLabels = nil
	_, err = fogoprom.New(opts)
	require.Error(t, err)
	own, err := fogoprom.New(fogoprom.Options{})
	require.NoError(t, err)
	require.NotNil(t, own.Handler())
}

// Clients cannot make series.
func TestCardinality(t *testing.T) {
	s := serve(t)
	for i := range 50 {
		s.do("GET", "/users/"+strings.Repeat("9", i%18+1))
		s.do("M"+strings.Repeat("X", i), "/x"+strings.Repeat("y", i))
	}
	s.eventually("http_server_request_duration_seconds", map[string]float64{
		"http_request_method=GET http_response_status_code=200 http_route=/users/{id}": 50,
		"http_request_method=_OTHER http_response_status_code=404":                     50,
	})
}

func TestConcurrency(t *testing.T) {
	s := serve(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, path := range []string{"/users/1", "/fail", "/nowhere", "/metrics"} {
				res, err := s.srv.Client().Get(s.srv.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
			}
		})
	}
	wg.Wait()
	s.eventually("http_server_active_requests", map[string]float64{"http_request_method=GET": 0})
	assert.Equal(t, 8.0, s.series("http_server_request_duration_seconds")["http_request_method=GET http_response_status_code=404"])
}
