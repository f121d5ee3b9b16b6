package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/resolve"
)

func TestRequestIDs(t *testing.T) {
	trust := middleware.RequestIDOptions{Trusted: loopback}
	all := middleware.RequestIDOptions{TrustAll: true}
	rows := []struct {
		name   string
		opts   middleware.RequestIDOptions
		remote string
		sent   string
		kept   bool
	}{
		{"nobody is trusted", middleware.RequestIDOptions{}, "127.0.0.1:1", "abc", false},
		{"a trusted sender", trust, "127.0.0.1:1", "abc", true},
		{"a trusted sender over IPv6", trust, "[::1]:1", "abc", true},
		{"a trusted sender in IPv6 form", trust, "[::ffff:127.0.0.1]:1", "abc", true},
		{"another sender", trust, "203.0.113.7:1", "abc", false},
		{"a sender without an address", trust, "@", "abc", false},
		{"everybody is trusted", all, "203.0.113.7:1", "abc", true},
		{"no id", all, "203.0.113.7:1", "", false},
		{"a line break", all, "203.0.113.7:1", "a\r\nX-Admin: 1", false},
		{"a space", all, "203.0.113.7:1", "a b", false},
		{"a control", all, "203.0.113.7:1", "a\x1b[31m", false},
		{"not ASCII", all, "203.0.113.7:1", "ä", false},
		{"the longest", all, "203.0.113.7:1", strings.Repeat("a", 128), true},
		{"too long", all, "203.0.113.7:1", strings.Repeat("a", 129), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var fromContext, fromFogo string
			h := middleware.RequestID(row.opts)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				fromContext, fromFogo = middleware.RequestIDOf(r.Context()), resolve.RequestID(r)
			}))
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = row.remote
			if row.sent != "" {
				r.Header.Set("X-Request-Id", row.sent)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if row.kept {
				assert.Equal(t, row.sent, fromContext)
			} else {
				assert.Regexp(t, "^[0-9a-f]{24}$", fromContext)
			}
			assert.Equal(t, fromContext, fromFogo, "resolve finds the same id")
			assert.Equal(t, fromContext, w.Header().Get("X-Request-Id"))
		})
	}
}

// TestIDsInSeveralLines: a proxy that adds its id, as that of HAProxy is, leaves
// the client's in front of it.
func TestIDsInSeveralLines(t *testing.T) {
	for _, lines := range [][]string{{"client", "proxy"}, {"client", "not sane"}} {
		var got string
		h := middleware.RequestID(middleware.RequestIDOptions{TrustAll: true})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = middleware.RequestIDOf(r.Context())
			assert.Equal(t, []string{got}, r.Header["X-Request-Id"])
		}))
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Request-Id"] = lines
		h.ServeHTTP(httptest.NewRecorder(), r)
		assert.NotEqual(t, "client", got)
		if lines[1] == "proxy" {
			assert.Equal(t, "proxy", got)
		}
	}
}

func TestGeneratedIDsAreTheCallers(t *testing.T) {
	h := middleware.RequestID(middleware.RequestIDOptions{Generate: func() string { return "mine" }})(text(""))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "mine", w.Header().Get("X-Request-Id"))
}

func TestHeadersOfAnIDAreApart(t *testing.T) {
	h := middleware.RequestID(middleware.RequestIDOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := middleware.RequestIDOf(r.Context())
		r.Header["X-Request-Id"] = append(r.Header["X-Request-Id"], "more")
		r.Header["X-Request-Id"][0] = "changed"
		assert.Equal(t, []string{id}, w.Header()["X-Request-Id"])
		assert.Equal(t, id, middleware.RequestIDOf(r.Context()))
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Empty(t, middleware.RequestIDOf(t.Context()), "a context without a request")
}

// TestTheTrustedOneIsThePeer: RealIP has put the client's address in the place
// of the proxy's, and still it is the proxy that is trusted to choose ids.
func TestTheTrustedOneIsThePeer(t *testing.T) {
	h := middleware.Chain(
		middleware.RealIP(middleware.RealIPOptions{Trusted: loopback}),
		middleware.RequestID(middleware.RequestIDOptions{Trusted: loopback}),
	)(text(""))
	for _, row := range []struct{ name, remote, forwarded, want string }{
		{"by the proxy", "127.0.0.1:1", "203.0.113.7", "abc"},
		{"by a client that claims to be local", "203.0.113.7:1", "127.0.0.1", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.remote
		r.Header.Set("X-Forwarded-For", row.forwarded)
		r.Header.Set("X-Request-Id", "abc")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if row.want == "" {
			assert.NotEqual(t, "abc", w.Header().Get("X-Request-Id"), row.name)
		} else {
			assert.Equal(t, row.want, w.Header().Get("X-Request-Id"), row.name)
		}
	}
}
