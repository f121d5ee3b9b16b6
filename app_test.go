package fogo_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/router"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	leak.Main(cleaning{m})
}

// cleaning removes after the tests what they built.
type cleaning struct{ *testing.M }

func (c cleaning) Run() int {
	defer removeServer()
	return c.M.Run()
}

type (
	DB     struct{ name string }
	UserID int
	User   struct{ ID UserID }
)

func newDB() *DB                              { return &DB{"real"} }
func getUser(db *DB, id UserID) (User, error) { return User{id}, nil }
func dbName(db *DB) string                    { return db.name }

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

var line = regexp.MustCompile(`(_test\.go):\d+`)

// TestBuildErrorReadsWell is what a terminal shows for an application with
// several mistakes.
func TestBuildErrorReadsWell(t *testing.T) {
	app := fogo.New()
	app.Get("/users/{user_id}", getUser)
	app.Get("/users/{id:int}", func(id string) string { return id })
	app.Post("/users", func(u User) User { return u })
	app.Get("/users/{user_id}", getUser)
	app.WebSocket("/chat", func(db *DB, m struct{ X int }) {})
	app.Provide(inject.Singleton, func() (*DB, int) { return nil, 0 })
	app.OnStart(func(db DB) {})
	err := app.Build()
	require.Error(t, err)
	got := line.ReplaceAllString(err.Error(), "$1:N") + "\n"
	name := filepath.Join("testdata", t.Name()+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, rerr := os.ReadFile(name)
	require.NoError(t, rerr)
	assert.Equal(t, string(want), got)
	assert.Same(t, err, app.Build(), "the same again")
	var e *router.BuildError
	assert.ErrorAs(t, err, &e)
}

func TestBuildMakesNothing(t *testing.T) {
	var made atomic.Int32
	app := fogo.New()
	app.Provide(inject.Singleton, func() *DB { made.Add(1); return newDB() })
	app.Provide(inject.Singleton, func() *User { return nil })
	app.Get("/users/{user_id}", getUser).Name("user")
	require.NoError(t, app.Build())
	require.NoError(t, app.Build())
	assert.Zero(t, made.Load())
	require.Len(t, app.Routes(), 1)
	assert.Equal(t, "/users/{user_id}", app.Routes()[0].Pattern)
	require.Len(t, app.Warnings(), 1)
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Start(t.Context()), "starting again does nothing")
	assert.Equal(t, int32(1), made.Load())
	assert.JSONEq(t, `{"ID":7}`, get(app, "/users/7").Body.String())
	require.NoError(t, app.Stop(t.Context()))
	require.NoError(t, app.Stop(t.Context()), "stopping again does nothing")
	assert.ErrorIs(t, app.Start(t.Context()), fogo.ErrStopped)
	w := get(app, "/users/7")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	bad := fogo.New()
	bad.Get("/", dbName)
	assert.Nil(t, bad.Routes())
	assert.Nil(t, bad.Warnings())
	assert.NoError(t, bad.Drain(t.Context()))
}

func TestRegistrationAfterBuild(t *testing.T) {
	app := fogo.New()
	require.NoError(t, app.Build())
	app.Get("/late", dbName)
	assert.ErrorContains(t, app.Build(), "comes too late")
	assert.ErrorContains(t, app.Start(t.Context()), "comes too late")
	assert.ErrorContains(t, app.With().Build(), "comes too late")
}

func TestServeHTTPStartsTheApplication(t *testing.T) {
	var made atomic.Int32
	app := fogo.New()
	app.Provide(inject.Singleton, func() *DB { made.Add(1); return newDB() })
	app.Get("/db", dbName)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, "real", get(app, "/db").Body.String()) })
	}
	wg.Wait()
	assert.Equal(t, int32(1), made.Load())
	require.NoError(t, app.Stop(t.Context()))
	assert.Equal(t, 503, get(app, "/db").Code)
}

func TestServeHTTPOfAnApplicationThatCannotStart(t *testing.T) {
	for name, fail := range map[string]func(*fogo.App){
		"build": func(app *fogo.App) { app.Get("/{x", dbName) },
		"start": func(app *fogo.App) {
			app.Provide(inject.Singleton, func() (*DB, error) { return nil, errors.New("no database") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := fogo.New(fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			fail(app)
			app.Get("/db", dbName)
			for range 3 {
				w := get(app, "/db")
				assert.Equal(t, 500, w.Code)
				assert.NotContains(t, w.Body.String(), "database")
			}
			assert.Equal(t, 1, strings.Count(log.String(), "the application cannot start"))
		})
	}
}

// An application whose start failed may be started again.
func TestStartMayBeRepeated(t *testing.T) {
	var tries atomic.Int32
	app := fogo.New()
	app.Provide(inject.Singleton, func() (*DB, error) {
		if tries.Add(1) == 1 {
			return nil, errors.New("no database")
		}
		return newDB(), nil
	})
	app.Get("/db", dbName)
	assert.ErrorContains(t, app.Start(t.Context()), "no database")
	require.NoError(t, app.Start(t.Context()))
	assert.Equal(t, "real", get(app, "/db").Body.String())
	require.NoError(t, app.Stop(t.Context()))
}

type closes struct {
	name string
	note func(string)
}

func (c *closes) Close() error { c.note("close " + c.name); return nil }

type inner struct{ closes }
type outer struct{ closes }

func TestLife(t *testing.T) {
	var lines []string
	note := func(s string) { lines = append(lines, s) }
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { note("make inner"); return &inner{closes{"inner", note}} })
	app.Provide(inject.Singleton, func(*inner) *outer { note("make outer"); return &outer{closes{"outer", note}} })
	app.OnStart(func(ctx context.Context, _ *outer) error {
		note("start 1")
		return ctx.Err()
	})
	app.OnStart(func() { note("start 2") })
	app.OnStop(func(*inner) { note("stop 1") })
	app.OnStop(func() error { note("stop 2"); return errors.New("stop 2 fails") })
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, app.Start(ctx))
	cancel()
	assert.ErrorContains(t, app.Stop(t.Context()), "stop 2 fails")
	assert.Equal(t, []string{"make inner", "make outer", "start 1", "start 2", "stop 2", "stop 1", "close outer", "close inner"}, lines)
}

func TestWithIsAnotherApplication(t *testing.T) {
	app := fogo.New(fogo.WithMaxBody(10))
	app.Provide(inject.Singleton, newDB)
	app.Get("/db", dbName)
	app.Post("/", func(b resolve.RawBody) int { return len(b) })
	other := app.With(fogo.WithReplacement(&DB{"fake"}), fogo.WithMaxBody(5))
	post := func(h http.Handler, body string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(body)))
		return w.Code
	}
	assert.Equal(t, "fake", get(other, "/db").Body.String())
	assert.Equal(t, 413, post(other, "123456"))
	require.NoError(t, other.Stop(t.Context()))
	assert.Equal(t, "real", get(app, "/db").Body.String())
	assert.Equal(t, 200, post(app, "123456"))
	assert.Equal(t, 413, post(app, "12345678901"))
	require.NoError(t, app.Stop(t.Context()))
}

// validator refuses every value of the types it is asked about.
type validator struct{ compiled *int }

func (v validator) Compile(reflect.Type) (func(any) error, error) {
	*v.compiled++
	return func(any) error { return resolve.Violations{{Message: "is refused"}} }, nil
}

// ApplyValues makes a validator an option, as that of package playground.
func (v validator) ApplyValues(c *resolve.Config) { c.Validator = v }

func TestOptions(t *testing.T) {
	type body struct {
		N int `json:"n" validate:"max=1"`
	}
	for name, opt := range map[string]func(v validator) fogo.Option{
		"of another package": func(v validator) fogo.Option { return v },
		"WithValidator":      func(v validator) fogo.Option { return fogo.WithValidator(v) },
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			app := fogo.New(opt(validator{&n}), nil)
			app.Post("/", func(b resolve.Body[body]) int { return b.Value.N })
			require.NoError(t, app.Build())
			assert.NotZero(t, n)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(`{"n":1}`)))
			assert.Equal(t, 422, w.Code, w.Body)
			require.NoError(t, app.Stop(t.Context()))
		})
	}
	app := fogo.New(fogo.WithSlashRedirect(), fogo.WithCodecs(resolve.XML()))
	app.Get("/x/", func() User { return User{7} })
	assert.Equal(t, 307, get(app, "/x").Code)
	assert.Equal(t, "application/xml", get(app, "/x/").Header().Get("Content-Type"))
	require.NoError(t, app.Stop(t.Context()))
}

func TestObservers(t *testing.T) {
	var seen []string
	watch := func(name string) fogo.Option {
		return fogo.WithObserver(observe.ErrorFunc(func(_ context.Context, e observe.Error) {
			seen = append(seen, fmt.Sprint(name, " ", e.Request.URL.Path, " ", e.Err))
		}))
	}
	app := fogo.New(watch("a"))
	app.Get("/fail", func() error { return endpoint.NewError(418, "tea") })
	assert.Equal(t, 418, get(app, "/fail").Code)
	require.NoError(t, app.Stop(t.Context()))
	other := app.With(watch("b"))
	get(other, "/fail")
	require.NoError(t, other.Stop(t.Context()))
	assert.Equal(t, []string{"a /fail tea", "a /fail tea", "b /fail tea"}, seen)
}

// An application may be mounted in another, which then leads its life.
func TestMountedApplication(t *testing.T) {
	var lines []string
	part := fogo.New()
	part.OnStart(func() { lines = append(lines, "start part") })
	part.OnStop(func() { lines = append(lines, "stop part") })
	part.Get("/x", func() string { return "part" })
	app := fogo.New()
	app.OnStart(func() { lines = append(lines, "start") })
	app.OnStop(func() { lines = append(lines, "stop") })
	app.Mount("/part", part)
	require.NoError(t, app.Start(t.Context()))
	assert.Equal(t, "part", get(app, "/part/x").Body.String())
	require.NoError(t, app.Stop(t.Context()))
	assert.Equal(t, []string{"start part", "start", "stop", "stop part"}, lines)
}
