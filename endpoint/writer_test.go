package endpoint_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOwnResponse(t *testing.T) {
	failure := errors.New("secret")
	for _, row := range []struct {
		name   string
		view   any
		status int
		body   string
		logged string
		broken bool
	}{
		{"nothing written", func(http.ResponseWriter) {}, 200, "", "", false},
		{"nothing written, no error", func(http.ResponseWriter) error { return nil }, 200, "", "", false},
		{"written", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, 200, "x", "", false},
		{"status only", func(w http.ResponseWriter) { w.WriteHeader(202) }, 202, "", "", false},
		{"error before writing", func(http.ResponseWriter) error { return &myErr{"taken"} }, 409, "*", "", false},
		{"typed error before writing", func(http.ResponseWriter) *myErr { return &myErr{"taken"} }, 409, "*", "", false},
		{"unknown error before writing", func(http.ResponseWriter) error { return failure }, 500, "*", "request failed", false},
		{"error after writing", func(w http.ResponseWriter) error { _, _ = w.Write([]byte("x")); return failure }, 200, "x", "request failed after its answer began", false},
		{"error after the header", func(w http.ResponseWriter) error { w.WriteHeader(202); return failure }, 202, "", "request failed after its answer began", false},
		{"error after io.WriteString", func(w http.ResponseWriter) error { _, _ = io.WriteString(w, "x"); return failure }, 200, "x", "request failed after its answer began", false},
		{"error after io.Copy", func(w http.ResponseWriter) error {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("x")})
			return failure
		}, 200, "x", "request failed after its answer began", false},
		{"error after flushing", func(w http.ResponseWriter) error { w.(http.Flusher).Flush(); return failure }, 200, "", "request failed after its answer began", false},
		{"error after flushing by the controller", func(w http.ResponseWriter) error {
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			return failure
		}, 200, "", "request failed after its answer began", false},
		{"panic after writing", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")); w.(http.Flusher).Flush(); panic("oops") }, 200, "x", "handler panicked", true},
		{"interim status, then an error", func(w http.ResponseWriter) error { w.WriteHeader(http.StatusEarlyHints); return &myErr{"taken"} }, 409, "*", "", false},
		{"deadlines by the controller", func(w http.ResponseWriter) error {
			return http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
		}, 200, "", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, row.view)
			got := s.get("/")
			s.srv.Close()
			assert.Equal(t, row.status, got.status)
			if row.body != "*" {
				assert.Equal(t, row.body, got.body)
			}
			assert.NotContains(t, got.body, "secret")
			assert.Equal(t, row.broken, got.broken != nil)
			logs := s.log.records()
			if row.logged == "" {
				assert.Empty(t, logs)
			} else if assert.Len(t, logs, 1) {
				assert.Equal(t, row.logged, logs[0].message)
			}
		})
	}
}

func TestInterimAnswers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	})
	var hints []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, http.StatusText(code)+" "+h.Get("Link"))
		return nil
	}}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, s.srv.URL, nil)
	require.NoError(t, err)
	res, err := s.srv.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, []string{"Early Hints </style.css>"}, hints)
}

func TestHijack(t *testing.T) {
	for name, hijack := range map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"by assertion": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
		"by the controller": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter) error {
				conn, _, err := hijack(w)
				if err != nil {
					return err
				}
				_, _ = conn.Write([]byte("mine"))
				_ = conn.Close()
				return errors.New("too late")
			})
			assert.Equal(t, "mine", s.raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n", false))
			// Nobody waits for a hijacked connection's handler.
			require.Eventually(t, func() bool { return len(s.log.records()) == 1 }, 5*time.Second, time.Millisecond)
			assert.Equal(t, "request failed after its answer began", s.log.records()[0].message)
		})
	}
}

// bare hides what the server's writer can do besides writing.
type bare struct{ w http.ResponseWriter }

func (b bare) Header() http.Header         { return b.w.Header() }
func (b bare) WriteHeader(code int)        { b.w.WriteHeader(code) }
func (b bare) Write(p []byte) (int, error) { return b.w.Write(p) }

// Behind a middleware that hides Flush and Hijack, what failed has not begun an
// answer.
func TestWriterThatCannot(t *testing.T) {
	h := endpoint.Func(func(w http.ResponseWriter) error {
		rc := http.NewResponseController(w)
		_, _, err := rc.Hijack()
		return &endpoint.Error{Status: 501, Err: errors.Join(err, rc.Flush())}
	})
	s := serve(t, func() http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(bare{w}, r) }
	})
	assert.Equal(t, 501, s.get("/").status)
}

// A guard or provider may set header fields; the answer stays the view's.
func TestGuardWithWriter(t *testing.T) {
	s := serve(t, func() item { return item{"x", 1} }, inject.Hold,
		endpoint.Guards(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-Guard", "1")
			if r.URL.Path == "/no" {
				w.WriteHeader(http.StatusTeapot)
				return errors.New("answered myself")
			}
			return nil
		}))
	got := s.get("/")
	assert.Equal(t, `{"name":"x","n":1}`, got.body)
	assert.Equal(t, "1", got.header.Get("X-Guard"))
	_, err := s.request(http.MethodPost, "/no", "")
	assert.Error(t, err, "half an answer is cut off")
}
