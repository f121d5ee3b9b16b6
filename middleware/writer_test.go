package middleware_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

// source is a reader that does something before it ends.
type source func() error

func (s source) Read([]byte) (int, error) { return 0, s() }

// TestAnAnswerBeginsWithItsFirstByte, not when a handler begins to wait for what
// it copies: until then another answer can be given.
func TestAnAnswerBeginsWithItsFirstByte(t *testing.T) {
	discard := slog.New(slog.DiscardHandler)
	rows := []struct {
		name   string
		wrap   wrap
		source func(r *http.Request) io.Reader
		status int
	}{
		{"a body over the limit", middleware.BodyLimit(0), func(r *http.Request) io.Reader { return r.Body }, 413},
		{"a source that panics", middleware.Recover(discard), func(*http.Request) io.Reader {
			return source(func() error { panic("oh") })
		}, 500},
		{"a source that takes too long", middleware.Timeout(10 * time.Millisecond), func(r *http.Request) io.Reader {
			return source(func() error {
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Second): // it never ends
				}
				return io.ErrUnexpectedEOF
			})
		}, 503},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			srv := serve(t, row.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, row.source(r))
			})))
			resp, body := do(t, srv, "POST", "/", unknownLength("abc"))
			assertProblem(t, resp.Header, resp.Status, body, row.status)
		})
	}
}

// TestCopying: the counts and errors of ReadFrom are those of io.Copy, whatever
// length the source has.
func TestCopying(t *testing.T) {
	cut := errors.New("cut")
	for name, m := range map[string]wrap{
		"AccessLog": middleware.AccessLog(slog.New(slog.DiscardHandler), middleware.AccessLogOptions{}),
		"Timeout":   middleware.Timeout(time.Hour),
		"stack":     stack(&log{}),
	} {
		for _, size := range []int{0, 1, 511, 512, 513, 100_000} {
			for _, end := range []error{nil, cut} {
				want := strings.Repeat("x", size)
				w := httptest.NewRecorder()
				m(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					list := []io.Reader{strings.NewReader(want)}
					if end != nil {
						list = append(list, source(func() error { return end }))
					}
					n, err := w.(io.ReaderFrom).ReadFrom(io.MultiReader(list...))
					assert.EqualValues(t, size, n, name)
					assert.Equal(t, end, err, name)
				})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				assert.Equal(t, want, w.Body.String(), name)
			}
		}
	}
}

// TestFilesOfFormsAreRemoved: the server removes those of the request that it
// made, and handlers parse copies.
func TestFilesOfFormsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	spooled := make(chan int, 1)
	srv := serve(t, stack(&log{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(0))
		files, err := os.ReadDir(dir)
		assert.NoError(t, err)
		spooled <- len(files)
	})))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.bin")
	require.NoError(t, err)
	_, err = part.Write(bytes.Repeat([]byte("x"), 100_000))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	do(t, srv, "POST", "/", &body, "Content-Type", form.FormDataContentType())
	assert.Equal(t, 1, <-spooled)
	srv.Close() // every request is over
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}
