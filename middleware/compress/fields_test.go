package compress

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHEAD: it has the fields of GET, of which a Content-Length must be the same
// or left out (RFC 9110 section 8.6).
func TestHEAD(t *testing.T) {
	long := words(5000)
	rows := map[string]http.HandlerFunc{
		"a length, and nothing written": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "5000")
			w.Header().Set("Etag", `"x"`)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, long)
			}
		},
		"a file": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"x"`)
			http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(long))
		},
		"written anyhow": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) },
		"written in pieces": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 200 {
				fmt.Fprintf(w, "piece %d of a text;", i)
			}
			assert.NoError(t, http.NewResponseController(w).Flush())
			_, _ = io.WriteString(w, long)
		},
		"small": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long[:100]) },
		"a type that doesn't shrink": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, long)
		},
	}
	for name, handle := range rows {
		for _, accept := range []string{"", "gzip", "zstd", "br"} {
			srv := serve(t, Responses(Options{})(handle))
			get, _ := do(t, srv, "GET", "/", nil, "Accept-Encoding", accept)
			head, body := do(t, srv, "HEAD", "/", nil, "Accept-Encoding", accept)
			assert.Empty(t, body, name)
			get.Header.Del("Date")
			head.Header.Del("Date")
			assert.Equal(t, get.StatusCode, head.StatusCode, name)
			if get.Header.Get("Content-Encoding") != "" {
				get.Header.Del("Content-Length") // a short one is counted by the server
			}
			assert.Equal(t, get.Header, head.Header, "%s, %s", name, accept)
		}
	}
}

// TestFieldsAfterTheStatus change nothing, though the answer may be held back; but
// for trailers, which are what they are set to in the end.
func TestFieldsAfterTheStatus(t *testing.T) {
	for _, size := range []int{0, 10, 5000} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-Own", "1")
			w.Header().Set("Trailer", "X-Sum")
			w.WriteHeader(200)
			w.WriteHeader(103) // after the answer there are no hints
			w.Header().Set("Content-Length", "3")
			w.Header().Set("Content-Type", "image/png")
			w.Header().Del("X-Own")
			_, _ = io.WriteString(w, words(size))
			w.Header().Set("X-Late", "1")
			w.Header().Set("X-Sum", "abc")
		})
		for _, h := range []http.Handler{handler, Responses(Options{})(handler)} {
			resp, body := do(t, serve(t, h), "GET", "/", nil, "Accept-Encoding", "gzip")
			assert.Equal(t, words(size), decoded(t, resp.Header.Get("Content-Encoding"), body))
			assert.Equal(t, "text/plain", resp.Header.Get("Content-Type"))
			assert.Equal(t, "1", resp.Header.Get("X-Own"))
			assert.Empty(t, resp.Header.Get("X-Late"))
			assert.Empty(t, resp.Header.Get("X-Sum"))
			assert.Equal(t, "abc", resp.Trailer.Get("X-Sum"))
		}
	}
}

// TestDeclaredLengths: the field is gone, and so is the server's check of it.
func TestDeclaredLengths(t *testing.T) {
	serving := func(declared, pieces int, errs chan<- error) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", fmt.Sprint(declared))
			var err error
			for range pieces {
				if _, e := io.WriteString(w, words(1000)); e != nil {
					err = e
				}
			}
			errs <- err
		}
	}
	for _, e := range []string{"", "gzip", "br", "zstd"} {
		for pieces := 3; pieces <= 5; pieces++ {
			errs := make(chan error, 1)
			srv := serve(t, Responses(Options{})(serving(4000, pieces, errs)))
			r, err := http.NewRequest("GET", srv.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", e)
			var raw []byte
			resp, err := srv.Client().Do(r)
			if err == nil {
				assert.Equal(t, e, resp.Header.Get("Content-Encoding"))
				raw, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if pieces == 3 {
				assert.Error(t, err, "%s: less than it was to be looks whole", e)
				assert.NoError(t, <-errs)
				continue
			}
			require.NoError(t, err, e)
			assert.Len(t, decoded(t, e, raw), 4000, e)
			if pieces == 5 {
				assert.ErrorIs(t, <-errs, http.ErrContentLength, e)
			} else {
				assert.NoError(t, <-errs, e)
			}
		}
	}
}

// TestDeclaredLengthsOverHTTP2: the stream is reset there.
func TestDeclaredLengthsOverHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "5000")
		_, _ = io.WriteString(w, words(4000))
		assert.NoError(t, http.NewResponseController(w).Flush())
	})))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	for _, e := range []string{"gzip", "br", "zstd"} {
		r, err := http.NewRequest("GET", srv.URL, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", e)
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		assert.Equal(t, e, resp.Header.Get("Content-Encoding"))
		_, err = io.ReadAll(resp.Body)
		assert.Error(t, err)
		resp.Body.Close()
	}
}

// TestChangingWhatWasSeen: a client changes, under the condition that it is still
// the same, what it was sent compressed and hence with a weak tag.
func TestChangingWhatWasSeen(t *testing.T) {
	tag := `"v1"`
	mux := http.NewServeMux()
	mux.HandleFunc("/doc", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", tag)
		if r.Method == http.MethodPut && r.Header.Get("If-Match") != tag {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(words(5000)))
	})
	h := Responses(Options{})(mux)
	srv := serve(t, h)
	got, _ := do(t, srv, "GET", "/doc", nil, "Accept-Encoding", "gzip")
	seen := got.Header.Get("Etag")
	require.Equal(t, `W/"v1"`, seen)
	resp, _ := do(t, srv, "PUT", "/doc", nil, "Accept-Encoding", "gzip", "If-Match", seen)
	assert.Equal(t, 200, resp.StatusCode)
	// A part of the bytes is none of those that the client has.
	resp, _ = do(t, srv, "GET", "/doc", nil, "If-Match", seen, "Range", "bytes=10-")
	assert.Equal(t, 412, resp.StatusCode)

	r := httptest.NewRequest("PUT", "/doc", nil)
	r.Header.Set("If-Match", seen)
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, seen, r.Header.Get("If-Match"), "the caller's request stays")
	assert.Equal(t, "/doc", r.Pattern)

	tag = `"v2"`
	resp, _ = do(t, srv, "PUT", "/doc", nil, "If-Match", seen)
	assert.Equal(t, 412, resp.StatusCode)
	tag = `W/"v1"`
	resp, _ = do(t, srv, "PUT", "/doc", nil, "If-Match", `"v1"`)
	assert.Equal(t, 412, resp.StatusCode)
}

func TestStrongTags(t *testing.T) {
	for in, want := range map[string]string{
		`W/"a"`:               `"a"`,
		`"a"`:                 `"a"`,
		`W/"a", W/"b","c"`:    `"a", "b","c"`,
		` ,W/"a" ,`:           ` ,"a" ,`,
		`"W/", W/"W/"`:        `"W/", "W/"`,
		`*`:                   `*`,
		``:                    ``,
		`w/"a"`:               `w/"a"`,
		`W/a`:                 `W/a`,
		`W/"a`:                `W/"a`,
		`W/"a", x, W/"b"`:     `"a", x, W/"b"`,
		`W/"a"W/"b"`:          `"a""b"`,
		`W/ "a"`:              `W/ "a"`,
		`W/W/"a"`:             `W/W/"a"`,
		"W/\"\x80\", W/\"b\"": "\"\x80\", \"b\"",
	} {
		assert.Equal(t, want, strongTags(in), in)
	}
}

// TestInformationalAnswers go to the client at once, and leave the answer open.
func TestInformationalAnswers(t *testing.T) {
	srv := serve(t, Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, rc.EnableFullDuplex())
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.WriteString(w, words(5000))
		w.WriteHeader(500) // superfluous
	})))
	resp, body := do(t, srv, "GET", "/", nil, "Accept-Encoding", "gzip")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Empty(t, resp.Header.Get("Link"))
	assert.Equal(t, words(5000), decoded(t, "gzip", body))
}
