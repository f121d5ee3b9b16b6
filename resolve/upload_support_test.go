package resolve_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// uploads is an application behind a real listener, and the directory that it
// spools to.
type uploads struct {
	t   *testing.T
	url string
	dir string
}

// serveUpload serves one handler for POST /. Every test ends with an empty
// directory.
func serveUpload(t *testing.T, limits resolve.Uploads, handler any, opts ...endpoint.Option) *uploads {
	t.Helper()
	limits.Dir = t.TempDir()
	app := fogo.New(limits)
	app.Post("/", handler, opts...)
	require.NoError(t, app.Build())
	srv := httptest.NewServer(app)
	u := &uploads{t: t, url: srv.URL, dir: limits.Dir}
	t.Cleanup(func() {
		srv.Close()
		assert.NoError(t, app.Stop(context.Background()))
	})
	return u
}

// spooled are the files in the directory.
func (u *uploads) spooled() []string {
	entries, err := os.ReadDir(u.dir)
	require.NoError(u.t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// clean waits for the directory to be empty: an answer may be read before the
// call is over.
func (u *uploads) clean() {
	u.t.Helper()
	for range 200 {
		if len(u.spooled()) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	assert.Empty(u.t, u.spooled(), "files are left")
}

// post sends a body.
func (u *uploads) post(contentType string, body io.Reader) (status int, answer string, h http.Header) {
	u.t.Helper()
	req, err := http.NewRequestWithContext(u.t.Context(), http.MethodPost, u.url, body)
	require.NoError(u.t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(u.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(u.t, err)
	return resp.StatusCode, string(data), resp.Header
}

// send sends a form made by hand.
func (u *uploads) send(parts ...string) (status int, answer string) {
	u.t.Helper()
	status, answer, _ = u.post("multipart/form-data; boundary=b", strings.NewReader(rawForm(parts...)))
	return status, answer
}

// part is a part made by hand.
func part(disposition, contentType, content string) string {
	s := "Content-Disposition: " + disposition + "\r\n"
	if contentType != "" {
		s += "Content-Type: " + contentType + "\r\n"
	}
	return s + "\r\n" + content
}

func filePart(name, filename, content string) string {
	return part(`form-data; name="`+name+`"; filename="`+filename+`"`, "application/octet-stream", content)
}

func textPart(name, text string) string { return part(`form-data; name="`+name+`"`, "", text) }

func rawForm(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b\r\n" + p + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return b.String()
}

// form is a form as Go's own client makes it.
func form(t *testing.T, write func(w *multipart.Writer)) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	write(w)
	require.NoError(t, w.Close())
	return w.FormDataContentType(), body
}

const png = "\x89PNG\r\n\x1a\n and so on"

// at is a fault as it stands in an answer.
func at(location, message string) string {
	quoted := strings.ReplaceAll(message, `"`, `\"`)
	return `{"location":"` + location + `","message":"` + quoted + `"}`
}

func httptestPost(t *testing.T, form string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return r
}

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// panicFS has files that panic when they are closed.
type panicFS struct{ fs.FS }

func (p panicFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return panicFile{f}, err
}

type panicFile struct{ fs.File }

func (panicFile) Close() error { panic("no") }
