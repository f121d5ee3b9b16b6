package endpoint

import (
	"errors"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
)

// httpView is one compiled function or verb method.
type httpView struct {
	cfg     *Config
	values  *resolve.Config
	plan    *inject.Plan
	route   resolve.Route
	result  *result
	binder  *resolve.Binder
	writer  bool // something takes the http.ResponseWriter
	request bool // something takes the *http.Request
	pool    sync.Pool
}

// serve runs the view for one request, and cleans up whatever happens to it.
func (v *httpView) serve(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	s := v.state(w, r, vars)
	run := v.plan.Begin(r.Context(), &s.Call, nil)
	var done, abort bool
	defer func() {
		// What panics here is the encoding of a result, or a handler that the
		// result is: the run itself turns panics into errors.
		if p := recover(); p != nil {
			run.Hold()
			abort = s.fail(&inject.Panic{Value: p, Stack: debug.Stack()})
		}
		run.End()
		if done && !v.writer {
			s.reset()
			v.pool.Put(s)
		}
		if abort {
			panic(http.ErrAbortHandler)
		}
	}()
	abort = v.call(s, run)
	done = true
}

// call is the contract about the order of things: parameters, guards, providers
// and the handler; the finishers; the answer; and, in serve, the releases. A
// result that streams is finished after its last item instead. It reports
// whether the connection must be cut.
func (v *httpView) call(s *state, run *inject.Run) (abort bool) {
	err := run.Do()
	if err == nil && v.result.failure != nil {
		err = v.result.failure(run)
	}
	if err == nil && v.result.stream {
		err = v.result.write(s, run)
	}
	if err = run.Finish(err); err != nil {
		return s.fail(err)
	}
	if v.result.stream {
		return false
	}
	if err = v.result.write(s, run); err != nil {
		return s.fail(err)
	}
	return false
}

func (v *httpView) state(w http.ResponseWriter, r *http.Request, vars *pattern.Values) *state {
	s, ok := v.pool.Get().(*state)
	if !ok {
		s = &state{view: v}
	}
	s.w, s.r = w, r
	s.Request, s.Writer, s.Vars, s.Route = r, w, vars, v.route
	if v.writer {
		s.own = ownWriter{ResponseWriter: w}
		s.w, s.Writer = &s.own, &s.own
	}
	s.Configure(v.values)
	return s
}

// started reports whether the client may have seen a part of the answer.
func (s *state) started() bool { return s.began || s.own.began }

// fail answers an error. If an answer had begun it reports that the connection
// must be cut: a client must not take half an answer for a whole one.
func (s *state) fail(err error) (abort bool) {
	if p, ok := errors.AsType[*inject.Panic](err); ok && p.Value == http.ErrAbortHandler {
		return true
	}
	cfg := s.view.cfg
	if cfg.Observe != nil {
		cfg.Observe(s.r, err)
	}
	if !s.started() {
		s.began = true
		cfg.Answer(s.w, s.r, err)
		return false
	}
	if s.r.Context().Err() == nil || isPanic(err) {
		cfg.log(s.r, requestID(s.r), "request failed after its answer began", err)
	}
	// A handler that owns the response has answered as it wanted.
	return !s.view.writer || isPanic(err)
}
