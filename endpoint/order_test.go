package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/stretchr/testify/assert"
)

// kept is what a release gives back.
type kept struct{}

// noting provides *journal with a finisher that depends on a value with a
// release, and notes when they run. The result is an option of the view.
func noting(t *testing.T, j *journal) endpoint.Option { return notingWith(t, j, nil) }

// notingWith is noting with a finisher that returns an error of its own.
func notingWith(t *testing.T, j *journal, commit error) endpoint.Option {
	return providing(t,
		provided{inject.PerCall, func() (kept, func()) { return kept{}, func() { j.note("release") } }},
		provided{inject.PerCall, func(kept) (*journal, func(error) error) {
			return j, func(err error) error { j.note(fmt.Sprint("finish ", err)); return commit }
		}},
	)
}

func TestOrderOfCleanups(t *testing.T) {
	commit := errors.New("commit failed")
	refused := endpoint.NewError(http.StatusConflict, "taken")
	text := func(j *journal) string { j.note("view"); return "x" }
	lines := func(j *journal) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range 2 {
				j.note(fmt.Sprint("item ", i))
				if !yield(i) {
					return
				}
			}
		}
	}
	for _, row := range []struct {
		name   string
		view   any
		commit error
		accept string
		status int
		broken bool
		want   []string
		why    string
	}{
		{name: "success", view: text, status: 200, want: []string{"view", "finish <nil>", "release"}},
		{name: "commit fails", view: text, commit: commit, status: 500, want: []string{"view", "finish <nil>", "release"},
			why: "a failed commit is never answered 200"},
		{name: "error", view: func(*journal) error { return refused }, status: 409, want: []string{"finish taken", "release"}},
		{name: "error and failing rollback", view: func(*journal) error { return refused }, commit: commit, status: 500,
			want: []string{"finish taken", "release"}},
		{name: "typed error", view: func(*journal) (item, *myErr) { return item{}, &myErr{"taken"} }, status: 409,
			want: []string{"finish taken", "release"}},
		{name: "panic", view: func(*journal) { panic("oops") }, status: 500, want: []string{"finish panic: oops", "release"}},
		{name: "not acceptable", view: func(j *journal) item { j.note("view"); return item{} }, accept: "image/png", status: 406,
			why: "what cannot be answered is not done"},
		{name: "redirect that is refused", view: func(*journal) endpoint.Redirect { return endpoint.Redirect{URL: "javascript:x"} }, status: 500,
			want: []string{`finish endpoint: redirect to "javascript:x", which is no path and no http or https URL`, "release"},
			why:  "an answer that cannot be made is the call's failure"},
		{name: "stream", view: lines, status: 200, want: []string{"item 0", "item 1", "finish <nil>", "release"},
			why: "both run after the last item"},
		{name: "commit fails after a stream", view: lines, commit: commit, status: 200, broken: true,
			want: []string{"item 0", "item 1", "finish <nil>", "release"}, why: "too late for a status: the client must not take it for whole"},
		{name: "panic in a stream", view: func(*journal) iter.Seq[int] { return func(func(int) bool) { panic("oops") } },
			status: 200, broken: true, want: []string{"finish panic: oops", "release"}},
		{name: "handler result", view: func(j *journal) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { j.note("served"); _, _ = w.Write([]byte("x")) })
		}, status: 200, want: []string{"served", "finish <nil>", "release"}},
		{name: "own response", view: func(w http.ResponseWriter, j *journal) { j.note("view") }, commit: commit, status: 500,
			want: []string{"view", "finish <nil>", "release"}, why: "nothing was written yet"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			s := serve(t, row.view, notingWith(t, j, row.commit), inject.Hold)
			accept := row.accept
			if accept == "" {
				accept = "*/*"
			}
			got := s.get("/", "Accept", accept)
			s.srv.Close() // waits for the releases, which run after the answer
			assert.Equal(t, row.status, got.status, row.why)
			assert.Equal(t, row.broken, got.broken != nil, "%v", got.broken)
			assert.Equal(t, row.want, j.all(), row.why)
		})
	}
}

// A handler that ends its goroutine, as a failed assertion in a test does, is
// answered, and wedges nothing.
func TestGoexit(t *testing.T) {
	j := &journal{}
	s := serve(t, func(*journal) { runtime.Goexit() }, noting(t, j))
	for range 3 {
		got := s.get("/")
		assert.Equal(t, 500, got.status)
	}
	assert.Equal(t, "finish "+inject.ErrGoexit.Error(), waitFor(t, j, 6)[0])
	assert.Len(t, s.log.records(), 3)
}

// A panic of what is not the user's view, such as an observer, is net/http's to log.
// The call is cleaned up all the same.
func TestObservePanics(t *testing.T) {
	j := &journal{}
	log := newRecorder()
	cfg := endpoint.Config{Logger: slog.New(log), Observers: []observe.Observer{
		observe.ErrorFunc(func(context.Context, observe.Error) { panic("oops") }),
	}}
	s := serveWith(t, cfg, log, func(*journal) error { return errors.New("x") }, noting(t, j))
	_, err := s.request(http.MethodPost, "/", "")
	assert.Error(t, err)
	assert.Equal(t, []string{"finish x", "release"}, waitFor(t, j, 2))
}

// Values that hold resources and results that stream do not go together
// unless it is said.
func TestStreamsMustHold(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
	}{
		{"iterator", func(*journal) iter.Seq[int] { return nil }},
		{"handler", func(*journal) http.Handler { return nil }},
		{"reader", func(*journal) io.Reader { return nil }},
		{"own response", func(http.ResponseWriter, *journal) {}},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view, noting(t, &journal{}))) })
	}
}
