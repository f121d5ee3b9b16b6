package cors_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware/cors"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

func ask(t *testing.T, opts cors.Options, method string, header ...string) *http.Response {
	t.Helper()
	m, err := cors.New(opts)
	require.NoError(t, err)
	srv := httptest.NewServer(m(hello))
	defer srv.Close()
	r, err := http.NewRequest(method, srv.URL, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	resp.Body.Close()
	return resp
}

func TestOrigins(t *testing.T) {
	rows := []struct {
		allowed, origin string
		want            bool
	}{
		{"https://example.com", "https://example.com", true},
		{"https://example.com", "https://EXAMPLE.com", true},
		{"https://example.com", "http://example.com", false},
		{"https://example.com", "https://example.com:8443", false},
		{"https://example.com", "https://example.com.evil.example", false},
		{"https://example.com", "https://evil-example.com", false},
		{"https://example.com", "null", false},
		{"https://*.example.com", "https://a.example.com", true},
		{"https://*.example.com", "https://a.b.example.com", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://evilexample.com", false},
		{"https://*.example.com", "https://a.example.com.evil.example", false},
		{"http://localhost:*", "http://localhost:3000", true},
		{"http://localhost:*", "http://localhost", true},
		{"http://localhost:*", "http://localhos", false},
		{"http://localhost:*", "http://localhost.evil.example", false},
		{"http://localhost:*", "http://localhost.evil.example:3000", false},
		{"http://*.localhost", "http://a.localhost", true},
		{"*", "https://anything.example", true},
		{"*", "null", true},
	}
	for _, row := range rows {
		resp := ask(t, cors.Options{Origins: []string{row.allowed}}, "GET", "Origin", row.origin)
		got := resp.Header.Get("Access-Control-Allow-Origin")
		switch {
		case !row.want:
			assert.Empty(t, got, row)
		case row.allowed == "*":
			assert.Equal(t, "*", got, row)
		default:
			assert.Equal(t, row.origin, got, row)
		}
		assert.Equal(t, 200, resp.StatusCode, "the request is carried out")
		assert.Contains(t, resp.Header.Get("Vary"), "Origin", row)
	}
}

func TestRequests(t *testing.T) {
	opts := cors.Options{
		Origins: []string{"https://a.example"}, Methods: []string{"GET", "DELETE"},
		Exposed: []string{"x-total"}, Credentials: true,
	}
	h := ask(t, opts, "GET", "Origin", "https://a.example").Header
	assert.Equal(t, "true", h.Get("Access-Control-Allow-Credentials"))
	assert.Equal(t, "X-Total", h.Get("Access-Control-Expose-Headers"))
	h = ask(t, opts, "PUT", "Origin", "https://a.example").Header
	assert.Empty(t, h.Get("Access-Control-Allow-Origin"), "a method that isn't named")
	h = ask(t, opts, "HEAD", "Origin", "https://a.example").Header
	assert.NotEmpty(t, h.Get("Access-Control-Allow-Origin"), "HEAD goes with GET")
	assert.Equal(t, []string{"GET", "DELETE"}, opts.Methods, "the caller's stay")
	h = ask(t, opts, "GET").Header
	assert.Empty(t, h.Get("Access-Control-Allow-Origin"), "no origin")
	assert.Equal(t, "Origin", h.Get("Vary"))

	decide := cors.Options{Allow: func(r *http.Request, origin string) bool {
		return r.Method == "GET" && strings.HasSuffix(origin, ".example")
	}}
	assert.Equal(t, "https://a.example", ask(t, decide, "GET", "Origin", "https://a.example").Header.Get("Access-Control-Allow-Origin"))
	assert.Empty(t, ask(t, decide, "GET", "Origin", "https://a.test").Header.Get("Access-Control-Allow-Origin"))
}

func TestPreflights(t *testing.T) {
	opts := cors.Options{
		Origins: []string{"https://a.example"}, Methods: []string{"GET", "PUT"},
		Headers: []string{"Authorization"}, Credentials: true,
	}
	rows := []struct {
		name, origin, method, headers string
		want                          bool
	}{
		{"allowed", "https://a.example", "PUT", "authorization,content-type", true},
		{"no headers", "https://a.example", "PUT", "", true},
		{"the usual headers", "https://a.example", "PUT", "accept,content-type,x-requested-with", true},
		{"another origin", "https://b.example", "PUT", "", false},
		{"another method", "https://a.example", "DELETE", "", false},
		{"another header", "https://a.example", "PUT", "x-other", false},
	}
	for _, row := range rows {
		header := []string{"Origin", row.origin, "Access-Control-Request-Method", row.method}
		if row.headers != "" {
			header = append(header, "Access-Control-Request-Headers", row.headers)
		}
		resp := ask(t, opts, "OPTIONS", header...)
		assert.Equal(t, 204, resp.StatusCode, row.name)
		h := resp.Header
		assert.Contains(t, h.Get("Vary"), "Access-Control-Request-Method", row.name)
		if !row.want {
			assert.Empty(t, h.Get("Access-Control-Allow-Origin"), row.name)
			continue
		}
		assert.Equal(t, row.origin, h.Get("Access-Control-Allow-Origin"), row.name)
		assert.Equal(t, row.method, h.Get("Access-Control-Allow-Methods"), row.name)
		assert.Equal(t, row.headers, h.Get("Access-Control-Allow-Headers"), row.name)
		assert.Equal(t, "600", h.Get("Access-Control-Max-Age"), row.name)
	}
	resp := ask(t, opts, "OPTIONS", "Origin", "https://a.example")
	assert.Equal(t, 200, resp.StatusCode, "an OPTIONS request of the application's")

	all := cors.Options{Origins: []string{"*"}, Headers: []string{"*"}, MaxAge: time.Hour, PrivateNetwork: true}
	h := ask(t, all, "OPTIONS", "Origin", "https://b.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "x-any", "Access-Control-Request-Private-Network", "true").Header
	assert.Equal(t, "x-any", h.Get("Access-Control-Allow-Headers"))
	assert.Equal(t, "3600", h.Get("Access-Control-Max-Age"))
	assert.Equal(t, "true", h.Get("Access-Control-Allow-Private-Network"))
	for age, want := range map[time.Duration]string{-1: "0", -time.Hour: "0", time.Second: "1", time.Millisecond: "1"} {
		all.MaxAge = age
		h = ask(t, all, "OPTIONS", "Origin", "https://b.example", "Access-Control-Request-Method", "POST").Header
		assert.Equal(t, want, h.Get("Access-Control-Max-Age"), age)
	}
}

func TestMistakes(t *testing.T) {
	rows := []struct {
		opts cors.Options
		want string
	}{
		{cors.Options{}, `no origin is allowed`},
		{cors.Options{Origins: []string{"*"}, Credentials: true}, `Credentials with the origin "*"`},
		{cors.Options{Origins: []string{"*"}, Allow: func(*http.Request, string) bool { return true }}, "set one"},
		{cors.Options{Origins: []string{"example.com"}}, `origin "example.com" is not of the form`},
		{cors.Options{Origins: []string{"https://"}}, "is not of the form"},
		{cors.Options{Origins: []string{"https://:80"}}, "is not of the form"},
		{cors.Options{Origins: []string{""}}, "is not of the form"},
		{cors.Options{Origins: []string{"https://example.com/"}}, `the origin is "https://example.com"`},
		{cors.Options{Origins: []string{"https://u@example.com"}}, `the origin is "https://example.com"`},
		{cors.Options{Origins: []string{"null"}}, "sandboxed"},
		{cors.Options{Origins: []string{"https://example*"}}, `may have one "*"`},
		{cors.Options{Origins: []string{"https://*example.com"}}, `may have one "*"`},
		{cors.Options{Origins: []string{"https://*.*.example.com"}}, `may have one "*"`},
		{cors.Options{Origins: []string{"https://*.example.com:*"}}, `may have one "*"`},
		{cors.Options{Origins: []string{"https://*.com"}}, "top-level"},
		{cors.Options{Origins: []string{"*"}, Methods: []string{"*"}}, `"*" is no method`},
		{cors.Options{Origins: []string{"*"}, Methods: []string{"GET, POST"}}, `"GET, POST" is no method`},
		{cors.Options{Origins: []string{"*"}, Headers: []string{"X Y"}}, `"X Y" is no name`},
		{cors.Options{Origins: []string{"*"}, Exposed: []string{""}}, `"" is no name`},
		{cors.Options{Origins: []string{"https://example.com:443"}}, `write "https://example.com"`},
		{cors.Options{Origins: []string{"http://*.example.com:80"}}, "never matches"},
		{cors.Options{Origins: []string{"https://bücher.example"}}, "xn--"},
		{cors.Options{Origins: []string{"https://a.example"}, Exposed: []string{"*"}, Credentials: true}, `Exposed "*" with Credentials`},
	}
	for _, row := range rows {
		_, err := cors.New(row.opts)
		assert.ErrorContains(t, err, row.want)
		assert.ErrorContains(t, err, "cors: ")
		assert.Panics(t, func() { cors.Must(row.opts) })
	}
	_, err := cors.New(cors.Options{Origins: []string{"a", "b"}, Methods: []string{""}})
	assert.Len(t, strings.Split(err.Error(), "\n"), 3, "all at once")
}

// FuzzOrigins: whatever passes the check lets no other host in by a wildcard.
func FuzzOrigins(f *testing.F) {
	f.Add("https://*.example.com")
	f.Add("http://localhost:*")
	f.Fuzz(func(t *testing.T, origin string) {
		if origin == "*" || strings.Contains(strings.ToLower(origin), "evil") {
			return
		}
		m, err := cors.New(cors.Options{Origins: []string{origin}})
		if err != nil {
			return
		}
		for _, foreign := range []string{"https://evil.test", "http://evil.test:80", "null", "https://xexample.com.evil.test"} {
			if strings.HasSuffix(origin, "evil.test") {
				return
			}
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Origin", foreign)
			w := httptest.NewRecorder()
			m(hello).ServeHTTP(w, r)
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Fatalf("%q lets %q in", origin, foreign)
			}
		}
	})
}

func TestAllocations(t *testing.T) {
	h := cors.Must(cors.Options{Origins: []string{"https://a.example"}})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "https://a.example")
	w := httptest.NewRecorder()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { clear(w.Header()); h.ServeHTTP(w, r) }), 1.0)
}

func BenchmarkCORS(b *testing.B) {
	h := cors.Must(cors.Options{Origins: []string{"https://a.example"}})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "https://a.example")
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}
