package fogo_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// state asks for readiness.
func state(app http.Handler) (int, string) {
	w := get(app, "/readyz")
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestHealth(t *testing.T) {
	app := fogo.New(fogo.WithHealth("/healthz", "/readyz"))
	app.Provide(inject.Singleton, newDB)
	app.Get("/db", dbName)
	app.Use(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	})
	w := get(app, "/healthz")
	assert.Equal(t, 200, w.Code, "middleware has no say in it")
	assert.JSONEq(t, `{"status":"alive"}`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	code, body := state(app)
	assert.Equal(t, 200, code, "being asked starts the application, as any request does")
	assert.JSONEq(t, `{"status":"ready"}`, body)
	assert.Equal(t, 401, get(app, "/db").Code)

	head := httptest.NewRecorder()
	app.ServeHTTP(head, httptest.NewRequest("HEAD", "/readyz", nil))
	assert.Equal(t, 200, head.Code)
	assert.Empty(t, head.Body.String())
	post := httptest.NewRecorder()
	app.ServeHTTP(post, httptest.NewRequest("POST", "/readyz", nil))
	assert.Equal(t, 405, post.Code)
	assert.Equal(t, "GET, HEAD", post.Header().Get("Allow"))

	require.NoError(t, app.Drain(t.Context()))
	code, body = state(app)
	assert.Equal(t, 503, code)
	assert.JSONEq(t, `{"status":"draining"}`, body)
	require.NoError(t, app.Stop(t.Context()))
	code, _ = state(app)
	assert.Equal(t, 503, code)
	assert.Equal(t, 200, get(app, "/healthz").Code)
}

func TestReadinessOfAnApplicationThatCannotStart(t *testing.T) {
	app := fogo.New(fogo.WithHealth("/healthz", "/readyz"))
	app.OnStart(func() error { return errors.New("secret") })
	code, body := state(app)
	assert.Equal(t, 503, code)
	assert.JSONEq(t, `{"status":"failed"}`, body)
}

func TestReadinessWhileStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := fogo.New(fogo.WithHealth("/healthz", "/readyz"))
		app.OnStart(func() { time.Sleep(time.Minute) })
		go func() { assert.NoError(t, app.Start(t.Context())) }()
		synctest.Wait()
		code, body := state(app)
		assert.Equal(t, 503, code, "at once")
		assert.JSONEq(t, `{"status":"starting"}`, body)
		time.Sleep(2 * time.Minute)
		code, _ = state(app)
		assert.Equal(t, 200, code)
		require.NoError(t, app.Stop(t.Context()))
	})
}

type pinged struct {
	fail  atomic.Bool
	asked atomic.Int32
}

func (p *pinged) ping() error {
	p.asked.Add(1)
	if p.fail.Load() {
		return errors.New("secret: no connection")
	}
	return nil
}

func TestReadyChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := fogo.New(fogo.WithHealth("", "/readyz"), fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		db := &pinged{}
		app.Value(db)
		app.Ready(func(_ context.Context, _ *slog.Logger, p *pinged) error { return p.ping() }).Name("database")
		app.Ready(healthy)
		require.NoError(t, app.Start(t.Context()))

		_, body := state(app)
		assert.JSONEq(t, `{"status":"ready","checks":[{"name":"database","status":"ok"},{"name":"fogo_test.healthy","status":"ok"}]}`, body)
		db.fail.Store(true)
		code, _ := state(app)
		assert.Equal(t, 200, code, "told again without asking")
		assert.Equal(t, int32(1), db.asked.Load())

		time.Sleep(2 * time.Second)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				code, body := state(app)
				assert.Equal(t, 503, code)
				assert.Contains(t, body, `{"name":"database","status":"failed"}`)
				assert.NotContains(t, body, "secret")
			})
		}
		wg.Wait()
		assert.Equal(t, int32(2), db.asked.Load(), "one round for all who ask at once")
		time.Sleep(2 * time.Second)
		_, _ = state(app)
		assert.Equal(t, 1, strings.Count(log.String(), "secret: no connection"), "logged when it changes")

		db.fail.Store(false)
		time.Sleep(2 * time.Second)
		code, _ = state(app)
		assert.Equal(t, 200, code)
		assert.Contains(t, log.String(), "succeeds again")
		require.NoError(t, app.Stop(t.Context()))
	})
}

func healthy() error { return nil }

func TestReadyChecksTakeNoLongerThanTheyMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := fogo.New(fogo.WithHealth("", "/readyz"))
		var running, most atomic.Int32
		app.Ready(func() error { // deaf to its context
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Minute)
			return nil
		}).Name("deaf")
		app.Ready(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}).Name("slow").Timeout(3 * time.Second)
		app.Ready(func() error { panic("secret") }).Name("panics")
		require.NoError(t, app.Start(t.Context()))
		for range 3 {
			begin := time.Now()
			code, body := state(app)
			assert.Equal(t, 503, code)
			assert.Contains(t, body, `{"name":"deaf","status":"timeout"},{"name":"slow","status":"timeout"},{"name":"panics","status":"failed"}`)
			assert.Equal(t, 3*time.Second, time.Since(begin), "all at once")
			time.Sleep(2 * time.Second)
		}
		assert.Equal(t, int32(1), most.Load(), "never two of one kind")

		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
		assert.Equal(t, 503, w.Code, "who asks need not wait")
		require.NoError(t, app.Stop(t.Context()), "which waits for what runs")
		assert.Zero(t, running.Load())
		code, _ := state(app)
		assert.Equal(t, 503, code)
	})
}

// Stop leaves a check alone that doesn't end.
func TestStopDoesNotWaitForChecksForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := fogo.New(fogo.WithHealth("", "/readyz"), fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		app.Ready(func() error { time.Sleep(time.Hour); return nil }).Name("deaf")
		app.OnStop(func() { time.Sleep(10 * time.Minute) })
		require.NoError(t, app.Start(t.Context()))
		_, _ = state(app)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, app.Stop(ctx))
		assert.Equal(t, 10*time.Minute+30*time.Second, time.Since(begin), "half of the time is for the hooks")
		synctest.Wait() // for what logs that the hook is overdue
		assert.Contains(t, log.String(), "a readiness check is overdue")
		time.Sleep(2 * time.Hour)
	})
}

// Checks of what is mounted count too.
func TestReadyOfMountedApplications(t *testing.T) {
	part := fogo.New()
	part.Ready(func() error { return errors.New("no") }).Name("part")
	app := fogo.New(fogo.WithHealth("", "/readyz"))
	app.Ready(healthy).Name("own")
	app.Mount("/part", part)
	assert.Empty(t, app.Checks())
	code, body := state(app)
	assert.Equal(t, 503, code)
	assert.Contains(t, body, `[{"name":"own","status":"ok"},{"name":"part","status":"failed"}]`)
	require.NoError(t, app.Stop(t.Context()))
}

func TestHealthProblems(t *testing.T) {
	app := fogo.New(fogo.WithHealth("/healthz", "ready{x}"))
	app.Get("example.com/healthz", func() string { return "" })
	app.Ready(func() int { return 0 })
	app.Ready(healthy).Name("twice").Timeout(-1)
	app.Ready(healthy).Name("twice")
	app.Ready(healthy).Name("")
	app.Ready(func(*DB) error { return nil })
	err := app.Build()
	require.Error(t, err)
	for _, want := range []string{
		`WithHealth: cannot be registered`, `"ready{x}" is not a plain path`,
		"a readiness check is a func(deps…) error", "the timeout -1ns is not positive", `the name "twice" belongs`, "empty name",
		"*fogo_test.DB · ???", "Ready (health_test.go:",
	} {
		assert.ErrorContains(t, err, want)
	}
	taken := fogo.New(fogo.WithHealth("/healthz", "/healthz"))
	taken.Get("example.com/healthz", func() string { return "" })
	err = taken.Build()
	assert.ErrorContains(t, err, "cannot be both")
	assert.ErrorContains(t, err, "has the path already")
	taken.Ready(healthy)
	assert.ErrorContains(t, taken.Router.Err(), "comes too late")
}
