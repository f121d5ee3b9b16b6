package fogoprom_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	fogoprom "github.com/gofogo/fogo/observe/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// discard is an http.ResponseWriter that costs nothing itself.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func application(t testing.TB, opts ...fogo.Option) http.Handler {
	t.Helper()
	app := fogo.New(opts...)
	type made struct{}
	app.Provide(inject.PerCall, func() made { return made{} })
	app.Get("/users/{id}", func(int, made) string { return "hello" })
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	return app
}

func measured(t testing.TB) []fogo.Option {
	t.Helper()
	m, err := fogoprom.New(fogoprom.Options{})
	require.NoError(t, err)
	return []fogo.Option{fogo.WithObserver(m), fogo.WithObserver(m.Providers())}
}

// A request costs the one allocation that being observed costs.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	app := application(t, measured(t)...)
	w := &discard{header: http.Header{}}
	r := httptest.NewRequest(http.MethodGet, "/users/7", nil)
	n := testing.AllocsPerRun(1000, func() {
		clear(w.header)
		app.ServeHTTP(w, r)
	})
	assert.LessOrEqual(t, n, 1.0)
}

func BenchmarkRequest(b *testing.B) {
	for name, opts := range map[string][]fogo.Option{"plain": nil, "measured": measured(b)} {
		b.Run(name, func(b *testing.B) {
			app := application(b, opts...)
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, "/users/7", nil)
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				app.ServeHTTP(w, r)
			}
		})
	}
}
