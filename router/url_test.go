package router

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	userID  int
	orderID int
	small   uint8
	slug    string
	colour  struct{ name string } // parses and formats itself
	mute    struct{ name string } // parses itself only
	loud    int                   // formats itself only
	pageNo  int
	tags    []string
)

func (c *colour) UnmarshalText(b []byte) error {
	if c.name = string(b); c.name == "none" {
		return errors.New("no colour")
	}
	return nil
}
func (c colour) MarshalText() ([]byte, error) { return []byte(c.name), nil }
func (m *mute) UnmarshalText(b []byte) error  { m.name = string(b); return nil }
func (l loud) MarshalText() ([]byte, error)   { return []byte("loud"), nil }
func (l small) String() string                { return "never used" }

type listParams struct {
	Tenant slug       `path:"tenant"`
	Page   int        `query:"page" default:"1"`
	Since  *time.Time `query:"since"`
	Tags   []string   `query:"tag"`
	Agent  string     `header:"User-Agent" default:"none"`
}

type filter struct {
	MinSize int
	Kinds   []string
	Hidden  string `query:"-"`
}

func TestURL(t *testing.T) {
	at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	one := userID(1)
	r := New()
	cases := []struct {
		name   string
		rt     *Route
		values []any
		want   string
		err    string
	}{
		{"no variables", r.Get("/none", text("")), nil, "/none", ""},
		{"its own type", r.Get("/a/{user_id}", func(userID) {}), []any{userID(7)}, "/a/7", ""},
		{"a constant", r.Get("/b/{user_id:int}", func(userID) {}), []any{-7}, "/b/-7", ""},
		{"a pointer", r.Get("/c/{user_id}", func(userID) {}), []any{&one}, "/c/1", ""},
		{"another named type", r.Get("/d/{user_id}", func(userID) {}), []any{orderID(7)}, "", "router: GET /d/{user_id}: {user_id} is a router.userID, and the router.orderID 7 doesn't fit"},
		{"a string for a number", r.Get("/e/{user_id}", func(userID) {}), []any{"7"}, "", `{user_id} is a router.userID, and the string "7" doesn't fit`},
		{"out of range", r.Get("/f/{small}", func(small) {}), []any{300}, "", "{small} is a router.small, and the int 300 doesn't fit"},
		{"negative", r.Get("/g/{small}", func(small) {}), []any{-1}, "", "doesn't fit"},
		{"in range", r.Get("/h/{small}", func(small) {}), []any{int64(255)}, "/h/255", ""},
		{"a named one for a plain one", r.Get("/i/{id}", func(int) {}), []any{userID(3)}, "/i/3", ""},
		{"a float for an int", r.Get("/j/{id}", func(int) {}), []any{1.5}, "", "doesn't fit"},
		{"escaped", r.Get("/k/{slug}/x", func(slug) {}), []any{"a b/c?d#e%"}, "/k/a%20b%2Fc%3Fd%23e%25/x", ""},
		{"rest", r.Get("/l/{p...}", func(string) {}), []any{"a/b c"}, "/l/a/b%20c", ""},
		{"rest, cleaned away", r.Get("/m/{p...}", func(string) {}), []any{"a//b"}, "", "cleaned"},
		{"rest, another host", r.Get("/any/{q...}", func(string) {}), []any{"/evil.example"}, "", "cleaned"},
		{"a bool", r.Get("/n/{b}", func(bool) {}), []any{true}, "/n/true", ""},
		{"a float", r.Get("/o/{f}", func(float64) {}), []any{1e21}, "/o/1000000000000000000000", ""},
		{"not a number", r.Get("/p/{f}", func(float64) {}), []any{nan()}, "", "no view takes"},
		{"a time", r.Get("/q/{t}", func(time.Time) {}), []any{at}, "/q/2026-11-21T07:00:00Z", ""},
		{"a time as a string", r.Get("/r/{t}", func(time.Time) {}), []any{"2026-11-21T07:00:00Z"}, "/r/2026-11-21T07:00:00Z", ""},
		{"no time", r.Get("/s/{t}", func(time.Time) {}), []any{"yesterday"}, "", `is a time.Time, and the string "yesterday" doesn't fit`},
		{"a duration", r.Get("/t/{d}", func(time.Duration) {}), []any{90 * time.Second}, "/t/1m30s", ""},
		{"a number for a duration", r.Get("/u/{d}", func(time.Duration) {}), []any{90}, "", "doesn't fit"},
		{"an address", r.Get("/v/{a}", func(netip.Addr) {}), []any{netip.MustParseAddr("::1")}, "/v/::1", ""},
		{"formats itself", r.Get("/w/{colour}", func(colour) {}), []any{&colour{"red"}}, "/w/red", ""},
		{"a string it doesn't parse", r.Get("/x/{colour}", func(colour) {}), []any{"none"}, "", "doesn't fit"},
		{"has no text", r.Get("/y/{mute}", func(mute) {}), []any{mute{"x"}}, "", "has no MarshalText; pass its text as a string"},
		{"but a string for it", r.Get("/z/{mute}", func(mute) {}), []any{"x"}, "/z/x", ""},
		{"formatted as it is parsed", r.Get("/A/{loud}", func(loud) {}), []any{loud(5)}, "/A/5", ""},
		{"nil", r.Get("/B/{id}", func(int) {}), []any{nil}, "", "{id} is given nil"},
		{"a nil pointer", r.Get("/C/{id}", func(int) {}), []any{(*int)(nil)}, "", "{id} is given nil"},
		{"empty", r.Get("/D/{s}", func(string) {}), []any{""}, "", "the value is empty"},
		{"a dot", r.Get("/E/{s}", func(string) {}), []any{".."}, "", "would be cleaned away"},
		{"invalid UTF-8", r.Get("/F/{s}", func(string) {}), []any{"\xff"}, "", "not valid UTF-8"},
		{"a constraint", r.Get("/G/{s:[a-z]+}", func(string) {}), []any{"A"}, "", `variable "s" of GET /G/{s:[a-z]+}: the value "A" does not satisfy`},
		{"too few", r.Get("/H/{user_id}/{n}", func(userID, int) {}), []any{1}, "", "1 values are given in order, but {user_id} (router.userID), {n} (int) are left; pass one for each"},
		{"too many", r.Get("/I", text("")), []any{1}, "", "1 values are given in order, but no variable is left; pass none"},
		{"by name", r.Get("/J/{user_id}/{n}", func(userID, string) {}), []any{map[string]any{"n": "x", "user_id": 4}}, "/J/4/x", ""},
		{"by name, of one type", r.Get("/K/{a}/{b}", func(a, b string) {}), []any{map[string]string{"a": "1", "b": "2"}}, "/K/1/2", ""},
		{"some by name", r.Get("/L/{user_id}/{n}", func(userID, string) {}), []any{"x", map[string]any{"user_id": 4}}, "/L/4/x", ""},
		{"by a wrong name", r.Get("/M/{user_id}", func(userID) {}), []any{map[string]any{"id": 4}}, "", `nothing takes a query parameter "id"; there are {user_id}`},
		{"by name, wrong type", r.Get("/N/{user_id}", func(userID) {}), []any{map[string]any{"user_id": "4"}}, "", "{user_id} is a router.userID"},
		{"twice", r.Get("/O/{user_id}", func(userID) {}), []any{map[string]int{"user_id": 4}, map[string]int{"user_id": 4}}, "", "given twice"},
		{"a params struct", r.Get("/P/{tenant}", func(listParams) {}), []any{listParams{Tenant: "a", Page: 2, Since: &at, Tags: []string{"x", "y z"}}}, "/P/a?page=2&since=2026-11-21T07%3A00%3A00Z&tag=x&tag=y+z", ""},
		{"what is absent", r.Get("/Q/{tenant}", func(listParams) {}), []any{&listParams{Tenant: "a"}}, "/Q/a?page=0", ""},
		{"another struct with tags", r.Get("/R/{tenant}", func(listParams) {}), []any{struct {
			T slug `path:"tenant"`
		}{"b"}}, "/R/b", ""},
		{"a struct with a wrong tag", r.Get("/S/{tenant}", func(listParams) {}), []any{struct {
			T slug `path:"tenant_id"`
		}{"b"}}, "", "there is no path variable {tenant_id}; there are {tenant}, ?page, ?since, ?tag"},
		{"a query of the wrong type", r.Get("/T", func(resolve.Query[pageNo]) {}), []any{map[string]any{"page_no": "x"}}, "", `the query parameter "page_no" is a router.pageNo, and the string "x" doesn't fit`},
		{"a query wrapper", r.Get("/U", func(resolve.Query[pageNo]) {}), []any{resolve.Query[pageNo]{Value: 3}}, "/U?page_no=3", ""},
		{"a list", r.Get("/V", func(resolve.Query[tags]) {}), []any{map[string]any{"tags": []string{"a", "b"}}}, "/V?tags=a&tags=b", ""},
		{"a struct in a wrapper", r.Get("/W", func(resolve.Query[filter]) {}), []any{filter{MinSize: 3, Kinds: []string{"a"}}}, "/W?kinds=a&min_size=3", ""},
		{"a free query", r.Get("/X/{s}", func(string) {}), []any{"y", url.Values{"utm": {"a&b"}}}, "/X/y?utm=a%26b", ""},
		{"a handler as it is", r.Handle("/Y/{a}/{b}", plain), []any{1, "x/y"}, "/Y/1/x%2Fy", ""},
		{"no text at all", r.Handle("/Z/{a}", plain), []any{struct{ x int }{}}, "", "has no text; pass a string"},
		{"a host", r.Get("example.com/{s}", func(string) {}), []any{"x"}, "//example.com/x", ""},
		{"a mount", r.Group("/t/{tenant}").Mount("/app", plain), []any{"acme", "x/y"}, "/t/acme/app/x/y", ""},
		{"a class", r.Endpoint("/class", class{}), nil, "/class", ""},
		{"ignored", r.Get("/ignored/{x}", text(""), endpoint.IgnoreVars("x")), []any{time.Second}, "/ignored/1s", ""},
	}
	for _, c := range cases {
		_, err := c.rt.URL(c.values...)
		assert.ErrorContains(t, err, "is not built", c.name)
	}
	build(t, r)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.rt.URL(c.values...)
			if c.err != "" {
				assert.ErrorContains(t, err, c.err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	bad := New()
	_, err := bad.Get("/{", nil).URL()
	assert.ErrorContains(t, err, "the brace is never closed")
}

func nan() float64 { zero := 0.0; return zero / zero }

// everything is what a URL can carry.
type everything struct {
	ID    userID        `path:"id"`
	Slug  slug          `path:"slug"`
	Rest  string        `path:"rest"`
	Wait  time.Duration `query:"wait"`
	Ratio float64       `query:"ratio"`
	On    bool          `query:"on"`
	Text  *string       `query:"text"`
	List  []small       `query:"list"`
	Words []string      `query:"words"`
	Hue   colour        `query:"hue"`
	Float float32       `query:"float"`
}

func (c colour) MarshalJSON() ([]byte, error) { return json.Marshal(c.name) }

// FuzzURL makes URLs from a params struct and sends them: where there is a URL,
// the view is called with the same values.
func FuzzURL(f *testing.F) {
	var got everything
	r := New()
	rt := r.Group("/t").Get("/{id:int}/x/{slug}/{rest...}", func(p everything) { got = p })
	inner := New()
	below := inner.Get("/{slug}/{rest...}", func(p everything) { got = p })
	r.Group("/in/{id}").Mount("/m", inner)
	b, err := r.Build(BuildOptions{})
	require.NoError(f, err)
	require.NoError(f, b.Start(f.Context()))
	f.Add(1, "a", "b/c", int64(1), 0.5, true, "x", []byte{1, 2}, float32(0.1))
	f.Add(-1, "a/b", "", int64(-1), 1e300, false, "", []byte{}, float32(1e30))
	f.Add(0, "%2F+ &=?#", "ä/%/..a", int64(1<<62), -0.5, true, "\x00", []byte{255}, float32(-3))
	f.Add(7, "..", "//evil", int64(0), 1.0, true, "a;b", []byte{0}, float32(0))
	f.Add(7, ":", "\\evil", int64(0), 1.0, true, "http://x", []byte{0}, float32(0))
	f.Fuzz(func(t *testing.T, id int, s, rest string, wait int64, ratio float64, on bool, text string, list []byte, fl float32) {
		want := everything{
			ID: userID(id), Slug: slug(s), Rest: rest, Wait: time.Duration(wait), Ratio: ratio, On: on, Text: &text,
			Words: strings.Fields(text), Hue: colour{text}, Float: fl,
		}
		for _, v := range list {
			want.List = append(want.List, small(v))
		}
		if len(want.Words) == 0 {
			want.Words = nil
		}
		for _, route := range []*Route{rt, below} {
			u, err := route.URL(want)
			if err != nil {
				valid := utf8.ValidString(s) && utf8.ValidString(rest) && utf8.ValidString(text)
				if s != "" && s != "." && s != ".." && rest == "" && valid && ratio == ratio && fl == fl && ratio-ratio == 0 && fl-fl == 0 {
					t.Fatalf("no URL of %+v: %v", want, err)
				}
				continue
			}
			got = everything{}
			w := do(b, "GET", u)
			if text == "none" {
				continue // no hue
			}
			require.Equal(t, http.StatusNoContent, w.Code, "%s %s", u, w.Body)
			require.Equal(t, want, got, u)
			require.NotRegexp(t, `^//`, u)
		}
	})
}

func TestEmptyListWithDefault(t *testing.T) {
	type p struct {
		L []string `query:"l" default:"a,b"`
	}
	r := New()
	rt := r.Get("/x", func(p) {})
	build(t, r)
	_, err := rt.URL(p{})
	assert.ErrorContains(t, err, "has a default, which an empty list in a URL would stand for")
	u, err := rt.URL(p{[]string{"c"}})
	assert.NoError(t, err)
	assert.Equal(t, "/x?l=c", u)
}

// What guards and providers take from the URL is part of it too.
func TestURLKnowsProviders(t *testing.T) {
	type tenant string
	r := New()
	g := r.Group("/{tenant}")
	g.Guard(func(tenant) error { return nil })
	rt := g.Get("/x", func(resolve.Optional[resolve.Query[pageNo]]) {})
	build(t, r)
	_, err := rt.URL(slug("a"))
	assert.ErrorContains(t, err, "{tenant} is a router.tenant, and the router.slug \"a\" doesn't fit")
	u, err := rt.URL(tenant("a"), map[string]any{"page_no": 2})
	assert.NoError(t, err)
	assert.Equal(t, "/a/x?page_no=2", u)
}
