package endpoint

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
)

// Exchange is a call that somebody observes. It is the writer of everything that
// answers the call, and so notices what is answered.
//
// It is not pooled: a handler may keep what it was given.
type Exchange struct {
	http.ResponseWriter

	observers []observe.CallObserver
	begun     []context.Context // what each of them returned
	few       [1]context.Context
	call      observe.Call
	start     time.Time
	mark      *mark // nil if the context is the request's own

	status   int
	bytes    int64
	broken   bool // a write failed
	returned bool // the handler did, and did not panic

	mu     sync.Mutex // guards the rest: middleware may leave a handler running
	err    error
	route  string // a better one than the call's; "" if there is none
	socket bool   // with it
	ended  bool
}

// mark is the context of a call that observers put something into. What fails
// inside finds the exchange in it where it doesn't find it as the writer. It
// lets go of the exchange when that is over, for a WebSocket keeps the context.
type mark struct {
	context.Context
	of atomic.Pointer[Exchange]
}

// markKey is what a context has its mark under.
type markKey struct{}

// Value implements context.Context.
func (m *mark) Value(key any) any {
	if key == any(markKey{}) {
		return m
	}
	return m.Context.Value(key)
}

// Observed reports whether somebody observes calls, so that each must have an
// Exchange.
func (c *Config) Observed() bool { return len(c.observers.Calls) > 0 }

// Observe begins a call for the observers. The route is the pattern without a
// method, "" if none matched. Whatever answers the call is given the exchange
// and the request that is returned, and is followed by Returned. End must be
// deferred:
//
//	x, r := cfg.Observe(w, r, route, false)
//	defer x.End()
//	next.ServeHTTP(x, r)
//	x.Returned()
func (c *Config) Observe(w http.ResponseWriter, r *http.Request, route string, socket bool) (*Exchange, *http.Request) {
	x := &Exchange{
		ResponseWriter: w, observers: c.observers.Calls, start: time.Now(),
		call: observe.Call{Request: r, Method: observe.MethodLabel(r.Method), Route: route, WebSocket: socket},
	}
	x.begun = x.few[:0]
	ctx := r.Context()
	for _, o := range x.observers {
		ctx = o.BeginCall(ctx, x.call)
		x.begun = append(x.begun, ctx)
	}
	if !same(ctx, r.Context()) {
		x.mark = &mark{Context: ctx}
		x.mark.of.Store(x)
		r = r.WithContext(x.mark)
	}
	return x, r
}

// same reports whether observers have returned the context that they were
// given. One of a type that cannot be compared is taken for another.
func same(a, b context.Context) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// Reroute says that a call has a better route than the one it began with: that
// of a router which is mounted.
func Reroute(w http.ResponseWriter, r *http.Request, route string, socket bool) {
	if x := exchangeOf(w, r); x != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.route, x.socket = route, socket
	}
}

// Returned says that what answers the call has returned.
func (x *Exchange) Returned() { x.returned = true }

// End ends the call for the observers. It is deferred, and passes a panic on.
func (x *Exchange) End() {
	if x.returned {
		x.end(nil)
		return
	}
	p := recover()
	x.end(p)
	if p != nil {
		panic(p)
	}
}

// end tells the observers, once.
func (x *Exchange) end(panicked any) {
	x.mu.Lock()
	err, ended := x.err, x.ended
	x.ended = true
	if x.route != "" {
		x.call.Route, x.call.WebSocket = x.route, x.socket
	}
	x.mu.Unlock()
	if ended {
		return
	}
	if x.mark != nil {
		x.mark.of.Store(nil)
	}
	end := observe.CallEnd{Status: x.status, Bytes: x.bytes, Duration: time.Since(x.start)}
	if x.call.Request.Method == http.MethodHead {
		end.Bytes = 0 // net/http drops them
	}
	end.Class, end.Err = x.outcome(panicked, err)
	if end.Status == 0 && x.returned && end.Class != observe.Gone {
		end.Status = http.StatusOK // that is what net/http sends
	}
	for i, o := range slices.Backward(x.observers) {
		o.EndCall(x.begun[i], x.call, end)
	}
}

// outcome says what became of the call. err is the error that it was answered
// with; panicked is what came out of the handler.
func (x *Exchange) outcome(panicked any, err error) (observe.Class, error) {
	gone := x.call.Request.Context().Err() != nil
	switch {
	case panicked != nil && panicked != http.ErrAbortHandler:
		return observe.Panicked, &inject.Panic{Value: panicked, Stack: debug.Stack()}
	case err != nil && isPanic(err):
		return classOf(err), err
	case gone && (err != nil || panicked != nil || x.broken || x.status == 0):
		return observe.Gone, err
	case err != nil:
		return classOf(err), err
	case !x.returned && x.status != http.StatusSwitchingProtocols:
		return observe.Aborted, nil
	}
	return observe.ClassOfStatus(x.status), nil
}

// note keeps the first error of the call.
func (x *Exchange) note(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		x.err = err
	}
}

// exchangeOf finds the exchange of a call: below the writers of middleware, or by
// the mark in the context. It is nil if nobody observes, and if a middleware hides
// the writer and there is no mark: then the status says what became of the call.
func exchangeOf(w http.ResponseWriter, r *http.Request) *Exchange {
	for w != nil {
		if x, ok := w.(*Exchange); ok {
			return x
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = u.Unwrap()
	}
	if m, ok := r.Context().Value(markKey{}).(*mark); ok {
		return m.of.Load()
	}
	return nil
}

// WriteHeader implements http.ResponseWriter.
func (x *Exchange) WriteHeader(status int) {
	// An informational status leaves the answer open (RFC 9110 section 15.2).
	if status >= 200 || status == http.StatusSwitchingProtocols {
		x.begin(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *Exchange) begin(status int) {
	if x.status == 0 {
		x.status = status
	}
}

// wrote takes note of a write.
func (x *Exchange) wrote(n int64, err error) {
	x.bytes += n
	x.broken = x.broken || err != nil
}

// Write implements http.ResponseWriter.
func (x *Exchange) Write(b []byte) (int, error) {
	x.begin(http.StatusOK)
	n, err := x.ResponseWriter.Write(b)
	x.wrote(int64(n), err)
	return n, err
}

// WriteString implements io.StringWriter.
func (x *Exchange) WriteString(s string) (int, error) {
	x.begin(http.StatusOK)
	n, err := io.WriteString(x.ResponseWriter, s)
	x.wrote(int64(n), err)
	return n, err
}

// ReadFrom keeps the server's way of sending files without copying them.
func (x *Exchange) ReadFrom(r io.Reader) (int64, error) {
	x.begin(http.StatusOK)
	n, err := io.Copy(x.ResponseWriter, r)
	x.wrote(n, nil) // the error may be the reader's
	return n, err
}

// Unwrap lets http.ResponseController find the server's own writer.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// FlushError serves http.ResponseController.
func (x *Exchange) FlushError() error {
	err := http.NewResponseController(x.ResponseWriter).Flush()
	if err == nil {
		x.begin(http.StatusOK)
	}
	return err
}

// Flush implements http.Flusher.
func (x *Exchange) Flush() { _ = x.FlushError() }

// Hijack implements http.Hijacker. The call ends: what follows is none.
func (x *Exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err == nil {
		x.begin(http.StatusSwitchingProtocols)
		x.end(nil)
	}
	return conn, rw, err
}
