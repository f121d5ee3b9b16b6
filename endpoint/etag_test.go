package endpoint_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestETag(t *testing.T) {
	text := strings.Repeat("x", 5000)
	for name, view := range map[string]any{
		"struct":   func() item { return item{"x", 1} },
		"codec":    func() map[string]int { return map[string]int{"a": 1} },
		"text":     func() string { return text },
		"bytes":    func() []byte { return []byte(text) },
		"page":     func() endpoint.HTML { return "<p>" },
		"status":   func() endpoint.Status[item] { return endpoint.Status[item]{Body: item{"x", 1}} },
		"response": func() endpoint.Response[tracer, item] { return endpoint.Response[tracer, item]{Header: tracer{"t"}} },
		"own": func() endpoint.Status[item] {
			return endpoint.Status[item]{Header: http.Header{"Etag": {`W/"own"`}, "Last-Modified": {"Fri, 02 Jan 2026 02:04:05 GMT"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, view, endpoint.ETag())
			first := s.get("/")
			tag := first.header.Get("Etag")
			assert.Equal(t, 200, first.status)
			assert.Regexp(t, `^(W/"own"|"[\w-]{22}")$`, tag)
			assert.Equal(t, tag, s.get("/").header.Get("Etag"), "it is the same each time")
			assert.Equal(t, tag, s.do(http.MethodHead, "/", "").header.Get("Etag"))
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := s.do(method, "/", "", "If-None-Match", `"x", W/`+strings.TrimPrefix(tag, "W/"))
				assert.Equal(t, 304, got.status)
				assert.Equal(t, tag, got.header.Get("Etag"))
				assert.Empty(t, got.body)
				assert.Empty(t, got.contentType())
				assert.Equal(t, first.header.Get("X-Trace"), got.header.Get("X-Trace"))
			}
			assert.Equal(t, 200, s.get("/", "If-None-Match", `"other"`).status)
			got := s.get("/", "If-Match", `"other"`)
			assert.Equal(t, 412, got.status)
			assert.Equal(t, "application/problem+json", got.contentType())
			assert.Empty(t, got.header.Get("Etag"))
			post := s.do(http.MethodPost, "/", "", "If-None-Match", tag)
			assert.Equal(t, 200, post.status)
			assert.Equal(t, name == "own", post.header.Get("Etag") != "", "of another method's answer no tag is made")
		})
	}
	assert.Empty(t, serve(t, func() int { return 1 }).get("/").header.Get("Etag"), "it is an option")
	got := serve(t, func() (item, error) { return item{}, &myErr{"taken"} }, endpoint.ETag()).get("/")
	assert.Equal(t, 409, got.status)
	assert.Empty(t, got.header.Get("Etag"))
	accepted := serve(t, func() endpoint.Status[int] { return endpoint.Status[int]{Code: 202} }, endpoint.ETag()).get("/", "If-None-Match", "*")
	assert.Equal(t, 202, accepted.status, "a condition is about a 200")
}

// Each format has a tag of its own.
func TestETagOfFormats(t *testing.T) {
	type doc struct {
		XMLName struct{} `json:"-" xml:"doc"`
		A       int      `json:"a" xml:"a"`
	}
	cfg := endpoint.Config{Values: resolve.Config{Codecs: resolve.Codecs{resolve.JSON(), resolve.XML()}}}
	s := serveWith(t, cfg, newRecorder(), func() doc { return doc{A: 1} }, endpoint.ETag())
	j, x := s.get("/"), s.get("/", "Accept", "application/xml")
	assert.NotEqual(t, j.header.Get("Etag"), x.header.Get("Etag"))
	got := s.get("/", "If-None-Match", j.header.Get("Etag"))
	assert.Equal(t, 304, got.status)
	assert.Equal(t, "Accept", got.header.Get("Vary"))
	assert.Equal(t, 200, s.get("/", "Accept", "application/xml", "If-None-Match", j.header.Get("Etag")).status)
}

// loudly counts how often it is encoded.
type loudly struct{ n *int }

func (l loudly) MarshalJSON() ([]byte, error) { *l.n++; return []byte("1"), nil }

func TestVersioned(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	encoded := 0
	view := func(weak resolve.Optional[resolve.Query[Theme]]) endpoint.Versioned[loudly] {
		_, ok := weak.Get()
		return endpoint.Versioned[loudly]{Tag: "v7", Weak: ok, Modified: at, Body: loudly{&encoded}}
	}
	s := serve(t, view)
	for _, row := range []struct {
		target, header, value string
		status                int
	}{
		{"/", "X-None", "", 200},
		{"/", "If-None-Match", `"v7"`, 304},
		{"/", "If-None-Match", `"v6"`, 200},
		{"/", "If-Match", `"v6"`, 412},
		{"/", "If-Match", `"v7"`, 200},
		{"/?theme=x", "If-Match", `W/"v7"`, 412},
		{"/?theme=x", "If-None-Match", `W/"v7"`, 304},
		{"/", "If-Modified-Since", at.Format(http.TimeFormat), 304},
		{"/", "If-Modified-Since", at.Add(-time.Second).Format(http.TimeFormat), 200},
		{"/", "If-Unmodified-Since", at.Add(-time.Second).Format(http.TimeFormat), 412},
	} {
		before := encoded
		got := s.get(row.target, row.header, row.value)
		assert.Equal(t, row.status, got.status, "%s: %s", row.header, row.value)
		assert.Equal(t, row.status == 200, encoded > before, "what is not sent is not encoded")
		if row.status != 412 {
			assert.Contains(t, got.header.Get("Etag"), `"v7"`)
			assert.Equal(t, "Fri, 02 Jan 2026 03:04:05 GMT", got.header.Get("Last-Modified"))
		}
	}
	put := s.do(http.MethodPut, "/", "", "If-Match", `"v6"`)
	assert.Equal(t, 200, put.status, "a PUT was about what there was before")
	assert.Equal(t, `"v7"`, put.header.Get("Etag"))
	bad := serve(t, func() endpoint.Versioned[int] { return endpoint.Versioned[int]{Tag: `"v7"`} })
	assert.Equal(t, 500, bad.get("/").status)
}

func TestPreconditions(t *testing.T) {
	at := time.Unix(1000, 0)
	view := func(what string, p endpoint.Preconditions) (string, error) {
		if !p.Any() {
			return "", endpoint.NewError(http.StatusPreconditionRequired, "Say If-Match.")
		}
		if what == "missing" {
			return "made", p.Check("", time.Time{})
		}
		return "done", p.Check("v7", at)
	}
	s := serve(t, view, endpoint.Pattern("/{what}"), endpoint.Method(http.MethodPut))
	for _, row := range []struct {
		target, header, value string
		status                int
	}{
		{"/page", "X-None", "", 428},
		{"/page", "If-Match", `"v7"`, 200},
		{"/page", "If-Match", `"v6"`, 412},
		{"/page", "If-Match", `*`, 200},
		{"/page", "If-None-Match", `*`, 412},
		{"/page", "If-Unmodified-Since", at.UTC().Format(http.TimeFormat), 200},
		{"/page", "If-Unmodified-Since", at.Add(-time.Hour).UTC().Format(http.TimeFormat), 412},
		{"/missing", "If-Match", `*`, 412},
		{"/missing", "If-None-Match", `*`, 200},
	} {
		assert.Equal(t, row.status, s.do(http.MethodPut, row.target, "", row.header, row.value).status, "%s: %s", row.header, row.value)
	}
}

// A GET has nothing to overwrite: what it has already is for ETag and Versioned.
func TestPreconditionsOfAnyMethod(t *testing.T) {
	s := serve(t, func(p endpoint.Preconditions) (string, error) { return "done", p.Check("v7", time.Time{}) })
	assert.Equal(t, 200, s.get("/", "If-None-Match", `"v7"`).status)
	assert.Equal(t, 412, s.do(http.MethodPut, "/", "", "If-None-Match", `"v7"`).status)
}

func TestFileConditionsAndRanges(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("0123456789"), ModTime: time.Unix(1000, 500)}, "page": {Data: []byte("<script>")}, "e.txt": {Data: []byte("e")}}
	s := serve(t, func(name string) endpoint.File {
		return endpoint.File{FS: files, Name: name, Inline: "näme.txt", Header: http.Header{"Cache-Control": {"private"}}}
	}, endpoint.Pattern("GET /{name}"))
	first := s.get("/a.txt")
	tag := first.header.Get("Etag")
	assert.Regexp(t, `^"[0-9a-z]+-a"$`, tag)
	assert.Equal(t, `inline; filename="n_me.txt"; filename*=UTF-8''n%C3%A4me.txt`, first.header.Get("Content-Disposition"))
	for _, row := range []struct {
		header []string
		status int
		body   string
	}{
		{[]string{"If-None-Match", tag}, 304, ""},
		{[]string{"If-None-Match", `"x"`}, 200, "0123456789"},
		{[]string{"If-Match", `"x"`}, 412, "*"},
		{[]string{"Range", "bytes=-3"}, 206, "789"},
		{[]string{"Range", "bytes=2-4", "If-Range", tag}, 206, "234"},
		{[]string{"Range", "bytes=2-4", "If-Range", `"x"`}, 200, "0123456789"},
		{[]string{"Range", "bytes=2-4", "If-None-Match", tag}, 304, ""},
		{[]string{"Range", "bytes=99-"}, 416, "*"},
		{[]string{"Range", "bytes=x"}, 416, "*"},
		{[]string{"Range", "bytes=-"}, 416, "*"},
		{[]string{"Range", "lines=1-2"}, 200, "0123456789"},
		{[]string{"Range", "bytes=-0"}, 200, "0123456789"},
		{[]string{"Range", "bytes=0-1, -00"}, 200, "0123456789"},
		{[]string{"Range", "bytes=-99"}, 206, "0123456789"},
		{[]string{"Range", "bytes=2-4", "If-Range", "W/" + tag}, 200, "0123456789"},
		{[]string{"Range", "bytes=2-4", "If-Range", first.header.Get("Last-Modified")}, 206, "234"},
		{[]string{"Range", "bytes=2-4", "If-Range", "Thu, 01 Jan 1970 00:16:41 GMT"}, 200, "0123456789"},
		{[]string{"If-Range", `"x"`}, 200, "0123456789"},
	} {
		got := s.get("/a.txt", row.header...)
		assert.Equal(t, row.status, got.status, "%v", row.header)
		if row.body != "*" {
			assert.Equal(t, row.body, got.body, "%v", row.header)
			assert.Equal(t, tag, got.header.Get("Etag"))
			assert.Equal(t, "private", got.header.Get("Cache-Control"))
		}
	}
	several := s.get("/a.txt", "Range", "bytes=0-1,4-5")
	assert.Equal(t, 206, several.status)
	assert.Contains(t, several.contentType(), "multipart/byteranges")
	assert.Contains(t, several.body, "Content-Range: bytes 4-5/10\r\n")
	page := s.get("/page")
	assert.Equal(t, "application/octet-stream", page.contentType(), "what looks like a page is none")
	assert.Equal(t, "nosniff", page.header.Get("X-Content-Type-Options"))
	assert.Empty(t, s.get("/e.txt").header.Get("Etag"), "nothing is known of it")
	both := serve(t, func() endpoint.File { return endpoint.File{FS: files, Name: "a.txt", Inline: "a", Attachment: "b"} })
	assert.Equal(t, 500, both.get("/").status)
	tagged := serve(t, func() endpoint.File { return endpoint.File{FS: files, Name: "e.txt", Tag: "v1"} })
	assert.Equal(t, 304, tagged.get("/", "If-None-Match", `"v1"`).status)
}

// A file that is the answer to something that was done is an answer, whatever
// the conditions of the request are about; and ranges are for GET.
func TestFileOfOtherMethods(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("0123456789"), ModTime: time.Unix(1000, 0)}}
	s := serve(t, func() endpoint.File { return endpoint.File{FS: files, Name: "a.txt"} })
	tag := s.get("/").header.Get("Etag")
	for _, header := range [][]string{
		{"If-None-Match", tag}, {"If-None-Match", "*"}, {"If-Match", `"x"`}, {"Range", "bytes=2-3"},
		{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:09 GMT"},
	} {
		got := s.do(http.MethodPost, "/", "", header...)
		assert.Equal(t, 200, got.status, "%v", header)
		assert.Equal(t, "0123456789", got.body, "%v", header)
	}
	head := s.do(http.MethodHead, "/", "", "Range", "bytes=2-3")
	assert.Equal(t, 200, head.status, "RFC 9110 section 14.2")
	assert.EqualValues(t, 10, head.length)
}

// A field may be sent in several lines: of a list they are one, of a date and of
// a range they are none.
func TestFileConditionsInSeveralLines(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("0123456789"), ModTime: time.Unix(1000, 0)}}
	s := serve(t, func() endpoint.File { return endpoint.File{FS: files, Name: "a.txt"} })
	tag := s.get("/").header.Get("Etag")
	for _, row := range []struct {
		lines  string
		status int
	}{
		{"If-Match: \"x\"\r\nIf-Match: " + tag + "\r\n", 200},
		{"If-None-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n", 304},
		{"If-Modified-Since: Thu, 01 Jan 1970 01:00:00 GMT\r\n", 304},
		{"If-Modified-Since: Thu, 01 Jan 1970 01:00:00 GMT\r\nIf-Modified-Since: x\r\n", 200},
		{"Range: bytes=0-1\r\nRange: bytes=2-3\r\n", 200},
	} {
		status, _ := s.rawReply("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+row.lines+"\r\n", false)
		assert.Equal(t, row.status, status, row.lines)
	}
}

// Ranges cost more than they bring if there are enough of them.
func TestManyRanges(t *testing.T) {
	files := fstest.MapFS{"a": {Data: make([]byte, 100_000), ModTime: time.Unix(1000, 0)}, "empty": {}}
	s := serve(t, func(name string) endpoint.File { return endpoint.File{FS: files, Name: name} }, endpoint.Pattern("GET /{name}"))
	ranges := func(n int) string { return "bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", n), ",") }
	assert.Equal(t, 206, s.get("/a", "Range", ranges(100)).status)
	got := s.get("/a", "Range", ranges(5000))
	assert.Equal(t, 200, got.status)
	assert.Len(t, got.body, 100_000)
	for _, all := range []string{"bytes=0-,0-,0-", "bytes=-99999,0-99998"} {
		got := s.get("/a", "Range", all)
		assert.Equal(t, 200, got.status, "what is asked for twice is sent once")
		assert.Len(t, got.body, 100_000)
	}
	assert.Equal(t, 200, s.get("/empty", "Range", "bytes=0-5").status)
	assert.Equal(t, 200, s.get("/empty", "Range", "bytes=-5").status)
}

// A time that all files have tells nothing: who took it for a version would
// never see a new one.
func TestFileWithoutTime(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1, 0)} {
		files := fstest.MapFS{"a": {Data: []byte("a"), ModTime: at}}
		s := serve(t, func() endpoint.File { return endpoint.File{FS: files, Name: "a"} })
		got := s.get("/", "If-Modified-Since", "Sun, 29 Nov 2026 00:00:00 GMT")
		assert.Equal(t, 200, got.status, "%v", at)
		assert.Empty(t, got.header.Get("Last-Modified"), "%v", at)
		assert.Empty(t, got.header.Get("Etag"), "%v", at)
	}
}

// Names that a client made up are not found, and nobody's fault.
func TestFileNamesOfClients(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a"), 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	for kind, fsys := range map[string]fs.FS{"DirFS": os.DirFS(dir), "Root": root.FS()} {
		t.Run(kind, func(t *testing.T) {
			s := serve(t, func(name string) endpoint.File { return endpoint.File{FS: fsys, Name: name} }, endpoint.Pattern("GET /f/{name...}"))
			assert.Equal(t, "a", s.get("/f/a.txt").body)
			for _, name := range []string{
				"a.txt/b", "a.txt/", "a%00.txt", "%00", "..%2fa.txt", "%2e%2e/a.txt", "..%5ca.txt", "%5ca.txt", "/a.txt", "%2Fa.txt", ".", "",
				"nowhere/../a.txt%2F..", strings.Repeat("x", 5000), strings.Repeat("x/", 2000) + "x", "a.txt%0a", "C:%5ca.txt", "CON",
			} {
				res, err := s.request(http.MethodGet, "/f/"+name, "")
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				assert.Equal(t, 404, res.StatusCode, name)
			}
			assert.Empty(t, s.log.records())
		})
	}
}

func TestRedirectLocal(t *testing.T) {
	for target, want := range map[string]string{
		"/next?a=b#c":         "/next?a=b#c",
		"/":                   "/",
		"/ä":                  "/%C3%A4",
		"/a?u=https://x//y":   "/a?u=https://x//y",
		"/a@b":                "/a@b",
		"":                    "/home",
		"next":                "/home",
		"?a":                  "/home",
		"//evil.com":          "/home",
		"///evil.com":         "/home",
		`/\evil.com`:          "/home",
		`\\evil.com`:          "/home",
		`/a\..\b`:             "/home",
		"/\t/evil.com":        "/home",
		"/\n/evil.com":        "/home",
		" //evil.com":         "/home",
		"\x00//evil.com":      "/home",
		"https://evil.com":    "/home",
		"https:/evil.com":     "/home",
		"javascript:alert(1)": "/home",
		"user@evil.com":       "/home",
		"//user@evil.com":     "/home",
		"/.//evil.com":        "/home",
		"/..//evil.com":       "/home",
		"/x/..//evil.com":     "/home",
		"/%zz":                "/home",
		"/\x7f":               "/home",
	} {
		t.Run(fmt.Sprintf("%q", target), func(t *testing.T) {
			got := serve(t, func() endpoint.RedirectLocal { return endpoint.RedirectLocal{URL: target, Fallback: "/home"} }).get("/x/")
			assert.Equal(t, 303, got.status)
			assert.Equal(t, want, got.header.Get("Location"))
			assert.Equal(t, want != "/home", endpoint.IsLocal(target))
		})
	}
	got := serve(t, func() endpoint.RedirectLocal { return endpoint.RedirectLocal{URL: "//x"} }).get("/")
	assert.Equal(t, "/", got.header.Get("Location"))
	bad := serve(t, func() endpoint.RedirectLocal { return endpoint.RedirectLocal{Fallback: "//x"} })
	assert.Equal(t, 500, bad.get("/").status)
}
