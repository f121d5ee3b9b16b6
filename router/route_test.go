package router

import (
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What URL returns leads back to the route, with the same values.
func TestURLLeadsBack(t *testing.T) {
	r := New()
	rt := r.Get("/x/{s}/{path...}", func(s, path string) string { return s + "|" + path })
	b := build(t, r)
	for _, s := range []string{"a", "a b", "a/b", "%", "ä", "a?b#c", "...", "+"} {
		u, err := rt.URL(s, s+"/z")
		require.NoError(t, err)
		assert.Equal(t, s+"|"+s+"/z", do(b, "GET", u).Body.String(), u)
	}
}

func TestNamesAndExplain(t *testing.T) {
	r := New()
	rt := r.Get("/users/{id}", func(_ *service, id int) int { return id }).Name("user")
	raw := r.Handle("/raw", plain)
	assert.Contains(t, rt.Explain(), "is not built")
	r.Value(&service{})
	b := build(t, r)
	assert.Same(t, rt, b.Route("user"))
	assert.Nil(t, b.Route("nobody"))
	assert.Equal(t, "GET /users/{id}", rt.Pattern())
	assert.Contains(t, rt.Explain(), "path {id} by position")
	assert.Contains(t, rt.Explain(), "a value of type *router.service")
	assert.Contains(t, raw.Explain(), "served by router.init.func")
	assert.Contains(t, raw.Explain(), "as it is")
}

func TestRoutes(t *testing.T) {
	inner := New()
	inner.Get("/x", listItems).Name("inner")
	inner.Provide(inject.Singleton, func() *service { return nil })
	r := New()
	r.Endpoint("/class", class{})
	r.WebSocket("/ws", socket)
	r.Group("/g/{a}").Mount("/in", inner)
	r.Mount("/m", plain)
	r.Handle("/any", plain)
	r.Static("/s", page)
	b := build(t, r)
	var got [][3]string
	for _, info := range b.Routes() {
		got = append(got, [3]string{info.Method, info.Pattern, info.Handler})
		assert.NotEmpty(t, info.Registered)
		assert.NotNil(t, info.View)
	}
	assert.Equal(t, [][3]string{
		{"GET", "/class", "router.(*class).Get"},
		{"POST", "/class", "router.(*class).Post"},
		{"WEBSOCKET", "/ws", "router.socket"},
		{"GET", "/g/{a}/in/x", "router.listItems"},
		{"", "/m/{path...}", "router.init.func1"},
		{"", "/any", "router.init.func1"},
		{"GET", "/s/{path...}", "fstest.MapFS"},
	}, got)
	infos := b.Routes()
	assert.NotNil(t, infos[0].Program)
	assert.NotNil(t, infos[2].Program)
	assert.Nil(t, infos[4].Program)
	require.Len(t, b.Warnings(), 1)
	assert.Contains(t, b.Warnings()[0], "*router.service, which nothing needs")
}

func TestRouteIsKnownToTheView(t *testing.T) {
	r := New()
	r.Get("/x", func() error { return endpoint.NewError(418, "x") })
	b := build(t, r)
	assert.Equal(t, 418, do(b, "GET", "/x").Code)
}
