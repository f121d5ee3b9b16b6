package router

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type store interface{ Name() string }

func getItem(_ *service, id int) string { return "" }
func listItems() []string               { return nil }
func newService() *service              { return &service{} }

func TestBuildReportsEverything(t *testing.T) {
	r := New()
	r.Get("/items/{id:}", listItems)
	r.Get("/items/{id}", getItem)
	r.Get("POST /items", listItems)
	r.Get("Example.com/x", listItems)
	r.Handle("get /x", listItems)
	r.Handle("WEBSOCKET /x", listItems)
	r.Get("/nil", nil)
	r.Get("/class", class{})
	r.Get("/socket", socket)
	r.Endpoint("/func", listItems)
	r.Endpoint("/none", service{})
	r.WebSocket("/nohook", class{})
	r.Provide(inject.Singleton, listItems)
	r.Provide(inject.Singleton, func(s store) http.Handler { return nil })
	r.Provide(0, newService)
	r.Value(nil)
	r.Guard(listItems)
	r.Use(nil)
	r.Use(func(http.Handler) http.Handler { return nil })
	r.OnStart(func() int { return 0 })
	r.OnStop(func(store) {})
	r.Mount("/mnt", nil)
	r.Handle("/fn", http.HandlerFunc(nil))
	r.Static("/static", nil)
	r.Get("/opt", listItems, nil)
	r.Mount("/self", r)
	bad := r.Group("/{rest...}")
	bad.Get("/never/{seen", listItems) // the prefix is the problem
	bad.Group("/deeper").Get("/x", listItems)
	r.Get("/a", listItems).Name("twice")
	r.Get("/b", listItems).Name("twice")
	_, err := r.Build(BuildOptions{
		Config:  endpoint.Config{WebSocket: ws.Options{Origins: []string{"::"}}},
		Replace: []reflect.Value{reflect.ValueOf(&service{})},
	})
	require.Error(t, err)
	golden(t, err.Error()+"\n")

	var e *BuildError
	require.ErrorAs(t, err, &e)
	for _, p := range e.Problems {
		assert.NotErrorIs(t, p, inject.ErrReported)
	}
	assert.NotEmpty(t, inject.Problems(err), "those of package inject are found inside")
	var p *Problem
	require.ErrorAs(t, err, &p)
	assert.Regexp(t, `^build_test.go:\d+$`, p.Position)

	_, again := r.Build(BuildOptions{})
	assert.Error(t, again, "a failed build doesn't hide a problem from the next")
}

func TestConflicts(t *testing.T) {
	r := New()
	r.Get("/a/{x}", getX)
	r.Get("/a/{y}", getX)
	r.Get("/{x}/b", getX)
	r.Get("/{id:int}/c", getX)
	r.Get("/{year:[0-9]{4}}/c", getX)
	r.Handle("/a/any", listItems)
	r.Endpoint("/e", class{})
	r.Get("/e", listItems)
	r.WebSocket("/w", socket)
	r.WebSocket("/w", socket)
	g := r.Group("/m")
	g.Mount("", plain)
	r.Mount("/m", plain)
	_, err := r.Build(BuildOptions{})
	require.Error(t, err)
	golden(t, err.Error()+"\n")
}

func getX(x string) string { return x }

func TestAProviderIsReportedOnce(t *testing.T) {
	r := New()
	r.Provide(inject.Singleton, func(store) *service { return nil })
	for _, p := range []string{"/a/{id}", "/b/{id}", "/c/{id}"} {
		r.Get(p, getItem)
	}
	_, err := r.Build(BuildOptions{})
	var e *BuildError
	require.ErrorAs(t, err, &e)
	assert.Len(t, e.Problems, 1)
	assert.Contains(t, err.Error(), "there is 1 problem:")
}

func TestRegisteringTooLate(t *testing.T) {
	var log bytes.Buffer
	r := New()
	g := r.Group("/g")
	r.Get("/x", listItems)
	first, err := r.Build(BuildOptions{Config: endpoint.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	late := r.Get("/late", listItems)
	g.Provide(inject.Singleton, newService)
	g.Value(1)
	g.Use(mark("x"))
	g.Guard(func() error { return nil })
	g.Group("/h").Get("/late", listItems)
	r.OnStart(func() {})
	late.Name("x")
	assert.Equal(t, 404, do(first, "GET", "/late").Code, "what is built doesn't change")
	_, err = r.Build(BuildOptions{})
	require.Error(t, err)
	assert.Equal(t, err.Error(), r.Err().Error())
	assert.Equal(t, 9, strings.Count(err.Error(), "comes too late"))
	assert.Equal(t, 9, strings.Count(log.String(), "registration after the build is ignored"))
	_, err = late.URL()
	assert.ErrorContains(t, err, "too late")
}

// Builds share the registrations and nothing else.
func TestBuildsAreIndependent(t *testing.T) {
	var mu sync.Mutex
	made := 0
	r := New()
	r.Provide(inject.Singleton, func() *service {
		mu.Lock()
		defer mu.Unlock()
		made++
		return &service{"real"}
	})
	view := func(s *service) string { return s.name }
	r.Get("/x", view)
	inner := New()
	inner.Provide(inject.Singleton, func() *service { return &service{"inner"} })
	inner.Get("/x", view)
	r.Mount("/in", inner)
	r.Mount("/again", inner)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			fake := build(t, r, func(o *BuildOptions) { o.Replace = []reflect.Value{reflect.ValueOf(&service{"fake"})} })
			real := build(t, r)
			for path, want := range map[string]string{"/x": "real", "/in/x": "inner", "/again/x": "inner"} {
				assert.Equal(t, want, do(real, "GET", path).Body.String())
				assert.Equal(t, "fake", do(fake, "GET", path).Body.String())
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 8, made, "a replaced constructor is not called")
}

// A type that only the mounted router provides can be replaced.
func TestReplaceInAMountedRouter(t *testing.T) {
	inner := New()
	inner.Provide(inject.Singleton, newService)
	inner.Get("/x", func(s *service) string { return s.name })
	r := New()
	r.Mount("/in", inner)
	b := build(t, r, func(o *BuildOptions) { o.Replace = []reflect.Value{reflect.ValueOf(&service{"fake"})} })
	assert.Equal(t, "fake", do(b, "GET", "/in/x").Body.String())
}

// diary records the order of what happens.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, s)
}

// list returns the lines, but for the one whose time is not promised.
func (d *diary) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.lines), func(s string) bool { return s == contextOver })
}

const contextOver = "context over"

type (
	first  struct{ d *diary }
	second struct{ d *diary }
)

func (f *first) Close() error  { f.d.note("close first"); return errors.New("first fails") }
func (s *second) Close() error { s.d.note("close second"); return nil }

// alive is a handler with a life.
type alive struct {
	http.Handler
	d    *diary
	name string
	fail error
}

func (a *alive) Start(context.Context) error { a.d.note("start " + a.name); return a.fail }
func (a *alive) Drain(context.Context) error { a.d.note("drain " + a.name); return nil }
func (a *alive) Stop(context.Context) error  { a.d.note("stop " + a.name); return nil }

func lively(d *diary, fail error) *Router {
	r := New()
	r.Provide(inject.Singleton, func(ctx context.Context) *first {
		d.note("make first")
		context.AfterFunc(ctx, func() { d.note(contextOver) })
		return &first{d}
	})
	r.Provide(inject.Singleton, func(f *first) *second { d.note("make second"); return &second{d} })
	r.OnStart(func(*second, context.Context, *slog.Logger) { d.note("start hook 1") })
	r.OnStart(func() error { d.note("start hook 2"); return fail })
	r.OnStop(func(*first) { d.note("stop hook 1") })
	r.OnStop(func() error { d.note("stop hook 2"); panic("stop hook panics") })
	r.Get("/x", func(*second) string { return "x" })
	h := &alive{Handler: plain, d: d, name: "handler"}
	r.Mount("/a", h)
	r.Handle("/b", h)
	return r
}

func TestLife(t *testing.T) {
	d := &diary{}
	b, err := lively(d, nil).Build(BuildOptions{})
	require.NoError(t, err)
	assert.Empty(t, d.list(), "building makes nothing")
	require.NoError(t, b.Start(context.Background()))
	assert.Equal(t, "x", do(b, "GET", "/x").Body.String())
	require.NoError(t, b.Drain(context.Background()))
	d.note("--")
	err = b.Stop(context.Background())
	assert.ErrorContains(t, err, "first fails")
	assert.ErrorContains(t, err, "stop hook panics")
	want := []string{
		"make first", "make second", "start handler", "start hook 1", "start hook 2", "drain handler", "--",
		"stop hook 2", "stop hook 1", "stop handler", "close second", "close first",
	}
	assert.Equal(t, want, d.list())
	assert.Eventually(t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return slices.Contains(d.lines, contextOver)
	}, 5*time.Second, time.Millisecond)
}

func TestAFailedStartUndoesItself(t *testing.T) {
	d := &diary{}
	boom := errors.New("boom")
	b, err := lively(d, boom).Build(BuildOptions{})
	require.NoError(t, err)
	err = b.Start(context.Background())
	assert.ErrorIs(t, err, boom)
	assert.ErrorContains(t, err, "router: OnStart router.lively.func")
	assert.Equal(t, []string{
		"make first", "make second", "start handler", "start hook 1", "start hook 2", "stop handler", "close second", "close first",
	}, d.list())
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := New()
	r.OnStart(func(own context.Context) error {
		cancel()
		<-own.Done()
		return own.Err()
	})
	b, err := r.Build(BuildOptions{})
	require.NoError(t, err)
	assert.ErrorIs(t, b.Start(ctx), context.Canceled)
}
