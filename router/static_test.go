package router

import (
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

var page = fstest.MapFS{
	"index.html":      {Data: []byte("<p>home")},
	"css/app.css":     {Data: []byte("p{}")},
	"docs/index.html": {Data: []byte("<p>docs")},
	"secret/key.txt":  {Data: []byte("key")},
}

func TestStatic(t *testing.T) {
	r := New()
	r.Static("/s", page)
	root := New()
	root.Static("/", page)
	root.Get("/api", text("api"))
	b, top := build(t, r), build(t, root)
	for _, c := range []struct {
		h        http.Handler
		method   string
		path     string
		status   int
		body     string
		location string
	}{
		{b, "GET", "/s/", 200, "<p>home", ""},
		{b, "GET", "/s", 307, "", "./s/"},
		{b, "GET", "/s/css/app.css", 200, "p{}", ""},
		{b, "HEAD", "/s/css/app.css", 200, "", ""},
		{b, "GET", "/s/css/", 404, "", ""},
		{b, "GET", "/s/css", 404, "", ""},
		{b, "GET", "/s/docs", 301, "", "docs/"},
		{b, "GET", "/s/docs/", 200, "<p>docs", ""},
		{b, "GET", "/s/index.html", 301, "", "./"},
		{b, "GET", "/s/nowhere", 404, "", ""},
		{b, "GET", "/s/..%2f..%2fsecret", 404, "", ""},
		{b, "POST", "/s/css/app.css", 405, "", ""},
		{top, "GET", "/", 200, "<p>home", ""},
		{top, "GET", "/css/app.css", 200, "p{}", ""},
		{top, "GET", "/api", 200, "api", ""},
		{top, "GET", "/secret/", 404, "", ""},
		{top, "GET", "/secret/key.txt", 200, "key", ""},
	} {
		w := do(c.h, c.method, c.path)
		assert.Equal(t, c.status, w.Code, c.path)
		assert.Equal(t, c.location, w.Header().Get("Location"), c.path)
		if c.status == 200 {
			assert.Equal(t, c.body, w.Body.String(), c.path)
		}
		if c.status == 404 {
			assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), c.path)
		}
	}
}
