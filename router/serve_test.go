package router

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// nobody is a ResponseWriter that keeps nothing.
type nobody struct{ h http.Header }

func (w nobody) Header() http.Header         { return w.h }
func (w nobody) Write(p []byte) (int, error) { return len(p), nil }
func (w nobody) WriteHeader(int)             {}

func TestMatchingAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool drop what it is given")
	}
	r := New()
	r.Handle("/raw", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r.Get("/items/{id:int}/{name}", func(id int, name string) {})
	r.Get("example.com/host/{x}", func(x string) {})
	b := build(t, r)
	for _, path := range []string{"/raw", "/items/42/abc", "http://example.com:80/host/1"} {
		req := httptest.NewRequest("GET", path, nil)
		w := nobody{http.Header{}}
		assert.Zero(t, testing.AllocsPerRun(200, func() { b.ServeHTTP(w, req) }), path)
	}
}

func TestMiddlewareAllocatesTwice(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool drop what it is given")
	}
	r := New()
	r.Use(func(next http.Handler) http.Handler { return next })
	g := r.Group("")
	g.Use(func(next http.Handler) http.Handler { return next })
	g.Get("/x", func() {})
	b := build(t, r)
	req := httptest.NewRequest("GET", "/x", nil)
	w := nobody{http.Header{}}
	assert.Equal(t, 2.0, testing.AllocsPerRun(200, func() { b.ServeHTTP(w, req) }))
}

// Requests for paths that aren't clean get what ServeMux gives them. It escapes
// what is escaped once more, so there is nothing to escape here; and it adds
// slashes for subtrees, so their prefix is a route too.
func TestCleaningIsServeMuxs(t *testing.T) {
	r, mux := New(), http.NewServeMux()
	r.Handle("/a/{path...}", plain)
	mux.Handle("/a/{path...}", plain)
	r.Handle("/a", plain)
	mux.Handle("/a", plain)
	b := build(t, r)
	for _, path := range []string{
		"/a/", "/a//", "/a/b//c", "/a/./b", "/a/../b", "/a/b/..", "/a/b/../", "//a/b", "/./a/b", "/../a/b?q=1", "/b/../a/x?q=/../y",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "CONNECT"} {
			ours, theirs := do(b, method, path), do(mux, method, path)
			assert.Equal(t, theirs.Code, ours.Code, "%s %s", method, path)
			assert.Equal(t, theirs.Header().Get("Location"), ours.Header().Get("Location"), "%s %s", method, path)
		}
	}
}

// However a client escapes a path, the variables are those of ServeMux.
func TestEscapingIsServeMuxs(t *testing.T) {
	r, mux := New(), http.NewServeMux()
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %q", r.Pattern, r.PathValue("x"))
	})
	for _, p := range []string{"/a/{x}", "/b/{x...}", "/c%20d/{x}/e"} {
		r.Handle(p, show)
		mux.Handle(p, show)
	}
	b := build(t, r)
	for _, path := range []string{
		"/a/b", "/a/b%20c", "/a/50%25", "/a/%25b", "/a/b%2Fc", "/a/%2e%2e", "/a/%2e", "/a/%2E%2e/d", "/a/%C3%BC", "/a/ü", "/a/b!", "/a/%21", "/%61/b",
		"/b/", "/b/c%2Fd/e", "/b/c/%2e%2e/d", "/b/c//d", "/b/c%20d/", "/b/%2F", "/c%20d/é/e", "/c%20d/x%2Fy/e", "/c+d/x/e", "/", "/x",
	} {
		ours, theirs := do(b, "GET", path), do(mux, "GET", path)
		assert.Equal(t, theirs.Code, ours.Code, path)
		if theirs.Code == http.StatusOK {
			assert.Equal(t, theirs.Body.String(), ours.Body.String(), path)
		}
		assert.Equal(t, theirs.Header().Get("Location"), ours.Header().Get("Location"), path)
	}
}

type benchID int

// benchRouter has n typed routes.
func benchRouter(n int) *Router {
	r := New()
	r.Value(&service{})
	for i := 0; i < n; i += 4 {
		g := r.Group(fmt.Sprintf("/api/v1/res%d", i))
		g.Get("", func(*service) []string { return nil })
		g.Get("/{bench_id:int}", func(_ *service, id benchID) benchID { return id })
		g.Put("/{bench_id:int}/{name}", func(_ *service, id benchID, name string) error { return nil })
		g.Delete("/{bench_id:int}", func(_ *service, id benchID) error { return nil })
	}
	return r
}

// BenchmarkBuild is one operation for 10,000 routes.
func BenchmarkBuild(b *testing.B) {
	r := benchRouter(10000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Build(BuildOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRegister(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		benchRouter(10000)
	}
}

func BenchmarkServe(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/res0/{id}", func(http.ResponseWriter, *http.Request) {})
	wrapped := New()
	wrapped.Use(func(next http.Handler) http.Handler { return next })
	wrapped.Get("/api/v1/res0/{id}", func(id string) {})
	handled := New()
	handled.Handle("GET /api/v1/res0/{id}", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"handler", build(b, handled)},
		{"typed", build(b, benchRouter(1000))},
		{"middleware", build(b, wrapped)},
		{"ServeMux", mux},
	} {
		b.Run(c.name, func(b *testing.B) {
			req := httptest.NewRequest("GET", "/api/v1/res0/42", nil)
			w := nobody{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				c.h.ServeHTTP(w, req)
			}
		})
	}
}
