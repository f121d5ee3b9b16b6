package endpoint_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	addition struct {
		A   int `json:"a"`
		B   int `json:"b"`
		Sum int `json:"sum"`
	}
	paging struct {
		Limit int
		After string
	}
	Secret string
	Marks  []int
	Theme  string

	traced  struct{ id string }
	signed  struct{ trace *traced }
	account struct{ signed *signed }
)

// summing is a class.
type summing struct{ calls int }

func (c *summing) Get(a int) addition { c.calls++; return addition{a, 0, c.calls} }

// repeated is a body that can be read again and again.
type repeated struct{ *strings.Reader }

func (repeated) Close() error { return nil }

// cost is a scenario and what one request of it allocates.
type cost struct {
	name   string
	view   any
	opts   []endpoint.Option
	target string
	header []string
	body   string
	want   int
	why    string
	// How many functions are called, and how many results they have together:
	// a call by reflection allocates the list of its results and memory for
	// each.
	calls, results int
}

// What constructors return was made before: it is theirs, not the request's.
var one, two, three = &traced{"1"}, &signed{}, &account{}

func costs(t *testing.T) []cost {
	pattern := endpoint.Pattern
	scoped := providing(t, provided{inject.PerCall, func() *traced { return one }},
		provided{inject.PerCall, func(*traced) (*signed, error) { return two, nil }},
		provided{inject.PerCall, func(*signed, *traced) *account { return three }})
	return []cost{
		{name: "two path ints", view: func(a, b int) addition { return addition{a, b, a + b} },
			opts: []endpoint.Option{pattern("GET /{a}/{b}")}, target: "/3/4", want: 0, why: "parsed from the path into the frame, encoded from there",
			calls: 1, results: 1,
		},
		{name: "two path ints, error", view: func(a, b int) (addition, error) { return addition{a, b, a + b}, nil },
			opts: []endpoint.Option{pattern("GET /{a}/{b}")}, target: "/3/4", want: 0, why: "an error that is nil costs nothing",
			calls: 1, results: 2,
		},
		{name: "query struct", view: func(q resolve.Query[paging]) addition { return addition{A: q.Value.Limit} },
			opts: []endpoint.Option{pattern("GET /")}, target: "/?limit=3&after=x", want: 0, why: "the query is searched for the names, without a map",
			calls: 1, results: 1,
		},
		{name: "query list", view: func(p resolve.Query[Marks]) addition { return addition{A: len(p.Value)} },
			opts: []endpoint.Option{pattern("GET /")}, target: "/?marks=3&marks=4&marks=5", want: 1, why: "the list, which is the view's",
			calls: 1, results: 1,
		},
		{name: "header and cookie", view: func(k resolve.Header[Secret], c resolve.Cookie[Theme]) addition {
			return addition{A: len(k.Value), B: len(c.Value)}
		},
			opts: []endpoint.Option{pattern("GET /")}, target: "/", header: []string{"Secret", "k", "Cookie", "theme=dark"}, want: 2, why: "net/http parses the cookies: a list and a cookie",
			calls: 1, results: 1,
		},
		{name: "header", view: func(k resolve.Header[Secret]) addition { return addition{A: len(k.Value)} },
			opts: []endpoint.Option{pattern("GET /")}, target: "/", header: []string{"Secret", "k"}, want: 0, why: "it is in a map already",
			calls: 1, results: 1,
		},
		{name: "class", view: summing{}, opts: []endpoint.Option{pattern("/{a}")}, target: "/3", want: 1, why: "the copy whose methods are called",
			calls: 1, results: 1,
		},
		{name: "three providers", view: func(*account, *signed) addition { return addition{} },
			opts: []endpoint.Option{pattern("GET /"), scoped}, target: "/", want: 0, why: "beside what they allocate themselves",
			calls: 4, results: 5,
		},
		{name: "body", view: func(b resolve.Body[addition]) addition { return b.Value },
			opts: []endpoint.Option{pattern("POST /")}, target: "/", header: []string{"Content-Type", "application/json"}, body: `{"a":3,"b":4}`, want: 1, why: "the value, which the decoder sees",
			calls: 1, results: 1,
		},
		{name: "pointer", view: func() *addition { return &shared }, opts: []endpoint.Option{pattern("GET /")}, target: "/", want: 0, why: "a pointer fits an interface",
			calls: 1, results: 1,
		},
		{name: "slice", view: func() []addition { return list }, opts: []endpoint.Option{pattern("GET /")}, target: "/", want: 0, why: "appended from where it is",
			calls: 1, results: 1,
		},
		{name: "status", view: func() endpoint.Status[addition] { return endpoint.Status[addition]{Code: 201} }, opts: []endpoint.Option{pattern("GET /")}, target: "/", want: 1, why: "the copy that its method works on",
			calls: 1, results: 1,
		},
	}
}

var (
	shared addition
	list   = []addition{{1, 2, 3}}
)

func TestAllocationsOfRequests(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	for _, c := range costs(t) {
		t.Run(c.name, func(t *testing.T) {
			h, err := endpoint.New(c.view, c.opts...)
			require.NoError(t, err)
			w := &discard{header: http.Header{}}
			r, rewind := c.request()
			got := testing.AllocsPerRun(1000, func() {
				w.reset()
				rewind()
				h.ServeHTTP(w, r)
			})
			assert.Less(t, w.status, 300)
			if strings.Contains(h.Explain(), "called by reflect") {
				assert.LessOrEqual(t, got, float64(c.want+c.calls+c.results), c.why)
			} else {
				assert.EqualValues(t, c.want, got, c.why)
			}
		})
	}
}

// request makes the request, and what lets its body be read once more.
func (c *cost) request() (*http.Request, func()) {
	if c.body == "" {
		return c.head(httptest.NewRequest(http.MethodGet, c.target, nil)), func() {}
	}
	body := repeated{strings.NewReader(c.body)}
	r := c.head(httptest.NewRequest(http.MethodPost, c.target, nil))
	r.Body, r.ContentLength = body, int64(len(c.body))
	return r, func() { _, _ = body.Seek(0, io.SeekStart) }
}

func (c *cost) head(r *http.Request) *http.Request {
	for i := 0; i < len(c.header); i += 2 {
		r.Header.Set(c.header[i], c.header[i+1])
	}
	return r
}
