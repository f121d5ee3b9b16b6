package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// holdOption lets streams hold what tests note.
var holdOption endpoint.Option = inject.Hold

// script is a reader that gives one piece per call and then the error. It
// notes that it was closed.
type script struct {
	pieces []string
	err    error
	panics bool
	j      *journal
}

func (s *script) Read(p []byte) (int, error) {
	if s.panics {
		panic("secret")
	}
	if len(s.pieces) == 0 {
		return 0, s.err
	}
	n := copy(p, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

func (s *script) Close() error { s.j.note("closed"); return nil }

func TestReaders(t *testing.T) {
	secret := errors.New("secret")
	for _, row := range []struct {
		name   string
		script script
		status int
		body   string
		broken bool
	}{
		{name: "whole", script: script{pieces: []string{"a", "b"}, err: io.EOF}, status: 200, body: "ab"},
		{name: "empty", script: script{err: io.EOF}, status: 200},
		{name: "fails at once", script: script{err: secret}, status: 500, body: "*"},
		{name: "panics at once", script: script{panics: true}, status: 500, body: "*"},
		{name: "fails in the middle", script: script{pieces: []string{"a"}, err: secret}, status: 200, body: "a", broken: true},
		{name: "large", script: script{pieces: []string{strings.Repeat("x", 30<<10), strings.Repeat("y", 30<<10)}, err: io.EOF},
			status: 200, body: strings.Repeat("x", 30<<10) + strings.Repeat("y", 30<<10)},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			row.script.j = j
			s := serve(t, func() (io.Reader, error) { return &row.script, nil })
			got := s.get("/")
			s.srv.Close()
			assert.Equal(t, row.status, got.status)
			if row.body != "*" {
				assert.Equal(t, row.body, got.body)
				assert.Equal(t, "application/octet-stream", got.contentType())
			} else {
				assert.Equal(t, "application/problem+json", got.contentType())
			}
			assert.NotContains(t, got.body, "secret")
			assert.Equal(t, row.broken, got.broken != nil)
			assert.Equal(t, []string{"closed"}, j.all(), "an io.Closer is closed whatever happens")
			assert.Equal(t, row.broken || row.status == 500, len(s.log.records()) == 1)
		})
	}
}

func TestReaderTypes(t *testing.T) {
	name := t.TempDir() + "/f"
	require.NoError(t, os.WriteFile(name, []byte("file"), 0o600))
	for _, row := range []struct {
		name   string
		view   any
		status int
		body   string
		length int64
	}{
		{"nil reader", func() io.Reader { return nil }, 204, "", 0},
		{"nil pointer", func() *bytes.Buffer { return nil }, 204, "", 0},
		{"nil pointer in an interface", func() io.Reader { return (*bytes.Buffer)(nil) }, 204, "", 0},
		{"buffer", func() *bytes.Buffer { return bytes.NewBufferString("buffer") }, 200, "buffer", 6},
		{"file", func() (*os.File, error) { return os.Open(name) }, 200, "file", -1},
		{"file that is not there", func() (*os.File, error) { return os.Open(name + "x") }, 500, "*", 0},
		{"io.ReadCloser", func() io.ReadCloser { return io.NopCloser(strings.NewReader("x")) }, 200, "x", -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(t, row.view).get("/")
			assert.Equal(t, row.status, got.status)
			if row.body != "*" {
				assert.Equal(t, row.body, got.body)
				assert.Equal(t, row.length, got.length)
			}
		})
	}
}

func TestHandlerResults(t *testing.T) {
	teapot := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Id", r.PathValue("id"))
		w.WriteHeader(http.StatusTeapot)
	})
	for _, row := range []struct {
		name   string
		view   any
		status int
		id     string
		broken bool
	}{
		{"handler", func(int) http.Handler { return teapot }, 418, "7", false},
		{"func", func(int) http.HandlerFunc { return teapot }, 418, "7", false},
		{"nil", func(int) http.Handler { return nil }, 204, "", false},
		{"nil func", func(int) http.HandlerFunc { return nil }, 204, "", false},
		{"nil func in an interface", func(int) http.Handler { return http.HandlerFunc(nil) }, 204, "", false},
		{"nil pointer", func(int) *http.ServeMux { return nil }, 204, "", false},
		{"writes nothing", func(int) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) {} }, 200, "", false},
		{"panics before it writes", func(int) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) { panic("x") } }, 500, "", false},
		{"panics after it wrote", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("x"))
				w.(http.Flusher).Flush()
				panic("x")
			}
		}, 200, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(t, row.view, endpoint.Pattern("/{id}")).get("/7")
			assert.Equal(t, row.status, got.status)
			assert.Equal(t, row.id, got.header.Get("X-Id"))
			assert.Equal(t, row.broken, got.broken != nil)
		})
	}
}
