package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// place shows what a handler below mounts sees of its request.
func place(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "%s | %s | %s %s", r.URL, r.Pattern, r.PathValue("tenant"), r.PathValue("id"))
}

func TestWhatIsSeenBelowMounts(t *testing.T) {
	type tenant string
	deep := New()
	deep.Handle("GET /raw/{id}", http.HandlerFunc(place))
	deep.Get("/", text("deep root"))
	deep.Mount("/other", http.HandlerFunc(place))
	shop := New()
	shop.Get("/items/{id}", func(tn tenant, id int, r *http.Request) string { return fmt.Sprint(tn, id, " ", r.URL, " ", r.Pattern) })
	shop.Get("/none/{id}", func(id int) int { return id }) // the tenant may be left
	shop.Mount("/deep", deep)
	shop.WebSocket("/ws/{id}", func(_ *ws.WebSocket, tn tenant, id int) error { return endpoint.NewError(418, fmt.Sprint(tn, id)) })
	r := New()
	g := r.Group("/t/{tenant}")
	g.Mount("/shop", shop)
	g.Guard(func(tenant) error { return nil })
	r.Group("shop.example.com/").Mount("/", deep)
	b := build(t, r)
	for _, c := range []struct{ target, want string }{
		{"/t/acme/shop/items/7?q=1", "acme7 /items/7?q=1 GET /t/{tenant}/shop/items/{id}"},
		{"/t/a%2Fb/shop/items/7", "a/b7 /items/7 GET /t/{tenant}/shop/items/{id}"},
		{"/t/acme/shop/none/7", "7"},
		{"/t/acme/shop/deep", "deep root"},
		{"/t/acme/shop/deep/", "deep root"},
		{"/t/acme/shop/deep/raw/a%2Fb?q", "/raw/a%2Fb?q | GET /t/{tenant}/shop/deep/raw/{id} | acme a/b"},
		{"/t/acme/shop/deep/other/x", "/x | /t/{tenant}/shop/deep/other/{path...} | acme "},
		{"http://shop.example.com/raw/1", "http://shop.example.com/raw/1 | GET shop.example.com/raw/{id} |  1"},
		{"http://shop.example.com/", "deep root"},
	} {
		w := do(b, "GET", c.target)
		assert.Equal(t, 200, w.Code, c.target)
		assert.Equal(t, c.want, w.Body.String(), c.target)
	}
	w := do(b, "GET", "/t/acme/shop/ws/3", upgrade)
	assert.Equal(t, 418, w.Code)
	assert.Contains(t, w.Body.String(), "acme3")
	var got []string
	for _, info := range b.Routes() {
		got = append(got, strings.TrimSpace(info.Method+" "+info.Pattern))
	}
	assert.Equal(t, []string{
		"GET /t/{tenant}/shop/items/{id}", "GET /t/{tenant}/shop/none/{id}",
		"GET /t/{tenant}/shop/deep/raw/{id}", "GET /t/{tenant}/shop/deep/", "/t/{tenant}/shop/deep/other/{path...}",
		"WEBSOCKET /t/{tenant}/shop/ws/{id}",
		"GET shop.example.com/raw/{id}", "GET shop.example.com/", "shop.example.com/other/{path...}",
	}, got)
}

func TestURLsBelowMounts(t *testing.T) {
	items := New()
	item := items.Get("/{id}", func(int) {}).Name("item")
	shop := New()
	shop.Mount("/items", items).Name("items")
	r := New()
	r.Group("/t/{tenant}").Mount("/shop", shop).Name("shop")
	_, err := item.URL("acme", 7)
	assert.ErrorContains(t, err, "is not built, and has no URL before: call Build first")
	assert.Equal(t, "GET /{id}", item.Pattern())
	b := build(t, r)
	u, err := item.URL("acme", 7)
	require.NoError(t, err)
	assert.Equal(t, "/t/acme/shop/items/7", u)
	assert.Equal(t, "GET /t/{tenant}/shop/items/{id}", item.Pattern())
	assert.Contains(t, item.Explain(), "GET /t/{tenant}/shop/items/{id}")
	assert.Same(t, item, b.Route("shop:items:item"))
	_, err = b.URL("item", 7)
	assert.ErrorContains(t, err, `no route is named "item"`)
	u, err = b.URL("shop:items:item", map[string]any{"id": 7, "tenant": "a/b"})
	require.NoError(t, err)
	assert.Equal(t, "/t/a%2Fb/shop/items/7", u)

	build(t, shop)
	u, err = item.URL("acme", 7)
	assert.NoError(t, err, "what is mounted may be built alone too")
	assert.Equal(t, "/t/acme/shop/items/7", u)
}

func TestAURLInTwoPlaces(t *testing.T) {
	inner := New()
	rt := inner.Get("/{id}", func(int) {}).Name("x")
	r := New()
	r.Mount("/a", inner).Name("a")
	r.Mount("b.example.com/", inner).Name("b")
	b := build(t, r)
	_, err := rt.URL(1)
	assert.ErrorContains(t, err, "is mounted in several places, GET /a/{id} and GET b.example.com/{id}: name the mounts")
	for name, want := range map[string]string{"a:x": "/a/1", "b:x": "//b.example.com/1"} {
		u, err := b.URL(name, 1)
		assert.NoError(t, err)
		assert.Equal(t, want, u)
	}
}

func TestProvidersAroundAMount(t *testing.T) {
	made := 0
	type own struct{ s *service }
	view := func(s *service) string { return s.name }
	inner := New()
	inner.Provide(inject.Singleton, func(s *service) *own { made++; return &own{s} })
	inner.Get("/x", view)
	inner.Get("/own", func(o *own) string { return o.s.name })
	g := inner.Group("/g")
	g.Value(&service{"group"})
	g.Get("/x", view)
	g.Get("/own", func(o *own) string { return o.s.name })
	r := New()
	r.Provide(inject.Singleton, func() *service { made++; return &service{"outer"} })
	r.Get("/x", view)
	r.Group("/in").Mount("/m", inner)
	r.Mount("/again", inner)
	b := build(t, r)
	for path, want := range map[string]string{
		"/x": "outer", "/in/m/x": "outer", "/in/m/own": "outer", "/in/m/g/x": "group", "/in/m/g/own": "outer", "/again/own": "outer", "/again/g/x": "group",
	} {
		assert.Equal(t, want, do(b, "GET", path).Body.String(), path)
	}
	assert.Equal(t, 2, made, "each Singleton is made once")

	// The same router elsewhere is none the wiser.
	other := New()
	other.Value(&service{"other"})
	other.Mount("/", inner)
	assert.Equal(t, "other", do(build(t, other), "GET", "/own").Body.String())
	assert.Equal(t, "outer", do(b, "GET", "/in/m/own").Body.String())
	_, err := inner.Build(BuildOptions{})
	assert.ErrorContains(t, err, "router.service", "alone it lacks something")
}

func TestMountProblems(t *testing.T) {
	r := New()
	inner := New()
	inner.Get("/{id}", func(int) {})
	inner.Get("example.com/x", text(""))
	inner.Post("/twice", func() {})
	inner.Post("/twice", func() {})
	r.Group("/a/{id}").Mount("/m", inner)

	hosted := New()
	hosted.Get("example.org/x", text(""))
	r.Mount("example.com/h", hosted)

	shared := New()
	shared.Get("/x", text(""))
	one, two := r.Group("/one"), r.Group("/two")
	one.Value(&service{"1"})
	two.Value(&service{"2"})
	one.Mount("/s", shared)
	two.Mount("/s", shared)

	hidden := New()
	hidden.Get("/x/y", text(""))
	hidden.Get("/{a}/{b}", func(a, b string) {})
	r.Mount("/hidden", hidden)
	r.Get("/hidden/{z}/y", func(string) {})
	r.Get("/hidden/p/q", text("")) // more specific than what it hides

	same := New()
	same.Get("/x", text(""))
	r.Mount("/same", same)
	r.Get("/same/x", text(""))
	_, err := r.Build(BuildOptions{})
	require.Error(t, err)
	golden(t, err.Error()+"\n")
}

// What a mounted router does not answer it refuses itself, through its own
// middleware, and it lists what its paths have outside.
func TestMethodsAcrossMounts(t *testing.T) {
	inner := New()
	inner.Use(mark("inner"))
	inner.Get("/both", text("inner"))
	inner.Post("/own", func() {})
	r := New()
	r.Mount("/m", inner)
	r.Put("/m/both", func() {})
	r.Get("/m/outside", text("outside"))
	b := build(t, r)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
		inside       bool
	}{
		{"GET", "/m/both", 200, "", true},
		{"HEAD", "/m/both", 200, "", true},
		{"PUT", "/m/both", 204, "", false},
		{"DELETE", "/m/both", 405, "GET, HEAD, PUT, OPTIONS", true},
		{"OPTIONS", "/m/both", 204, "GET, HEAD, PUT, OPTIONS", true},
		{"OPTIONS", "/m/own", 204, "POST, OPTIONS", true},
		{"GET", "/m/own", 405, "POST, OPTIONS", true},
		{"GET", "/m/outside", 200, "", false},
		{"POST", "/m/outside", 405, "GET, HEAD, OPTIONS", true},
		{"OPTIONS", "/m/outside", 204, "GET, HEAD, OPTIONS", true},
		{"GET", "/m/nowhere", 404, "", true},
		{"OPTIONS", "/m/nowhere", 404, "", true},
	} {
		w := do(b, c.method, c.path)
		assert.Equal(t, c.status, w.Code, "%s %s", c.method, c.path)
		assert.Equal(t, c.allow, w.Header().Get("Allow"), "%s %s", c.method, c.path)
		assert.Equal(t, c.inside, trace(w.Header()) != "", "%s %s", c.method, c.path)
	}
}

// No redirect leaves the host, and none loses the query.
func TestRedirectsStay(t *testing.T) {
	inner := New()
	inner.Get("/x/", text(""))
	inner.Get("/{p...}", func(string) {})
	r := New()
	r.Mount("/m", inner)
	r.Get("/a/{x}/", func(string) {})
	b := build(t, r, func(o *BuildOptions) { o.RedirectSlash = true })
	for _, path := range []string{
		"//evil.example", "//evil.example/", "///evil.example", "/\\evil.example/..", "/m//evil.example", "/m/..//evil.example", "/./evil.example//",
		"/a/evil.example", "/a//evil.example", "/a/%2Fevil.example", "/a/http:evil", "/a/%5Cevil.example", "/m/x", "//%2Fevil.example/", "/.//evil.example",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		u, err := r.URL.Parse("http://example.com/")
		require.NoError(t, err)
		head, query, _ := strings.Cut(path+"?to=//evil", "?")
		u.RawQuery = query
		if u.Path, err = pathOf(head); err != nil {
			continue
		}
		if u.RawPath = head; u.EscapedPath() != head {
			u.RawPath = ""
		}
		r.URL = u
		r.Host = "example.com"
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		location := w.Header().Get("Location")
		if location == "" {
			continue
		}
		assert.Equal(t, 307, w.Code)
		to, err := u.Parse(location)
		require.NoError(t, err)
		assert.Equal(t, "example.com", to.Host, "%s leads to %s", path, location)
		assert.False(t, strings.HasPrefix(location, "//") || strings.HasPrefix(location, "/\\"), location)
		assert.Equal(t, "to=//evil", to.RawQuery, path)
	}
}

func pathOf(escaped string) (string, error) {
	r, err := http.NewRequest("GET", "http://example.com"+escaped, nil)
	if err != nil {
		return "", err
	}
	return r.URL.Path, nil
}

// A router that is mounted twice has one life.
func TestMountedTwiceLivesOnce(t *testing.T) {
	d := &diary{}
	inner := New()
	inner.OnStart(func() { d.note("start hook") })
	inner.OnStop(func() { d.note("stop hook") })
	inner.Mount("/h", &alive{Handler: plain, d: d, name: "handler"})
	inner.Get("/{", text("")) // told once, too
	r := New()
	r.Mount("/a", inner)
	r.Mount("/b", inner)
	_, err := r.Build(BuildOptions{})
	var e *BuildError
	require.ErrorAs(t, err, &e)
	assert.Len(t, e.Problems, 1)

	inner.reg.items = inner.reg.items[:1]
	b, err := r.Build(BuildOptions{})
	require.NoError(t, err)
	require.NoError(t, b.Start(context.Background()))
	require.NoError(t, b.Drain(context.Background()))
	assert.Equal(t, "GET /x", do(b, "GET", "/b/h/x").Body.String())
	require.NoError(t, b.Stop(context.Background()))
	assert.Equal(t, []string{"start handler", "start hook", "drain handler", "stop hook", "stop handler"}, d.list())
}

// Many variables, outside and inside, spill over what is on the stack.
func TestManyVariablesBelowAMount(t *testing.T) {
	inner := New()
	inner.Handle("/{g}/{h}/{i}/{j}/{k}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range strings.Split("abcdefghijk", "") {
			_, _ = io.WriteString(w, r.PathValue(name))
		}
	}))
	inner.Get("/x/{g}/{h}/{i}/{j}/{k}", func(g, h, i, j, k string) string { return g + h + i + j + k })
	r := New()
	r.Group("/{a}/{b}/{c}/{d}/{e}/{f}").Mount("/m", inner)
	b := build(t, r)
	assert.Equal(t, "1234567890z", do(b, "GET", "/1/2/3/4/5/6/m/7/8/9/0/z").Body.String())
	assert.Equal(t, "7890z", do(b, "GET", "/1/2/3/4/5/6/m/x/7/8/9/0/z").Body.String())
}

var errApp = errors.New("the application's own")

// app is what package fogo's App is to a router.
type app struct {
	*Router
	built *Built
}

func (a *app) Build() (err error) {
	if a.built == nil {
		a.built, err = a.Router.Build(BuildOptions{})
	}
	return err
}
func (a *app) Routes() []RouteInfo                              { return a.built.Routes() }
func (a *app) Warnings() []string                               { return []string{"a warning"} }
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.built.ServeHTTP(w, r) }
func (a *app) Start(ctx context.Context) error                  { return a.built.Start(ctx) }
func (a *app) Stop(ctx context.Context) error                   { return errors.Join(a.built.Stop(ctx), errApp) }

func TestMountedApplications(t *testing.T) {
	part := &app{Router: New()}
	part.Value(&service{"part"})
	item := part.Get("/items/{id}", func(_ *service, id int) int { return id }).Name("item")
	host := part.Get("example.com/x", text("hosted"))
	r := New()
	r.Group("/{tenant}").Mount("/p", part).Name("part")
	b, err := r.Build(BuildOptions{PublicURL: "https://example.org"})
	require.NoError(t, err)
	require.NoError(t, b.Start(context.Background()))
	assert.Equal(t, "7", do(b, "GET", "/acme/p/items/7").Body.String())
	assert.Equal(t, []string{"a warning"}, b.Warnings())
	require.Len(t, b.Routes(), 2)
	assert.Equal(t, "/{tenant}/p/items/{id}", b.Routes()[0].Pattern)
	u, err := item.URL("acme", 7)
	assert.NoError(t, err)
	assert.Equal(t, "/acme/p/items/7", u)
	u, err = b.URLFor(nil, "part:item", "acme", 7)
	assert.NoError(t, err)
	assert.Equal(t, "https://example.org/acme/p/items/7", u)
	u, err = host.URL("acme")
	assert.NoError(t, err)
	assert.Equal(t, "//example.com/acme/p/x", u)
	assert.ErrorIs(t, b.Stop(context.Background()), errApp)

	clash := &app{Router: New()}
	rt := clash.Get("/{tenant}", func(string) {})
	clash.Get("/lost/x", text(""))
	r = New()
	r.Group("/{tenant}").Mount("/p", clash)
	_, err = r.Build(BuildOptions{})
	require.NoError(t, err)
	_, err = rt.URL("a", "b")
	assert.ErrorContains(t, err, "occurs twice")
}

func TestApplicationsMountedInEachOther(t *testing.T) {
	a, b := &app{Router: New()}, &app{Router: New()}
	a.Mount("/b", b)
	b.Mount("/a", a)
	assert.ErrorContains(t, a.Build(), "the application is mounted in itself")
	bad := &app{Router: New()}
	bad.Get("/{", text(""))
	r := New()
	r.Mount("/bad", bad)
	_, err := r.Build(BuildOptions{})
	assert.ErrorContains(t, err, "the brace is never closed")
}

// A mount below a wider route that has a method, such as the files of the whole
// site, takes all requests below its prefix; and the other way round.
func TestMountBelowWiderRoutes(t *testing.T) {
	inner := New()
	inner.Get("/x", text("inner"))
	inner.Post("/x", func() endpoint.Created[string] { return endpoint.Created[string]{Body: "made"} })
	register := []func(*Router){
		func(r *Router) { r.Static("/", page) },
		func(r *Router) { r.Mount("/app", inner).Name("app") },
		func(r *Router) { r.Mount("/raw", http.HandlerFunc(place)) },
		func(r *Router) { r.Get("/app/x/more", text("outer")) },
		func(r *Router) { r.Handle("LOCK /{path...}", http.HandlerFunc(place)) },
		func(r *Router) { r.Post("/{path...}", func(string) string { return "posted" }) },
	}
	for i := range register {
		r := New()
		for j := range register {
			register[(i+j)%len(register)](r)
		}
		b := build(t, r)
		for _, row := range []struct {
			method, target string
			status         int
			body, allow    string
		}{
			{"GET", "/", 200, "<p>home", ""},
			{"GET", "/css/app.css", 200, "p{}", ""},
			{"POST", "/css/app.css", 200, "posted", ""},
			{"GET", "/app/x", 200, "inner", ""},
			{"HEAD", "/app/x", 200, "", ""},
			{"POST", "/app/x", 201, "made", ""},
			{"PUT", "/app/x", 405, "", "GET, HEAD, POST, OPTIONS"},
			{"OPTIONS", "/app/x", 204, "", "GET, HEAD, POST, OPTIONS"},
			{"GET", "/app/css/app.css", 404, "", ""},
			{"GET", "/app", 404, "", ""},
			{"GET", "/app/x/more", 200, "outer", ""},
			{"PUT", "/app/x/more", 405, "", "GET, HEAD, OPTIONS"},
			{"GET", "/raw/a?b", 200, "/a?b | /raw/{path...} |  ", ""},
			{"PATCH", "/raw/a", 200, "/a | /raw/{path...} |  ", ""},
			{"LOCK", "/raw/a", 200, "/a | /raw/{path...} |  ", ""},
			{"LOCK", "/b", 200, "/b | LOCK /{path...} |  ", ""},
			{"GET", "/nowhere", 404, "", ""},
		} {
			w := do(b, row.method, row.target)
			assert.Equal(t, row.status, w.Code, "%s %s", row.method, row.target)
			assert.Equal(t, row.allow, w.Header().Get("Allow"), "%s %s", row.method, row.target)
			if row.status < 300 {
				assert.Equal(t, row.body, w.Body.String(), "%s %s", row.method, row.target)
			}
		}
		var raw []string
		for _, info := range b.Routes() {
			if strings.HasPrefix(info.Pattern, "/raw") {
				raw = append(raw, info.Method+" "+info.Pattern)
			}
		}
		assert.Equal(t, []string{" /raw/{path...}"}, raw)
	}
	// Where nothing is wider, a mount takes methods that nobody has heard of.
	r := New()
	r.Static("/files", page)
	r.Mount("/dav", http.HandlerFunc(place))
	assert.Equal(t, 200, do(build(t, r), "PROPFIND", "/dav/a").Code)
}

// What is mounted around the prefix of another mount, or on another host, is in
// nobody's way; what overlaps is a conflict as it was.
func TestMountBesideRoutes(t *testing.T) {
	r := New()
	r.Get("example.com/{path...}", func(string) string { return "" })
	r.Mount("/", http.HandlerFunc(place))
	r.Mount("/a", http.HandlerFunc(place))
	assert.Equal(t, 200, do(build(t, r), "PROPFIND", "/a/b").Code)
	bad := New()
	bad.Get("/{x}/b/{path...}", func(x, p string) string { return "" })
	bad.Mount("/a", http.HandlerFunc(place))
	_, err := bad.Build(BuildOptions{})
	assert.ErrorContains(t, err, "conflicts with")
}

// The prefix of a mount is its root, also without a slash behind it. Links of a
// page that is there need one.
func TestStaticAtTheRootOfAMount(t *testing.T) {
	site := New()
	site.Static("/", page)
	deep := New()
	deep.Mount("/", site)
	r := New()
	r.Mount("/site", site)
	r.Mount("/deep/x", deep)
	r.Mount("/v/{tenant}", site)
	r.Mount("/std", http.FileServerFS(page))
	b := build(t, r)
	for _, row := range []struct {
		target   string
		status   int
		location string
	}{
		{"/site", 307, "./site/"},
		{"/site?a=b", 307, "./site/?a=b"},
		{"/site/", 200, ""},
		{"/site/docs", 301, "docs/"},
		{"/site/docs/", 200, ""},
		{"/deep/x", 307, "./x/"},
		{"/deep/x/", 200, ""},
		{"/v/a%20b", 307, "./a%20b/"},
		{"/v/a:b", 307, "./a:b/"},
		{"/v/a%2Fb", 307, "./a%2Fb/"},
		{"/v/a/", 200, ""},
	} {
		w := do(b, "GET", row.target)
		assert.Equal(t, row.status, w.Code, row.target)
		assert.Equal(t, row.location, w.Header().Get("Location"), row.target)
	}
}
