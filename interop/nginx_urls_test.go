//go:build linux

package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// place is where an application thinks that it is, and who asks.
type place struct {
	Client string `json:"client"`
	Peer   string `json:"peer"`
	Item   string `json:"item"`
	Socket string `json:"socket"`
	Path   string `json:"path"`
}

// located is an application that tells its place.
func located(opts ...fogo.Option) *fogo.App {
	app := fogo.New(append(opts, fogo.WithSlashRedirect(), fogo.WithDebug())...)
	app.Get("/place", func(r *http.Request) (p place, err error) {
		p.Client = middleware.ClientIP(r).String()
		p.Peer = netip.MustParseAddrPort(middleware.Peer(r)).Addr().String()
		if p.Item, err = app.URLFor(r, "item", 7); err != nil {
			return p, err
		}
		if p.Path, err = app.URL("item", 7); err != nil {
			return p, err
		}
		p.Socket, err = app.URLFor(r, "echo")
		return p, err
	})
	app.Get("/items/{id}", func(id int) string { return fmt.Sprint(id) }).Name("item")
	app.Get("/dir/", func() string { return "listed" })
	app.Get("/fail", func() error { return fmt.Errorf("the innermost secret") })
	app.WebSocket("/echo", func(text ws.Text) ws.Text { return text }).Name("echo")
	app.WebSocket("/named", func(text ws.Text) ws.Text { return text }, endpoint.WebSocket(ws.Options{Origins: []string{"https://example.com:*"}}))
	return app
}

// behind believes the nginx on this machine.
func behind(header middleware.ProxyHeader, prefix bool) *fogo.App {
	app := located(fogo.WithBaseURL(middleware.BaseURL))
	app.Use(middleware.RealIP(middleware.RealIPOptions{
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Header: header, Host: true, Prefix: prefix,
	}))
	return app
}

// headers are what a proxy should tell. The fields are overwritten: what clients
// send in them is not passed on.
const headers = `
	proxy_http_version 1.1;
	proxy_set_header Upgrade $http_upgrade;
	proxy_set_header Connection $connection_upgrade;
	proxy_set_header Host $http_host;
	proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header X-Forwarded-Host $http_host;
`

// placed asks for the place.
func placed(t *testing.T, c *http.Client, url string, header ...string) place {
	t.Helper()
	var p place
	body := fetch(t, c, url, http.StatusOK, header...)
	require.NoError(t, json.Unmarshal([]byte(body), &p), body)
	return p
}

// fetch gets a URL.
func fetch(t *testing.T, c *http.Client, url string, status int, header ...string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, status, resp.StatusCode, "%s: %s", url, body)
	return string(body)
}

func TestNginxURLs(t *testing.T) {
	lists, rfc, public := serve(t, behind(middleware.XForwardedFor, true)), serve(t, behind(middleware.Forwarded, false)),
		serve(t, located(fogo.WithPublicURL("https://shop.example/app")))
	n := proxy(t, upstream("lists", lists)+upstream("rfc", rfc)+upstream("public", public)+`
		server {
			listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;
			location / { proxy_pass http://lists; `+headers+` proxy_set_header X-Forwarded-Prefix ""; }
			location /app/ { proxy_pass http://lists/; `+headers+` proxy_set_header X-Forwarded-Prefix /app; }
			location /rfc/ { proxy_pass http://rfc/; proxy_http_version 1.1; proxy_set_header Connection "";
				proxy_set_header Forwarded "for=$remote_addr;proto=$scheme;host=\"$http_host\""; }
			location /public/ { proxy_pass http://public/; }
		}`, "http", "https").ready(t)
	c := n.client(t, "127.0.0.5")
	plain, secure := "127.0.0.1:"+n.ports["http"], "example.com:"+n.ports["https"]
	for _, row := range []struct {
		name, url string
		header    []string
		client    string
		base      string
	}{
		{"over HTTP", "http://" + plain, nil, "127.0.0.5", "http://" + plain},
		{"over TLS", "https://" + secure, nil, "127.0.0.5", "https://" + secure},
		{"the client claims things", "http://" + plain, []string{
			"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "/evil",
			"Forwarded", "for=203.0.113.9;host=evil.example",
		}, "127.0.0.5", "http://" + plain},
		{"a prefix is stripped", "https://" + secure + "/app", nil, "127.0.0.5", "https://" + secure + "/app"},
		{"Forwarded", "https://" + secure + "/rfc", nil, "127.0.0.5", "https://" + secure},
		{"Forwarded, and the client claims", "http://" + plain + "/rfc", []string{"Forwarded", "for=203.0.113.9;proto=https", "X-Forwarded-For", "203.0.113.9"}, "127.0.0.5", "http://" + plain},
		{"one public URL", "http://" + plain + "/public", nil, "127.0.0.1", "https://shop.example/app"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := placed(t, c, row.url+"/place", row.header...)
			assert.Equal(t, place{row.client, "127.0.0.1", row.base + "/items/7", "ws" + row.base[len("http"):] + "/echo", "/items/7"}, p)
		})
	}
	// What was made leads back, with the prefix too.
	p := placed(t, c, "https://"+secure+"/app/place")
	assert.Equal(t, "7", fetch(t, c, p.Item, 200))
	// A redirect stays below the prefix, for it is relative.
	resp, err := c.Get("http://" + plain + "/app/dir")
	require.NoError(t, err)
	resp.Body.Close()
	to, err := resp.Location()
	require.NoError(t, err)
	assert.Equal(t, "http://"+plain+"/app/dir/", to.String())
	assert.Equal(t, "listed", fetch(t, c, to.String(), 200))
}

// TestNginxDebug: clients of a proxy on this machine are not on this machine.
func TestNginxDebug(t *testing.T) {
	backend := serve(t, behind(middleware.XForwardedFor, true))
	n := proxy(t, `
		server { listen 127.0.0.1:{good}; location / { proxy_pass http://`+backend.String()+`; `+headers+` } }
		server { listen 127.0.0.1:{bare}; location / { proxy_pass http://`+backend.String()+`; } }
		server { listen 127.0.0.1:{host}; location / { proxy_pass http://`+backend.String()+`; proxy_set_header Host localhost; proxy_set_header X-Real-IP $remote_addr; } }
		server { listen 127.0.0.1:{new}; location / { proxy_pass http://`+backend.String()+`; proxy_http_version 1.1; } }
		server { listen 127.0.0.1:{kept}; location / { proxy_pass http://`+backend.String()+`; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; } }
	`, "good", "bare", "host", "new", "kept").ready(t)
	browser := []string{"Accept", "text/html"}
	// From here they are seen.
	direct := &http.Client{}
	defer direct.CloseIdleConnections()
	assert.Contains(t, fetch(t, direct, "http://"+backend.String()+"/_fogo/", 200, browser...), "/items/{id}")
	assert.Contains(t, fetch(t, direct, "http://"+backend.String()+"/fail", 500, browser...), "the innermost secret")
	for name, port := range n.ports {
		host := "127.0.0.1:"
		if name == "kept" { // a name is all that tells
			host = "example.com:"
		}
		for _, claim := range [][]string{nil, {"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Host", "localhost"}, {"X-Real-IP", "127.0.0.1"}, {"Connection", "X-Forwarded-For, X-Real-IP"}} {
			c := n.client(t, "127.0.0.5")
			header := append(claim, browser...)
			assert.NotContains(t, fetch(t, c, "http://"+host+port+"/_fogo/", 404, header...), "/items/{id}", name)
			assert.NotContains(t, fetch(t, c, "http://"+host+port+"/fail", 500, header...), "secret", name)
		}
	}
}

// serve serves an application until the end of the test.
func serve(t *testing.T, app *fogo.App) net.Addr {
	t.Helper()
	addr, stop := serveUntil(t, app)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	return addr
}
