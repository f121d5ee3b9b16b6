package router

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanHost(t *testing.T) {
	for host, want := range map[string]string{
		"": "", "a": "a", "A.Example:80": "a.example", "[::1]:80": "[::1]", "[::1]": "[::1]", "a:": "a",
		"a.example.": "a.example", "a.example.:80": "a.example", "a..": "a.", "[0:0:0:0:0:0:0:1]:8": "[::1]", "[2001:DB8::0:1]": "[2001:db8::1]",
		"XN--MNCHEN-3YA.de": "xn--mnchen-3ya.de", "[nonsense]": "[nonsense]", "127.0.0.1:80": "127.0.0.1",
	} {
		assert.Equal(t, want, cleanHost(host), host)
	}
}

func TestHosts(t *testing.T) {
	r := New()
	r.Get("example.com/x", text("name"))
	r.Get("xn--mnchen-3ya.de/x", text("punycode"))
	r.Get("[::1]/x", text("six"))
	r.Get("127.0.0.1/x", text("four"))
	r.Get("/x", text("any"))
	b := build(t, r)
	for host, want := range map[string]string{
		"example.com": "name", "EXAMPLE.com:8080": "name", "example.com.": "name", "example.com.:443": "name", "example.com:": "name",
		"xn--mnchen-3ya.de": "punycode", "XN--Mnchen-3ya.DE": "punycode", "münchen.de": "any",
		"[::1]": "six", "[::1]:80": "six", "[0:0::1]": "six", "::1": "any", "127.0.0.1:80": "four",
		"www.example.com": "any", "example.com.evil.org": "any", "": "any", "example.com@evil.org": "any", "%65xample.com": "any",
	} {
		w := do(b, "GET", "/x", func(r *http.Request) { r.Host = host })
		assert.Equal(t, want, w.Body.String(), "%q", host)
	}
}

func TestHostsThatNeverMatch(t *testing.T) {
	var all []string
	for _, host := range []string{
		"Example.com", "example.com:80", "example.com.", "münchen.de", "a..b", "[0::1]", "[fe80::1%25eth0]", "a_b.de", "a!b", strings.Repeat("a", 64) + ".de",
	} {
		r := New()
		r.Get(host+"/x", text(""))
		_, err := r.Build(BuildOptions{})
		if err == nil {
			all = append(all, host+": fine")
			continue
		}
		_, fault, _ := strings.Cut(err.Error(), "registered\n")
		all = append(all, fault)
	}
	golden(t, strings.Join(all, "\n")+"\n")
}

func TestIsAuthority(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "a.b:80": true, "127.0.0.1": true, "[::1]": true, "[::1]:65535": true, "a_b": true, "a.": true, "xn--a-b": true,
		"": false, ":80": false, "a:": false, "a:0": false, "a:65536": false, "a:+80": false, "a:b": false, "::1": false, "[::1": false, "[::1]x": false,
		"a b": false, "a/b": false, "a\\b": false, "a@b": false, "a?b": false, "a#b": false, "a%2fb": false, "a,b": false, "a\r\nb": false, "a\x00": false,
		"münchen.de": false, "a..b": false, ".a": false, "[127.0.0.1]": false, "[fe80::1%eth0]": false, "a:80:80": false, "'a'": false, "<a>": false,
		strings.Repeat("a.", 127) + "a": false,
	} {
		assert.Equal(t, want, isAuthority(s), "%q", s)
	}
}

func TestAbsoluteURL(t *testing.T) {
	fixed := func(s string) func(*http.Request) string { return func(*http.Request) string { return s } }
	for _, c := range []struct {
		name, route, host string
		base              func(*http.Request) string
		tls               bool
		want, err         string
	}{
		{"as the request says", "page", "example.com:8080", nil, false, "http://example.com:8080/p/1", ""},
		{"over TLS", "page", "example.com", nil, true, "https://example.com/p/1", ""},
		{"IPv6", "page", "[::1]:80", nil, false, "http://[::1]:80/p/1", ""},
		{"hostile: user", "page", "good@evil.example", nil, false, "", `the request's Host "good@evil.example" is no host and port`},
		{"hostile: path", "page", "evil.example/?", nil, false, "", "is no host and port"},
		{"hostile: lines", "page", "a\r\nX: y", nil, false, "", "is no host and port"},
		{"no host", "page", "", nil, false, "", "is no host and port"},
		{"a base", "page", "evil.example", fixed("https://example.com"), false, "https://example.com/p/1", ""},
		{"a base with a path", "page", "x", fixed("https://example.com/a%20b/"), false, "https://example.com/a%20b/p/1", ""},
		{"a bad scheme", "page", "x", fixed("javascript://example.com"), false, "", "has no scheme http or https"},
		{"no URL", "page", "x", fixed("http://%"), false, "", "does not parse"},
		{"a bad host", "page", "x", fixed("http://a,b"), false, "", "has no host that is a name or an address"},
		{"a base with more", "page", "x", fixed("http://a/?x=y"), false, "", "has more than scheme, host and path"},
		{"a base with a user", "page", "x", fixed("http://a@b"), false, "", "has more than"},
		{"an unclean base", "page", "x", fixed("http://a//b"), false, "", "is not clean"},
		{"a socket", "socket", "example.com", nil, false, "ws://example.com/ws", ""},
		{"a socket over TLS", "socket", "x", fixed("https://example.com"), false, "wss://example.com/ws", ""},
		{"its own host", "api", "evil.example:99", nil, true, "https://api.example.com/x", ""},
		{"its own host, hostile", "api", "a b", nil, true, "https://api.example.com/x", ""},
		{"its own host, with a port", "api", "API.example.com.:8443", nil, true, "https://api.example.com:8443/x", ""},
		{"its own host, and a base", "api", "x", fixed("https://example.com:8443"), false, "https://api.example.com:8443/x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New()
			r.Get("/p/{id}", func(int) {}).Name("page")
			r.WebSocket("/ws", socket).Name("socket")
			r.Get("api.example.com/x", text("")).Name("api")
			b := build(t, r, func(o *BuildOptions) { o.BaseURL = c.base })
			req := httptest.NewRequest("GET", "/", nil)
			if req.Host = c.host; c.tls {
				req.TLS = &tls.ConnectionState{}
			}
			var values []any
			if c.route == "page" {
				values = []any{1}
			}
			got, err := b.Route(c.route).AbsoluteURL(req, values...)
			byName, errByName := b.URLFor(req, c.route, values...)
			assert.Equal(t, got, byName)
			assert.Equal(t, err, errByName)
			if c.err != "" {
				assert.ErrorContains(t, err, c.err)
				assert.Empty(t, got)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestPublicURL(t *testing.T) {
	r := New()
	rt := r.Get("/x", text(""))
	_, err := r.Build(BuildOptions{PublicURL: "example.com"})
	assert.ErrorContains(t, err, `the base URL "example.com" has no scheme http or https; write it as in "https://example.com"`)
	build(t, r, func(o *BuildOptions) { o.PublicURL = "https://example.com/" })
	u, err := rt.AbsoluteURL(nil)
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/x", u)
	other := New()
	rt = other.Get("/x", text(""))
	build(t, other)
	_, err = rt.AbsoluteURL(nil)
	assert.ErrorContains(t, err, "needs a request or a base URL")
}
