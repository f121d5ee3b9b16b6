package fogootel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	fogootel "github.com/gofogo/fogo/observe/otel"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

type store struct{}

// register registers routes with each kind of end.
func register(app *fogo.App) {
	app.Provide(inject.PerCall, func() (*store, error) { return &store{}, nil })
	app.Get("/users/{id}", func(ctx context.Context, id int, _ *store) string {
		_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("app").Start(ctx, "work")
		span.End()
		return "hello"
	})
	app.Get("/fail", func() error { return errors.New("secret") })
	app.Get("/garbled/{rest...}", func(r *http.Request) error { return errors.New("failed: " + r.URL.Path) })
	app.Get("/refuse", func() error { return endpoint.NewError(409, "no") })
	app.Get("/panic", func() { panic("oops") })
	app.Handle("/plain", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("plain") }))
	app.WebSocket("/echo", func(text ws.Text) (string, error) {
		if text == "fail" {
			return "", errors.New("secret")
		}
		return string(text), nil
	})
	app.WebSocket("/own", func(conn *ws.WebSocket) error {
		if err := conn.Accept(); err != nil {
			return err
		}
		panic("owned")
	})
	sub := router.New()
	sub.Get("/{id}", func(int) string { return "sub" })
	app.Mount("/sub", sub)
}

// site is an application that is traced and measured.
type site struct {
	t      *testing.T
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
	srv    *httptest.Server
}

func serve(t *testing.T, change func(*fogootel.Options)) *site {
	t.Helper()
	s := &site{t: t, spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	opts := fogootel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader)),
		Propagator:     propagation.TraceContext{},
	}
	change(&opts)
	o, err := fogootel.New(opts)
	require.NoError(t, err)
	app := fogo.New(fogo.WithObserver(o), fogo.WithObserver(o.Providers()))
	register(app)
	require.NoError(t, app.Start(t.Context()))
	s.srv = httptest.NewUnstartedServer(app)
	s.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.srv.Start()
	s.srv.Client().Transport.(*http.Transport).DisableKeepAlives = true
	t.Cleanup(func() {
		s.srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		assert.NoError(t, app.Stop(ctx))
	})
	return s
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func (s *site) get(path string, header ...string) {
	s.t.Helper()
	s.do(http.MethodGet, path, header...)
}

func (s *site) do(method, path string, header ...string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL+path, http.NoBody)
	require.NoError(s.t, err)
	req.Header.Set("User-Agent", "test")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if res, err := s.srv.Client().Do(req); err == nil {
		res.Body.Close()
	}
}

// TestTextsAreUTF8: what a client sends that is not would cost the exporter the
// whole batch, with the spans of others.
func TestTextsAreUTF8(t *testing.T) {
	s := serve(t, func(*fogootel.Options) {})
	s.get("/garbled/a%ff", "User-Agent", "agent\xff")
	span := s.ended(1)[0]
	texts := map[attribute.Key]string{}
	note := func(list []attribute.KeyValue) {
		for _, a := range list {
			text := a.Value.String()
			assert.True(t, utf8.ValidString(text), "%s is %q", a.Key, text)
			texts[a.Key] = text
		}
	}
	note(span.Attributes())
	for _, e := range span.Events() {
		assert.Equal(t, "exception", e.Name)
		note(e.Attributes)
	}
	assert.Equal(t, "/garbled/a\uFFFD", texts["url.path"])
	assert.Equal(t, "agent\uFFFD", texts["user_agent.original"])
	assert.Contains(t, texts["exception.message"], "failed: /garbled/a\uFFFD")
	assert.NotEmpty(t, texts["exception.type"])
}

// ended waits for so many spans.
func (s *site) ended(n int) []sdktrace.ReadOnlySpan {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return len(s.spans.Ended()) >= n }, 5*time.Second, time.Millisecond)
	time.Sleep(5 * time.Millisecond)
	spans := s.spans.Ended()
	require.Len(s.t, spans, n, "%v", names(spans))
	return spans
}

func names(spans []sdktrace.ReadOnlySpan) []string {
	var list []string
	for _, span := range spans {
		list = append(list, span.Name())
	}
	return list
}

func find(t *testing.T, spans []sdktrace.ReadOnlySpan, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	i := slices.IndexFunc(spans, func(s sdktrace.ReadOnlySpan) bool { return s.Name() == name })
	require.GreaterOrEqual(t, i, 0, "%q in %v", name, names(spans))
	return spans[i]
}

func attrs(list []attribute.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range list {
		out[string(kv.Key)] = kv.Value.String()
	}
	return out
}

func TestCall(t *testing.T) {
	s := serve(t, func(*fogootel.Options) {})
	s.get("/users/7?secret=1", "traceparent", parent)
	spans := s.ended(3)
	call, work, made := find(t, spans, "GET /users/{id}"), find(t, spans, "work"), find(t, spans, "provide *fogootel_test.store")
	assert.Equal(t, trace.SpanKindServer, call.SpanKind())
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", call.SpanContext().TraceID().String())
	assert.Equal(t, "b7ad6b7169203331", call.Parent().SpanID().String())
	assert.Equal(t, call.SpanContext().SpanID(), work.Parent().SpanID(), "the handler's context has the span")
	assert.Equal(t, call.SpanContext().SpanID(), made.Parent().SpanID())
	assert.Equal(t, codes.Unset, call.Status().Code)
	got := attrs(call.Attributes())
	for _, k := range []string{"server.port", "network.peer.port"} {
		assert.NotEmpty(t, got[k])
		delete(got, k)
	}
	assert.Equal(t, map[string]string{
		"http.request.method": "GET", "http.route": "/users/{id}", "url.path": "/users/7", "url.scheme": "http",
		"server.address": "127.0.0.1", "client.address": "127.0.0.1", "network.peer.address": "127.0.0.1",
		"network.protocol.version": "1.1", "user_agent.original": "test", "http.response.status_code": "200", "http.response.body.size": "5",
	}, got)
	got = attrs(made.Attributes())
	assert.Contains(t, got["fogo.provider.function"], "register.func")
	assert.Equal(t, "PerCall", got["fogo.provider.lifetime"])
	assert.False(t, made.EndTime().Before(made.StartTime()))
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		method, path, name string
		status             codes.Code
		errorType          string
		exceptions         int
	}{
		{"GET", "/fail", "GET /fail", codes.Error, "500", 1},
		{"GET", "/refuse", "GET /refuse", codes.Unset, "", 1},
		{"GET", "/panic", "GET /panic", codes.Error, "panic", 1},
		{"GET", "/plain", "GET /plain", codes.Error, "panic", 1},
		{"GET", "/nowhere", "GET", codes.Unset, "", 0},
		{"BREW", "/fail", "HTTP", codes.Unset, "", 0},
		{"GET", "/sub/1", "GET /sub/{id}", codes.Unset, "", 0},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			s := serve(t, func(*fogootel.Options) {})
			s.do(tt.method, tt.path)
			span := s.ended(1)[0]
			assert.Equal(t, tt.name, span.Name())
			assert.Equal(t, tt.status, span.Status().Code)
			assert.Equal(t, tt.errorType, attrs(span.Attributes())["error.type"])
			require.Len(t, span.Events(), tt.exceptions)
			for _, e := range span.Events() {
				assert.Equal(t, "exception", e.Name)
				assert.Equal(t, tt.errorType == "panic", attrs(e.Attributes)["exception.stacktrace"] != "")
			}
			if tt.method == "BREW" {
				assert.Equal(t, "BREW", attrs(span.Attributes())["http.request.method_original"])
			}
		})
	}
}

func TestPublicAndSkip(t *testing.T) {
	s := serve(t, func(o *fogootel.Options) {
		o.Public = true
		o.Skip = func(c observe.Call) bool { return c.Route == "/fail" }
	})
	s.get("/fail")
	s.get("/refuse", "traceparent", parent)
	span := s.ended(1)[0]
	assert.False(t, span.Parent().IsValid())
	require.Len(t, span.Links(), 1)
	assert.Equal(t, "b7ad6b7169203331", span.Links()[0].SpanContext.SpanID().String())
	assert.Len(t, s.points("http.server.request.duration"), 2, "what is skipped is measured")
}

// chat sends messages over a connection and ends it.
func (s *site) chat(path string, messages ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
	defer cancel()
	c, _, err := ws.Dial(ctx, "ws"+strings.TrimPrefix(s.srv.URL, "http")+path, nil)
	require.NoError(s.t, err)
	for _, m := range messages {
		require.NoError(s.t, c.SendText(m))
		_, _ = c.Receive(ctx)
	}
	if path == "/echo" {
		_ = c.Close(1000)
	} else {
		_, _ = c.Receive(ctx)
	}
}

func TestConnections(t *testing.T) {
	for _, tt := range []struct {
		messages fogootel.Messages
		spans    int
	}{
		{fogootel.MessageEvents, 2}, {fogootel.MessageSpans, 4}, {fogootel.MessageTraces, 4}, {fogootel.MessageNone, 2},
	} {
		t.Run(fmt.Sprint(tt.messages), func(t *testing.T) {
			s := serve(t, func(o *fogootel.Options) { o.Messages = tt.messages })
			s.chat("/echo", "hello", "fail")
			spans := s.ended(tt.spans)
			call, conn := find(t, spans, "GET /echo"), find(t, spans, "WEBSOCKET /echo")
			assert.Equal(t, "101", attrs(call.Attributes())["http.response.status_code"])
			assert.Equal(t, call.SpanContext().SpanID(), conn.Parent().SpanID())
			assert.Equal(t, codes.Error, conn.Status().Code)
			assert.Equal(t, "1011", attrs(conn.Attributes())["fogo.websocket.close_code"])
			var events []string
			for _, e := range conn.Events() {
				events = append(events, e.Name)
			}
			switch tt.messages {
			case fogootel.MessageEvents:
				assert.Equal(t, []string{"message", "message", "exception"}, events)
			case fogootel.MessageNone:
				assert.Equal(t, []string{"exception"}, events)
			case fogootel.MessageSpans:
				m := find(t, spans, "MESSAGE /echo")
				assert.Equal(t, conn.SpanContext().SpanID(), m.Parent().SpanID())
				assert.Empty(t, events)
			case fogootel.MessageTraces:
				m := find(t, spans, "MESSAGE /echo")
				assert.False(t, m.Parent().IsValid())
				assert.Equal(t, conn.SpanContext().SpanID(), m.Links()[0].SpanContext.SpanID())
			}
		})
	}
}

// The panic of a view that owns its connection is in the connection's span.
func TestOwnedConnection(t *testing.T) {
	s := serve(t, func(*fogootel.Options) {})
	s.chat("/own")
	conn := find(t, s.ended(2), "WEBSOCKET /own")
	require.Len(t, conn.Events(), 1)
	assert.Equal(t, "panic", attrs(conn.Attributes())["error.type"])
}

// points are those of a metric: attributes and count or value.
func (s *site) points(name string) map[string]float64 {
	var all metricdata.ResourceMetrics
	require.NoError(s.t, s.reader.Collect(context.Background(), &all))
	out := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch d := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					out[p.Attributes.Encoded(attribute.DefaultEncoder())] = float64(p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					out[p.Attributes.Encoded(attribute.DefaultEncoder())] = float64(p.Value)
				}
			}
		}
	}
	return out
}

func (s *site) eventually(name string, want map[string]float64) {
	s.t.Helper()
	var got map[string]float64
	for range 500 {
		if got = s.points(name); assert.ObjectsAreEqual(want, got) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	assert.Equal(s.t, want, got, name)
}

func TestMetrics(t *testing.T) {
	s := serve(t, func(*fogootel.Options) {})
	s.get("/users/1")
	s.get("/users/2")
	s.get("/fail")
	s.get("/nowhere")
	s.chat("/echo", "hello", "fail")
	const common = "network.protocol.version=1.1,url.scheme=http"
	s.eventually("http.server.request.duration", map[string]float64{
		"http.request.method=GET,http.response.status_code=200,http.route=/users/{id}," + common:          2,
		"error.type=500,http.request.method=GET,http.response.status_code=500,http.route=/fail," + common: 1,
		"http.request.method=GET,http.response.status_code=404," + common:                                 1,
		"http.request.method=GET,http.response.status_code=101,http.route=/echo," + common:                1,
	})
	s.eventually("http.server.active_requests", map[string]float64{"http.request.method=GET,url.scheme=http": 0})
	s.eventually("fogo.websocket.connections", map[string]float64{"http.route=/echo": 0})
	s.eventually("fogo.websocket.connection.duration", map[string]float64{"error.type=failed,fogo.websocket.close_code=1011,http.route=/echo": 1})
	s.eventually("fogo.websocket.message.duration", map[string]float64{
		"fogo.websocket.message.kind=text,http.route=/echo":                   1,
		"error.type=failed,fogo.websocket.message.kind=text,http.route=/echo": 1,
	})
	s.eventually("fogo.websocket.message.size", map[string]float64{"fogo.websocket.message.kind=text,http.route=/echo": 2})
	assert.Len(t, s.points("http.server.response.body.size"), 4)
}

// Without options the global providers are used, which do nothing unless set.
func TestGlobal(t *testing.T) {
	o, err := fogootel.New(fogootel.Options{})
	require.NoError(t, err)
	app := fogo.New(fogo.WithObserver(o))
	app.Get("/x", func() string { return "x" })
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	assert.Equal(t, 200, w.Code)
	require.NoError(t, app.Stop(t.Context()))
}
