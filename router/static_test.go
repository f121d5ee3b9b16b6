package router

import (
	"embed"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/static
var embedded embed.FS

var (
	then  = time.Unix(1000, 0)
	later = time.Unix(2000, 0)
)

func file(text string, at time.Time) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), ModTime: at}
}

var page = fstest.MapFS{
	"index.html":                {Data: []byte("<p>home")},
	"css/app.css":               {Data: []byte("p{}")},
	"docs/index.html":           {Data: []byte("<p>docs")},
	"secret/key.txt":            {Data: []byte("key")},
	".env":                      {Data: []byte("PASSWORD")},
	".git/config":               {Data: []byte("git")},
	"css/.hidden":               {Data: []byte("hidden")},
	".well-known/security.txt":  {Data: []byte("contact")},
	".well-known/.secret":       {Data: []byte("secret")},
	"a b/ä.txt":                 {Data: []byte("ä")},
	"a:b/index.html":            {Data: []byte("colon")},
	"odd/index.html/really.txt": {Data: []byte("a directory named as an index")},
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
		{b, "GET", "/s/css/app.css/", 301, "", "../app.css"},
		{b, "GET", "/s/css/", 404, "", ""},
		{b, "GET", "/s/css", 404, "", ""},
		{b, "GET", "/s/docs", 301, "", "docs/"},
		{b, "GET", "/s/docs?a=b", 301, "", "docs/?a=b"},
		{b, "GET", "/s/docs/", 200, "<p>docs", ""},
		{b, "GET", "/s/index.html", 301, "", "./"},
		{b, "GET", "/s/a:b", 301, "", "./a:b/"},
		{b, "GET", "/s/a%20b/%C3%A4.txt", 200, "ä", ""},
		{b, "GET", "/s/odd/", 404, "", ""},
		{b, "GET", "/s/nowhere", 404, "", ""},
		{b, "GET", "/s/..%2f..%2fsecret", 404, "", ""},
		{b, "GET", "/s/css/..%2fsecret/key.txt", 404, "", ""},
		{b, "GET", "/s/css%2F%2Fapp.css", 404, "", ""},
		{b, "GET", "/s/css%5Capp.css", 404, "", ""},
		{b, "GET", "/s/css/app.css%00", 404, "", ""},
		{b, "GET", "/s/.env", 404, "", ""},
		{b, "GET", "/s/.git/config", 404, "", ""},
		{b, "GET", "/s/css/.hidden", 404, "", ""},
		{b, "GET", "/s/css/.well-known/x", 404, "", ""},
		{b, "GET", "/s/.well-known/security.txt", 200, "contact", ""},
		{b, "GET", "/s/.well-known/.secret", 404, "", ""},
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

// get asks for a path with header fields, names and values in turn.
func get(h http.Handler, target string, header ...string) *http.Response {
	return do(h, http.MethodGet, target, func(r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
	}).Result()
}

func bodyOf(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

func TestStaticVariants(t *testing.T) {
	r := New()
	r.Static("/", fstest.MapFS{
		"app.js": file("plain", then), "app.js.br": file("brotli", then), "app.js.zst": file("zstd!!", later), "app.js.gz": file("gzipped", later),
		"old.css": file("new", later), "old.css.gz": file("stale", then),
		"one.html": file("<p>", then), "one.html.gz": file("gz", then),
		"data": file("data", then), "data.gz": file("gz", then),
		"alone.txt": file("alone", then),
	})
	b := build(t, r)
	for _, row := range []struct{ path, accept, encoding, body string }{
		{"/app.js", "", "", "plain"},
		{"/app.js", "gzip, deflate, br, zstd", "br", "brotli"},
		{"/app.js", "gzip, zstd", "zstd", "zstd!!"},
		{"/app.js", "gzip", "gzip", "gzipped"},
		{"/app.js", "X-GZIP", "gzip", "gzipped"},
		{"/app.js", "br;q=0.5, gzip;q=0.8", "gzip", "gzipped"},
		{"/app.js", "br;q=0, gzip;q=0, *", "zstd", "zstd!!"},
		{"/app.js", "*", "br", "brotli"},
		{"/app.js", "*;q=0", "", "plain"},
		{"/app.js", "identity", "", "plain"},
		{"/app.js", "identity, br;q=0.5", "", "plain"},
		{"/app.js", "identity;q=0.1, br;q=0.5", "br", "brotli"},
		{"/app.js", "br;q=2", "", "plain"},
		{"/app.js", "br;q=x, gzip", "gzip", "gzipped"},
		{"/app.js", "deflate", "", "plain"},
		{"/old.css", "gzip", "", "new"},
		{"/one.html", "br, gzip;q=0.1", "gzip", "gz"},
		{"/data", "gzip", "gzip", "gz"},
		{"/app.js.br", "br", "", "brotli"},
	} {
		res := get(b, row.path, "Accept-Encoding", row.accept)
		assert.Equal(t, 200, res.StatusCode)
		assert.Equal(t, row.encoding, res.Header.Get("Content-Encoding"), "%s: %s", row.path, row.accept)
		assert.Equal(t, row.body, bodyOf(t, res))
		assert.EqualValues(t, len(row.body), res.ContentLength)
	}
	js := get(b, "/app.js", "Accept-Encoding", "br")
	assert.Equal(t, "text/javascript; charset=utf-8", js.Header.Get("Content-Type"), "of what is compressed")
	assert.Equal(t, "application/octet-stream", get(b, "/data", "Accept-Encoding", "gzip").Header.Get("Content-Type"))
	assert.Equal(t, "Accept-Encoding", js.Header.Get("Vary"))
	assert.Equal(t, "Accept-Encoding", get(b, "/app.js").Header.Get("Vary"), "who takes the file itself is told too")
	assert.Empty(t, get(b, "/alone.txt", "Accept-Encoding", "br").Header.Get("Vary"))

	tags := map[string]bool{}
	for _, enc := range []string{"", "br", "zstd", "gzip"} {
		tag := get(b, "/app.js", "Accept-Encoding", enc).Header.Get("Etag")
		assert.False(t, tags[tag], "each variant has a tag of its own")
		tags[tag] = true
		again := get(b, "/app.js", "Accept-Encoding", enc, "If-None-Match", tag)
		assert.Equal(t, 304, again.StatusCode)
		assert.Equal(t, "Accept-Encoding", again.Header.Get("Vary"))
		assert.Empty(t, again.Header.Get("Content-Encoding"))
	}
	part := get(b, "/app.js", "Accept-Encoding", "br", "Range", "bytes=1-3")
	assert.Equal(t, 206, part.StatusCode)
	assert.Equal(t, "rot", bodyOf(t, part), "ranges are those of what is sent")
	assert.Equal(t, "bytes 1-3/6", part.Header.Get("Content-Range"))
}

func TestStaticConditionsAndRanges(t *testing.T) {
	r := New()
	r.Static("/", fstest.MapFS{"a.txt": file("0123456789", then)})
	b := build(t, r)
	first := get(b, "/a.txt")
	tag := first.Header.Get("Etag")
	assert.Equal(t, "Thu, 01 Jan 1970 00:16:40 GMT", first.Header.Get("Last-Modified"))
	for _, row := range []struct {
		header []string
		status int
		body   string
	}{
		{[]string{"If-None-Match", tag}, 304, ""},
		{[]string{"If-Modified-Since", later.UTC().Format(http.TimeFormat)}, 304, ""},
		{[]string{"If-Match", `"x"`}, 412, "*"},
		{[]string{"Range", "bytes=2-4"}, 206, "234"},
		{[]string{"Range", "bytes=2-4", "If-Range", `"x"`}, 200, "0123456789"},
		{[]string{"Range", "bytes=20-"}, 416, "*"},
	} {
		res := get(b, "/a.txt", row.header...)
		assert.Equal(t, row.status, res.StatusCode, "%v", row.header)
		if row.body != "*" {
			assert.Equal(t, row.body, bodyOf(t, res))
			assert.Equal(t, "no-cache", res.Header.Get("Cache-Control"))
			assert.Equal(t, tag, res.Header.Get("Etag"))
		} else {
			assert.Empty(t, res.Header.Get("Etag"))
		}
	}
	head := do(b, http.MethodHead, "/a.txt").Result()
	assert.EqualValues(t, 10, head.ContentLength)
}

// Embedded files have no times: their tags are made of what is in them.
func TestStaticEmbedded(t *testing.T) {
	sub, err := fs.Sub(embedded, "testdata/static")
	require.NoError(t, err)
	r := New()
	r.Static("/", sub)
	b := build(t, r)
	tag := get(b, "/hello.txt").Header.Get("Etag")
	assert.Regexp(t, `^"[\w-]{22}"$`, tag)
	assert.Equal(t, tag, get(b, "/hello.txt").Header.Get("Etag"))
	assert.Equal(t, 304, get(b, "/hello.txt", "If-None-Match", tag).StatusCode)
	zeroed := New()
	zeroed.Static("/", fstest.MapFS{"a.txt": {Data: []byte("a")}})
	assert.Empty(t, get(build(t, zeroed), "/a.txt").Header.Get("Etag"), "others without times may change")
}

func TestStaticCaching(t *testing.T) {
	const forever, again = "public, max-age=31536000, immutable", "no-cache"
	files := fstest.MapFS{}
	want := map[string]string{
		"index.txt": again, "app.js": again, "app.3f2a9c1b.js": forever, "app-3f2a9c1b77aa00ff.js": forever, "main_0a1b2c3d4e5f.css": forever,
		"report-20240131.txt": again, "bootstrap-deadbeef.js": again, "app.3F2A9C1B.js": again, "3f2a9c1b.js": again, "app.3f2a9c1.js": again,
		"index-BkX29sKd.js": forever, "assets/logo.svg": forever, "assets/deep/logo.svg": again, "other/logo.svg": again,
	}
	for name := range want {
		files[name] = file("x", then)
	}
	r := New()
	r.Static("/", files, Immutable("index-????????.js", "assets/*"))
	guarded := r.Group("/in")
	guarded.Guard(func() error { return nil })
	guarded.Static("/", files)
	b := build(t, r)
	for name, cache := range want {
		assert.Equal(t, cache, get(b, "/"+name).Header.Get("Cache-Control"), name)
	}
	assert.Equal(t, "private, max-age=31536000, immutable", get(b, "/in/app.3f2a9c1b.js").Header.Get("Cache-Control"))
	assert.Empty(t, get(b, "/nowhere.3f2a9c1b.js").Header.Get("Cache-Control"))
}

// A route and its guards are found by segments, and a slash that a client
// escaped separates none. So it must not separate directories either.
func TestStaticEscapedSlash(t *testing.T) {
	files := fstest.MapFS{"index.html": file("home", then), "private/key.txt": file("key", then)}
	r := New()
	r.Static("/", files)
	guarded := r.Group("/private")
	guarded.Guard(func() error { return endpoint.NewError(http.StatusForbidden, "no") })
	guarded.Static("/", files)
	b := build(t, r)
	assert.Equal(t, 403, get(b, "/private/key.txt").StatusCode)
	for _, target := range []string{"/private%2Fkey.txt", "/private%2fkey.txt", "/private%2F/key.txt", "/%2Fprivate/key.txt", "/private%252Fkey.txt", "/%70rivate%2fkey.txt"} {
		assert.Equal(t, 404, get(b, target).StatusCode, target)
	}
	assert.Equal(t, 403, get(b, "/%70rivate/key.txt").StatusCode)
}

// As in a File.
func TestStaticConditions(t *testing.T) {
	r := New()
	r.Static("/", fstest.MapFS{"a.txt": file("0123456789", then), "epoch.txt": file("e", time.Unix(0, 0)), "nix.txt": file("n", time.Unix(1, 0))})
	b := build(t, r)
	assert.Equal(t, 206, get(b, "/a.txt", "Range", "bytes=2-3").StatusCode)
	head := do(b, http.MethodHead, "/a.txt", func(r *http.Request) { r.Header.Set("Range", "bytes=2-3") })
	assert.Equal(t, 200, head.Code)
	assert.Equal(t, 200, get(b, "/a.txt", "Range", "bytes="+strings.Repeat("0-0,", 5000)+"1-1").StatusCode)
	for _, name := range []string{"/epoch.txt", "/nix.txt"} {
		res := get(b, name, "If-Modified-Since", "Sun, 29 Nov 2026 00:00:00 GMT")
		assert.Equal(t, 200, res.StatusCode, "a time that all files have tells nothing")
		assert.Empty(t, res.Header.Get("Last-Modified"))
	}
}

func TestShortNames(t *testing.T) {
	for part, short := range map[string]bool{"GIT~1": true, "env~2.txt": true, "GI1234~1.CON": true, "a": false, "a~": false, "~user": false, "a~b": false} {
		assert.Equal(t, short, isShortName(part), part)
	}
}

// What a file is says its name, or else how it begins; but a file that somebody
// uploaded doesn't become a page by what is in it.
func TestStaticTypes(t *testing.T) {
	files := fstest.MapFS{}
	want := map[string][2]string{
		"a.html":    {"<p>", "text/html; charset=utf-8"},
		"a.svg":     {"<svg/>", "image/svg+xml"},
		"avatar":    {"<html><script>alert(1)</script>", "text/plain; charset=utf-8"},
		"feed":      {"<?xml version='1.0'?><x/>", "text/plain; charset=utf-8"},
		"a.unknown": {"<!DOCTYPE html>", "text/plain; charset=utf-8"},
		"LICENSE":   {"You may.", "text/plain; charset=utf-8"},
		"wide":      {"\xfe\xff\x00a", "text/plain; charset=utf-16be"},
		"picture":   {"\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1000), "image/png"},
		"empty":     {"", "text/plain; charset=utf-8"},
		"bytes":     {"\x00\x01", "application/octet-stream"},
	}
	for name, w := range want {
		files[name] = file(w[0], then)
	}
	r := New()
	r.Static("/", files)
	b := build(t, r)
	for name, w := range want {
		res := get(b, "/"+name)
		assert.Equal(t, w[1], res.Header.Get("Content-Type"), name)
		assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), name)
		assert.Equal(t, w[0], bodyOf(t, res), name)
	}
}

func TestStaticProblems(t *testing.T) {
	r := New()
	r.Static("/a", nil)
	r.Static("/b", page, Immutable("[", "*.js"))
	_, err := r.Build(BuildOptions{})
	require.Error(t, err)
	assert.ErrorContains(t, err, "the file system is nil")
	assert.ErrorContains(t, err, `router.Immutable("["): syntax error in pattern`)
}

// Whatever the path is, the answer is one, and hidden names stay hidden.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/../x", "//", "/.well-known/x", "/a/./b", "\\", "/a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, _, ok := fileName(path)
		if !ok {
			return
		}
		assert.True(t, fs.ValidPath(name))
		assert.NotContains(t, "/"+name, "/..")
		assert.NotContains(t, name, "\\")
	})
}
