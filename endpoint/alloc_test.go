package endpoint_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
)

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct {
	header http.Header
	status int
	n      int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

func (d *discard) reset() {
	clear(d.header)
	d.status, d.n = 0, 0
}

// The same two views, by hand on net/http.
func textByHand(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(greet(id)))
}

func jsonByHand(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b, err := json.Marshal(find(id))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

func greet(id int) string {
	if id == 7 {
		return "hello, seven"
	}
	return "hello"
}

func find(id int) item { return item{"seven", id} }

// contender is one way to serve /{id}.
type contender struct {
	name    string
	handler http.Handler
}

func contenders() []contender {
	mux := func(h http.HandlerFunc) http.Handler {
		m := http.NewServeMux()
		m.HandleFunc("GET /{id}", h)
		return m
	}
	get := endpoint.Pattern("GET /{id}")
	return []contender{
		{"text/fogo", endpoint.Func(greet, get)},
		{"text/byhand", mux(textByHand)},
		{"json/fogo", endpoint.Func(find, get)},
		{"json/byhand", mux(jsonByHand)},
	}
}

// A typed GET allocates nothing: the encoder sees the value in its frame and
// writes to a buffer that is kept. Where functions are called by reflection,
// that costs two.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	most := map[string]float64{"text/fogo": 0, "json/fogo": 0}
	for _, c := range contenders() {
		t.Run(c.name, func(t *testing.T) {
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, "/7", nil)
			n := testing.AllocsPerRun(1000, func() {
				w.reset()
				c.handler.ServeHTTP(w, r)
			})
			assert.Positive(t, w.n)
			t.Logf("%v allocations", n)
			h, ok := c.handler.(*endpoint.Handler)
			if !ok {
				return // by hand, to compare with
			}
			limit := most[c.name]
			if strings.Contains(h.Explain(), "called by reflect") {
				limit += 2
			}
			assert.LessOrEqual(t, n, limit)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, c := range contenders() {
		b.Run(c.name, func(b *testing.B) {
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, "/7", nil)
			b.ReportAllocs()
			for b.Loop() {
				w.reset()
				c.handler.ServeHTTP(w, r)
			}
		})
	}
}
