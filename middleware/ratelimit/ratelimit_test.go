package ratelimit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

func ask(h http.Handler, remote string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = remote
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func assertProblem(t *testing.T, status int, h http.Header, body string) {
	t.Helper()
	assert.Equal(t, "application/problem+json", h.Get("Content-Type"))
	var p map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &p), body)
	assert.Equal(t, "about:blank", p["type"])
	assert.Equal(t, http.StatusText(status), p["title"])
	assert.EqualValues(t, status, p["status"])
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Must(Options{Limit: 3, Window: 30 * time.Second})(hello)
		for i := range 3 {
			w := ask(h, "203.0.113.7:1")
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, `"default";q=3;w=30`, w.Header().Get("RateLimit-Policy"))
			assert.Equal(t, fmt.Sprintf(`"default";r=%d;t=%d`, 2-i, 10*(i+1)), w.Header().Get("RateLimit"))
			assert.Empty(t, w.Header().Get("Retry-After"))
		}
		w := ask(h, "203.0.113.7:2")
		assert.Equal(t, 429, w.Code)
		assertProblem(t, 429, w.Header(), w.Body.String())
		assert.Equal(t, "10", w.Header().Get("Retry-After"))
		assert.Equal(t, `"default";r=0;t=30`, w.Header().Get("RateLimit"))
		assert.Equal(t, 200, ask(h, "203.0.113.8:1").Code, "another client")

		time.Sleep(9500 * time.Millisecond)
		w = ask(h, "203.0.113.7:2")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, "1", w.Header().Get("Retry-After"), "rounded up")
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, 200, ask(h, "203.0.113.7:2").Code, "who waits that long is let in")
		assert.Equal(t, 429, ask(h, "203.0.113.7:2").Code)
		time.Sleep(time.Hour)
		for range 3 {
			assert.Equal(t, 200, ask(h, "203.0.113.7:2").Code)
		}
		assert.Equal(t, 429, ask(h, "203.0.113.7:2").Code)
	})
}

func TestHeaders(t *testing.T) {
	w := ask(Must(Options{Limit: 60, Window: time.Minute, Burst: 5, Headers: Classic})(hello), "203.0.113.7:1")
	assert.Equal(t, "5", w.Header().Get("RateLimit-Limit"))
	assert.Equal(t, "4", w.Header().Get("RateLimit-Remaining"))
	assert.Equal(t, "1", w.Header().Get("RateLimit-Reset"))
	h := Must(Options{Limit: 1, Window: time.Hour, Headers: None})(hello)
	assert.Empty(t, ask(h, "203.0.113.7:1").Header().Get("RateLimit"))
	w = ask(h, "203.0.113.7:1")
	assert.Equal(t, "3600", w.Header().Get("Retry-After"))
	assert.Equal(t, 429, w.Code)
	w = ask(Must(Options{Limit: 1, Window: time.Hour, Name: "by user"})(hello), "203.0.113.7:1")
	assert.Equal(t, `"by user";r=0;t=3600`, w.Header().Get("RateLimit"))
}

func TestHEAD(t *testing.T) {
	h := Must(Options{Limit: 1, Window: time.Hour})(hello)
	ask(h, "192.0.2.1:1234")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
	assert.Equal(t, 429, w.Code)
	assert.Zero(t, w.Body.Len())
}

func TestKeys(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.7:1": "203.0.113.7", "203.0.113.7": "203.0.113.7", "[::ffff:203.0.113.7]:9": "203.0.113.7",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[2001:db8:1:2::]:9": "2001:db8:1:2::/64", "2001:db8:1:2::1": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1": "fe80::/64", "@": "@", "": "",
	} {
		assert.Equal(t, want, ByIP(&http.Request{RemoteAddr: remote}), remote)
	}
	byUser := Must(Options{Limit: 1, Window: time.Hour, Key: func(r *http.Request) string { return r.URL.Query().Get("user") }})(hello)
	get := func(target string) int {
		w := httptest.NewRecorder()
		byUser.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		return w.Code
	}
	assert.Equal(t, 200, get("/?user=a"))
	assert.Equal(t, 429, get("/?user=a"))
	assert.Equal(t, 200, get("/?user=b"))
	for range 3 {
		assert.Equal(t, 200, get("/"), "nobody is not limited")
	}
}

func TestMistakes(t *testing.T) {
	for want, opts := range map[string]Options{
		"Limit is 0":         {Window: time.Second},
		"Window is 0s":       {Limit: 1},
		"Burst is -1":        {Limit: 1, Window: 1, Burst: -1},
		"there is no Header": {Limit: 1, Window: 1, Headers: 9},
		`Name "a\"b"`:        {Limit: 1, Window: 1, Name: `a"b`},
		`Name "a\r\nb"`:      {Limit: 1, Window: 1, Name: "a\r\nb"},
	} {
		_, err := New(opts)
		assert.ErrorContains(t, err, "ratelimit: "+want)
		assert.Panics(t, func() { Must(opts) })
	}
	_, err := New(Options{})
	assert.Len(t, strings.Split(err.Error(), "\n"), 2, "all at once")
}

// shared is a Limiter of somebody else's.
type shared func(key string) (Result, error)

func (s shared) Take(_ context.Context, key string) (Result, error) { return s(key) }

func TestLimiters(t *testing.T) {
	h := Must(Options{Limiter: shared(func(key string) (Result, error) {
		assert.Equal(t, "203.0.113.7", key)
		return Result{Limit: 9, RetryAfter: time.Millisecond}, nil
	})})(hello)
	w := ask(h, "203.0.113.7:1")
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Empty(t, w.Header().Get("RateLimit-Policy"), "it is not known")

	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	broken := shared(func(string) (Result, error) { return Result{}, errors.New("no connection") })
	w = ask(Must(Options{Limiter: broken, Logger: logger})(hello), "203.0.113.7:1")
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, log.String(), `error="no connection"`)
	w = ask(Must(Options{Limiter: broken, Strict: true})(hello), "203.0.113.7:1")
	assert.Equal(t, 503, w.Code)
	assertProblem(t, 503, w.Header(), w.Body.String())
	assert.NotContains(t, w.Body.String(), "connection")
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(10, time.Minute, 0, 640)
		for i := range 100_000 {
			_, err := m.Take(t.Context(), fmt.Sprint("key", i))
			require.NoError(t, err)
		}
		assert.LessOrEqual(t, m.Len(), 640)
		time.Sleep(time.Hour)
		for i := range 1000 { // the full ones are forgotten while new ones are made
			_, _ = m.Take(t.Context(), fmt.Sprint("new", i))
		}
		assert.LessOrEqual(t, m.Len(), 640)
		for s := range m.shards {
			for k := range m.shards[s].buckets {
				assert.Contains(t, k, "new")
			}
		}
	})
}

// TestLongKeys are told apart, and cannot fill the memory.
func TestLongKeys(t *testing.T) {
	m := NewMemory(1, time.Hour, 0, 0)
	long := strings.Repeat("x", 1<<20)
	for _, end := range []string{"a", "b"} {
		res, err := m.Take(t.Context(), long+end)
		require.NoError(t, err)
		assert.True(t, res.Allowed)
		res, _ = m.Take(t.Context(), long+end)
		assert.False(t, res.Allowed)
	}
	assert.Equal(t, 2, m.Len())
	for s := range m.shards {
		for k := range m.shards[s].buckets {
			assert.LessOrEqual(t, len(k), maxKey)
		}
	}
}

// TestAges: what is refilled in centuries is not refilled in the past.
func TestAges(t *testing.T) {
	m := NewMemory(1, 365*24*time.Hour, 1_000, 0)
	assert.Positive(t, m.refill)
	for range 400 {
		res, err := m.Take(t.Context(), "key")
		require.NoError(t, err)
		assert.True(t, res.Allowed)
		assert.Positive(t, res.Reset)
	}
}

// TestManyAtOnce: exactly the limit passes, over real connections.
func TestManyAtOnce(t *testing.T) {
	srv := httptest.NewServer(Must(Options{Limit: 50, Window: time.Hour})(hello))
	defer srv.Close()
	var passed, refused atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 20 {
				resp, err := srv.Client().Get(srv.URL)
				if !assert.NoError(t, err) {
					return
				}
				resp.Body.Close()
				switch resp.StatusCode {
				case 200:
					passed.Add(1)
				case 429:
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 50, passed.Load())
	assert.EqualValues(t, 150, refused.Load())
}

func FuzzByIP(f *testing.F) {
	f.Add("203.0.113.7:1")
	f.Add("[fe80::1%eth0]:80")
	f.Fuzz(func(t *testing.T, remote string) {
		if key := ByIP(&http.Request{RemoteAddr: remote}); key == "" && remote != "" {
			t.Fatalf("%q is not limited", remote)
		}
	})
}

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func TestAllocations(t *testing.T) {
	h := Must(Options{Limit: 1 << 30, Window: time.Second})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r, w := httptest.NewRequest("GET", "/", nil), &discard{http.Header{}}
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) }), 4.0)
}

func BenchmarkRateLimit(b *testing.B) {
	h := Must(Options{Limit: 1 << 30, Window: time.Second})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r, w := httptest.NewRequest("GET", "/", nil), &discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
