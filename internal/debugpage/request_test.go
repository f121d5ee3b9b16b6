package debugpage

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMask(t *testing.T) {
	m := &Mask{Names: []string{"X_Tenant"}}
	for _, row := range []struct{ name, value, want string }{
		{"Authorization", "Bearer abc.def", "Bearer " + masked},
		{"Authorization", "abc", masked},
		{"Authorization", "abc1 def", masked},
		{"Proxy-Authorization", "Basic YTpi", "Basic " + masked},
		{"Cookie", "session=abc; theme=dark", "session=" + masked + "; theme=" + masked},
		{"Cookie", "abc", "?=" + masked},
		{"Set-Cookie", "session=abc", masked},
		{"X-Api-Key", "k", masked},
		{"X-Auth-Token", "k", masked},
		{"X-Csrf-Token", "k", masked},
		{"X-Tenant", "k", masked},
		{"Referer", "http://ann:pw@localhost/?token=abc&x=1", "http://localhost/?token=" + masked + "&x=1"},
		{"Referer", "http://%zz", masked},
		{"Accept", "text/html", "text/html"},
		{"Sec-Websocket-Key", "k", "k"},
	} {
		got := m.header(row.name, row.value)
		if row.name == "Referer" {
			got = strings.ReplaceAll(got, "%E2%80%A2", "•")
		}
		assert.Equal(t, row.want, got, "%s: %s", row.name, row.value)
	}
	for _, row := range [][2]string{
		{"a=1&password=x&b", "a=1&password=" + masked + "&b"},
		{"pass%77ord=x", "pass%77ord=" + masked},
		{"%zz=x", "%zz=" + masked},
		{"", ""},
	} {
		assert.Equal(t, row[1], m.query(row[0]))
	}
	for _, row := range [][2]string{
		{`{"a":1,"password":"x\"y","b":2}`, `{"a":1,"password": "` + masked + `","b":2}`},
		{`{"token":{"a":[1,"}"]},"b":2}`, `{"token": "` + masked + `","b":2}`},
		{`{"access_token" : 12}`, `{"access_token": "` + masked + `"}`},
		{`{"secret":"cut off`, `{"secret": "` + masked + `"`},
		{`["password","x"]`, `["password","x"]`},
		{`{"a":"password"}`, `{"a":"password"}`},
		{`no json "`, `no json "`},
	} {
		assert.Equal(t, row[1], m.json(row[0]))
	}
}

func TestRequest(t *testing.T) {
	r := httptest.NewRequest("POST", "http://localhost/reset/s3cret/7?token=abc&q=1", http.NoBody)
	r.Header.Set("Authorization", "Bearer s3cret")
	r.Header.Set("Content-Type", "application/json")
	q := RequestOf(r, []Value{{"token", "s3cret"}, {"id", "7"}}, []byte(`{"password":"s3cret","é`), 100, &Mask{})
	assert.Equal(t, "/reset/"+masked+"/7?token="+masked+"&q=1", q.Target)
	assert.Equal(t, []Value{{"token", masked}, {"id", "7"}}, q.Path)
	assert.Equal(t, []Value{{"q", "1"}, {"token", masked}}, q.Query)
	assert.Contains(t, q.Body.Text, "\n…")
	assert.NotContains(t, strings.Join([]string{q.Body.Text, q.Target}, ""), "s3cret")

	for _, row := range []struct{ contentType, head, want string }{
		{"application/x-www-form-urlencoded", "a=1&pwd=x", "a=1&pwd=" + masked},
		{"multipart/form-data; boundary=x", "--x\r\npassword", ""},
		{"image/png", "\x89PNG\xff\xfe\xfd\xfc\xfb\xfa", ""},
		{"", ` {"pin":1}`, ` {"pin": "` + masked + `"}`},
		{"text/plain", "hello", "hello"},
	} {
		assert.Equal(t, row.want, bodyText([]byte(row.head), int64(len(row.head)), row.contentType, &Mask{}), row.contentType)
	}
	assert.Equal(t, "a\n…", bodyText([]byte("a\xc3"), 9, "text/plain", &Mask{}), "a rune that was cut is left out")

	many := http.Header{}
	for range 1000 {
		many.Add("X-Many", strings.Repeat("x", 10000))
	}
	r.Header = many
	q = RequestOf(r, nil, nil, 0, &Mask{})
	assert.Len(t, q.Header, maxValues+1)
	assert.Less(t, len(q.Header[0].Value), maxValue+100)
	assert.Nil(t, q.Body)
}

func TestAccess(t *testing.T) {
	loopback, lan := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000}, &net.TCPAddr{IP: net.IPv4(192, 168, 0, 2), Port: 8000}
	for _, row := range []struct {
		name                 string
		peer, host           string
		local                net.Addr
		header               map[string]string
		change               func(*http.Request)
		allowed, evenRemotes bool
	}{
		{name: "loopback", peer: "127.0.0.1:5", host: "localhost:8000", local: loopback, allowed: true, evenRemotes: true},
		{name: "another of the network", peer: "127.8.0.1:5", host: "127.0.0.1", allowed: true, evenRemotes: true},
		{name: "IPv6", peer: "[::1]:5", host: "[::1]:8000", allowed: true, evenRemotes: true},
		{name: "mapped", peer: "[::ffff:127.0.0.1]:5", host: "LOCALHOST.", allowed: true, evenRemotes: true},
		{name: "subdomain", peer: "127.0.0.1:5", host: "shop.localhost:8000", allowed: true, evenRemotes: true},
		{name: "no host", peer: "127.0.0.1:5", host: "", evenRemotes: true},
		{name: "HTTP/1.0", peer: "127.0.0.1:5", host: "localhost", change: func(r *http.Request) { r.ProtoMinor = 0 }, evenRemotes: true},
		{name: "the connection is closed", peer: "127.0.0.1:5", host: "127.0.0.1:8000", change: func(r *http.Request) { r.Close = true }, evenRemotes: true},
		{name: "HTTP/2", peer: "127.0.0.1:5", host: "localhost", change: func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 2, 0 }, allowed: true, evenRemotes: true},
		{name: "X-Forwarded-Proto alone", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-Proto": ""}, evenRemotes: true},
		{name: "X-Original-URI", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Original-URI": "/"}, evenRemotes: true},
		{name: "Cloudflare", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"CF-Ray": "x"}, evenRemotes: true},
		{name: "remote", peer: "192.168.0.7:5", host: "localhost", evenRemotes: true},
		{name: "remote that claims to be here", peer: "192.168.0.7:5", host: "localhost", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}, evenRemotes: true},
		{name: "through a proxy here", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-For": "203.0.113.9"}, evenRemotes: true},
		{name: "proxy that spoofs", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}, evenRemotes: true},
		{name: "Forwarded", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Forwarded": "for=127.0.0.1"}, evenRemotes: true},
		{name: "X-Forwarded-Host", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-Host": "x"}, evenRemotes: true},
		{name: "Via", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Via": "1.1 x"}, evenRemotes: true},
		{name: "X-Real-IP", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Real-IP": "127.0.0.1"}, evenRemotes: true},
		{name: "rewritten peer", peer: "127.0.0.1:5", host: "localhost", local: lan, evenRemotes: true},
		{name: "Unix socket", peer: "@", host: "localhost", evenRemotes: true},
		{name: "no peer", peer: "", host: "localhost", evenRemotes: true},
		{name: "DNS rebinding", peer: "127.0.0.1:5", host: "evil.example:8000", evenRemotes: true},
		{name: "a name that begins well", peer: "127.0.0.1:5", host: "localhost.evil.example", evenRemotes: true},
		{name: "page of another site", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Origin": "https://evil.example"}},
		{name: "sandboxed page", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Origin": "null"}},
		{name: "frontend on this machine", peer: "127.0.0.1:5", host: "localhost:8000", header: map[string]string{"Origin": "http://localhost:5173", "Sec-Fetch-Site": "cross-site"}, allowed: true, evenRemotes: true},
		{name: "own page", peer: "192.168.0.7:5", host: "shop.test", header: map[string]string{"Origin": "http://shop.test"}, evenRemotes: true},
		{name: "script of another site", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}},
		{name: "frame of another site", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}},
		{name: "link on another site", peer: "127.0.0.1:5", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, allowed: true, evenRemotes: true},
	} {
		r := httptest.NewRequest("GET", "/", http.NoBody)
		r.RemoteAddr, r.Host = row.peer, row.host
		for k, v := range row.header {
			r.Header.Set(k, v)
		}
		if row.change != nil {
			row.change(r)
		}
		if row.local != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, row.local))
		}
		assert.Equal(t, row.allowed, Access{}.Refusal(r) == "", row.name)
		assert.Equal(t, row.evenRemotes, Access{Remote: true}.Refusal(r) == "", "%s, remotes admitted", row.name)
	}
}

func TestHarden(t *testing.T) {
	h := http.Header{}
	Harden(h)
	csp := h.Get("Content-Security-Policy")
	assert.Contains(t, csp, "default-src 'none'")
	assert.Contains(t, csp, "frame-ancestors 'none'")
	assert.NotContains(t, csp, "unsafe")
	assert.Equal(t, "DENY", h.Get("X-Frame-Options"))
	assert.Equal(t, "no-store", h.Get("Cache-Control"))
	assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
}
