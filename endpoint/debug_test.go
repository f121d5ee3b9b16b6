package endpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// debugServe serves a view, with debug mode or without, to a request that is
// changed by f first.
func debugServe(t *testing.T, d *endpoint.Debug, view any, f func(*http.Request), opts ...endpoint.Option) *httptest.ResponseRecorder {
	t.Helper()
	h, err := endpoint.New(view, append(opts, endpoint.Configure(endpoint.Config{Debug: d}))...)
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/", http.NoBody)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Header.Set("Accept", browser)
	if f != nil {
		f(r)
	}
	w := httptest.NewRecorder()
	if d != nil {
		r = d.Enter(r)
	}
	h.ServeHTTP(w, r)
	return w
}

var errSecret = errors.New("the innermost secret")

func failingView() error { return fmt.Errorf("outer <b>: %w", errSecret) }

func TestDebugPage(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{Index: "/_fogo"})
	w := debugServe(t, d, failingView, func(r *http.Request) { r.Header.Set("Authorization", "Bearer s3cret") })
	body := w.Body.String()
	assert.Equal(t, 500, w.Code)
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, []string{"Accept"}, w.Header().Values("Vary"))
	assert.Contains(t, body, "outer &lt;b&gt;: the innermost secret")
	assert.Contains(t, body, "*fmt.wrapError")
	assert.Contains(t, body, "endpoint_test.failingView", "the plan names the handler")
	assert.NotContains(t, body, "s3cret")
	assert.NotContains(t, body, "<b>: ")
}

func TestDebugPanicPage(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{})
	w := debugServe(t, d, func(n int) string { return strings.Repeat("x", -n) }, func(r *http.Request) { r.URL.Path = "/users/7" }, endpoint.Pattern("/users/{id}"))
	body := w.Body.String()
	assert.Contains(t, body, "negative Repeat count")
	assert.Contains(t, body, `<span class="hit"`, "the source is shown")
	assert.Contains(t, body, "endpoint_test.TestDebugPanicPage.func1")
	assert.Contains(t, body, "<dt>id</dt><dd><code>7</code>")
}

// debugMember is what clients that don't want a page are told.
type debugMember struct {
	endpoint.Problem
	Debug *struct {
		Error   string
		Panic   bool
		Chain   []struct{ Type, Text string }
		Stack   []struct{ Func, Of string }
		Plan    []struct{ Functions []struct{ Name string } }
		Request struct {
			Target string
			Body   struct {
				Text string
				Read int
			}
		}
	}
}

func TestDebugMember(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{Mask: []string{"iban"}})
	type Order struct {
		Item string `json:"item"`
	}
	view := func(body resolve.Body[Order]) error { return fmt.Errorf("%s: %w", body.Value.Item, errSecret) }
	w := debugServe(t, d, view, func(r *http.Request) {
		r.Method, r.Body = "POST", io.NopCloser(strings.NewReader(`{"item":"book","iban":"DE12"}`))
		r.URL.RawQuery = "token=abc"
		r.Header.Set("Accept", "*/*")
		r.Header.Set("Content-Type", "application/json")
	}, endpoint.Method("POST"))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.NotContains(t, w.Body.String(), "DE12")
	assert.NotContains(t, w.Body.String(), "abc")
	var got debugMember
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.NotNil(t, got.Debug)
	assert.Equal(t, 500, got.Status)
	assert.Equal(t, "book: the innermost secret", got.Debug.Error)
	assert.Len(t, got.Debug.Chain, 2)
	require.Len(t, got.Debug.Plan, 1)
	assert.Contains(t, got.Debug.Request.Body.Text, `"item":"book"`)
	assert.Equal(t, 29, got.Debug.Request.Body.Read)

	w = debugServe(t, d, func() error { panic(errSecret) }, func(r *http.Request) { r.Header.Del("Accept") })
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	assert.True(t, got.Debug.Panic)
	require.NotEmpty(t, got.Debug.Stack)
	assert.Equal(t, "application", got.Debug.Stack[0].Of)
}

func TestDebugSaysNothing(t *testing.T) {
	for _, row := range []struct {
		name   string
		debug  *endpoint.Debug
		change func(*http.Request)
	}{
		{name: "in production"},
		{name: "in production, asked for", change: func(r *http.Request) { r.Header.Set("X-Debug", "1"); r.URL.RawQuery = "debug=1" }},
		{"to other machines", endpoint.NewDebug(endpoint.DebugOptions{}), func(r *http.Request) { r.RemoteAddr = "192.0.2.1:5" }},
		{"through a proxy", endpoint.NewDebug(endpoint.DebugOptions{}), func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }},
		{"to pages of other sites", endpoint.NewDebug(endpoint.DebugOptions{Remote: true}), func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
	} {
		for _, accept := range []string{browser, "application/json"} {
			w := debugServe(t, row.debug, failingView, func(r *http.Request) {
				if row.change != nil {
					row.change(r)
				}
				r.Header.Set("Accept", accept)
			})
			assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), row.name)
			assert.NotContains(t, w.Body.String(), "secret", row.name)
			assert.NotContains(t, w.Body.String(), "debug", row.name)
		}
	}
}

// Middleware may change what debug mode goes by. What counts is what came in.
func TestDebugGoesByWhatCameIn(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{})
	h, err := endpoint.New(failingView, endpoint.Configure(endpoint.Config{Debug: d}))
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/", http.NoBody)
	r.RemoteAddr = "192.0.2.1:5"
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	r = d.Enter(r)
	r.RemoteAddr = "127.0.0.1:5"
	r.Header.Del("X-Forwarded-For")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.NotContains(t, w.Body.String(), "secret")
}

func TestDebugLeavesRedirectsAndStreamsAlone(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{})
	w := debugServe(t, d, func() error { return &endpoint.Error{Status: 303, Header: http.Header{"Location": {"/login"}}} }, nil)
	assert.Equal(t, 303, w.Code)
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))

	items := func() func(func(int, error) bool) {
		return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, errSecret) }
	}
	w = debugServe(t, d, items, func(r *http.Request) { r.Header.Set("Accept", "text/event-stream") })
	assert.Contains(t, w.Body.String(), "event: error\ndata: {")
	assert.NotContains(t, w.Body.String(), "secret", "an event has no room for it")
}

func TestDebugHead(t *testing.T) {
	w := debugServe(t, endpoint.NewDebug(endpoint.DebugOptions{}), failingView, func(r *http.Request) { r.Method = "HEAD" })
	assert.Equal(t, 500, w.Code)
	assert.Empty(t, w.Body.String())
	assert.NotEmpty(t, w.Header().Get("Content-Length"))
}

func TestDebugFaultsOfTheRequest(t *testing.T) {
	w := debugServe(t, endpoint.NewDebug(endpoint.DebugOptions{}), func(n int) string { return "" },
		func(r *http.Request) { r.URL.Path = "/n/<script>" }, endpoint.Pattern("/n/{n}"))
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), "path.n")
	assert.Contains(t, w.Body.String(), "&lt;script&gt;")
	assert.NotContains(t, w.Body.String(), "<script>")
}

func TestWantsPage(t *testing.T) {
	for accept, want := range map[string]bool{
		browser: true, "text/html": true, "text/html, application/json;q=0.9": true,
		"": false, "*/*": false, "application/json": false, "application/json, text/html": false,
		"application/json, text/plain, */*": false, "text/html;q=0": false, "text/*": false, "application/problem+json, text/html;q=0.5": false,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		assert.Equal(t, want, endpoint.WantsPage(r), accept)
	}
}

func TestDebugSockets(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{})
	var admitted atomic.Int32
	view := func(conn *ws.WebSocket, text ws.Text) error {
		if text == "fail" {
			return errSecret
		}
		return conn.SendText(string(text))
	}
	h, err := endpoint.New(view, endpoint.Configure(endpoint.Config{Debug: d, WebSocket: ws.Options{
		Admit: func(*http.Request) (func(), error) { admitted.Add(1); return func() { admitted.Add(-1) }, nil },
	}}))
	require.NoError(t, err)
	done := make(chan struct{}, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, d.Enter(r))
		done <- struct{}{}
	}))
	defer srv.Close()
	conn, _, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, conn.SendText("x"))
		_, err := conn.Receive(t.Context())
		require.NoError(t, err)
	}
	<-done
	list := d.Sockets()
	require.Len(t, list, 1)
	assert.EqualValues(t, 3, list[0].Messages())
	assert.Contains(t, list[0].Peer, "127.0.0.1:")
	assert.EqualValues(t, 1, admitted.Load(), "the application's own Admit is asked too")
	require.NoError(t, conn.Close(ws.CodeNormal))
	require.NoError(t, h.Shutdown(t.Context()))
	// The last thing that happens to a connection is not waited for.
	assert.Eventually(t, func() bool { return len(d.Sockets()) == 0 && admitted.Load() == 0 }, 5*time.Second, time.Millisecond)
}

// A handshake that is refused is answered as a request is.
func TestDebugRefusedSocket(t *testing.T) {
	d := endpoint.NewDebug(endpoint.DebugOptions{})
	guard := func() error { return errSecret }
	h, err := endpoint.New(func(conn *ws.WebSocket, text ws.Text) {}, endpoint.Guards(guard), endpoint.Configure(endpoint.Config{Debug: d}))
	require.NoError(t, err)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, d.Enter(r)) }))
	defer srv.Close()
	_, resp, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	require.Error(t, err)
	require.NotNil(t, resp)
	body, _ := io.ReadAll(resp.Body)
	assert.Contains(t, string(body), "the innermost secret")
	assert.Contains(t, string(body), `"guard"`, "the plan is shown")
	assert.Eventually(t, func() bool { return len(d.Sockets()) == 0 }, 5*time.Second, time.Millisecond)
}
