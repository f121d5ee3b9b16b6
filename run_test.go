package fogo_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// diary records what happens in which order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, s)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// running is an application under Run.
type running struct {
	addr string
	end  context.CancelFunc
	done chan error
}

// start runs an application on a free port.
func start(t *testing.T, app *fogo.App, opts ...fogo.Option) *running {
	t.Helper()
	addr := make(chan net.Addr, 1)
	app = app.With(append(opts, fogo.WithOnListen(func(a net.Addr) { addr <- a }))...)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{end: cancel, done: make(chan error, 1)}
	go func() { r.done <- app.Run(ctx, "127.0.0.1:0") }()
	t.Cleanup(cancel)
	select {
	case a := <-addr:
		r.addr = a.String()
	case err := <-r.done:
		require.NoError(t, err)
		t.Fatal("Run returned")
	}
	return r
}

// stop ends the context and returns what Run does.
func (r *running) stop(t *testing.T) error {
	t.Helper()
	r.end()
	select {
	case err := <-r.done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not return")
		return nil
	}
}

func (r *running) get(path string) (string, error) {
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: tr}).Get("http://" + r.addr + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func (r *running) socket(t *testing.T, path string) *ws.WebSocket {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	s, _, err := ws.Client(context.Background(), conn, "ws://"+r.addr+path, nil)
	require.NoError(t, err)
	return s
}

// Nothing in flight is lost, and everything ends in its order.
func TestRunDrains(t *testing.T) {
	d := &diary{}
	working, release := make(chan struct{}), make(chan struct{})
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { return &inner{closes{"inner", d.note}} })
	app.Provide(inject.Singleton, func(*inner) *outer { return &outer{closes{"outer", d.note}} })
	app.OnStop(func(*outer) { d.note("hook") })
	app.Get("/slow", func(*outer) string {
		close(working)
		<-release
		d.note("request over")
		return "in time"
	})
	app.WebSocket("/ws", func(text ws.Text) ws.Text { return text })
	app.WebSocket("/work", func(conn *ws.WebSocket, _ ws.Text) error {
		_ = conn.SendText("working")
		<-release
		d.note("message over")
		return conn.SendText("done")
	})
	r := start(t, app)

	answer := make(chan string, 1)
	go func() {
		s, err := r.get("/slow")
		answer <- s + fmt.Sprint(err)
	}()
	<-working
	idle, busy := r.socket(t, "/ws"), r.socket(t, "/work")
	ctx := t.Context()
	require.NoError(t, idle.SendText("x"))
	_, err := idle.Receive(ctx)
	require.NoError(t, err)
	require.NoError(t, busy.SendText("x"))
	_, err = busy.ReceiveText(ctx)
	require.NoError(t, err)

	r.end()
	_, err = idle.Receive(ctx)
	var ce *ws.CloseError
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, ws.CodeGoingAway, ce.Code, "an idle connection is told at once")
	assert.Eventually(t, func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	}, 5*time.Second, 5*time.Millisecond, "nothing new is accepted")
	close(release)
	text, err := busy.ReceiveText(ctx)
	require.NoError(t, err)
	assert.Equal(t, "done", text, "the message at hand is dealt with")
	_, err = busy.Receive(ctx)
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, ws.CodeGoingAway, ce.Code)
	assert.Equal(t, "in time<nil>", <-answer)
	require.NoError(t, r.stop(t))
	lines := d.all()
	assert.ElementsMatch(t, []string{"request over", "message over"}, lines[:2])
	assert.Equal(t, []string{"hook", "close outer", "close inner"}, lines[2:])
}

// What doesn't end in time is cancelled, and Run says so.
func TestRunCancelsWhatIsLate(t *testing.T) {
	d := &diary{}
	begun := make(chan struct{}, 2)
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { return &inner{closes{"inner", d.note}} })
	app.Get("/stuck", func(ctx context.Context, _ *inner) string {
		begun <- struct{}{}
		<-ctx.Done()
		d.note("request cancelled")
		return "late"
	})
	app.WebSocket("/stuck", func(conn *ws.WebSocket, _ ws.Text) {
		begun <- struct{}{}
		<-conn.Context().Done()
		d.note("socket cancelled")
	})
	r := start(t, app, fogo.WithShutdownTimeout(50*time.Millisecond))
	go func() { _, _ = r.get("/stuck") }()
	s := r.socket(t, "/stuck")
	require.NoError(t, s.SendText("x"))
	<-begun
	<-begun
	err := r.stop(t)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "not everything was over in time")
	assert.ErrorContains(t, err, `cancelled GET "/stuck" (`)
	assert.ErrorContains(t, err, "WebSockets: 1", "what is late is named")
	_, err = s.Receive(context.Background())
	assert.ErrorIs(t, err, ws.ErrClosed)
	assert.Eventually(t, func() bool { return len(d.all()) == 3 }, 5*time.Second, time.Millisecond)
}

func TestServeOnAListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var srv *http.Server
	app := fogo.New(fogo.WithServer(func(s *http.Server) { srv = s }))
	app.Get("/x", func() string { return "x" })
	require.NoError(t, app.Start(t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, ln) }()
	r := &running{addr: ln.Addr().String()}
	body, err := r.get("/x")
	require.NoError(t, err)
	assert.Equal(t, "x", body)
	cancel()
	require.NoError(t, <-done)
	assert.Equal(t, 10*time.Second, srv.ReadHeaderTimeout)
	assert.Equal(t, 2*time.Minute, srv.IdleTimeout)
	assert.Equal(t, 64<<10, srv.MaxHeaderBytes)
	assert.Zero(t, srv.WriteTimeout, "it would end streams")
	assert.Zero(t, srv.ReadTimeout)
	assert.ErrorIs(t, app.Serve(context.Background(), ln), fogo.ErrStopped)
}

func TestRunWithTLS(t *testing.T) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	app := fogo.New(
		fogo.WithTLS(&tls.Config{Certificates: certified.TLS.Certificates}),
		fogo.WithCleanupTimeout(time.Second),
	)
	app.Get("/x", func(r *http.Request) bool { return r.TLS != nil })
	r := start(t, app)
	client := certified.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + r.addr + "/x")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "true", string(body))
	require.NoError(t, r.stop(t))
}

// A handler with sockets of its own is shut down with the application.
func TestRunShutsHandlersDown(t *testing.T) {
	app := fogo.New()
	app.Mount("/own", endpoint.Func(func(text ws.Text) ws.Text { return text }))
	r := start(t, app)
	s := r.socket(t, "/own")
	require.NoError(t, s.SendText("x"))
	_, err := s.ReceiveText(t.Context())
	require.NoError(t, err)
	r.end()
	_, err = s.Receive(t.Context())
	var ce *ws.CloseError
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, ws.CodeGoingAway, ce.Code)
	require.NoError(t, r.stop(t))
}

func TestRunThatCannot(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	d := &diary{}
	app := fogo.New()
	app.OnStop(func() { d.note("stopped") })
	err = app.With().Run(t.Context(), ln.Addr().String())
	assert.ErrorContains(t, err, "address already in use")
	assert.Equal(t, []string{"stopped"}, d.all())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	assert.ErrorIs(t, app.Serve(t.Context(), closed), net.ErrClosed)
	bad := fogo.New()
	bad.Provide(inject.Singleton, func() (*DB, error) { return nil, errors.New("no database") })
	bad.Get("/", dbName)
	assert.ErrorContains(t, bad.Run(t.Context(), "127.0.0.1:0"), "no database")
}

// childVariable tells the test binary to be the program that is sent a signal.
const childVariable = "FOGO_TEST_CHILD"

// child is an application that says on standard output what becomes of it.
func child() int {
	say := func(s string) { fmt.Println(s) }
	app := fogo.New(
		fogo.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		fogo.WithOnListen(func(a net.Addr) { say("listening " + a.String()) }),
	)
	app.Provide(inject.Singleton, func() *inner { return &inner{closes{"inner", say}} })
	app.WebSocket("/ws", func(_ *inner, text ws.Text) ws.Text { return text })
	if err := app.Run(context.Background(), "127.0.0.1:0"); err != nil {
		say(err.Error())
		return 1
	}
	say("clean")
	return 0
}

func TestRunEndsOnSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to send")
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childVariable+"=1")
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			addr, ok := strings.CutPrefix(lines.Text(), "listening ")
			require.True(t, ok, lines.Text())
			s := (&running{addr: addr}).socket(t, "/ws")
			require.NoError(t, s.SendText("hello"))
			_, err = s.ReceiveText(t.Context())
			require.NoError(t, err)
			require.NoError(t, cmd.Process.Signal(sig))
			_, err = s.Receive(t.Context())
			var ce *ws.CloseError
			require.ErrorAs(t, err, &ce)
			assert.Equal(t, ws.CodeGoingAway, ce.Code)
			var rest []string
			for lines.Scan() {
				rest = append(rest, lines.Text())
			}
			require.NoError(t, cmd.Wait())
			assert.Equal(t, []string{"close inner", "clean"}, rest)
		})
	}
}
