package resolve_test

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
)

type (
	UserID  int64
	Limit   int
	Tags    []string
	Token   string
	Session string
	service struct{ name string }
)

func newService() *service { return &service{"svc"} }

type Paging struct {
	Limit  int `query:"limit" default:"20"`
	Offset int `query:"offset" default:"0"`
}

type search struct {
	Paging
	ID      UserID        `path:"user_id"`
	Q       string        `query:"q"`
	Exact   *bool         `query:"exact"`
	Since   *time.Time    `query:"since"`
	Level   *int          `query:"level" default:"3"`
	Colors  []string      `query:"color"`
	Sizes   []int         `query:"size" default:"1,2"`
	From    netip.Addr    `header:"X-From" default:"::1"`
	Trace   *string       `header:"X-Trace"`
	Session string        `cookie:"session" default:"none"`
	Wait    time.Duration `query:"wait" default:"1s"`
	Service *service      `inject:""`
}

func TestParamsStruct(t *testing.T) {
	var got search
	r := site{pattern: "GET /users/{user_id}", providers: []provided{singleton(newService)},
		handler: func(s search) { got = s }}.serves(t)

	r.ok("/users/7?q=x")
	three := 3
	want := search{
		Paging: Paging{20, 0}, ID: 7, Q: "x", Level: &three, Sizes: []int{1, 2}, From: netip.MustParseAddr("::1"),
		Session: "none", Wait: time.Second, Service: got.Service,
	}
	assert.Equal(t, want, got, "what is absent has its default, or is nil or empty")
	assert.Equal(t, "svc", got.Service.name)

	r.ok("/users/7?q=&limit=1&offset=2&exact=0&since=2026-01-02T03:04:05Z&level=9&color=red&color=&size=4&wait=2m",
		header("X-From", "10.0.0.1"), header("x-trace", "t"), cookie("session", "s"))
	no, since, nine, trace := false, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 9, "t"
	assert.Equal(t, search{
		Paging: Paging{1, 2}, ID: 7, Exact: &no, Since: &since, Level: &nine, Colors: []string{"red", ""}, Sizes: []int{4},
		From: netip.MustParseAddr("10.0.0.1"), Trace: &trace, Session: "s", Wait: 2 * time.Minute, Service: got.Service,
	}, got)

	first := got.Level
	r.ok("/users/7?q=x&level=1")
	assert.Equal(t, 9, *first, "what a pointer points to is never used again")
}

// All faults of a request are told together, each with its place.
func TestAllFaultsOfARequest(t *testing.T) {
	r := site{pattern: "POST /users/{user_id}", providers: []provided{singleton(newService)},
		handler: func(search, resolve.Body[map[string]int]) { t.Error("called") }}.serves(t)
	status, faults := r.wrong("/users/x?limit=a&exact=maybe&since=now&level=&size=1&size=b&wait=5&size=c",
		header("X-From", "here"), jsonBody(`{"a":"b"}`))
	assert.Equal(t, http.StatusBadRequest, status)
	assert.ElementsMatch(t, []string{
		`path.user_id "x" is not an integer`,
		`query.limit "a" is not an integer`,
		`query.q is required`,
		`query.exact "maybe" is not true or false`,
		`query.since "now" is not a valid Time`,
		`query.level "" is not an integer`,
		`query.size[1] "b" is not an integer`,
		`query.size[2] "c" is not an integer`,
		`header.X-From "here" is not a valid Addr`,
		`query.wait "5" is not a duration such as "1m30s"`,
		`body.a is a JSON string, which is not an integer`,
	}, faults)
}

// Two functions that take the same value find the same fault, told once.
func TestOneFaultForTwoTakers(t *testing.T) {
	r := site{pattern: "GET /users/{user_id}",
		providers: []provided{perCall(func(id UserID) *service { return newService() })},
		handler:   func(UserID, *service) { t.Error("called") }}.serves(t)
	_, faults := r.wrong("/users/x")
	assert.Equal(t, []string{`path.user_id "x" is not an integer`}, faults)
}

func TestMalformedQueryString(t *testing.T) {
	r := site{pattern: "GET /", handler: func(resolve.Query[Limit], resolve.Optional[resolve.Query[Tags]]) {}}.serves(t)
	status, faults := r.wrong("/?limit=1&a=%zz")
	assert.Equal(t, 400, status)
	assert.Equal(t, []string{"query is not a valid query string"}, faults)
}

func TestWrappers(t *testing.T) {
	type filter struct {
		MaxPrice *float64
		Colors   []string
		Own      string `query:"o"`
	}
	type ids struct{ RequestID, ForwardedFor string }
	var got []any
	r := site{pattern: "GET /users/{user_id}", handler: func(
		id resolve.Path[UserID], l resolve.Query[Limit], ts resolve.Query[Tags], f resolve.Query[filter],
		tok resolve.Header[Token], h resolve.Header[ids], s resolve.Cookie[Session],
	) {
		got = []any{id.Value, l.Value, ts.Value, f.Value, tok.Value, h.Value, s.Value}
	}}.serves(t)
	r.ok("/users/7?limit=3&tags=a&tags=b&max_price=1.5&o=x", header("Token", "t"), header("Request-Id", "r"),
		header("Forwarded-For", "f"), cookie("session", "s"))
	price := 1.5
	assert.Equal(t, []any{UserID(7), Limit(3), Tags{"a", "b"}, filter{MaxPrice: &price, Own: "x"}, Token("t"), ids{"r", "f"}, Session("s")}, got)

	_, faults := r.wrong("/users/7")
	assert.Equal(t, []string{"query.limit is required", "query.o is required", "header.Token is required",
		"header.Request-Id is required", "header.Forwarded-For is required", "cookie.session is required"}, faults)
}

func TestOptional(t *testing.T) {
	type filter struct{ From, To int }
	var limit resolve.Optional[resolve.Query[Limit]]
	var token resolve.Optional[resolve.Header[Token]]
	var span resolve.Optional[resolve.Query[filter]]
	var data resolve.Optional[resolve.Body[map[string]int]]
	var svc resolve.Optional[*service]
	handler := func(
		a resolve.Optional[resolve.Query[Limit]], b resolve.Optional[resolve.Header[Token]], c resolve.Optional[resolve.Query[filter]],
		d resolve.Optional[resolve.Body[map[string]int]], e resolve.Optional[*service],
	) {
		limit, token, span, data, svc = a, b, c, d, e
	}
	present := func() []bool {
		_, a := limit.Get()
		_, b := token.Get()
		_, c := span.Get()
		_, d := data.Get()
		_, e := svc.Get()
		return []bool{a, b, c, d, e}
	}
	r := site{pattern: "POST /", handler: handler}.serves(t)
	r.ok("/")
	assert.Equal(t, []bool{false, false, false, false, false}, present())

	r = site{pattern: "POST /", handler: handler, providers: []provided{singleton(newService)}}.serves(t)
	r.ok("/?limit=3&from=1&to=2", header("Token", ""), jsonBody(`{"a":1}`))
	assert.Equal(t, []bool{true, true, true, true, true}, present())
	l, _ := limit.Get()
	f, _ := span.Get()
	s, _ := svc.Get()
	assert.Equal(t, Limit(3), l.Value)
	assert.Equal(t, filter{1, 2}, f.Value)
	assert.Equal(t, "svc", s.name)

	_, faults := r.wrong("/?limit=x&from=1", jsonBody(`[]`))
	assert.Equal(t, []string{`query.limit "x" is not an integer`, "query.to is required", "body is a JSON array, which is not an object"},
		faults, "absent is not the same as malformed")
	r.ok("/")
	assert.Equal(t, []bool{false, false, false, false, true}, present(), "nothing of the call before is left")
}

// {path...} may be empty, which is a value unless something else is said.
func TestRestOfThePath(t *testing.T) {
	type Rest string
	var got []any
	r := site{pattern: "GET /f/{rest...}", handler: func(r Rest) { got = []any{r} }}.serves(t)
	r.ok("/f/a/b")
	assert.Equal(t, []any{Rest("a/b")}, got)
	r.ok("/f/")
	assert.Equal(t, []any{Rest("")}, got)

	type file struct {
		Name string `path:"rest" default:"index.html"`
	}
	r = site{pattern: "GET /f/{rest...}", handler: func(f file) { got = []any{f.Name} }}.serves(t)
	r.ok("/f/")
	assert.Equal(t, []any{"index.html"}, got)
	r.ok("/f/a")
	assert.Equal(t, []any{"a"}, got)
}

func TestPositions(t *testing.T) {
	var got []any
	r := site{pattern: "GET /{a}/{user_id}/{b}", handler: func(n int, id UserID, s string) { got = []any{n, id, s} }}.serves(t)
	r.ok("/1/2/a%2Fb")
	assert.Equal(t, []any{1, UserID(2), "a/b"}, got)
}

func TestFrameworkTypes(t *testing.T) {
	r := site{pattern: "GET /", handler: func(req *http.Request, w http.ResponseWriter, h http.Header) {
		assert.Equal(t, "1", h.Get("X"))
		assert.Equal(t, req.Header, h)
		assert.NotNil(t, w)
	}}.serves(t)
	r.ok("/", header("X", "1"))
}

func TestHostHeader(t *testing.T) {
	type in struct {
		Host string `header:"Host"`
	}
	var got string
	r := site{pattern: "GET /", handler: func(i in) { got = i.Host }}.serves(t)
	r.ok("/", func(r *http.Request) { r.Host = "api.example" })
	assert.Equal(t, "api.example", got)
}

type envelope[T any] struct {
	Value T   `query:"value"`
	All   []T `query:"all"`
}

func TestGenericParams(t *testing.T) {
	var a envelope[int]
	var b envelope[netip.Addr]
	site{pattern: "GET /", handler: func(e envelope[int]) { a = e }}.serves(t).ok("/?value=1&all=2&all=3")
	site{pattern: "GET /", handler: func(e envelope[netip.Addr]) { b = e }}.serves(t).ok("/?value=::1&all=::2")
	assert.Equal(t, envelope[int]{1, []int{2, 3}}, a)
	assert.Equal(t, envelope[netip.Addr]{netip.MustParseAddr("::1"), []netip.Addr{netip.MustParseAddr("::2")}}, b)
}

func TestParamsThatCannotBe(t *testing.T) {
	type behindPointer struct {
		*Paging
		Q string `query:"q"`
	}
	type badDefault struct {
		From netip.Addr `query:"from" default:"nowhere"`
	}
	type badListDefault struct {
		From []netip.Addr `query:"from" default:"::1, nowhere"`
	}
	type twice struct {
		A int `query:"a"`
		B int `query:"a"`
	}
	site{pattern: "GET /", handler: func(behindPointer) {}}.faults(t, "embed")
	site{pattern: "GET /", handler: func(badDefault) {}}.faults(t, `the default of query.from does not parse: "nowhere" is not a valid Addr`)
	site{pattern: "GET /", handler: func(badListDefault) {}}.faults(t, `"nowhere" is not a valid Addr`)
	site{pattern: "GET /", handler: func(twice) {}}.faults(t, `query`, `"a"`)
	site{pattern: "GET /", handler: func(*search) {}}.faults(t, "by value")
	site{pattern: "GET /", handler: func(search) {}}.faults(t, "user_id", "nothing provides")
}

// A struct that checks itself, when everything in it could be read.
type span struct {
	From int `query:"from"`
	To   int `query:"to"`
}

func (s *span) Validate() error {
	if s.From > s.To {
		return resolve.Fault{Location: "query.to", Message: "is before from"}
	}
	if s.To > 100 {
		return errors.New("is too far")
	}
	if s.From < 0 {
		return resolve.Violations{{Field: "From", Message: "must not be negative"}, {Message: "is odd"}}
	}
	return nil
}

func TestValidateMethods(t *testing.T) {
	var got span
	r := site{pattern: "GET /", handler: func(s span) { got = s }}.serves(t)
	r.ok("/?from=1&to=2")
	assert.Equal(t, span{1, 2}, got)
	for _, tt := range []struct {
		target string
		status int
		faults []string
	}{
		{"/?from=3&to=2", 422, []string{"query.to is before from"}},
		{"/?from=3&to=200", 422, []string{" is too far"}},
		{"/?from=-3&to=2", 422, []string{"query.from must not be negative", " is odd"}},
		{"/?from=x&to=200", 400, []string{`query.from "x" is not an integer`}},
	} {
		status, faults := r.wrong(tt.target)
		assert.Equal(t, tt.status, status, tt.target)
		assert.Equal(t, tt.faults, faults, tt.target)
	}
}
