package fogo_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestURLsOfAnApplication(t *testing.T) {
	app := fogo.New(fogo.WithBaseURL(middleware.BaseURL))
	part := fogo.New()
	part.Get("/items/{id}", func(id int) int { return id }).Name("item")
	app.Mount("/part", part).Name("part")
	_, err := app.URL("part:item", 1)
	assert.ErrorContains(t, err, "before the application is built")
	var inHook string
	app.OnStart(func() (err error) { inHook, err = app.URL("part:item", 1); return err })
	require.NoError(t, app.Start(t.Context()))
	defer func() { assert.NoError(t, app.Stop(context.Background())) }()
	assert.Equal(t, "/part/items/1", inHook)

	// Only a trusted proxy is believed.
	seen := func(remote string) string {
		var got string
		h := middleware.RealIP(middleware.RealIPOptions{Trusted: middleware.PrivateNetworks(), Host: true})
		r := httptest.NewRequest("GET", "http://inside:8080/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "example.com")
		h(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var err error
			got, err = app.URLFor(r, "part:item", 7)
			assert.NoError(t, err)
		})).ServeHTTP(httptest.NewRecorder(), r)
		return got
	}
	assert.Equal(t, "https://example.com/part/items/7", seen("10.0.0.1:1"))
	assert.Equal(t, "http://inside:8080/part/items/7", seen("203.0.113.9:1"))
}

func TestPublicURLOfAnApplication(t *testing.T) {
	app := fogo.New(fogo.WithPublicURL("https://example.com/app"))
	app.Get("/x", func() string { return "" }).Name("x")
	require.NoError(t, app.Build())
	u, err := app.URLFor(nil, "x")
	assert.NoError(t, err)
	assert.Equal(t, "https://example.com/app/x", u)
	assert.ErrorContains(t, fogo.New(fogo.WithPublicURL("ftp://x")).Build(), "has no scheme http or https")
}
