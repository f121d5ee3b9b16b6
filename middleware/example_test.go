package middleware_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/gofogo/fogo/middleware"
)

// call sends a request to a handler.
func call(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// stable logs to the standard output, the same in every run.
func stable() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "duration", "stack":
				return slog.Attr{}
			}
			return a
		},
	}))
}

func ExampleRequestID() {
	h := middleware.RequestID(middleware.RequestIDOptions{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "id ", middleware.RequestIDOf(r.Context()))
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711" // a proxy
	r.Header.Set("X-Request-Id", "abc-1")
	fmt.Println(call(h, r).Body)
	// Output: id abc-1
}

func ExampleAccessLog() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Ada") })
	h := middleware.AccessLog(stable(), middleware.AccessLogOptions{})(mux)
	call(h, httptest.NewRequest("GET", "/users/1", nil))
	// Output: level=INFO msg=request method=GET path=/users/1 route="GET /users/{id}" status=200 bytes=3 remote=192.0.2.1:1234
}

func ExampleRealIP() {
	h := middleware.RealIP(middleware.RealIPOptions{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, middleware.ClientIP(r), "at", middleware.BaseURL(r), "through", middleware.Peer(r))
	}))
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	// The client wrote the first address, the outer proxy the second, the inner
	// one the third.
	r.Header.Set("X-Forwarded-For", "127.0.0.1, 203.0.113.7, 10.0.0.2")
	r.Header.Set("X-Forwarded-Proto", "https")
	fmt.Print(call(h, r).Body)
	// Output: 203.0.113.7 at https://example.com through 10.0.0.1:4711
}

func ExampleRecover() {
	h := middleware.Recover(stable())(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("out of cheese")
	}))
	fmt.Println(call(h, httptest.NewRequest("GET", "/", nil)).Body)
	// Output:
	// level=ERROR msg="handler panicked" method=GET path=/ route="" request_id="" error="out of cheese"
	// {"type":"about:blank","title":"Internal Server Error","status":500}
}

func ExampleBodyLimit() {
	h := middleware.BodyLimit(10)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	fmt.Println(call(h, httptest.NewRequest("POST", "/", strings.NewReader("short"))).Body)
	fmt.Println(call(h, httptest.NewRequest("POST", "/", strings.NewReader("much too long"))).Body)
	// Output:
	// short
	// {"type":"about:blank","title":"Request Entity Too Large","status":413,"detail":"The body is larger than 10 bytes."}
}

func ExampleTimeout() {
	query := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() } // a slow database
	h := middleware.Timeout(time.Millisecond)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := query(r.Context()); err != nil {
			http.Error(w, "failed", http.StatusInternalServerError)
		}
	}))
	fmt.Println(call(h, httptest.NewRequest("GET", "/", nil)).Body)
	// Output: {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The answer took too long."}
}

func ExampleSecurityHeaders() {
	h := middleware.SecurityHeaders(middleware.SecurityOptions{
		ContentSecurityPolicy: "default-src 'self'",
		FrameAncestors:        "'self'",
	})(text("hello"))
	w := call(h, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Content-Security-Policy"))
	fmt.Println(w.Header().Get("X-Frame-Options"))
	// Output:
	// default-src 'self'; frame-ancestors 'self'
	// SAMEORIGIN
}

func ExampleChain() {
	say := func(s string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Print(s, " ")
				next.ServeHTTP(w, r)
			})
		}
	}
	call(middleware.Chain(say("first"), say("second"))(text("")), httptest.NewRequest("GET", "/", nil))
	// Output: first second
}
