package inject_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cleanupContextOf runs look with the context of a release and returns that.
func cleanupContextOf(t *testing.T, ctx context.Context, look func(context.Context)) context.Context {
	t.Helper()
	var got context.Context
	in := level(t, perCall(func() (*db, func(context.Context)) {
		return nil, func(ctx context.Context) { got = ctx; look(ctx) }
	}))
	a, err := inject.Assemble(in, inject.Options{CleanupTimeout: 3 * time.Second})
	require.NoError(t, err)
	f, err := a.Func(in, func(*db) {})
	require.NoError(t, err)
	require.NoError(t, f.Call(ctx))
	return got
}

// The context of a clean-up has the values of the call but not its cancellation,
// and is over with the clean-up, whether anybody asked it before or not.
func TestContextOfACleanup(t *testing.T) {
	for name, look := range map[string]func(context.Context) error{
		"not asked": func(context.Context) error { return nil },
		"asked":     context.Context.Err,
		"waited for": func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			default:
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, cancel := context.WithCancel(context.WithValue(t.Context(), stopping{}, "value"))
				cancel()
				ctx := cleanupContextOf(t, parent, func(ctx context.Context) {
					assert.NoError(t, look(ctx), "the call's cancellation is not its own")
					assert.Equal(t, "value", ctx.Value(stopping{}))
					deadline, ok := ctx.Deadline()
					assert.True(t, ok)
					assert.Equal(t, 3*time.Second, time.Until(deadline))
				})
				assert.ErrorIs(t, ctx.Err(), context.Canceled)
				assert.ErrorIs(t, context.Cause(ctx), context.Canceled)
				<-ctx.Done()
			})
		})
	}
}

func TestDeadlineOfACleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cleanupContextOf(t, t.Context(), func(ctx context.Context) {
			time.Sleep(2 * time.Second)
			require.NoError(t, ctx.Err())
			begin := time.Now()
			<-ctx.Done()
			assert.Equal(t, time.Second, time.Since(begin), "counted from the beginning of the clean-up")
			assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		})
		ctx := cleanupContextOf(t, t.Context(), func(context.Context) { time.Sleep(4 * time.Second) })
		assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
	})
}

// A context made from that of a clean-up ends with it, without a goroutine.
func TestContextFromThatOfACleanup(t *testing.T) {
	var child context.Context
	cleanupContextOf(t, t.Context(), func(ctx context.Context) {
		before := runtime.NumGoroutine()
		var cancel context.CancelFunc
		child, cancel = context.WithCancel(ctx)
		_ = cancel
		assert.Equal(t, before, runtime.NumGoroutine())
		assert.NoError(t, child.Err())
	})
	assert.ErrorIs(t, child.Err(), context.Canceled)
}

// loggingHost counts how often the logger of the call is asked for.
type loggingHost struct{ asked int }

func (h *loggingHost) CallLogger(base *slog.Logger) *slog.Logger {
	h.asked++
	return base.With("call", "one")
}

// The logger of a call is made for a clean-up that has something to tell, and
// the log has the attributes of the call.
func TestLoggerOfACleanup(t *testing.T) {
	for name, tt := range map[string]struct {
		cleanup func()
		asked   int
	}{
		"timely":    {func() {}, 0},
		"overdue":   {func() { time.Sleep(time.Minute) }, 1},
		"panicking": {func() { panic("boom") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := level(t, perCall(func() (*db, func()) { return nil, tt.cleanup }))
				a, log := logged(t, in, time.Second)
				p, err := a.Compile(route(in, "", func(*db) {}))
				require.NoError(t, err)
				for range 2 { // also with a run that was overdue before
					h := &loggingHost{}
					r := p.Plan(0).Begin(t.Context(), h, nil)
					require.NoError(t, r.Finish(r.Do()))
					r.End()
					assert.Equal(t, tt.asked, h.asked)
					if tt.asked > 0 {
						assert.Contains(t, log.String(), "call=one")
					}
				}
			})
		})
	}
}

// A run that was used in one bubble serves in another.
func TestCleanupsInBubbles(t *testing.T) {
	in := level(t, perCall(func() (*db, func()) { return nil, func() {} }))
	f := build(t, in, func(*db) {})
	for range 2 {
		require.NoError(t, f.Call(t.Context()))
		synctest.Test(t, func(t *testing.T) { require.NoError(t, f.Call(t.Context())) })
	}
}
