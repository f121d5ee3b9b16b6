package endpoint_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponders(t *testing.T) {
	type header = map[string]string
	for _, row := range []struct {
		name   string
		view   any
		status int
		header header
		body   string
	}{
		{"created", func() endpoint.Created[item] { return endpoint.Created[item]{"/items/1", item{"x", 1}} },
			201, header{"Location": "/items/1", "Content-Type": "application/json", "Vary": ""}, `{"name":"x","n":1}`},
		{"created without location", func() endpoint.Created[string] { return endpoint.Created[string]{Body: "x"} },
			201, header{"Location": "", "Content-Type": "text/plain; charset=utf-8", "Vary": ""}, `x`},
		{"location beyond ASCII", func() endpoint.Accepted[string] { return endpoint.Accepted[string]{"/a b/ä", "x"} },
			202, header{"Location": "/a%20b/%C3%A4"}, `x`},
		{"location of two lines", func() endpoint.Created[string] { return endpoint.Created[string]{"/a\r\nX-Evil: 1", "x"} },
			201, header{"Location": "/a%0D%0AX-Evil:%201", "X-Evil": ""}, `x`},
		{"accepted", func() endpoint.Accepted[*item] { return endpoint.Accepted[*item]{Location: "/jobs/1"} },
			202, header{"Location": "/jobs/1"}, `null`},
		{"no content", func() endpoint.NoContent { return endpoint.NoContent{} }, 204, header{"Content-Type": ""}, ``},
		{"status", func() endpoint.Status[[]int] {
			return endpoint.Status[[]int]{Code: 207, Header: http.Header{"x-total": {"9"}}}
		}, 207, header{"X-Total": "9", "Content-Type": "application/json"}, `[]`},
		{"status 0", func() endpoint.Status[item] { return endpoint.Status[item]{Body: item{"x", 1}} }, 200, nil, `{"name":"x","n":1}`},
		{"status with a form on the pointer", func() endpoint.Status[jsonByPointer] { return endpoint.Status[jsonByPointer]{Body: jsonByPointer{"x"}} },
			200, nil, `"json x"`},
		{"status of an interface", func() endpoint.Status[any] { return endpoint.Status[any]{Body: "x"} },
			200, header{"Content-Type": "application/json"}, `"x"`},
		{"status with its own content type", func() endpoint.Status[[]byte] {
			return endpoint.Status[[]byte]{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte("png")}
		}, 200, header{"Content-Type": "image/png"}, `png`},
		{"status without a body", func() endpoint.Status[item] { return endpoint.Status[item]{Code: 304} }, 304, header{"Content-Type": ""}, ``},
		{"status that is none", func() endpoint.Status[item] { return endpoint.Status[item]{Code: 99} }, 500, nil, "*"},
		{"interim status", func() endpoint.Status[string] { return endpoint.Status[string]{Code: 103} }, 500, nil, "*"},
		{"responder and error", func() (endpoint.Created[item], error) { return endpoint.Created[item]{Location: "/x"}, &myErr{"taken"} },
			409, header{"Location": ""}, "*"},
		{"html", func() endpoint.HTML { return "<b>x</b>" }, 200, header{"Content-Type": "text/html; charset=utf-8"}, `<b>x</b>`},
		{"template", func() endpoint.Template { return endpoint.Template{Engine: engine{}, Name: "page", Data: 7} },
			200, header{"Content-Type": "text/html; charset=utf-8"}, `page 7`},
		{"template with a status", func() endpoint.Template { return endpoint.Template{Engine: engine{}, Name: "page", Code: 404} },
			404, nil, `page <nil>`},
		{"template that fails", func() endpoint.Template {
			return endpoint.Template{Engine: engine{errors.New("no such field")}, Name: "page"}
		}, 500, header{"Content-Type": "application/problem+json"}, "*"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(t, row.view).get("/")
			assert.Equal(t, row.status, got.status)
			for k, v := range row.header {
				assert.Equal(t, v, got.header.Get(k), k)
			}
			if row.body != "*" {
				assert.Equal(t, row.body, got.body)
			}
		})
	}
}

// engine writes half a page before it fails.
type engine struct{ err error }

func (e engine) ExecuteTemplate(w io.Writer, name string, data any) error {
	_, _ = fmt.Fprintf(w, "%s %v", name, data)
	return e.err
}

func TestRedirect(t *testing.T) {
	for _, row := range []struct {
		url    string
		code   int
		status int
		want   string
		why    string
	}{
		{"/login?to=%2F", 0, 303, "/login?to=%2F", ""},
		{"/login", 308, 308, "/login", ""},
		{"next", 302, 302, "next", "it is seen from where the client is"},
		{"?page=2", 0, 303, "?page=2", "the same page"},
		{"https://example.com/x", 301, 301, "https://example.com/x", ""},
		{"HTTP://example.com", 307, 307, "HTTP://example.com", ""},
		{"/ä b", 0, 303, "/%C3%A4%20b", ""},
		{"", 0, 500, "", "a forgotten URL"},
		{"/x", 304, 500, "", "not a redirect"},
		{"/x", 200, 500, "", ""},
		{" //evil.com", 0, 500, "", "the blank is cut off by who reads the header"},
		{"/x ", 0, 500, "", ""},
		{"../up#a", 0, 303, "../up#a", ""},
		{"/x\r\nSet-Cookie: a=b", 0, 500, "", "header injection"},
		{"/\t/evil.com", 0, 500, "", "browsers drop the tab"},
		{"javascript:alert(1)", 0, 500, "", "a script"},
		{"JavaScript:alert(1)", 0, 500, "", "a script"},
		{"data:text/html,x", 0, 500, "", ""},
		{"//evil.com", 0, 500, "", "another host that looks like a path"},
		{"///evil.com", 0, 500, "", "likewise"},
		{`/\evil.com`, 0, 500, "", "browsers take it for //evil.com"},
		{`\\evil.com`, 0, 500, "", ""},
		{"https:/evil.com", 0, 500, "", "browsers take it for https://evil.com"},
		{"https:evil.com", 0, 500, "", ""},
		{"http://[", 0, 500, "", "no URL"},
	} {
		t.Run(fmt.Sprintf("%q %d", row.url, row.code), func(t *testing.T) {
			got := serve(t, func() endpoint.Redirect { return endpoint.Redirect{URL: row.url, Code: row.code} }).get("/dir/")
			assert.Equal(t, row.status, got.status, row.why)
			assert.Equal(t, row.want, got.header.Get("Location"), row.why)
			assert.Empty(t, got.header.Get("Set-Cookie"))
		})
	}
}

// adding is the writer of a middleware that adds to a header when it is sent.
type adding struct{ http.ResponseWriter }

func (w adding) WriteHeader(status int) {
	w.Header().Add("Vary", "Cookie")
	w.ResponseWriter.WriteHeader(status)
}

// The header of a result may be shared by all calls: nobody writes to it.
func TestSharedHeader(t *testing.T) {
	lines := append(make([]string, 0, 4), "Origin", "Accept")
	shared := http.Header{"Vary": lines}
	h, err := endpoint.New(func() endpoint.Status[string] { return endpoint.Status[string]{Header: shared} })
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(adding{w}, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, []string{"Origin", "Accept", "Cookie"}, w.Result().Header["Vary"])
	assert.Equal(t, []string{"Origin", "Accept", "", ""}, lines[:4])
}

// A relative target is seen from where the client is, whatever a mount or a
// middleware made of the path.
func TestRelativeRedirect(t *testing.T) {
	h, err := endpoint.New(func() endpoint.Redirect { return endpoint.Redirect{URL: "next"} })
	require.NoError(t, err)
	srv := httptest.NewServer(http.StripPrefix("/app", h))
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/app/dir/page", nil)
	require.NoError(t, err)
	res, err := srv.Client().Transport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	to, err := res.Location()
	require.NoError(t, err)
	assert.Equal(t, srv.URL+"/app/dir/next", to.String())
}

func testFiles(t *testing.T) fs.FS {
	t.Helper()
	return fstest.MapFS{
		"a.txt":     {Data: []byte("0123456789"), ModTime: time.Unix(1000, 0)},
		"dir/b.bin": {Data: []byte("b")},
	}
}

func TestFile(t *testing.T) {
	s := serve(t, func(name string) endpoint.File {
		return endpoint.File{FS: testFiles(t), Name: name}
	}, endpoint.Pattern("/{name...}"))
	for _, row := range []struct {
		name, method, target string
		header               []string
		status               int
		body                 string
	}{
		{name: "whole", target: "/a.txt", status: 200, body: "0123456789"},
		{name: "range", target: "/a.txt", header: []string{"Range", "bytes=2-4"}, status: 206, body: "234"},
		{name: "range behind the end", target: "/a.txt", header: []string{"Range", "bytes=20-"}, status: 416, body: "*"},
		{name: "not modified", target: "/a.txt", header: []string{"If-Modified-Since", "Thu, 01 Jan 1970 01:00:00 GMT"}, status: 304},
		{name: "head", method: "HEAD", target: "/a.txt", status: 200},
		{name: "missing", target: "/c.txt", status: 404, body: "*"},
		{name: "directory", target: "/dir", status: 404, body: "*"},
		{name: "no name", target: "/", status: 404, body: "*"},
		{name: "traversal", target: "/%2e%2e/a.txt", status: 404, body: "*"},
		{name: "traversal from inside", target: "/dir/%2e%2e/a.txt", status: 404, body: "*"},
		{name: "rooted", target: "/%2Fa.txt", status: 404, body: "*"},
		{name: "backslash", target: "/dir%5C..%5Ca.txt", status: 404, body: "*"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.method == "" {
				row.method = http.MethodGet
			}
			got := s.do(row.method, row.target, "", row.header...)
			assert.Equal(t, row.status, got.status)
			if row.body != "*" {
				assert.Equal(t, row.body, got.body)
			}
			if row.status == 200 {
				assert.Equal(t, "text/plain; charset=utf-8", got.contentType())
				assert.EqualValues(t, 10, got.length)
				assert.Equal(t, "Thu, 01 Jan 1970 00:16:40 GMT", got.header.Get("Last-Modified"))
			}
		})
	}
}

func TestFileAsAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt":            `attachment; filename="a.txt"`,
		"a b.txt":          `attachment; filename="a b.txt"`,
		"ä.txt":            `attachment; filename="_.txt"; filename*=UTF-8''%C3%A4.txt`,
		"a\"\r\nb.txt":     `attachment; filename="a___b.txt"; filename*=UTF-8''a%22__b.txt`,
		"../../etc/x":      `attachment; filename=".._.._etc_x"`,
		`..\x`:             `attachment; filename=".._x"`,
		"100%.txt":         `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`,
		"it's*.txt":        `attachment; filename="it's*.txt"`,
		"€'*.txt":          `attachment; filename="_'*.txt"; filename*=UTF-8''%E2%82%AC%27%2A.txt`,
		"a\xffb":           `attachment; filename="a_b"`,
		"cod\u202egpj.exe": `attachment; filename="cod_gpj.exe"`,
	} {
		got := serve(t, func() endpoint.File { return endpoint.File{FS: testFiles(t), Name: "a.txt", Attachment: name} }).get("/")
		assert.Equal(t, want, got.header.Get("Content-Disposition"))
		kind, params, err := mime.ParseMediaType(want)
		if assert.NoError(t, err, "%s", want) {
			assert.Equal(t, "attachment", kind)
			assert.NotContains(t, params["filename"], "/")
		}
	}
}

// deniedFS has a file that may not be read, and counts what is not closed.
type deniedFS struct{}

func (deniedFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestFileThatIsDenied(t *testing.T) {
	got := serve(t, func() endpoint.File { return endpoint.File{FS: deniedFS{}, Name: "secret"} }).get("/")
	assert.Equal(t, 403, got.status)
	assert.NotContains(t, got.body, "secret")
}

// A zip archive's files cannot seek.
func TestFileThatCannotSeek(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("page.html")
	require.NoError(t, err)
	_, err = f.Write([]byte("<p>"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	s := serve(t, func() endpoint.File { return endpoint.File{FS: archive, Name: "page.html"} })
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got := s.do(method, "/", "")
		assert.Equal(t, 200, got.status)
		assert.Equal(t, "text/html; charset=utf-8", got.contentType())
		assert.EqualValues(t, 3, got.length)
	}
	assert.Equal(t, "<p>", s.get("/").body)
}

// closedFS tells whether its files were closed.
type closedFS struct {
	fs.FS
	open *int
}

func (f closedFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	*f.open++
	return closedFile{file.(readSeekFile), f.open}, nil
}

type readSeekFile interface {
	fs.File
	io.Seeker
}

type closedFile struct {
	readSeekFile
	open *int
}

func (f closedFile) Close() error { *f.open--; return f.readSeekFile.Close() }

func TestFilesAreClosed(t *testing.T) {
	open := 0
	files := closedFS{testFiles(t), &open}
	for _, commit := range []error{nil, errors.New("commit failed")} {
		s := serve(t, func(*journal) endpoint.File { return endpoint.File{FS: files, Name: "a.txt"} }, notingWith(t, &journal{}, commit))
		got := s.get("/")
		s.srv.Close()
		assert.Equal(t, commit == nil, got.status == 200)
		assert.Zero(t, open)
	}
}
