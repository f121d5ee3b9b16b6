package fogo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connect opens a WebSocket and sends a message.
func (s *served) connect(path string) *ws.WebSocket {
	c, _, err := ws.Client(s.t.Context(), s.dial(), "ws://x"+path, nil)
	require.NoError(s.t, err)
	require.NoError(s.t, c.SendText("x"))
	return c
}

// TestDeafHandlersLeaveTheHooksTheirTime: what doesn't end is named and given up,
// and doesn't use up the time of what comes after it.
func TestDeafHandlersLeaveTheHooksTheirTime(t *testing.T) {
	var release, begun chan struct{}
	var left time.Duration
	bubble(t, func(app *fogo.App) {
		release, begun = make(chan struct{}), make(chan struct{}, 2)
		app.WebSocket("/deaf", func(_ *ws.WebSocket, _ ws.Text) { begun <- struct{}{}; <-release })
		app.Ready(func() error { begun <- struct{}{}; <-release; return nil }).Name("deaf")
		app.OnStop(func(ctx context.Context) error {
			at, _ := ctx.Deadline()
			left = time.Until(at)
			return ctx.Err()
		})
	}, []fogo.Option{fogo.WithHealth("", "/readyz"), fogo.WithShutdownTimeout(10 * time.Second)}, func(s *served) {
		c := s.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
		_, _ = answer(t, c)
		s.connect("/deaf")
		<-begun
		<-begun
		begin := time.Now()
		s.stop()
		err := <-s.done
		s.done <- err
		close(release)
		assert.ErrorContains(t, err, "not everything was over in time: context deadline exceeded: cancelled WebSockets: 1")
		assert.ErrorContains(t, err, "WebSockets are not over")
		assert.Less(t, time.Since(begin), 15*time.Second)
		assert.Greater(t, left, 7*time.Second)
	})
}

// Without a timeout nothing is waited for, but hooks can still do their work.
func TestStopHooksHaveTimeWithoutATimeout(t *testing.T) {
	var failed error
	bubble(t, func(app *fogo.App) {
		app.Get("/stuck", func(ctx context.Context) { <-ctx.Done() })
		app.OnStop(func(ctx context.Context) { time.Sleep(time.Second); failed = ctx.Err() })
	}, []fogo.Option{fogo.WithShutdownTimeout(0)}, func(s *served) {
		s.send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Second)
		s.stop()
		err := <-s.done
		s.done <- err
		assert.ErrorContains(t, err, `GET "/stuck"`)
		assert.NoError(t, failed)
	})
}

// Who calls Stop shares the time of the context likewise.
func TestStopLeavesTheHooksHalf(t *testing.T) {
	app := fogo.New()
	release := make(chan struct{})
	begun := make(chan struct{})
	app.WebSocket("/deaf", func(_ *ws.WebSocket, _ ws.Text) { close(begun); <-release })
	var failed error
	app.OnStop(func(ctx context.Context) { failed = ctx.Err() })
	ln := memnet.Listen()
	srv := &http.Server{Handler: app}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	conn, err := ln.Dial(t.Context())
	require.NoError(t, err)
	c, _, err := ws.Client(t.Context(), conn, "ws://x/deaf", nil)
	require.NoError(t, err)
	require.NoError(t, c.SendText("x"))
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	assert.ErrorIs(t, app.Stop(ctx), context.DeadlineExceeded, "of the drain")
	assert.NoError(t, failed)
	close(release)
}

var errTooLate = errors.New("too late")

// Nothing is made for a context that is over.
func TestStartWithAContextThatIsOver(t *testing.T) {
	d := &diary{}
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { d.note("make"); return &inner{closes{"inner", d.note}} })
	app.OnStart(func(*inner) { d.note("start") })
	app.OnStop(func() { d.note("stop") })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTooLate)
	for _, start := range []func() error{
		func() error { return app.Start(ctx) },
		func() error { return app.Run(ctx, "127.0.0.1:0") },
		func() error { return app.Serve(ctx, memnet.Listen()) },
	} {
		err := start()
		assert.ErrorIs(t, err, errTooLate)
		assert.ErrorContains(t, err, "not started")
	}
	assert.Empty(t, d.all())

	// It can be started by who has time.
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(t.Context()))
	assert.Equal(t, []string{"make", "start", "stop", "close inner"}, d.all())
}

// What ends the start is told, and not only what came of it.
func TestStartIsInterrupted(t *testing.T) {
	d := &diary{}
	ctx, cancel := context.WithCancelCause(t.Context())
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { return &inner{closes{"inner", d.note}} })
	app.OnStart(func(ctx context.Context, _ *inner) error {
		cancel(errTooLate)
		<-ctx.Done()
		return ctx.Err()
	})
	app.OnStart(func() { d.note("second hook") })
	err := app.Run(ctx, "127.0.0.1:0")
	assert.ErrorIs(t, err, errTooLate)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"close inner"}, d.all())
}

// TestStartFailsHalfway: what was made is closed in reverse, whichever step fails,
// and the next attempt begins anew.
func TestStartFailsHalfway(t *testing.T) {
	for _, step := range []string{"inner", "outer", "hook", "panic", "listen"} {
		d := &diary{}
		fails := true
		fail := func(at string) error {
			if d.note("make " + at); at == step && fails {
				return errors.New(at + " fails")
			}
			return nil
		}
		app := fogo.New(fogo.WithOnListen(func(net.Addr) { d.note("serve") }))
		app.Provide(inject.Singleton, func() (*inner, error) { return &inner{closes{"inner", d.note}}, fail("inner") })
		app.Provide(inject.Singleton, func(*inner) (*outer, error) { return &outer{closes{"outer", d.note}}, fail("outer") })
		app.OnStart(func(*inner) error { return fail("first") })
		app.OnStart(func(*outer) error {
			if step == "panic" && fails {
				panic("hook fails")
			}
			return fail("hook")
		})
		app.OnStop(func(*outer) { d.note("stop 1") })
		app.OnStop(func(*inner) { d.note("stop 2") })
		ctx, cancel := context.WithCancel(t.Context())
		addr := "127.0.0.1:0"
		if step == "listen" {
			addr = "256.0.0.1:0"
		}
		err := app.Run(ctx, addr)
		require.Error(t, err, step)
		want := map[string][]string{
			"inner":  {"make inner"},
			"outer":  {"make inner", "make outer", "close inner"},
			"hook":   {"make inner", "make outer", "make first", "make hook", "close outer", "close inner"},
			"panic":  {"make inner", "make outer", "make first", "close outer", "close inner"},
			"listen": {"make inner", "make outer", "make first", "make hook", "stop 2", "stop 1", "close outer", "close inner"},
		}
		assert.Equal(t, want[step], d.all(), step)
		if fails = false; step == "listen" {
			assert.ErrorIs(t, app.Run(ctx, "127.0.0.1:0"), fogo.ErrStopped, "it had been started")
			cancel()
			continue
		}
		d.lines = nil
		require.NoError(t, app.With(fogo.WithOnListen(func(net.Addr) { cancel() })).Run(ctx, "127.0.0.1:0"), step)
		assert.Equal(t, append(want["listen"][:4:4], append([]string{"serve"}, want["listen"][4:]...)...), d.all(), step)
	}
}

// Hooks may ask what they are hooks of.
func TestHooksAskForRoutes(t *testing.T) {
	app := fogo.New()
	app.Get("/x", func() string { return "x" })
	ask := func() error {
		if n := len(app.Routes()); n != 1 || len(app.Warnings()) != 0 {
			return fmt.Errorf("%d routes", n)
		}
		return app.Build()
	}
	app.OnStart(ask)
	app.OnStop(ask)
	done := make(chan error, 1)
	go func() { done <- errors.Join(app.Start(t.Context()), app.Stop(t.Context())) }()
	select {
	case err := <-done:
		assert.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("a hook waits for the application, which waits for it")
	}
}

// An application that begins to end takes no further listeners: it would serve
// them without WebSockets, and as one that isn't ready.
func TestServeWhileTheApplicationEnds(t *testing.T) {
	bubble(t, func(app *fogo.App) {
		app.Get("/slow", func() string { time.Sleep(time.Minute); return "served" })
		app.OnStop(func() error { return app.Serve(context.Background(), memnet.Listen()) })
	}, []fogo.Option{fogo.WithShutdownTimeout(time.Hour), fogo.WithDrainDelay(time.Second)}, func(s *served) {
		c := s.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Second)
		s.stop()
		status, _ := answer(t, c)
		assert.Equal(t, 200, status)
		err := <-s.done
		s.done <- err
		assert.ErrorIs(t, err, fogo.ErrStopped)
	})
	// The listener is closed also then.
	app := fogo.New()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_ = app.With().Run(ctx, "127.0.0.1:0")
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(t.Context()))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	assert.ErrorIs(t, app.Serve(t.Context(), ln), fogo.ErrStopped)
	_, err = ln.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
}

// TestRunTwice: the second call adds an address, and one that cannot begin is no
// reason to end the first.
func TestRunTwice(t *testing.T) {
	d := &diary{}
	app := fogo.New(fogo.WithOnListen(func(a net.Addr) { d.note(a.String()) }))
	app.Get("/x", func() string { return "x" })
	app.OnStart(func() { d.note("start") })
	app.OnStop(func() { d.note("stop") })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	run := func(n int) *running {
		go func() { done <- app.Run(ctx, "127.0.0.1:0") }()
		require.Eventually(t, func() bool { return len(d.all()) == n+1 }, 5*time.Second, time.Millisecond)
		return &running{addr: d.all()[n]}
	}
	first := run(1)
	assert.ErrorContains(t, app.Run(ctx, first.addr), "address already in use")
	second := run(2)
	for _, r := range []*running{first, second} {
		body, err := r.get("/x")
		require.NoError(t, err)
		assert.Equal(t, "x", body)
	}
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	assert.Equal(t, []string{"start", first.addr, second.addr, "stop"}, d.all())
	assert.ErrorIs(t, app.Run(t.Context(), "127.0.0.1:0"), fogo.ErrStopped)
}

// failing is a listener that accepts one connection and then breaks.
type failing struct {
	*memnet.Listener
	broken chan struct{}
	taken  bool
}

func (f *failing) Accept() (net.Conn, error) {
	if !f.taken {
		f.taken = true
		return f.Listener.Accept()
	}
	<-f.broken
	return nil, errTooLate
}

// TestListenerBreaks: Serve says why, and ends as it does otherwise: what is under
// way is answered, and everything is stopped.
func TestListenerBreaks(t *testing.T) {
	d := &diary{}
	ln := &failing{Listener: memnet.Listen(), broken: make(chan struct{})}
	app := fogo.New()
	app.Get("/", func() string { close(ln.broken); time.Sleep(50 * time.Millisecond); d.note("answered"); return "whole" })
	app.OnStop(func() { d.note("stop") })
	done := make(chan error, 1)
	go func() { done <- app.Serve(t.Context(), ln) }()
	assert.Equal(t, "whole", fetch(t, &http.Client{Transport: &http.Transport{DialContext: ln.DialContext}}, "http://x/"))
	assert.ErrorIs(t, <-done, errTooLate)
	assert.Equal(t, []string{"answered", "stop"}, d.all())
}

type tenantKey struct{}

// A context of the caller's own has its values, and ends with the server.
func TestServerWithABaseContext(t *testing.T) {
	bubble(t, func(app *fogo.App) {
		app.Get("/", func(ctx context.Context, w http.ResponseWriter) {
			_, _ = io.WriteString(w, ctx.Value(tenantKey{}).(string))
			_ = http.NewResponseController(w).Flush()
			<-fogo.Draining(ctx)
			<-ctx.Done()
			_, _ = io.WriteString(w, ", cancelled")
		})
	}, []fogo.Option{fogo.WithServer(func(srv *http.Server) {
		srv.BaseContext = func(net.Listener) context.Context {
			return context.WithValue(context.Background(), tenantKey{}, "acme")
		}
	})}, func(s *served) {
		client := s.client()
		client.Transport.(*http.Transport).Protocols = nil
		resp, err := client.Get("http://x/")
		require.NoError(t, err)
		defer resp.Body.Close()
		s.stop()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "acme, cancelled", string(body))
	})
}
