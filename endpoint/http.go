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

// HTTPView is one compiled function or verb method. It is immutable and safe
// for concurrent use.
type HTTPView struct {
	cfg     *Config
	values  *resolve.Config
	plan    *inject.Plan
	route   resolve.Route
	label   string // the pattern, for observers
	result  *result
	binder  *resolve.Binder
	writer  bool // something takes the http.ResponseWriter
	request bool // something takes the *http.Request
	held    sync.Once
	pool    sync.Pool
}

// Serve runs the view for one request, a HEAD too if it is that of GET, and
// cleans up whatever happens to it. vars has the values of the pattern's
// variables; it is not used after Serve returned.
func (v *HTTPView) Serve(w http.ResponseWriter, r *http.Request, vars *pattern.Values) {
	s := v.state(w, r, vars)
	run := s.run
	run.Begin(r.Context(), &s.Call, nil)
	done := false
	defer func() {
		if done {
			return
		}
		// Panics of the user's functions are errors by now. This is one of the
		// server's writer, a logger or observer, which net/http may log; or, if
		// there is none, the end of the goroutine.
		p := recover()
		run.Hold()
		if p == nil {
			s.goexit(run)
		}
		s.end(run)
		if p != nil {
			panic(p)
		}
	}()
	abort := v.call(s, run)
	done = true
	s.end(run)
	if run.Reusable() {
		s.reset()
		v.pool.Put(s)
	}
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// call is the contract about the order of things: the Accept header, for what
// cannot be answered need not be done; parameters, guards, providers and the
// handler; the encoding of the result; the finishers; the answer; and, in end,
// the releases. A result that streams is finished after its last item. It
// reports whether the connection must be cut.
func (v *HTTPView) call(s *state, run *inject.Run) (abort bool) {
	if err := v.result.negotiate(s); err != nil {
		return s.fail(err)
	}
	err := run.Do()
	if err == nil && v.result.failure != nil {
		err = v.result.failure(run)
	}
	if err == nil {
		err = v.make(s, run)
	}
	abort = err != nil && isAbort(err)
	if err = run.Finish(err); abort {
		return true
	}
	if err == nil && !v.result.stream {
		err = v.send(s, run)
	}
	if err != nil {
		return s.fail(err)
	}
	return false
}

// make makes the answer. Where it is text, bytes or a value that is appended,
// nobody's code runs that could panic.
func (v *HTTPView) make(s *state, run *inject.Run) error {
	switch res := v.result; {
	case res.form.kind != encoded && !res.stream:
		return res.make(s, run)
	case res.plain && s.appendValue(run.Result(0)):
		s.out.status = http.StatusOK
		return nil
	}
	return v.guarded(s, run, v.result.make)
}

// send sends the answer. Only where that runs somebody's handler can it panic
// because of the view.
func (v *HTTPView) send(s *state, run *inject.Run) error {
	if s.out.handler == nil {
		return s.send(run)
	}
	return v.guarded(s, run, (*state).send)
}

// guarded makes or sends an answer. What panics here is the encoding of a
// result, an iterator, or a handler that the result is.
func (v *HTTPView) guarded(s *state, run *inject.Run, do func(*state, *inject.Run) error) (err error) {
	ended := false
	defer func() {
		if !ended {
			if p := recover(); p != nil {
				run.Hold()
				err = &inject.Panic{Value: p, Stack: debug.Stack()}
			}
		}
	}()
	err = do(s, run)
	ended = true
	return err
}

func (v *HTTPView) state(w http.ResponseWriter, r *http.Request, vars *pattern.Values) *state {
	s, ok := v.pool.Get().(*state)
	if !ok {
		s = &state{view: v, run: v.plan.NewRun()}
		s.Route = v.route
		s.Configure(v.values)
	}
	s.vars.Take(vars)
	s.w, s.r = w, r
	s.Request, s.Writer, s.Vars = r, w, &s.vars
	if v.writer {
		s.Writer = s.watch()
	}
	return s
}

// end runs the releases. The uploads go last, and also if somebody's Close or
// observer panics here, for nothing else removes them from the disk.
func (s *state) end(run *inject.Run) {
	defer s.Release()
	defer run.End()
	if s.closer != nil {
		_ = s.closer.Close()
	}
}

// goexit answers for a handler that ended its goroutine. net/http closes the
// connection without sending what it holds, so it is told to.
func (s *state) goexit(run *inject.Run) {
	_ = s.fail(run.Finish(inject.ErrGoexit))
	_ = http.NewResponseController(s.w).Flush()
}

// fail answers an error. If an answer had begun it reports that the connection
// must be cut: a client must not take half an answer for a whole one. Only an
// event stream has a place for the error, and is ended with it.
func (s *state) fail(err error) (abort bool) {
	if isAbort(err) {
		return true
	}
	if s.started() && s.left() && !isPanic(err) {
		return true // there is nobody to tell, and nobody to blame
	}
	cfg := s.view.cfg
	cfg.report(s.r.Context(), s.w, s.r, s.view.label, err)
	switch {
	case !s.started():
		s.began = true
		cfg.answer(s.w, &failure{r: s.r, err: err, id: s.RequestID, call: &s.Call, program: s.view.plan.Program()})
		return false
	case s.events:
		s.errorEvent(err)
		return false
	}
	cfg.log(s.r, s.RequestID(), "request failed after its answer began", err)
	// A handler that owns the response has answered as it wanted.
	return !s.view.result.owner || isPanic(err)
}

// left reports whether the client has gone.
func (s *state) left() bool { return s.r.Context().Err() != nil }

// isAbort reports whether the error is the panic that asks net/http to cut the
// connection.
func isAbort(err error) bool {
	p, ok := errors.AsType[*inject.Panic](err)
	return ok && p.Value == http.ErrAbortHandler
}
