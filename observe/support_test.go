package observe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// patience is how long a test waits for what must happen.
const patience = 5 * time.Second

// calls notes the events of calls. The other recorders note those of their
// interfaces in the same list.
type calls struct{ *list }

type (
	providers   struct{ *list }
	messages    struct{ *list }
	connections struct{ *list }
	failures    struct{ *list }
)

// list is what was observed, in order.
type list struct {
	mu    sync.Mutex
	lines []string
}

func (l *list) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// wait waits for so many lines.
func (l *list) wait(t *testing.T, n int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(l.all()) >= n }, patience, time.Millisecond, "%v", l)
	time.Sleep(2 * time.Millisecond) // for what should not come
	return l.all()
}

func (l *list) String() string { return fmt.Sprintf("%q", l.all()) }

// key is what recorders put into contexts.
type key struct{}

// text is an error for a line: only whether it is there, if it is a panic.
func text(err error) string {
	if err == nil {
		return ""
	}
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		return fmt.Sprintf(" panic %v, stack %t", p.Value, len(p.Stack) > 0)
	}
	return " " + err.Error()
}

func (o calls) BeginCall(ctx context.Context, c observe.Call) context.Context {
	o.note("begin %s %q %t", c.Method, c.Route, c.WebSocket)
	return context.WithValue(ctx, key{}, "call")
}

func (o calls) EndCall(ctx context.Context, c observe.Call, end observe.CallEnd) {
	if end.Duration <= 0 || end.Duration > time.Minute {
		o.note("duration %v", end.Duration)
	}
	o.note("end %s %q %d %d bytes %s, %v%s", c.Method, c.Route, end.Status, end.Bytes, end.Class, ctx.Value(key{}), text(end.Err))
}

func (o providers) ObserveProvider(ctx context.Context, p observe.Provider) {
	if p.Start.IsZero() || p.Duration < 0 || time.Since(p.Start) > time.Minute {
		o.note("start %v, duration %v", p.Start, p.Duration)
	}
	o.note("made %s %s %s, %v%s", p.Lifetime, p.Type, p.Class, ctx.Value(key{}), text(p.Err))
}

func (o messages) BeginMessage(ctx context.Context, m observe.Message) context.Context {
	o.note("message %q %s %d, %v", m.Route, m.Kind(), m.Size, ctx.Value(key{}))
	return context.WithValue(ctx, key{}, "message")
}

func (o messages) EndMessage(ctx context.Context, m observe.Message, end observe.MessageEnd) {
	o.note("handled %q %s, %v%s", m.Route, end.Class, ctx.Value(key{}), text(end.Err))
}

func (o connections) OpenConnection(ctx context.Context, c observe.Connection) context.Context {
	o.note("open %q, %v", c.Route, ctx.Value(key{}))
	return context.WithValue(ctx, key{}, "connection")
}

func (o connections) CloseConnection(ctx context.Context, c observe.Connection, end observe.ConnectionEnd) {
	if end.Duration <= 0 || end.Duration > time.Minute {
		o.note("duration %v", end.Duration)
	}
	o.note("close %q %d %s, %v%s", c.Route, end.Code, end.Class, ctx.Value(key{}), text(end.Err))
}

func (o failures) ObserveError(ctx context.Context, e observe.Error) {
	o.note("error %q %t %s, %v%s", e.Route, e.Request != nil, e.Class, ctx.Value(key{}), text(e.Err))
}

// site is an application on a server of its own, and what was observed of it.
type site struct {
	*list
	t   *testing.T
	app *fogo.App
	srv *httptest.Server
}

// serve serves what register registers, with everything observed.
func serve(t *testing.T, register func(*fogo.App), opts ...fogo.Option) *site {
	t.Helper()
	l := &list{}
	for _, o := range []observe.Observer{calls{l}, providers{l}, messages{l}, connections{l}, failures{l}} {
		opts = append(opts, fogo.WithObserver(o))
	}
	return serveWith(t, l, register, opts...)
}

func serveWith(t *testing.T, l *list, register func(*fogo.App), opts ...fogo.Option) *site {
	t.Helper()
	app := fogo.New(append(opts, fogo.WithWebSocket(ws.Options{CloseTimeout: patience}))...)
	register(app)
	require.NoError(t, app.Start(t.Context()))
	return serveApp(t, l, app)
}

// serveApp serves an application that is started.
func serveApp(t *testing.T, l *list, app *fogo.App) *site {
	t.Helper()
	s := &site{list: l, t: t, app: app, srv: httptest.NewUnstartedServer(app)}
	s.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.srv.Start()
	// A connection that is cut must not make the client try again.
	s.srv.Client().Transport.(*http.Transport).DisableKeepAlives = true
	t.Cleanup(func() {
		s.srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, app.Stop(ctx))
	})
	return s
}

// do makes a request, and reads the answer if there is one.
func (s *site) do(method, target string, header ...string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL+target, http.NoBody)
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.srv.Client().Transport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// dial opens a WebSocket.
func (s *site) dial(path string) (*ws.WebSocket, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c, _, err := ws.Dial(ctx, "ws"+s.srv.URL[len("http"):]+path, nil)
	if err == nil {
		s.t.Cleanup(func() { c.Fail(ws.CodeNormal, "") })
	}
	return c, err
}
