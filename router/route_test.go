package router

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	slug  string
	count uint8
	point struct{ x, y int }
	mark2 struct{ s string }
)

// MarshalText is on the pointer, as that of big.Int is.
func (m *mark2) MarshalText() ([]byte, error) { return []byte("marked " + m.s), nil }

func TestURL(t *testing.T) {
	r := New()
	at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		pattern string
		values  []any
		want    string
		err     string
	}{
		{"/", nil, "/", ""},
		{"/{id:int}", []any{42}, "/42", ""},
		{"/{id:int}", []any{count(7)}, "/7", ""},
		{"/{id:int}", []any{int64(-7)}, "/-7", ""},
		{"/{id:int}", []any{"x"}, "", `does not satisfy the constraint "int"`},
		{"/{s}/x", []any{slug("a b/c")}, "/a%20b%2Fc/x", ""},
		{"/{s}", []any{true}, "/true", ""},
		{"/{s}", []any{1e21}, "/1000000000000000000000", ""},
		{"/{s}", []any{float32(0.1)}, "/0.1", ""},
		{"/{s}", []any{at}, "/2026-11-21T07:00:00Z", ""},
		{"/{s}", []any{netip.MustParseAddr("::1")}, "/::1", ""},
		{"/{s}", []any{mark2{"x"}}, "/marked%20x", ""},
		{"/{s}", []any{&mark2{"x"}}, "/marked%20x", ""},
		{"/{s}", []any{point{}}, "", "value 1 for GET /{s}: a value of type router.point has no text"},
		{"/{s}", []any{nil}, "", "nil has no text"},
		{"/{s}", []any{(*mark2)(nil)}, "", "nil has no text"},
		{"/{s}", []any{""}, "", "the value is empty"},
		{"/{s}", []any{".."}, "", "would be cleaned away"},
		{"/{s}", nil, "", "has 1 variables, but got 0 values"},
		{"/f/{p...}", []any{"a/b c"}, "/f/a/b%20c", ""},
		{"example.com/{s}", []any{"x"}, "/x", ""},
	} {
		got, err := r.Get(c.pattern, nil).URL(c.values...)
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.pattern)
			continue
		}
		require.NoError(t, err, c.pattern)
		assert.Equal(t, c.want, got, c.pattern)
	}
	u, err := r.Group("/t/{tenant}").Mount("/app", plain).URL("acme", "x/y")
	assert.NoError(t, err)
	assert.Equal(t, "/t/acme/app/x/y", u)
	_, err = r.Get("/{", nil).URL()
	assert.ErrorContains(t, err, "the brace is never closed")
}

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
