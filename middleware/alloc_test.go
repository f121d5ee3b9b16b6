package middleware_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/middleware"
)

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// costs are the middlewares with what each may allocate for a request.
func costs() []struct {
	name   string
	wrap   wrap
	body   bool
	allocs float64
} {
	logger := slog.New(slog.NewJSONHandler(io.Discard, nil))
	access := middleware.AccessLog(logger, middleware.AccessLogOptions{})
	return []struct {
		name   string
		wrap   wrap
		body   bool
		allocs float64
	}{
		{"SecurityHeaders", middleware.SecurityHeaders(middleware.SecurityOptions{}), false, 0},
		{"RequestID", middleware.RequestID(middleware.RequestIDOptions{}), false, 3},
		{"RequestID/trusted", middleware.RequestID(middleware.RequestIDOptions{Trusted: loopback}), false, 2},
		{"RealIP", middleware.RealIP(middleware.RealIPOptions{Trusted: loopback}), false, 3},
		{"RealIP/untrusted", middleware.RealIP(middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8")}), false, 0},
		{"RealIP/Forwarded", middleware.RealIP(middleware.RealIPOptions{Trusted: loopback, Header: middleware.Forwarded}), false, 3},
		{"Recover", middleware.Recover(logger), false, 1},
		{"BodyLimit", middleware.BodyLimit(100), true, 4},
		{"BodyLimit/no body", middleware.BodyLimit(100), false, 0},
		{"Timeout", middleware.Timeout(time.Hour), false, 6},
		{"AccessLog", access, false, 2},
		{"AccessLog+Recover", middleware.Chain(access, middleware.Recover(logger)), false, 2},
	}
}

func costRequest(body bool) *http.Request {
	r := httptest.NewRequest("POST", "/items/1", nil)
	r.Body = http.NoBody
	if body {
		r.Body = io.NopCloser(strings.NewReader("abc"))
		r.ContentLength = 3
	}
	r.RemoteAddr = "127.0.0.1:1234"
	r.Header.Set("X-Request-Id", "abc")
	r.Header.Set("X-Forwarded-For", "198.51.100.1, 203.0.113.7, 127.0.0.1")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("Forwarded", `for=203.0.113.7;proto=https, for="127.0.0.1:80"`)
	return r
}

var greeting = []byte("hello")

// write is a handler without a cost of its own.
var write = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(greeting) })

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, c := range costs() {
		h, w := c.wrap(write), &discard{http.Header{}}
		r := costRequest(c.body)
		got := testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
		assert.LessOrEqual(t, got, c.allocs, c.name)
		if got < c.allocs {
			t.Logf("%s: %v, not %v", c.name, got, c.allocs)
		}
	}
}

func BenchmarkMiddleware(b *testing.B) {
	for _, c := range costs() {
		b.Run(c.name, func(b *testing.B) {
			h, w := c.wrap(write), &discard{http.Header{}}
			r := costRequest(c.body)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
