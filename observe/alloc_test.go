package observe_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// cheap observes without a cost of its own.
type cheap struct{}

func (cheap) BeginCall(ctx context.Context, _ observe.Call) context.Context { return ctx }
func (cheap) EndCall(context.Context, observe.Call, observe.CallEnd)        {}

type cheapProviders struct{}

func (cheapProviders) ObserveProvider(context.Context, observe.Provider) {}

// contending are the ways to observe one application.
var contending = []struct {
	name   string
	opts   []fogo.Option
	allocs float64
}{
	{"nobody", nil, 0},
	{"errors", []fogo.Option{fogo.WithObserver(observe.ErrorFunc(func(context.Context, observe.Error) {}))}, 0},
	{"calls", []fogo.Option{fogo.WithObserver(cheap{})}, 1},
	{"providers", []fogo.Option{fogo.WithObserver(cheapProviders{})}, 0},
}

// application has a typed GET with a provider, that otherwise allocates nothing.
func application(t testing.TB, opts ...fogo.Option) *fogo.App {
	t.Helper()
	app := fogo.New(opts...)
	app.Provide(inject.PerCall, func() user { return user{} })
	app.Get("/items/{id}", func(id int, _ user) item { return item{id} })
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	return app
}

// What nobody asks for costs nothing, and what somebody does little.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	var unobserved float64 // not 0 where functions are called by reflection
	for i, c := range contending {
		t.Run(c.name, func(t *testing.T) {
			app := application(t, c.opts...)
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, "/items/7", nil)
			n := testing.AllocsPerRun(1000, func() {
				clear(w.header)
				app.ServeHTTP(w, r)
			})
			if i == 0 && strings.Contains(app.Routes()[0].Program.Explain(), "called by reflect") {
				unobserved = n
			}
			assert.LessOrEqual(t, n, unobserved+c.allocs)
		})
	}
}

func BenchmarkObserved(b *testing.B) {
	for _, c := range contending {
		b.Run(c.name, func(b *testing.B) {
			app := application(b, c.opts...)
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, "/items/7", nil)
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				app.ServeHTTP(w, r)
			}
		})
	}
}
