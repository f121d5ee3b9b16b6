package resolve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// thing is read and answered in every format.
type thing struct {
	N int `json:"n" xml:"n" form:"n"`
}

// RFC 9110 section 12.5.1, by what comes out of an application.
func TestNegotiation(t *testing.T) {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), resolve.XML()))
	app.Get("/", func() thing { return thing{1} })
	require.NoError(t, app.Build())
	const json, xml, none = "application/json", "application/xml", ""
	for _, row := range []struct{ accept, want, why string }{
		{"application/json;q=0", none, "not acceptable, and nothing else is said to be"},
		{"application/json;q=0, */*", xml, "anything but this"},
		{"application/json;q=0.0, */*;q=0.001", xml, "zero with digits"},
		{"*/*;q=0, application/xml", xml, "nothing but this"},
		{"*/*;q=0", none, ""},
		{"application/*;q=0, application/xml;q=0.1", xml, "the more specific range counts"},
		{"application/*, application/json;q=0.1", xml, "also if it is worth less"},
		{"*/*;q=1, application/*;q=0.2, application/xml;q=0.3", xml, "three ranges of one type"},
		{"application/xml; q=0.5 , application/json; q=0.4", xml, "spaces"},
		{"Application/XML;Q=1, application/json;q=0.9", xml, "case means nothing, in names of parameters too"},
		{"application/json;q=0.9;ext=1, application/xml;q=0.95", xml, "extensions after q"},
		{`application/json;x="a,b";q=0.1, application/xml;q=0.2`, xml, "a comma in quotes"},
		{"application/xml;charset=utf-8, application/json;q=0.5", xml, "a parameter"},
		{"text/html;level=1, application/xml;q=0.4, */*;q=0.1", json, "a browser's list, see choose"},
		{"*", json, "no range at all"},
		{"application, json", json, "no range at all"},
		{"application/json/x, application/xml", xml, "what is no range is skipped"},
		{"application/xml;q=abc, application/json;q=0.5", xml, "a quality that is none is 1"},
		{"application/xml;q=-1, application/json;q=0.5", xml, "a quality that is none is 1"},
		{";q=1, application/xml", xml, ""},
		{strings.Repeat("a/b,", 90) + "application/xml", xml, "many ranges"},
		{"application/xml," + strings.Repeat("a/b,", 5000), xml, "more than are read"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept", row.accept)
		w := record(app, r)
		if row.want == none {
			assert.Equal(t, 406, w.Code, "%.60s: %s", row.accept, row.why)
			continue
		}
		assert.Equal(t, row.want, w.Header().Get("Content-Type"), "%.60s: %s", row.accept, row.why)
		assert.Equal(t, "Accept", w.Header().Get("Vary"))
	}
}

func TestContentTypes(t *testing.T) {
	app := fogo.New()
	app.Post("/", func(b resolve.Body[thing]) int { return b.Value.N })
	app.Patch("/", func(b resolve.Body[thing]) int { return b.Value.N })
	app.Post("/maybe", func(b resolve.Optional[resolve.Body[thing]]) bool { _, ok := b.Get(); return ok })
	app.Post("/form", func(f resolve.Form[thing]) int { return f.Value.N })
	require.NoError(t, app.Build())
	send := func(method, path, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		if contentType != "" {
			r.Header["Content-Type"] = strings.Split(contentType, "|")
		}
		return record(app, r)
	}
	const j, x, all = `{"n":7}`, "<thing><n>7</n></thing>", "application/json, application/xml, application/x-www-form-urlencoded, multipart/form-data"
	for _, row := range []struct {
		path, contentType, body string
		status                  int
		say                     string
	}{
		{"/", "", j, 200, "7"},
		{"/", "application/json", j, 200, "7"},
		{"/", "application/json; charset=UTF-8", j, 200, "7"},
		{"/", `application/json; charset="utf-8"`, j, 200, "7"},
		{"/", "application/json;charset=us-ascii", j, 200, "7"},
		{"/", "application/problem+json; charset=utf-8", j, 200, "7"},
		{"/", "application/atom+xml", x, 200, "7"},
		{"/", "text/xml;charset=US-ASCII", x, 200, "7"},
		{"/", "application/json; charset=iso-8859-1", j, 415, at("header.Content-Type", `has the charset "iso-8859-1"; send utf-8`)},
		{"/", "application/json; charset=utf-16", j, 415, `has the charset \"utf-16\"; send utf-8`},
		{"/", "text/xml; charset=windows-1252", x, 415, `has the charset \"windows-1252\"; send utf-8`},
		{"/", "application/x-www-form-urlencoded; charset=koi8-r", "n=7", 415, `has the charset \"koi8-r\"; send utf-8`},
		{"/form", "application/x-www-form-urlencoded; charset=koi8-r", "n=7", 415, `has the charset \"koi8-r\"; send utf-8`},
		{"/form", "application/x-www-form-urlencoded; charset=utf-8", "n=7", 200, "7"},
		{"/", "application/json", "\uFEFF" + j, 200, "7"},
		{"/", "application/vnd.x+json", "\uFEFF" + j, 200, "7"},
		{"/", "text/xml", "\uFEFF" + x, 200, "7"},
		{"/", "application/json", "\uFEFF\uFEFF" + j, 400, "is not valid JSON"},
		{"/", "application/json", "\uFEFF", 400, "is not valid JSON"},
		{"/", "application/json", "\xff\xfe{\x00}\x00", 400, "is not valid UTF-8"},
		{"/", "text/csv", j, 415, "is not supported; send application/json, application/xml, application/x-www-form-urlencoded or multipart/form-data"},
		{"/", "application/vnd.x+csv", j, 415, "is not supported"},
		{"/", "application/json, application/xml", j, 415, "is not supported"},
		{"/", "application/json|text/plain", j, 415, "is not supported"},
		{"/", "json", j, 415, "is not supported"},
		{"/", "application/json; charset", j, 415, "is not supported"},
		{"/", "+json", j, 415, "is not supported"},
		{"/", "", "", 400, at("body", "is required")},
		{"/", "application/json", "", 400, at("body", "is required")},
		{"/", "text/csv", "", 400, at("body", "is required")},
		{"/maybe", "", "", 200, "false"},
		{"/maybe", "text/csv", "", 200, "false"},
		{"/maybe", "text/csv", "x", 415, "is not supported"},
		{"/maybe", "", j, 200, "true"},
		{"/form", "", "", 400, at("form.n", "is required")},
		{"/form", "", "n=7", 415, "is missing; send application/x-www-form-urlencoded or multipart/form-data"},
	} {
		w := send(http.MethodPost, row.path, row.contentType, row.body)
		assert.Equal(t, row.status, w.Code, "%s %q", row.contentType, row.body)
		assert.Contains(t, w.Body.String(), row.say, "%s %q", row.contentType, row.body)
	}
	w := send(http.MethodPost, "/", "text/csv", j)
	assert.Equal(t, all, w.Header().Get("Accept"), "RFC 9110 section 15.5.16")
	assert.Equal(t, all, w.Header().Get("Accept-Post"))
	w = send(http.MethodPatch, "/", "text/csv", j)
	assert.Equal(t, all, w.Header().Get("Accept-Patch"), "RFC 5789 section 3.1")
	assert.Empty(t, w.Header().Get("Accept-Post"))
	assert.Empty(t, send(http.MethodPost, "/", "application/json", "{").Header().Get("Accept"), "the type was right")
}
