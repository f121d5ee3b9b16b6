package fogo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// For the time of the delay everybody is served, and asked to leave.
func TestDrainDelay(t *testing.T) {
	bubble(t, func(app *fogo.App) {
		app.Get("/", func() string { return "served" })
	}, []fogo.Option{fogo.WithDrainDelay(time.Minute), fogo.WithHealth("/healthz", "/readyz")}, func(s *served) {
		client := s.client()
		client.Transport.(*http.Transport).Protocols = nil
		ask := func(path string) (int, bool) {
			resp, err := client.Get("http://x" + path)
			require.NoError(t, err)
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp.StatusCode, resp.Close
		}
		code, leave := ask("/readyz")
		assert.Equal(t, 200, code)
		assert.False(t, leave)
		begin := time.Now()
		s.stop()
		time.Sleep(30 * time.Second)
		code, _ = ask("/readyz")
		assert.Equal(t, 503, code)
		code, _ = ask("/healthz")
		assert.Equal(t, 200, code)
		code, leave = ask("/")
		assert.Equal(t, 200, code)
		assert.True(t, leave)
		err := <-s.done
		s.done <- err
		require.NoError(t, err)
		assert.InDelta(t, time.Minute, time.Since(begin), float64(5*time.Second))
	})
}

// A stream without an end is told, and holds nothing up.
func TestDrainingEndsStreams(t *testing.T) {
	bubble(t, func(app *fogo.App) {
		app.Get("/", func(ctx context.Context) <-chan int {
			ch := make(chan int)
			go func() {
				defer close(ch)
				ch <- 1
				<-fogo.Draining(ctx)
			}()
			return ch
		})
	}, nil, func(s *served) {
		assert.Nil(t, fogo.Draining(t.Context()), "not under Run")
		client := s.client()
		client.Transport.(*http.Transport).Protocols = nil
		resp, err := client.Get("http://x/")
		require.NoError(t, err)
		defer resp.Body.Close()
		p := make([]byte, 2)
		_, err = io.ReadFull(resp.Body, p)
		require.NoError(t, err)
		begin := time.Now()
		s.stop()
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		err = <-s.done
		s.done <- err
		require.NoError(t, err)
		assert.Less(t, time.Since(begin), 5*time.Second)
	})
}

type lateCloser struct{}

func (*lateCloser) Close() error { time.Sleep(time.Minute); return nil }

// What stops late is named, and waited for.
func TestOverdueStops(t *testing.T) {
	var log bytes.Buffer
	bubble(t, func(app *fogo.App) {
		app.Provide(inject.Singleton, func() *lateCloser { return &lateCloser{} })
		app.OnStart(func(*lateCloser) {})
		app.OnStop(lateHook)
	}, []fogo.Option{fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), fogo.WithShutdownTimeout(time.Second)}, func(s *served) {
		s.stop()
		err := <-s.done
		s.done <- err
		require.NoError(t, err)
	})
	assert.Contains(t, log.String(), `hook="OnStop fogo_test.lateHook (`)
	bubble(t, func(app *fogo.App) {
		app.Provide(inject.Singleton, func() *lateCloser { return &lateCloser{} })
		app.OnStart(func(*lateCloser) {})
	}, []fogo.Option{fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), fogo.WithShutdownTimeout(time.Second)}, func(*served) {})
	assert.Contains(t, log.String(), "singleton=*fogo_test.lateCloser")
}

func lateHook() { time.Sleep(time.Minute) }

func ExampleDraining() {
	app := fogo.New()
	app.Get("/clock", func(ctx context.Context) func(yield func(time.Time) bool) {
		return func(yield func(time.Time) bool) {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case at := <-tick.C:
					if !yield(at) {
						return
					}
				case <-fogo.Draining(ctx): // the server waits for this stream
					return
				}
			}
		}
	})
	fmt.Println(app.Build())
	// Output: <nil>
}

func ExampleWithHealth() {
	app := fogo.New(fogo.WithHealth("/healthz", "/readyz"))
	app.Provide(inject.Singleton, newNotes)
	app.Ready(func(ctx context.Context, notes *Notes) error {
		if len(notes.byID) == 0 {
			return fmt.Errorf("there are no notes")
		}
		return ctx.Err()
	}).Name("notes").Timeout(time.Second)

	fmt.Print(get(app, "/healthz").Body)
	fmt.Print(get(app, "/readyz").Body)
	_ = app.Stop(context.Background())
	fmt.Print(get(app, "/readyz").Body)
	// Output:
	// {"status":"alive"}
	// {"status":"ready","checks":[{"name":"notes","status":"ok"}]}
	// {"status":"draining"}
}
