package middleware_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/middleware"
)

func TestSecurityHeaders(t *testing.T) {
	defaults := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	}
	rows := []struct {
		name string
		opts middleware.SecurityOptions
		want map[string]string // besides the defaults; "" is absent
	}{
		{"defaults", middleware.SecurityOptions{}, nil},
		{"frames of one's own", middleware.SecurityOptions{FrameAncestors: "'self'"},
			map[string]string{"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}},
		{"frames of others", middleware.SecurityOptions{FrameAncestors: "https://a.example"},
			map[string]string{"X-Frame-Options": "", "Content-Security-Policy": "frame-ancestors https://a.example"}},
		{"frames of anybody", middleware.SecurityOptions{FrameAncestors: middleware.Omit},
			map[string]string{"X-Frame-Options": "", "Content-Security-Policy": ""}},
		{"a policy", middleware.SecurityOptions{ContentSecurityPolicy: "default-src 'self'; "},
			map[string]string{"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}},
		{"a policy about frames", middleware.SecurityOptions{ContentSecurityPolicy: "default-src 'self'; Frame-Ancestors 'self'"},
			map[string]string{"Content-Security-Policy": "default-src 'self'; Frame-Ancestors 'self'", "X-Frame-Options": ""}},
		{"others", middleware.SecurityOptions{
			ReferrerPolicy: "no-referrer", PermissionsPolicy: "camera=()", EmbedderPolicy: "require-corp",
			OpenerPolicy: middleware.Omit, ResourcePolicy: "cross-origin",
		}, map[string]string{
			"Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=()", "Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Opener-Policy": "", "Cross-Origin-Resource-Policy": "cross-origin",
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			middleware.SecurityHeaders(row.opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			want := http.Header{}
			for _, m := range []map[string]string{defaults, row.want} {
				for k, v := range m {
					want.Set(k, v)
					if v == "" {
						want.Del(k)
					}
				}
			}
			assert.Equal(t, want, w.Header())
		})
	}
}

func TestHSTS(t *testing.T) {
	rows := []struct {
		name  string
		opts  middleware.SecurityOptions
		tls   bool
		proto string
		peer  string
		want  string
	}{
		{"over TLS", middleware.SecurityOptions{}, true, "", "203.0.113.7:1", "max-age=31536000"},
		{"without TLS", middleware.SecurityOptions{}, false, "", "203.0.113.7:1", ""},
		{"a trusted proxy ends TLS", middleware.SecurityOptions{}, false, "https", "127.0.0.1:1", "max-age=31536000"},
		{"anybody says that there is TLS", middleware.SecurityOptions{}, false, "https", "203.0.113.7:1", ""},
		{"options", middleware.SecurityOptions{HSTS: time.Hour, HSTSSubdomains: true, HSTSPreload: true}, true, "", "203.0.113.7:1", "max-age=3600; includeSubDomains; preload"},
		{"off", middleware.SecurityOptions{HSTS: -1}, true, "", "203.0.113.7:1", ""},
	}
	for _, row := range rows {
		r := request(row.peer, "X-Forwarded-Proto", row.proto)
		if row.tls {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		middleware.Chain(
			middleware.RealIP(middleware.RealIPOptions{Trusted: loopback}),
			middleware.SecurityHeaders(row.opts),
		)(text("")).ServeHTTP(w, r)
		assert.Equal(t, row.want, w.Header().Get("Strict-Transport-Security"), row.name)
	}
}

// TestSharedValuesStay: handlers change header fields of their own answer only.
func TestSharedValuesStay(t *testing.T) {
	h := middleware.SecurityHeaders(middleware.SecurityOptions{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("X-Frame-Options", "more")
		w.Header().Set("Referrer-Policy", "origin")
		w.Header().Del("Cross-Origin-Opener-Policy")
	}))
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, []string{"DENY", "more"}, w.Header()["X-Frame-Options"])
		assert.Equal(t, []string{"origin"}, w.Header()["Referrer-Policy"])
	}
}
