package endpoint_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	level  int8
	tracer struct {
		Trace string `header:"x-trace"`
	}
	// everyHeader has a field of each form.
	everyHeader struct {
		tracer
		Total   int             `header:"X-Total-Count"`
		Level   level           `header:"X-Level"`
		Size    uint64          `header:"X-Size"`
		Share   float64         `header:"X-Share"`
		Cached  bool            `header:"X-Cached"`
		Maybe   *int            `header:"X-Maybe"`
		Name    *string         `header:"X-Name"`
		Changed time.Time       `header:"Last-Modified"`
		Sunset  *time.Time      `header:"Sunset"`
		From    netip.Addr      `header:"X-From"`
		By      loudString      `header:"X-By"`
		Links   []string        `header:"Link"`
		Numbers []int16         `header:"X-Number"`
		Session http.Cookie     `cookie:"session"`
		Seen    *http.Cookie    `cookie:"seen"`
		private map[string]bool // is nobody's business
	}
)

func TestResponse(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	zero, name := 0, "näme"
	full := everyHeader{
		tracer: tracer{"t1"}, Total: 9, Level: -1, Size: 1 << 63, Share: 0.5, Cached: true, Maybe: &zero, Name: &name, Changed: at, Sunset: &at,
		From: netip.MustParseAddr("::1"), By: "me", Links: []string{"</a>; rel=next", "</b>; rel=prev"}, Numbers: []int16{1, -2, 3},
		Session: http.Cookie{Value: "s1", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode},
		Seen:    &http.Cookie{Name: "seen", MaxAge: -1},
	}
	s := serve(t, func(all string) endpoint.Response[everyHeader, item] {
		if all == "all" {
			return endpoint.Response[everyHeader, item]{Code: 201, Header: full, Body: item{"x", 1}}
		}
		return endpoint.Response[everyHeader, item]{Body: item{"x", 1}}
	}, endpoint.Pattern("/{all}"))

	got := s.get("/all")
	assert.Equal(t, 201, got.status)
	assert.Equal(t, `{"name":"x","n":1}`, got.body)
	for k, want := range map[string][]string{
		"X-Trace": {"t1"}, "X-Total-Count": {"9"}, "X-Level": {"-1"}, "X-Size": {"9223372036854775808"}, "X-Share": {"0.5"}, "X-Cached": {"true"},
		"X-Maybe": {"0"}, "X-Name": {"näme"}, "Last-Modified": {"Fri, 02 Jan 2026 02:04:05 GMT"}, "Sunset": {"Fri, 02 Jan 2026 02:04:05 GMT"},
		"X-From": {"::1"}, "X-By": {"ME"}, "Link": {"</a>; rel=next", "</b>; rel=prev"}, "X-Number": {"1", "-2", "3"},
		"Set-Cookie": {"session=s1; Path=/; HttpOnly; Secure; SameSite=Lax", "seen=; Max-Age=0"},
	} {
		assert.Equal(t, want, got.header[k], k)
	}

	got = s.get("/none")
	assert.Equal(t, 200, got.status)
	for _, k := range []string{"X-Trace", "X-Maybe", "X-Name", "Last-Modified", "Sunset", "X-From", "Link", "X-Number", "Set-Cookie"} {
		assert.NotContains(t, got.header, k, "it is absent")
	}
	assert.Equal(t, []string{"0"}, got.header["X-Total-Count"], "0 is a number")
	assert.Equal(t, []string{"false"}, got.header["X-Cached"])
}

// Nothing that a value could have in it becomes another header.
func TestResponseRefusesInjection(t *testing.T) {
	for name, h := range map[string]everyHeader{
		"line feed":         {tracer: tracer{"secret\nX-Evil: 1"}},
		"return":            {tracer: tracer{"secret\rX-Evil: 1"}},
		"NUL":               {tracer: tracer{"secret\x00"}},
		"in a list":         {Links: []string{"ok", "secret\r\n\r\nbody"}},
		"in a cookie":       {Session: http.Cookie{Value: "secret\r\nX-Evil: 1"}},
		"in its path":       {Session: http.Cookie{Value: "a", Path: "/;secret"}},
		"in its domain":     {Session: http.Cookie{Value: "a", Domain: "secret\n"}},
		"in its value":      {Session: http.Cookie{Value: "a;secret"}},
		"of another name":   {Session: http.Cookie{Name: "secret", Value: "a"}},
		"text that refuses": {By: "secret\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func() endpoint.Response[everyHeader, string] {
				return endpoint.Response[everyHeader, string]{Header: h}
			})
			got := s.get("/")
			assert.Equal(t, 500, got.status)
			assert.NotContains(t, got.body, "secret")
			assert.Empty(t, got.header.Get("X-Evil"))
			assert.Empty(t, got.header.Get("Set-Cookie"))
			assert.Len(t, s.log.records(), 1)
		})
	}
}

// Browsers drop some cookies without a word.
func TestCookiesThatBrowsersIgnore(t *testing.T) {
	type cookies struct {
		Plain  *http.Cookie `cookie:"plain"`
		Secure *http.Cookie `cookie:"__Secure-a"`
		Host   *http.Cookie `cookie:"__host-a"`
	}
	for _, row := range []struct {
		why  string
		c    cookies
		want string // "" if it is refused
	}{
		{"SameSite=None", cookies{Plain: &http.Cookie{Value: "a", SameSite: http.SameSiteNoneMode}}, ""},
		{"SameSite=None and Secure", cookies{Plain: &http.Cookie{Value: "a", SameSite: http.SameSiteNoneMode, Secure: true}}, "plain=a; Secure; SameSite=None"},
		{"Partitioned", cookies{Plain: &http.Cookie{Value: "a", Partitioned: true}}, ""},
		{"__Secure-", cookies{Secure: &http.Cookie{Value: "a", Path: "/"}}, ""},
		{"__Secure- and Secure", cookies{Secure: &http.Cookie{Value: "a", Domain: "example.com", Secure: true}}, "__Secure-a=a; Domain=example.com; Secure"},
		{"__Host-", cookies{Host: &http.Cookie{Value: "a", Path: "/"}}, ""},
		{"__Host- of a path", cookies{Host: &http.Cookie{Value: "a", Path: "/x", Secure: true}}, ""},
		{"__Host- of a domain", cookies{Host: &http.Cookie{Value: "a", Path: "/", Domain: "example.com", Secure: true}}, ""},
		{"__Host- that is good", cookies{Host: &http.Cookie{Value: "a", Path: "/", Secure: true}}, "__host-a=a; Path=/; Secure"},
	} {
		t.Run(row.why, func(t *testing.T) {
			got := serve(t, func() endpoint.Response[cookies, string] { return endpoint.Response[cookies, string]{Header: row.c} }).get("/")
			assert.Equal(t, row.want, got.header.Get("Set-Cookie"))
			assert.Equal(t, row.want == "", got.status == 500)
		})
	}
}

func TestRejectedResponses(t *testing.T) {
	type many struct {
		Untagged string
		hidden   string          `header:"X-Hidden"`
		Both     string          `header:"X-Both" cookie:"both"`
		Query    int             `query:"q"`
		Body     item            `body:""`
		Default  string          `header:"X-Default" default:"1"`
		Bad      string          `header:"no name"`
		Empty    string          `cookie:""`
		Length   int             `header:"content-length"`
		Cookie   string          `header:"Set-Cookie"`
		Twice1   string          `header:"X-Twice"`
		Twice2   []int           `header:"x-twice"`
		Session  string          `cookie:"session"`
		Map      map[string]int  `header:"X-Map"`
		Lists    [][]string      `header:"X-Lists"`
		Bytes    []byte          `header:"X-Bytes"`
		Wait     time.Duration   `header:"Retry-After"`
		Any      any             `header:"X-Any"`
		Waits    []time.Duration `header:"X-Waits"`
	}
	for _, row := range []struct {
		name string
		view any
	}{
		{"everything at once", func() endpoint.Response[many, chan int] { return endpoint.Response[many, chan int]{} }},
		{"no struct", func() endpoint.Response[http.Header, int] { return endpoint.Response[http.Header, int]{} }},
		{"pointer", func() endpoint.Response[*tracer, int] { return endpoint.Response[*tracer, int]{} }},
		{"nothing", func() endpoint.Response[struct{}, int] { return endpoint.Response[struct{}, int]{} }},
		{"pointer to the whole", func() *endpoint.Response[tracer, int] { return nil }},
		{"embedded", func() struct {
			endpoint.Response[tracer, int]
			More string
		} {
			panic("never called")
		}},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view)) })
	}
}

func TestAnswerInfo(t *testing.T) {
	info := func(view any, opts ...endpoint.Option) endpoint.AnswerInfo {
		t.Helper()
		in := inject.New()
		asm, err := inject.Assemble(in, inject.Options{})
		require.NoError(t, err)
		cfg := endpoint.Config{}.WithDefaults()
		e, err := endpoint.Compile(asm, &cfg, endpoint.Spec{View: view, Level: in, Method: "GET", Settings: inject.SettingsOf(opts...)})
		require.NoError(t, err)
		return e.View("GET").Answer()
	}
	got := info(func() (endpoint.Response[everyHeader, item], error) {
		return endpoint.Response[everyHeader, item]{}, nil
	})
	assert.Equal(t, 200, got.Status)
	assert.Equal(t, []string{"application/json"}, got.MediaTypes)
	assert.Equal(t, "endpoint_test.item", got.Body.String())
	if assert.Len(t, got.Headers, 16) {
		assert.Equal(t, "X-Trace", got.Headers[0].Name)
		assert.True(t, got.Headers[0].Optional)
		assert.False(t, got.Headers[1].Optional)
		assert.True(t, got.Headers[12].List)
		assert.True(t, got.Headers[14].Cookie)
	}
	assert.Equal(t, 204, info(func() error { return nil }).Status)
	assert.Equal(t, 201, info(func() endpoint.Created[int] { return endpoint.Created[int]{} }).Status)
	assert.Equal(t, 303, info(func() endpoint.RedirectLocal { return endpoint.RedirectLocal{} }).Status)
	assert.Zero(t, info(func(http.ResponseWriter) {}).Status)
	assert.True(t, info(func() int { return 0 }, endpoint.ETag()).Conditional)
	assert.True(t, info(func() endpoint.Versioned[int] { return endpoint.Versioned[int]{} }).Conditional)
	events := info(func() <-chan endpoint.Event[item] { return nil })
	assert.True(t, events.Stream && events.Events)
	assert.Equal(t, "endpoint_test.item", events.Body.String())
	assert.Equal(t, []string{eventsType}, events.MediaTypes)
	assert.Equal(t, []string{ndjsonType, eventsType}, info(func() <-chan item { return nil }).MediaTypes)
}
