package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func hinting(hints endpoint.EarlyHints) (string, error) {
	return "page", hints.Send(endpoint.Link{URL: "/app.css", Rel: "preload", As: "style"},
		endpoint.Link{URL: "https://cdn.example/f.woff2", Rel: "preload", As: "font", CrossOrigin: "anonymous", Type: "font/woff2"})
}

var hinted = []string{"</app.css>; rel=preload; as=style", `<https://cdn.example/f.woff2>; rel=preload; as=font; crossorigin=anonymous; type="font/woff2"`}

func TestEarlyHints(t *testing.T) {
	h, err := endpoint.New(hinting)
	require.NoError(t, err)
	for _, h2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(h)
		srv.EnableHTTP2 = h2
		srv.StartTLS()
		defer srv.Close()
		var early []string
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			assert.Equal(t, 103, code)
			early = header["Link"]
			return nil
		}})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, h2, res.ProtoMajor == 2)
		assert.Equal(t, 200, res.StatusCode)
		assert.Equal(t, hinted, early)
		assert.Equal(t, hinted, res.Header["Link"])
	}
	s := serve(t, hinting)
	old := s.raw("GET / HTTP/1.0\r\n\r\n", false)
	assert.True(t, strings.HasPrefix(old, "HTTP/1.0 200"), "a client of HTTP/1.0 knows of no hints: %s", old)
}

func TestEarlyHintsThatAreNone(t *testing.T) {
	for _, l := range []endpoint.Link{
		{}, {URL: "/a"}, {URL: "/a>\r\nX: y", Rel: "preload"}, {URL: "/a>; rel=evil", Rel: "preload"}, {URL: "javascript:x", Rel: "preload"},
		{URL: "/a", Rel: "pre\nload"}, {URL: "/a", Rel: `x"`}, {URL: "/a b", Rel: "preload"},
	} {
		s := serve(t, func(hints endpoint.EarlyHints) error { return hints.Send(endpoint.Link{URL: "/ok", Rel: "preload"}, l) })
		got := s.get("/")
		assert.Equal(t, 500, got.status, "%v", l)
		assert.Empty(t, got.header.Get("Link"))
	}
}

// An error after the hints is still answered.
func TestErrorAfterEarlyHints(t *testing.T) {
	got := serve(t, func(hints endpoint.EarlyHints) (string, error) {
		require.NoError(t, hints.Send(endpoint.Link{URL: "/a", Rel: "preload"}))
		return "", &myErr{"taken"}
	}).get("/")
	assert.Equal(t, 409, got.status)
}
