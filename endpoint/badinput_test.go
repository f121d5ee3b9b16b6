package endpoint_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	BookID int
	Limit  int
	Label  string
)

type book struct {
	Title  string   `json:"title"`
	Pages  int      `json:"pages"`
	Labels []string `json:"labels"`
	Parts  []struct {
		Name string `json:"name"`
	} `json:"parts"`
}

func (b *book) Validate() error {
	if b.Pages < 0 {
		return resolve.Fault{Location: "pages", Message: "must not be negative"}
	}
	return nil
}

// books is a class with a view for each kind of input.
type books struct{}

func (books) Get(id BookID, limit resolve.Query[Limit], label resolve.Optional[resolve.Query[Label]]) string {
	l, _ := label.Get()
	return fmt.Sprintf("%d %d %s", id, limit.Value, l.Value)
}

func (books) Post(id BookID, b resolve.Body[book]) string { return b.Value.Title }

func (books) Put(id BookID, f resolve.Form[struct {
	Title Label
	Pages int
}]) string {
	return string(f.Value.Title)
}

// Every bad request is answered with what is wrong and where, and the server
// serves the next one.
func TestBadInput(t *testing.T) {
	s := serve(t, books{}, endpoint.Pattern("/books/{book_id}"), endpoint.MaxBody(200))
	asJSON := []string{"Content-Type", "application/json"}
	asForm := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, row := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		allow                      string
	}{
		{name: "unknown path", target: "/book/1", status: 404},
		{name: "path that goes on", target: "/books/1/x", status: 404},
		{name: "trailing slash", target: "/books/1/", status: 404},
		{name: "wrong verb", method: "DELETE", target: "/books/1", status: 405, allow: "GET, HEAD, POST, PUT, OPTIONS"},
		{name: "verb that is none", method: "BREW", target: "/books/1", status: 405, allow: "GET, HEAD, POST, PUT, OPTIONS"},
		{name: "wrong verb on an unknown path", method: "DELETE", target: "/book/1", status: 404},
		{name: "malformed scalar", target: "/books/abc?limit=1", status: 400},
		{name: "number out of range", target: "/books/99999999999999999999?limit=1", status: 400},
		{name: "number with blanks", target: "/books/%201?limit=1", status: 400},
		{name: "missing parameter", target: "/books/1", status: 400},
		{name: "several faults", target: "/books/abc?limit=z", status: 400},
		{name: "malformed query", target: "/books/1?limit=%zz", status: 400},
		{name: "semicolon in the query", target: "/books/1?limit=1;x", status: 400},
		{name: "invalid UTF-8 in the query", target: "/books/1?limit=1&label=%ff", status: 400},
		{name: "no body", method: "POST", target: "/books/1", header: asJSON, status: 400},
		{name: "malformed JSON", method: "POST", target: "/books/1", body: `{"title":`, header: asJSON, status: 400},
		{name: "no JSON at all", method: "POST", target: "/books/1", body: `hello`, header: asJSON, status: 400},
		{name: "two JSON values", method: "POST", target: "/books/1", body: `{} {}`, header: asJSON, status: 400},
		{name: "wrong type in JSON", method: "POST", target: "/books/1", body: `{"parts":[{"name":"a"},{"name":7}]}`, header: asJSON, status: 400},
		{name: "fraction for an integer", method: "POST", target: "/books/1", body: `{"pages":1.5}`, header: asJSON, status: 400},
		{name: "invalid UTF-8 in JSON", method: "POST", target: "/books/1", body: "{\"title\":\"\xff\"}", header: asJSON, status: 400},
		{name: "failed validation", method: "POST", target: "/books/1", body: `{"pages":-1}`, header: asJSON, status: 422},
		{name: "malformed path and failed validation", method: "POST", target: "/books/x", body: `{"pages":-1}`, header: asJSON, status: 400},
		{name: "oversized body", method: "POST", target: "/books/1", body: `{"title":"` + strings.Repeat("x", 300) + `"}`, header: asJSON, status: 413},
		{name: "wrong content type", method: "POST", target: "/books/1", body: `title: x`, header: []string{"Content-Type", "application/yaml"}, status: 415},
		{name: "malformed content type", method: "POST", target: "/books/1", body: `{}`, header: []string{"Content-Type", "/;"}, status: 415},
		{name: "JSON for a form", method: "PUT", target: "/books/1", body: `{}`, header: asJSON, status: 415},
		{name: "malformed form", method: "PUT", target: "/books/1", body: `title=%zz`, header: asForm, status: 400},
		{name: "missing form field", method: "PUT", target: "/books/1", body: `title=x`, header: asForm, status: 400},
		{name: "invalid UTF-8 in a form", method: "PUT", target: "/books/1", body: `title=%ff&pages=1`, header: asForm, status: 400},
		{name: "multipart without boundary", method: "PUT", target: "/books/1", body: `x`, header: []string{"Content-Type", "multipart/form-data"}, status: 400},
		{name: "multipart that breaks off", method: "PUT", target: "/books/1", body: "--b\r\nContent-Disposition: form-data; name=title\r\n\r\nx",
			header: []string{"Content-Type", "multipart/form-data; boundary=b"}, status: 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.method == "" {
				row.method = http.MethodGet
			}
			got := s.do(row.method, row.target, row.body, row.header...)
			assert.Equal(t, row.status, got.status)
			assert.Equal(t, "application/problem+json", got.contentType())
			assert.Equal(t, row.allow, got.header.Get("Allow"))
			golden(t, indented(t, got.body))
			assert.Equal(t, "1 2 x", s.get("/books/1?limit=2&label=x").body, "the server is well")
		})
	}
	assert.Empty(t, s.log.records(), "none of it is the server's fault")
}

func indented(t *testing.T, text string) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	b, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return string(b)
}

// What no HTTP client would send.
func TestBrokenRequests(t *testing.T) {
	s := serve(t, books{}, endpoint.Pattern("/books/{book_id}"), endpoint.MaxBody(200))
	post := func(fields, body string) string {
		return "POST /books/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + fields + "\r\n" + body
	}
	for _, row := range []struct {
		name, text string
		half       bool
		status     int
		contains   string
	}{
		{"truncated body", post("Content-Length: 100\r\n", `{"title":"x"`), true, 400, "could not be read to its end"},
		{"truncated chunk", post("Transfer-Encoding: chunked\r\n", "ff\r\n{\"title\""), true, 400, "could not be read to its end"},
		{"malformed chunk", post("Transfer-Encoding: chunked\r\nConnection: close\r\n", "zz\r\n{}\r\n0\r\n\r\n"), false, 400, "could not be read to its end"},
		{"oversized chunks", post("Transfer-Encoding: chunked\r\nConnection: close\r\n", "12c\r\n"+strings.Repeat("x", 300)+"\r\n0\r\n\r\n"), false, 413, "is larger than 200 bytes"},
		{"a lie about the length", post("Content-Length: 99999999999\r\nConnection: close\r\n", "{}"), false, 413, "is larger than 200 bytes"},
		{"malformed escape", "GET /books/%zz HTTP/1.1\r\nHost: x\r\n\r\n", true, 400, "Bad Request"},
		{"no HTTP", "hello\r\n\r\n", true, 400, "Bad Request"},
		{"a request that breaks off", "GET /books/1 HTT", true, 400, "Bad Request"},
		{"no host", "GET /books/1 HTTP/1.1\r\n\r\n", true, 400, "Bad Request"},
		{"invalid UTF-8 in the path", "GET /books/\xff?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false, 400, `"path.book_id"`},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false, 200, ""},
		{"HTTP/1.0", "GET /books/1?limit=2 HTTP/1.0\r\n\r\n", false, 200, "1 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := s.rawReply(row.text, row.half)
			assert.Equal(t, row.status, status)
			assert.Contains(t, body, row.contains)
			assert.Equal(t, 200, s.get("/books/1?limit=2").status, "the server is well")
		})
	}
	assert.Empty(t, s.log.records())
}

func TestOptions(t *testing.T) {
	got := serve(t, books{}, endpoint.Pattern("/books/{book_id}")).do(http.MethodOptions, "/books/1", "")
	assert.Equal(t, 204, got.status)
	assert.Equal(t, "GET, HEAD, POST, PUT, OPTIONS", got.header.Get("Allow"))

	got = serve(t, func() string { return "mine" }, endpoint.Method(http.MethodOptions)).do(http.MethodOptions, "/", "")
	assert.Equal(t, "mine", got.body)
}

func TestAllow(t *testing.T) {
	for want, methods := range map[string][]string{
		"OPTIONS":                           nil,
		"GET, HEAD, OPTIONS":                {"GET"},
		"HEAD, OPTIONS":                     {"HEAD"},
		"GET, HEAD, POST, OPTIONS":          {"POST", "GET", "HEAD"},
		"PUT, OPTIONS, BREW, PROPFIND":      {"PROPFIND", "BREW", "PUT"},
		"GET, HEAD, PATCH, DELETE, OPTIONS": {"OPTIONS", "DELETE", "PATCH", "GET"},
	} {
		assert.Equal(t, want, endpoint.Allow(methods))
	}
}
