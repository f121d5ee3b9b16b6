package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

// timed runs a handler with one second for its answer, in a bubble of time.
func timed(t *testing.T, handle http.HandlerFunc, check func(w *httptest.ResponseRecorder)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Request-Id", "abc")
		middleware.Timeout(time.Second)(handle).ServeHTTP(w, r)
		check(w)
	})
}

func TestTimeout(t *testing.T) {
	wait := func(r *http.Request) error { <-r.Context().Done(); return r.Context().Err() }
	rows := []struct {
		name   string
		handle http.HandlerFunc
		status int
		body   string // "" for the problem
	}{
		{"in time", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }, 200, "ok"},
		{"nothing in time", func(http.ResponseWriter, *http.Request) {}, 200, "-"},
		{"too late, and nothing", func(_ http.ResponseWriter, r *http.Request) { _ = wait(r) }, 503, ""},
		{"too late, and it is the server's fault", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "3")
			http.Error(w, wait(r).Error(), 500)
		}, 503, ""},
		{"too late, and a fault that was decided on", func(w http.ResponseWriter, r *http.Request) {
			_ = wait(r)
			w.WriteHeader(503)
			_, _ = io.WriteString(w, "it is not known whether this was done")
		}, 503, "it is not known whether this was done"},
		{"too late, and another answer", func(w http.ResponseWriter, r *http.Request) {
			_ = wait(r)
			w.WriteHeader(409)
			_, _ = io.WriteString(w, "conflict")
		}, 409, "conflict"},
		{"without heed, but an answer", func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Hour)
			_, _ = io.WriteString(w, "late")
		}, 200, "late"},
		{"an answer that lasts", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "a")
			time.Sleep(time.Hour)
			assert.NoError(t, r.Context().Err())
			_, _ = io.WriteString(w, "b")
		}, 200, "ab"},
		{"a stream", func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, http.NewResponseController(w).Flush())
			time.Sleep(time.Hour)
			assert.NoError(t, r.Context().Err())
			_, ok := r.Context().Deadline()
			assert.False(t, ok)
			_, _ = io.WriteString(w, "item")
		}, 200, "item"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			timed(t, row.handle, func(w *httptest.ResponseRecorder) {
				assert.Equal(t, row.status, w.Code)
				switch row.body {
				case "":
					assertProblem(t, w.Header(), http.StatusText(0)+"503", w.Body.String(), 503)
					assert.Contains(t, w.Body.String(), `"request_id":"abc"`)
				case "-":
					assert.Empty(t, w.Body.String())
				default:
					assert.Equal(t, row.body, w.Body.String())
				}
			})
		})
	}
}

// TestRefusedAnswersAreDropped: after the 503 the handler's writes go nowhere.
func TestRefusedAnswersAreDropped(t *testing.T) {
	timed(t, func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(500)
		w.WriteHeader(500)
		n, err := w.Write([]byte("abc"))
		assert.Equal(t, 3, n)
		assert.NoError(t, err)
		m, err := io.Copy(w, unknownLength("abc"))
		assert.EqualValues(t, 3, m)
		assert.NoError(t, err)
		_, _ = io.WriteString(w, "abc")
		assert.NoError(t, http.NewResponseController(w).Flush())
		_, _, err = http.NewResponseController(w).Hijack()
		assert.ErrorIs(t, err, http.ErrHandlerTimeout)
	}, func(w *httptest.ResponseRecorder) {
		assertProblem(t, w.Header(), "503", w.Body.String(), 503)
	})
}

// TestContextOfATimeout: it behaves as one of context.WithTimeout does, and so
// do contexts derived from it.
func TestContextOfATimeout(t *testing.T) {
	timed(t, func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		at, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.Equal(t, time.Second, time.Until(at))
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		called := make(chan struct{})
		stop := context.AfterFunc(ctx, func() { close(called) })
		assert.NoError(t, ctx.Err())
		assert.NoError(t, context.Cause(ctx))
		<-child.Done()
		<-called
		assert.False(t, stop())
		assert.Equal(t, context.DeadlineExceeded, ctx.Err())
		assert.Equal(t, context.DeadlineExceeded, child.Err())
		assert.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
		assert.Equal(t, context.DeadlineExceeded, context.Cause(child))
	}, func(*httptest.ResponseRecorder) {})
}

func TestTheContextOutsideCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), noHijack{}, "value"))
		defer cancel(nil)
		soon, stop := context.WithTimeout(parent, time.Millisecond)
		defer stop()
		for _, outer := range []context.Context{soon, parent} {
			r := httptest.NewRequest("GET", "/", nil).WithContext(outer)
			w := httptest.NewRecorder()
			middleware.Timeout(time.Second)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ctx := r.Context()
				child, done := context.WithCancel(ctx)
				defer done()
				assert.Equal(t, "value", ctx.Value(noHijack{}))
				if outer == parent {
					cancel(why)
				} else {
					at, ok := ctx.Deadline()
					assert.True(t, ok)
					assert.Less(t, time.Until(at), time.Second)
				}
				<-child.Done()
				assert.Equal(t, outer.Err(), ctx.Err())
				assert.Equal(t, outer.Err(), child.Err())
				assert.Equal(t, context.Cause(outer), context.Cause(ctx))
			})).ServeHTTP(w, r)
			assert.Equal(t, 200, w.Code, "the time was not up")
		}
	})
}

func TestNoTimeout(t *testing.T) {
	h := text("x")
	w := httptest.NewRecorder()
	middleware.Timeout(0)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, ok := r.Context().Deadline()
		assert.False(t, ok)
		h.ServeHTTP(w, r)
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "x", w.Body.String())
}

// TestTimeoutLeavesStreamsAndSocketsAlone over real connections.
func TestTimeoutLeavesStreamsAndSocketsAlone(t *testing.T) {
	const short = 30 * time.Millisecond
	saw := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/events", events(saw))
	mux.Handle("/ws", upgrade)
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints) // which is no answer
		<-r.Context().Done()
	})
	srv := serve(t, middleware.Timeout(short)(mux))
	early, body := do(t, srv, "GET", "/early", nil)
	assertProblem(t, early.Header, early.Status, body, 503)

	resp, err := srv.Client().Get(srv.URL + "/events")
	require.NoError(t, err)
	defer resp.Body.Close()
	time.Sleep(2 * short)
	readEvents(t, resp.Body, saw)

	conn, in := dialUpgrade(t, srv.Listener.Addr().String())
	defer conn.Close()
	time.Sleep(2 * short)
	echo(t, conn, in)
}
