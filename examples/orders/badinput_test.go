package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/fogotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBadInput sends what no client of good will sends. Nothing of it is
// answered with a 500, which the client of the tests makes sure of.
func TestBadInput(t *testing.T) {
	const id = "00000000-0000-4000-8000-000000000000"
	body := func(s string) fogotest.RequestOption { return fogotest.Body("application/json", []byte(s)) }
	item := func(sku, quantity string) fogotest.RequestOption {
		return body(`{"items":[{"sku":` + sku + `,"quantity":` + quantity + `}]}`)
	}
	tests := []struct {
		name, method, path string
		status             int
		opts               []fogotest.RequestOption
	}{
		{"no id", "GET", "/orders/1", 404, nil},
		{"an id of another notation", "GET", "/orders/urn:uuid:" + id, 404, nil},
		{"an id in braces", "GET", "/orders/%7B" + id + "%7D", 404, nil},
		{"SQL for an id", "GET", "/orders/" + id + "'%20OR%20'1'='1", 404, nil},
		{"NUL in an id", "GET", "/orders/%00" + id[1:], 404, nil},
		{"a path that climbs", "GET", "/orders/..%2f..%2fetc%2fpasswd", 404, nil},
		{"an id of nobody", "GET", "/orders/" + id, 404, nil},
		{"SQL for a SKU", "POST", "/admin/products/A'--", 400, []fogotest.RequestOption{body(`{"name":"x"}`)}},
		{"a long SKU", "POST", "/admin/products/" + strings.Repeat("A", 33), 400, []fogotest.RequestOption{body(`{"name":"x"}`)}},

		{"no number", "GET", "/orders?limit=ten", 400, nil},
		{"a number too big", "GET", "/orders?limit=99999999999999999999", 400, nil},
		{"a limit too high", "GET", "/orders?limit=101", 422, nil},
		{"a limit below any", "GET", "/orders?limit=-1", 422, nil},
		{"two limits", "GET", "/orders?limit=1&limit=500", 200, nil}, // the first counts
		{"no cursor", "GET", "/orders?after='", 400, nil},
		{"an empty cursor", "GET", "/orders?after=", 400, nil},
		{"a cursor of NUL", "GET", "/orders?after=AAAA", 400, nil},
		{"a cursor of no UTF-8", "GET", "/orders?after=__79", 400, nil},
		{"a cursor of SQL", "GET", "/orders?after=JyBPUiAnMSc9JzE", 200, nil}, // ' OR '1'='1 sorts before all ids
		{"a status there isn't", "GET", "/orders?status=lost", 422, nil},
		{"NUL in a status", "GET", "/orders?status=%00", 422, nil},
		{"no UTF-8 in a query", "GET", "/orders?status=%ff", 400, nil},

		{"no body", "POST", "/orders", 400, nil},
		{"half a body", "POST", "/orders", 400, []fogotest.RequestOption{body(`{"items":[`)}},
		{"two bodies", "POST", "/orders", 400, []fogotest.RequestOption{body(`{"items":[]} {}`)}},
		{"another type of value", "POST", "/orders", 400, []fogotest.RequestOption{body(`{"items":"all"}`)}},
		{"no items", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[]}`)}},
		{"too many items", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[` + strings.Repeat(`{"sku":"A","quantity":1},`, 50) + `{"sku":"B","quantity":1}]}`)}},
		{"one product twice", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[{"sku":"MUG-01","quantity":1},{"sku":"MUG-01","quantity":2}]}`)}},
		{"less than one", "POST", "/orders", 422, []fogotest.RequestOption{item(`"MUG-01"`, "-1")}},
		{"more than there are numbers", "POST", "/orders", 400, []fogotest.RequestOption{item(`"MUG-01"`, "9223372036854775808")}},
		{"a fraction", "POST", "/orders", 400, []fogotest.RequestOption{item(`"MUG-01"`, "1.5")}},
		{"SQL in a SKU", "POST", "/orders", 400, []fogotest.RequestOption{item(`"'; DROP TABLE orders; --"`, "1")}},
		{"no such product", "POST", "/orders", 422, []fogotest.RequestOption{item(`"NONE"`, "1")}},
		{"NUL in a note", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[{"sku":"MUG-01","quantity":1}],"note":"a\u0000b"}`)}},
		{"half a rune in a note", "POST", "/orders", 400, []fogotest.RequestOption{body("{\"items\":[{\"sku\":\"MUG-01\",\"quantity\":1}],\"note\":\"\xc3\"}")}},
		{"text that turns around", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[{"sku":"MUG-01","quantity":1}],"note":"\u202e"}`)}},
		{"a long note", "POST", "/orders", 422, []fogotest.RequestOption{body(`{"items":[{"sku":"MUG-01","quantity":1}],"note":"` + strings.Repeat("é", 501) + `"}`)}},
		{"a deep body", "POST", "/orders", 400, []fogotest.RequestOption{body(strings.Repeat("[", 20_000))}},
		{"a large body", "POST", "/orders", 413, []fogotest.RequestOption{body(`{"note":"` + strings.Repeat("x", maxBody) + `"}`)}},
		{"a form", "POST", "/orders", 415, []fogotest.RequestOption{fogotest.Form("items", "x")}},
		{"text", "POST", "/orders", 415, []fogotest.RequestOption{fogotest.Text("items")}},
		{"no media type", "POST", "/orders", 415, []fogotest.RequestOption{fogotest.Body("?", []byte("{}"))}},
		{"another method", "DELETE", "/orders", 405, nil},
		{"another language", "GET", "/orders", 406, []fogotest.RequestOption{fogotest.Header("Accept", "image/png")}},

		{"no tag", "PATCH", "/orders/" + id, 400, []fogotest.RequestOption{ifMatch("v1"), body(`{"note":""}`)}},
		{"many tags", "PATCH", "/orders/" + id, 400, []fogotest.RequestOption{ifMatch(strings.Repeat(`"v1",`, 30)), body(`{"note":""}`)}},
		{"SQL for a tag", "PATCH", "/orders/" + id, 404, []fogotest.RequestOption{ifMatch(`"' OR 1=1"`), body(`{"note":""}`)}},
		{"an account of no form", "POST", "/transfers", 400, []fogotest.RequestOption{body(`{"from":"x","to":"y","amount":1}`)}},
		{"no number of an event", "GET", "/orders/events?after=x", 400, nil},
		{"an event before the first", "GET", "/orders/events?after=-1", 422, nil},
		{"a plain request to the socket", "GET", "/orders/feed", 426, nil},
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		for _, test := range tests {
			res := c.Request(test.method, test.path, append(test.opts, as("root"), key("k"))...)
			assert.Equal(t, test.status, res.Status, "%s: %s", test.name, res.Body)
			if test.status >= 400 {
				assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), test.name)
				assert.NotContains(t, strings.ToLower(string(res.Body)), "sql", test.name)
			}
		}
		for _, k := range []string{"", " ", "with space", "ümlaut", strings.Repeat("k", 129)} {
			c.Post("/orders", as("ada"), key(k), mugs(1)).ExpectStatus(400)
		}
		c.Post("/orders", as("ada"), mugs(1)).ExpectStatus(400)
		two := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(`{"items":[{"sku":"MUG-01","quantity":1}]}`))
		two.Header = http.Header{"Authorization": {"Bearer ada.demo"}, "Idempotency-Key": {"a", "b"}}
		c.Do(two).ExpectStatus(400)
		assert.Zero(t, s.count(`SELECT count(*) FROM orders`))
		assert.Equal(t, int64(3), s.count(`SELECT count(*) FROM products`))

		evil := "Robert'); DROP TABLE orders;-- $1 ?1 :x \\ %s"
		o := place(t, c, "ada", `'";--`, fogotest.JSON(newOrder("MUG-01", 1, evil)))
		assert.Equal(t, evil, o.Note)
		assert.Equal(t, int64(1), s.count(`SELECT count(*) FROM orders WHERE note = $1`, evil))
	})
}

// TestRawRequests sends what a client of net/http refuses to send.
func TestRawRequests(t *testing.T) {
	s := prepare(t, t.TempDir()+"/orders.db")
	base, _ := s.serve()
	addr := strings.TrimPrefix(base, "http://")
	const auth = "Host: x\r\nAuthorization: Bearer ada.demo\r\nConnection: close\r\n"
	for _, test := range []struct {
		name, request string
		status        int
	}{
		{"a header with NUL", "GET /orders HTTP/1.1\r\n" + auth + "If-None-Match: \"\x00\"\r\n\r\n", 400},
		{"a folded header", "GET /orders HTTP/1.1\r\n" + auth + "X: a\r\n b: c\r\n\r\n", 200},
		{"two lengths", "POST /orders HTTP/1.1\r\n" + auth + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400},
		{"a length and chunks", "POST /orders HTTP/1.1\r\n" + auth + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"a line break in the query", "GET /orders?x=%0d%0aSet-Cookie:%20a=b&limit=1 HTTP/1.1\r\n" + auth + "\r\n", 200},
		{"a line break in an id of the request", "GET /orders HTTP/1.1\r\n" + auth + "X-Request-Id: a%0d%0aX: y\r\n\r\n", 200},
		{"a header of 100 KiB", "GET /orders HTTP/1.1\r\n" + auth + "X: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", 431},
	} {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		go func() { _, _ = io.WriteString(conn, test.request) }()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if assert.NoError(t, err, test.name) {
			assert.Equal(t, test.status, res.StatusCode, test.name)
			assert.Empty(t, res.Header.Get("Set-Cookie"), test.name)
			assert.NotContains(t, fmt.Sprint(res.Header), "%0d", test.name)
			_ = res.Body.Close()
		}
		conn.Close()
	}
	// Two pages are needed for a Link: it repeats the query, escaped.
	for i := range 2 {
		res, err := request(t, t.Context(), "POST", base+"/orders",
			map[string]string{"Authorization": "Bearer ada.demo", "Idempotency-Key": fmt.Sprint(i)}, newOrder("MUG-01", 1, ""))
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 201, res.StatusCode)
	}
	res, err := request(t, t.Context(), "GET", base+"/orders?limit=1&x=%0d%0aA:%3e%3b%20rel=%22", bearer("ada"), nil)
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 1, strings.Count(res.Header.Get("Link"), ">"), res.Header.Get("Link"))
	assert.NotContains(t, res.Header.Get("Link"), "A: ")
}
