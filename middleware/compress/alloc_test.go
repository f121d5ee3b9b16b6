package compress

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

var textPlain = []string{"text/plain"}

func answering(b []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = textPlain
		_, _ = w.Write(b)
	})
}

// costs are requests with what each may allocate.
var costs = []struct {
	name   string
	size   int
	accept string
	allocs float64
}{
	{"refused", 5000, "", 1},
	{"small", 100, "gzip", 1},
	{"gzip", 5000, "gzip, deflate", 1},
	{"zstd", 5000, "gzip, deflate, br, zstd", 1},
	{"br", 5000, "br", 2},
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and empties pools")
	}
	for _, c := range costs {
		h, w := Responses(Options{})(answering([]byte(words(c.size)))), &discard{http.Header{}}
		r := httptest.NewRequest("GET", "/", nil)
		if c.accept != "" {
			r.Header.Set("Accept-Encoding", c.accept)
		}
		got := testing.AllocsPerRun(300, func() { clear(w.header); h.ServeHTTP(w, r) })
		assert.LessOrEqual(t, got, c.allocs, c.name)
	}
}

func BenchmarkResponses(b *testing.B) {
	for _, c := range costs {
		b.Run(c.name, func(b *testing.B) {
			h, w := Responses(Options{})(answering([]byte(words(c.size)))), &discard{http.Header{}}
			r := httptest.NewRequest("GET", "/", nil)
			if c.accept != "" {
				r.Header.Set("Accept-Encoding", c.accept)
			}
			b.ReportAllocs()
			b.SetBytes(int64(c.size))
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkRequests(b *testing.B) {
	for _, e := range names {
		b.Run(e, func(b *testing.B) {
			body := encode(b, e, []byte(words(5000)))
			h, w := Requests(RequestOptions{Encodings: []Encoding{Gzip, Zstd, Brotli}})(silent), &discard{http.Header{}}
			r := httptest.NewRequest("POST", "/", nil)
			r.Header.Set("Content-Encoding", e)
			b.ReportAllocs()
			for b.Loop() {
				r.Body = io.NopCloser(bytes.NewReader(body))
				h.ServeHTTP(w, r)
			}
		})
	}
}
