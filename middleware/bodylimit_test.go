package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/middleware"
)

// unknownLength hides the length of a text.
func unknownLength(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }

func TestBodyLimit(t *testing.T) {
	read := func(w http.ResponseWriter, r *http.Request) error {
		b, err := io.ReadAll(r.Body)
		if err == nil {
			_, _ = w.Write(b)
		}
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { _ = read(w, r) })
	mux.HandleFunc("/answers", func(w http.ResponseWriter, r *http.Request) {
		if err := read(w, r); err != nil {
			var limit *http.MaxBytesError
			assert.True(t, errors.As(err, &limit))
			w.WriteHeader(418)
		}
	})
	srv := serve(t, middleware.BodyLimit(5)(mux))
	rows := []struct {
		name, path string
		body       io.Reader
		status     int
	}{
		{"none", "/silent", nil, 200},
		{"at the limit", "/silent", strings.NewReader("12345"), 200},
		{"at the limit, of unknown length", "/silent", unknownLength("12345"), 200},
		{"over it", "/answers", strings.NewReader("123456"), 413},
		{"over it, of unknown length", "/silent", unknownLength("123456"), 413},
		{"over it, and the handler answers", "/answers", unknownLength("123456"), 418},
		{"far over it", "/silent", unknownLength(strings.Repeat("x", 1<<20)), 413},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			resp, body := do(t, srv, "POST", row.path, row.body)
			assert.Equal(t, row.status, resp.StatusCode)
			if row.status == 413 {
				assertProblem(t, resp.Header, resp.Status, body, 413)
				assert.Contains(t, body, "larger than 5 bytes")
			}
		})
	}
}

// TestTheConnectionIsClosed: the rest of the body must not be read as a request.
func TestTheConnectionIsClosed(t *testing.T) {
	// Recover and AccessLog are the wrappers that could hide the server's writer.
	srv := serve(t, middleware.Chain(
		middleware.AccessLog((&log{}).logger(), middleware.AccessLogOptions{}),
		middleware.BodyLimit(5),
	)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })))
	resp, _ := do(t, srv, "POST", "/", unknownLength("123456"))
	assert.Equal(t, 413, resp.StatusCode)
	assert.True(t, resp.Close)
}

// TestLimitsInsideOfEachOther: the one that was hit answers.
func TestLimitsInsideOfEachOther(t *testing.T) {
	read := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })
	for _, limits := range [][2]int64{{5, 50}, {50, 5}} {
		srv := serve(t, middleware.Chain(middleware.BodyLimit(limits[0]), middleware.BodyLimit(limits[1]))(read))
		resp, body := do(t, srv, "POST", "/", unknownLength(strings.Repeat("x", 100)))
		assertProblem(t, resp.Header, resp.Status, body, 413)
		assert.Contains(t, body, "larger than 5 bytes")
	}
}
