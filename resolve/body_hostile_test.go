package resolve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a client sends does not come back at length.
func TestDecodeFaultsAreShort(t *testing.T) {
	type in struct {
		At time.Time `json:"at" xml:"at"`
	}
	app := fogo.New()
	app.Post("/", func(resolve.Body[in]) { t.Error("called") })
	for contentType, body := range map[string]string{
		"application/json": `{"at":"` + strings.Repeat("é", 100_000) + `"}`,
		"application/xml":  `<in><at>` + strings.Repeat("é", 100_000) + `</at></in>`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := record(app, r)
		assert.Equal(t, 400, w.Code)
		assert.Less(t, w.Body.Len(), 1000, contentType)
		assert.Contains(t, w.Body.String(), "…", contentType)
		assert.NotContains(t, w.Body.String(), "\uFFFD", "cut between characters")
	}
	require.NoError(t, app.Stop(context.Background()))
}

// A body in a coding that no middleware has taken off is told from one that is
// malformed.
func TestContentEncodings(t *testing.T) {
	type in struct {
		N int `json:"n" form:"n"`
	}
	app := fogo.New()
	app.Post("/body", func(b resolve.Body[in]) int { return b.Value.N })
	app.Post("/form", func(f resolve.Form[in]) int { return f.Value.N })
	app.Post("/file", func(f oneFile) int64 { return f.F.Size })
	app.Post("/parts", func(resolve.Parts) int { return 0 })
	app.Post("/raw", func(b resolve.RawBody) int { return len(b) })
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(`{"n":1}`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, row := range []struct {
		path, contentType, coding, body string
		status                          int
	}{
		{"/body", "application/json", "gzip", zipped.String(), 415},
		{"/body", "application/json", "", zipped.String(), 400},
		{"/body", "application/json", "identity", `{"n":1}`, 200},
		{"/body", "application/json", "identity", `{`, 400},
		{"/body", "application/x-www-form-urlencoded", "gzip", zipped.String(), 415},
		{"/form", "application/x-www-form-urlencoded", "br", "x", 415},
		{"/form", "application/x-www-form-urlencoded", " Identity ", "n=1", 200},
		{"/file", "multipart/form-data; boundary=b", "gzip", zipped.String(), 415},
		{"/parts", "multipart/form-data; boundary=b", "gzip", zipped.String(), 415},
		{"/raw", "application/json", "gzip", zipped.String(), 200},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, row.path, strings.NewReader(row.body))
		r.Header.Set("Content-Type", row.contentType)
		r.Header.Set("Content-Encoding", row.coding)
		w := record(app, r)
		assert.Equal(t, row.status, w.Code, "%s %s %s: %s", row.path, row.contentType, row.coding, w.Body)
		if row.status == 415 {
			assert.Contains(t, w.Body.String(), at("header.Content-Encoding", `"`+row.coding+`" is not supported; send the body as it is`))
			assert.Equal(t, "identity", w.Header().Get("Accept-Encoding"))
		}
	}
	require.NoError(t, app.Stop(context.Background()))
}

// More fields than can be read are told from fields that are malformed.
func TestManyFields(t *testing.T) {
	u := serveUpload(t, resolve.Uploads{}, func(in resolve.Form[struct{ N []int }]) int { return len(in.Value.N) }, endpoint.MaxBody(10<<20))
	const urlencoded = "application/x-www-form-urlencoded"
	status, answer, _ := u.post(urlencoded, strings.NewReader(strings.Repeat("n=1&", 9_999)+"n=1"))
	assert.Equal(t, 200, status)
	assert.Equal(t, "10000", answer)
	status, answer, _ = u.post(urlencoded, strings.NewReader(strings.Repeat("n=1&", 10_000)+"n=1"))
	assert.Equal(t, 413, status)
	assert.Contains(t, answer, at("form", "has more than 10000 fields"))
	status, answer, _ = u.post(urlencoded, strings.NewReader("n=%zz"))
	assert.Equal(t, 400, status)
	assert.Contains(t, answer, at("form", "is not a valid urlencoded form"))
}
