package endpoint_test

import (
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
)

// choice is one between two codecs.
var choice = endpoint.Configure(endpoint.Config{Values: resolve.Config{Codecs: resolve.Codecs{resolve.JSON(), resolve.XML()}}})

func TestAccept(t *testing.T) {
	const (
		asJSON = "application/json"
		asXML  = "application/xml"
		none   = ""
	)
	s := serve(t, func() item { return item{"x", 1} }, choice)
	for _, row := range []struct{ accept, want, why string }{
		{"", asJSON, "the default"},
		{"*/*", asJSON, ""},
		{"application/*", asJSON, "a range of both: the server's order"},
		{"application/json", asJSON, ""},
		{"APPLICATION/JSON", asJSON, "types are case-insensitive"},
		{"application/json; charset=utf-8", asJSON, "parameters don't matter"},
		{"text/json", asJSON, "another name of it"},
		{"application/xml", asXML, ""},
		{"text/xml", asXML, ""},
		{"text/*", asJSON, "text/json and text/xml are both in the range"},
		{"application/xml, application/json", asJSON, "the order of the header means nothing"},
		{"application/xml, application/json;q=0.9", asXML, ""},
		{"application/xml;q=0.8, application/json;q=0.9", asJSON, ""},
		{"application/xml;q=0.8, */*;q=0.1", asXML, ""},
		{"application/json;q=0, */*", asXML, "the most specific range counts: anything but JSON"},
		{"application/json;q=0, text/json;q=0, */*", asXML, ""},
		{"application/*;q=0.5, application/xml;q=0.2", asJSON, ""},
		{"image/png, */*;q=0.1", asJSON, ""},
		{"image/png", none, ""},
		{"text/html", none, ""},
		{"application/json;q=0", none, ""},
		{"*/*;q=0", none, ""},
		{"application/vnd.api+json", none, "not a type that we send"},
		{"application/json;q=.5, application/xml;q=.4", asJSON, ""},
		{"application/json;q=7, application/xml;q=0.9", asJSON, "a quality that is none is 1"},
		{"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", asJSON, "a browser's address bar"},
		{"text/html, application/xml;q=0.9", asXML, "a browser that doesn't take JSON"},
		{"text/html, image/gif, *; q=.2, */*; q=.2", asJSON, "an old client; what is no range is skipped"},
		{"application/xml;profile=\"a,b;q=0\", application/json;q=0.9", asXML, "a comma in quotes parts nothing"},
		{`application/xml;p="\",a/b", application/json;q=0.9`, asXML, "nor does a quote in quotes end them"},
		{`application/json;p="`, asJSON, "quotes that don't end"},
		{"application/json;version=2;q=0, application/xml;q=0.1, application/json;q=0.2", asJSON, "a version that we don't send is refused"},
		{"application/json;version=2;q=0.1, application/json;q=0.9, application/xml;q=0.5", asJSON, "without parameters it is exactly what we send"},
		{"application/json;q=0.1, application/json;version=2, application/xml;q=0.5", asXML, "in any order"},
		{"application/json;v=1;q=0.2, application/xml;q=0.5, application/json;v=2;q=0.9", asJSON, "of several versions the best"},
		{"application/json;version=2;q=0", none, "nothing else is accepted"},
		{"application/xml;Q=0.2, application/json;q=0.3", asJSON, "names are case-insensitive"},
		{"application/xml ; q=0.2 , application/json ; q=0.3", asJSON, "blanks"},
		{"application/xml\t;\tq=0.2\t,\tapplication/json;q=0.3", asJSON, "tabs"},
		{"application/json;q=0.000, application/xml;q=0.001", asXML, "the least there is"},
		{"application/json;q=1.000, application/xml;q=0.999", asJSON, "the most there is"},
		{"application/json;q=0.5, application/xml;q=NaN", asXML, "no number"},
		{"application/json;q=0.5, application/xml;q=1e-9", asXML, "no number of this kind"},
		{"application/json;q=0.5, application/xml;q=-0", asXML, "nor that"},
		{"application/json;q=0.5, application/xml;q=", asXML, "nothing"},
		{"application/json;q=0.5, application/xml;q", asXML, "nothing"},
		{"application/json;q=0.5, application/xml;q=0.4;q=0.6", asXML, "the last one"},
		{"application/json;q=0.5, application/xml;;", asXML, "empty parameters"},
		{"*/json, application/xml", asXML, "no range"},
		{"application/, application/xml", asXML, "no range"},
		{"/json, application/xml", asXML, "no range"},
		{"application /json, application/xml", asXML, "no range"},
		{strings.Repeat("a/b,", 99) + "application/xml", asXML, "the hundredth is read"},
		{strings.Repeat("a/b,", 100) + "application/xml", none, "no more than that are"},
		{strings.Repeat(",", 1000) + "application/xml", asXML, "but nothing is none"},
		{"garbage", asJSON, "no range at all is as no header"},
		{",,", asJSON, ""},
	} {
		t.Run(row.accept, func(t *testing.T) {
			got := s.get("/", "Accept", row.accept)
			assert.Equal(t, "Accept", got.header.Get("Vary"), row.why)
			if row.want == none {
				assert.Equal(t, 406, got.status, row.why)
				assert.Equal(t, `{"type":"about:blank","title":"Not Acceptable","status":406,"detail":"This can be sent as application/json or application/xml."}`, got.body)
				return
			}
			assert.Equal(t, 200, got.status, row.why)
			assert.Equal(t, row.want, got.contentType(), row.why)
		})
	}
}

func TestSeveralAcceptLines(t *testing.T) {
	s := serve(t, func() item { return item{} }, choice)
	status, _ := s.rawReply("GET / HTTP/1.1\r\nHost: x\r\nAccept: image/png\r\nAccept: application/xml\r\nConnection: close\r\n\r\n", false)
	assert.Equal(t, 200, status)
}

// Where there is nothing to choose, the Accept header changes nothing and Vary
// says nothing.
func TestNothingToNegotiate(t *testing.T) {
	type custom struct {
		M map[string]int
	}
	for _, row := range []struct {
		name   string
		view   any
		accept string
		status int
		typ    string
	}{
		{"text", func() string { return "x" }, "image/png", 200, "text/plain; charset=utf-8"},
		{"bytes", func() []byte { return nil }, "image/png", 200, "application/octet-stream"},
		{"nothing", func() {}, "image/png", 204, ""},
		{"html", func() endpoint.HTML { return "x" }, "image/png", 200, "text/html; charset=utf-8"},
		{"a list has no form in XML", func() []item { return nil }, "*/*", 200, "application/json"},
		{"nor has a map", func() map[string]int { return nil }, "application/*", 200, "application/json"},
		{"nor a struct with one", func() *custom { return nil }, "application/xml", 406, "application/problem+json"},
		{"nor a number", func() int { return 1 }, "application/xml", 406, "application/problem+json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(t, row.view, choice).get("/", "Accept", row.accept)
			assert.Equal(t, row.status, got.status)
			assert.Equal(t, row.typ, got.contentType())
			if row.status != 406 {
				assert.Empty(t, got.header.Get("Vary"))
			}
		})
	}
}

// Without codecs of the application's answers are JSON, and bodies may be XML.
func TestAnswersByDefault(t *testing.T) {
	s := serve(t, func(b resolve.Body[item]) item { return b.Value }, endpoint.Method(http.MethodPost))
	for _, row := range []struct {
		accept string
		status int
	}{
		{"", 200},
		{"*/*", 200},
		{"application/json", 200},
		{"application/xml;q=0.9, application/*;q=0.1", 200},
		{"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", 200},
		{"application/xml", 406},
		{"application/json;q=0", 406},
	} {
		got := s.do(http.MethodPost, "/", "<item><Name>x</Name><N>1</N></item>", "Content-Type", "application/xml", "Accept", row.accept)
		assert.Equal(t, row.status, got.status, row.accept)
		if row.status == 200 {
			assert.Equal(t, `{"name":"x","n":1}`, got.body)
			assert.Empty(t, got.header.Get("Vary"), "there is no choice")
		}
	}
}

func TestXML(t *testing.T) {
	s := serve(t, func(b resolve.Body[item]) item { b.Value.N++; return b.Value }, endpoint.Method(http.MethodPost), choice)
	got := s.do(http.MethodPost, "/", "<item><Name>x</Name><N>1</N></item>", "Content-Type", "application/xml", "Accept", "text/xml")
	assert.Equal(t, 200, got.status)
	assert.Equal(t, "application/xml", got.contentType())
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<item><Name>x</Name><N>2</N></item>`, got.body)

	got = s.do(http.MethodPost, "/", "<item><Name>x", "Content-Type", "application/xml")
	assert.Equal(t, 400, got.status)
	assert.Contains(t, got.body, `"location":"body"`)
	assert.Contains(t, got.body, "is not valid XML")
}

// shout is a codec of the user's.
type shout struct{ resolve.Codec }

func (shout) Name() string         { return "shout" }
func (shout) MediaTypes() []string { return []string{"text/shout"} }

func TestOwnCodec(t *testing.T) {
	cfg := endpoint.Config{Values: resolve.Config{Codecs: resolve.Codecs{shout{resolve.JSON()}, resolve.JSON()}}}
	s := serve(t, func() []int { return nil }, endpoint.Configure(cfg))
	assert.Equal(t, "text/shout", s.get("/").contentType())
	assert.Equal(t, "application/json", s.get("/", "Accept", "application/json").contentType())
	got := s.get("/", "Accept", "image/png")
	assert.Contains(t, got.body, "text/shout or application/json")
}

// Both framings of streams are made for JSON, whatever else there is.
func TestStreamWithoutJSON(t *testing.T) {
	cfg := endpoint.Config{Values: resolve.Config{Codecs: resolve.Codecs{resolve.XML()}}}
	s := serve(t, func() iter.Seq[item] { return func(yield func(item) bool) { yield(item{"x", 1}) } }, endpoint.Configure(cfg))
	assert.Equal(t, `{"name":"x","n":1}`+"\n", s.get("/").body)
	golden(t, buildError(t, func() map[string]int { return nil }, endpoint.Configure(cfg)))
}

// A field that middleware set is kept.
func TestVaryIsAdded(t *testing.T) {
	h := endpoint.Func(func() item { return item{} }, choice)
	s := serve(t, func() http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Origin")
			h.ServeHTTP(w, r)
		}
	})
	for range 2 {
		assert.Equal(t, []string{"Origin", "Accept"}, s.get("/").header["Vary"])
	}
	assert.Equal(t, []string{"Accept"}, serve(t, func() item { return item{} }, choice).get("/").header["Vary"], "shared values stay as they are")
}
