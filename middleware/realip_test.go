package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/middleware"
)

// seen is what a handler sees of its client.
type seen struct{ remote, peer, base string }

func look(opts middleware.RealIPOptions, r *http.Request) seen {
	var s seen
	h := middleware.RealIP(opts)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s = seen{r.RemoteAddr, middleware.Peer(r), middleware.BaseURL(r)}
	}))
	h.ServeHTTP(httptest.NewRecorder(), r)
	return s
}

func request(remote string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", "http://own.example/", nil)
	r.RemoteAddr = remote
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestXForwardedFor(t *testing.T) {
	opts := middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8", "fd00::/8")}
	const proxy, xff = "10.0.0.1:99", "X-Forwarded-For"
	rows := []struct {
		name   string
		remote string
		lists  []string
		want   string
	}{
		{"one proxy", proxy, []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"two proxies", proxy, []string{"203.0.113.7, 10.0.0.2"}, "203.0.113.7:0"},
		{"two lines", proxy, []string{"203.0.113.7", "10.0.0.2"}, "203.0.113.7:0"},
		{"the client claims to be another", proxy, []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7:0"},
		{"the client claims to be a proxy", proxy, []string{"10.9.9.9, 203.0.113.7"}, "203.0.113.7:0"},
		{"the client claims in a line before", proxy, []string{"127.0.0.1", "203.0.113.7"}, "203.0.113.7:0"},
		{"the client sends garbage", proxy, []string{"\"<script>,,;; , 203.0.113.7"}, "203.0.113.7:0"},
		{"the client sends a lot", proxy, []string{strings.Repeat("10.0.0.3,", 10000) + "203.0.113.7"}, "203.0.113.7:0"},
		{"only proxies", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
		{"no list", proxy, nil, proxy},
		{"an empty list", proxy, []string{""}, proxy},
		{"only commas", proxy, []string{", ,,"}, proxy},
		{"the proxy says unknown", proxy, []string{"198.51.100.1, unknown"}, proxy},
		{"garbage behind a proxy", proxy, []string{"198.51.100.1, x, 10.0.0.2"}, "10.0.0.2:0"},
		{"with a port", proxy, []string{"203.0.113.7:8080"}, "203.0.113.7:8080"},
		{"IPv6", proxy, []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::7]"}, "[2001:db8::7]:0"},
		{"IPv6 with a port", proxy, []string{"[2001:db8::7]:80"}, "[2001:db8::7]:80"},
		{"IPv4 in IPv6", proxy, []string{"::ffff:203.0.113.7"}, "203.0.113.7:0"},
		{"a proxy in IPv6 form", proxy, []string{"203.0.113.7, ::ffff:10.0.0.2"}, "203.0.113.7:0"},
		{"a connection in IPv6 form", "[::ffff:10.0.0.1]:99", []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"a proxy over IPv6", "[fd00::1]:99", []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"a zone", proxy, []string{"fe80::1%x\" y"}, proxy},
		{"a bad port counts as none", proxy, []string{"203.0.113.7:99999"}, "203.0.113.7:0"},
		{"leading zeros", proxy, []string{"010.0.0.1"}, proxy},
		{"a prefix", proxy, []string{"203.0.113.0/24"}, proxy},
		{"nobody trusted", "203.0.113.9:5", []string{"10.0.0.1"}, "203.0.113.9:5"},
		{"nobody with an address", "@", []string{"203.0.113.7"}, "@"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var header []string
			for _, l := range row.lists {
				header = append(header, xff, l)
			}
			got := look(opts, request(row.remote, header...))
			assert.Equal(t, seen{row.want, row.remote, "http://own.example"}, got)
		})
	}
}

func TestForwarded(t *testing.T) {
	opts := middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8"), Header: middleware.Forwarded}
	const proxy = "10.0.0.1:99"
	rows := []struct {
		name  string
		lines []string
		want  string
		base  string
	}{
		{"all of it", []string{"for=203.0.113.7;proto=https;host=example.com;by=10.0.0.1"}, "203.0.113.7:0", "https://example.com"},
		{"in any case", []string{"For=203.0.113.7;PROTO=HTTPS;hOST=example.com:8443"}, "203.0.113.7:0", "https://example.com:8443"},
		{"quoted", []string{`for="203.0.113.7:80"; proto="https"`}, "203.0.113.7:80", "https://own.example"},
		{"IPv6", []string{`for="[2001:db8::7]:4711"`}, "[2001:db8::7]:4711", "http://own.example"},
		{"a hidden port", []string{`for="203.0.113.7:_x"`}, "203.0.113.7:0", "http://own.example"},
		{"IPv6 with a port, and no quotes", []string{"for=[2001:db8::7]:4711"}, "[2001:db8::7]:4711", "http://own.example"},
		{"two proxies", []string{"for=203.0.113.7;proto=https, for=10.0.0.2;proto=http"}, "203.0.113.7:0", "https://own.example"},
		{"two lines", []string{"for=203.0.113.7;proto=https", "for=10.0.0.2;proto=http"}, "203.0.113.7:0", "https://own.example"},
		{"a claim", []string{"for=10.0.0.9;proto=https;host=evil.example, for=203.0.113.7"}, "203.0.113.7:0", "http://own.example"},
		{"a claim with an open quote", []string{`for="198.51.100.1, for=203.0.113.7;proto=https`}, "203.0.113.7:0", "https://own.example"},
		{"a claim with an open quote and a quoted end", []string{`for=1.1.1.1;x="\, for="203.0.113.7:1"`}, "203.0.113.7:1", "http://own.example"},
		{"a claim that quotes a comma", []string{`for=1.1.1.1;x="a, for=2.2.2.2", for=203.0.113.7`}, "203.0.113.7:0", "http://own.example"},
		{"a comma in quotes", []string{`for=203.0.113.7;x="a,b"`}, "203.0.113.7:0", "http://own.example"},
		{"an escaped quote", []string{`for=203.0.113.7;x="a\",\"b\\"`}, "203.0.113.7:0", "http://own.example"},
		{"unknown", []string{"for=unknown;proto=https"}, proxy, "https://own.example"},
		{"hidden", []string{"for=_gazonk"}, proxy, "http://own.example"},
		{"hidden behind a proxy", []string{"for=_gazonk, for=10.0.0.2"}, "10.0.0.2:0", "http://own.example"},
		{"no for", []string{"proto=https"}, proxy, "https://own.example"},
		{"twice the same", []string{"for=203.0.113.7;for=203.0.113.8"}, proxy, "http://own.example"},
		{"no value", []string{"for"}, proxy, "http://own.example"},
		{"an empty value", []string{"for="}, proxy, "http://own.example"},
		{"an end without a pair", []string{"for=203.0.113.7;"}, proxy, "http://own.example"},
		{"garbage behind the quote", []string{`for="203.0.113.7"x`}, proxy, "http://own.example"},
		{"only a quote", []string{`"`}, proxy, "http://own.example"},
		{"a backslash at the end", []string{`for="203.0.113.7\`}, proxy, "http://own.example"},
		{"IPv6 without brackets", []string{`for="2001:db8::7"`}, "[2001:db8::7]:0", "http://own.example"},
		{"IPv4 in brackets", []string{`for="[203.0.113.7]"`}, proxy, "http://own.example"},
		{"a bracket left open", []string{`for="[2001:db8::7"`}, proxy, "http://own.example"},
		{"another scheme", []string{"for=203.0.113.7;proto=javascript"}, "203.0.113.7:0", "http://own.example"},
		{"a host with more", []string{`for=203.0.113.7;host="evil.example/x?<b>"`}, "203.0.113.7:0", "http://own.example"},
		{"a host with a user", []string{`for=203.0.113.7;host="a@evil.example"`}, "203.0.113.7:0", "http://own.example"},
		{"nothing", nil, proxy, "http://own.example"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := request(proxy, "X-Forwarded-For", "192.0.2.66") // which must not count
			r.Header["Forwarded"] = row.lines
			assert.Equal(t, seen{row.want, proxy, row.base}, look(opts, r))
		})
	}
}

func TestForwardedIsIgnoredForXForwardedFor(t *testing.T) {
	got := look(middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8")},
		request("10.0.0.1:99", "Forwarded", "for=192.0.2.66;proto=https;host=evil.example"))
	assert.Equal(t, seen{"10.0.0.1:99", "10.0.0.1:99", "http://own.example"}, got)
}

func TestSchemeAndHost(t *testing.T) {
	proxies := prefixes("10.0.0.0/8")
	rows := []struct {
		name   string
		host   bool
		remote string
		xff    string
		proto  string
		fhost  string
		want   string
	}{
		{"the proxy ends TLS", false, "10.0.0.1:1", "203.0.113.7", "https", "", "https://own.example"},
		{"the host is not taken unasked", false, "10.0.0.1:1", "203.0.113.7", "https", "evil.example", "https://own.example"},
		{"the host", true, "10.0.0.1:1", "203.0.113.7", "https", "example.com", "https://example.com"},
		{"a list as long as that of the addresses", true, "10.0.0.1:1", "203.0.113.7, 10.0.0.2", "https, http", "a.example, b.example", "https://a.example"},
		{"the client wrote into the list", false, "10.0.0.1:1", "1.1.1.1, 203.0.113.7", "https, http", "", "http://own.example"},
		{"a proxy overwrote the list", false, "10.0.0.1:1", "203.0.113.7, 10.0.0.2, 10.0.0.3", "https", "", "https://own.example"},
		{"no addresses", false, "10.0.0.1:1", "", "https", "", "https://own.example"},
		{"not a scheme", false, "10.0.0.1:1", "203.0.113.7", "javascript:alert(1)//", "", "http://own.example"},
		{"not a host", true, "10.0.0.1:1", "203.0.113.7", "http", "x/../y", "http://own.example"},
		{"nobody trusted", true, "203.0.113.7:1", "203.0.113.7", "https", "evil.example", "http://own.example"},
	}
	for _, row := range rows {
		r := request(row.remote, "X-Forwarded-For", row.xff, "X-Forwarded-Proto", row.proto, "X-Forwarded-Host", row.fhost)
		assert.Equal(t, row.want, look(middleware.RealIPOptions{Trusted: proxies, Host: row.host}, r).base, row.name)
	}
}

func TestPrefix(t *testing.T) {
	opts := middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8"), Prefix: true}
	rows := []struct{ name, remote, xff, prefix, want string }{
		{"a prefix", "10.0.0.1:1", "203.0.113.7", "/app", "http://own.example/app"},
		{"of two segments", "10.0.0.1:1", "203.0.113.7", "/team-a/app.v2/", "http://own.example/team-a/app.v2"},
		{"the root", "10.0.0.1:1", "203.0.113.7", "/", "http://own.example"},
		{"the client's word before it", "10.0.0.1:1", "1.1.1.1, 203.0.113.7", "/evil, /app", "http://own.example/app"},
		{"nobody trusted", "203.0.113.7:1", "203.0.113.7", "/app", "http://own.example"},
		{"another host", "10.0.0.1:1", "203.0.113.7", "//evil.example", "http://own.example"},
		{"a backslash", "10.0.0.1:1", "203.0.113.7", `/\evil.example`, "http://own.example"},
		{"dots", "10.0.0.1:1", "203.0.113.7", "/app/../x", "http://own.example"},
		{"a query", "10.0.0.1:1", "203.0.113.7", "/app?x=", "http://own.example"},
		{"escapes", "10.0.0.1:1", "203.0.113.7", "/%2e%2e", "http://own.example"},
		{"markup", "10.0.0.1:1", "203.0.113.7", `/"><script>`, "http://own.example"},
		{"no path", "10.0.0.1:1", "203.0.113.7", "app", "http://own.example"},
	}
	for _, row := range rows {
		r := request(row.remote, "X-Forwarded-For", row.xff, "X-Forwarded-Prefix", row.prefix)
		assert.Equal(t, row.want, look(opts, r).base, row.name)
		assert.Equal(t, "http://own.example", look(middleware.RealIPOptions{Trusted: opts.Trusted}, r).base, "it is not taken unasked")
	}
	opts.Header = middleware.Forwarded
	got := look(opts, request("10.0.0.1:1", "Forwarded", "for=203.0.113.7;proto=https;host=example.com", "X-Forwarded-Prefix", "/app"))
	assert.Equal(t, "https://example.com/app", got.base)
}

func TestUnixSockets(t *testing.T) {
	for _, remote := range []string{"@", "", "/run/app.sock"} {
		r := request(remote, "X-Forwarded-For", "203.0.113.7")
		assert.Equal(t, "203.0.113.7:0", look(middleware.RealIPOptions{Unix: true}, r).remote)
		assert.Equal(t, remote, look(middleware.RealIPOptions{}, r).remote)
	}
	assert.Equal(t, "1.2.3.4:1", look(middleware.RealIPOptions{Unix: true}, request("1.2.3.4:1", "X-Forwarded-For", "203.0.113.7")).remote)
}

// TestRealIPTwice: the second must not take the client for a proxy.
func TestRealIPTwice(t *testing.T) {
	real := middleware.RealIP(middleware.RealIPOptions{Trusted: prefixes("10.0.0.0/8")})
	got := ""
	h := real(real(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })))
	h.ServeHTTP(httptest.NewRecorder(), request("10.0.0.1:1", "X-Forwarded-For", "1.1.1.1, 10.0.0.5, x, 10.0.0.4"))
	assert.Equal(t, "10.0.0.4:0", got)
}

func TestClientIP(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.7:1": "203.0.113.7", "[2001:db8::7]:1": "2001:db8::7", "[fe80::1%eth0]:1": "fe80::1",
		"[::ffff:203.0.113.7]:1": "203.0.113.7", "203.0.113.7": "203.0.113.7",
	} {
		assert.Equal(t, netip.MustParseAddr(want), middleware.ClientIP(request(remote)), remote)
	}
	assert.False(t, middleware.ClientIP(request("@")).IsValid())
}

func TestPrivateNetworks(t *testing.T) {
	opts := middleware.RealIPOptions{Trusted: middleware.PrivateNetworks()}
	for _, remote := range []string{"127.0.0.1:1", "10.1.2.3:1", "172.16.0.1:1", "192.168.1.1:1", "[::1]:1", "[fd00::1]:1", "[fe80::1%eth0]:1"} {
		assert.Equal(t, "203.0.113.7:0", look(opts, request(remote, "X-Forwarded-For", "203.0.113.7")).remote, remote)
	}
	assert.Equal(t, "172.32.0.1:1", look(opts, request("172.32.0.1:1", "X-Forwarded-For", "203.0.113.7")).remote)
}
