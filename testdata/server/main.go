// Command server is an application for tests that send signals to a process. It
// says on standard output what becomes of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

var (
	addr    = flag.String("addr", "127.0.0.1:0", "where to listen")
	fail    = flag.Bool("fail", false, "fail in a start hook")
	delay   = flag.Duration("delay", 0, "of the drain")
	timeout = flag.Duration("timeout", 20*time.Second, "of the drain")
)

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

type store struct{}

func (*store) Close() error { say("close store"); return nil }

type service struct{}

func (*service) Close() error { say("close service"); return nil }

// events is a stream that ends when the server drains.
func events(ctx context.Context) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
			select {
			case <-ctx.Done():
				return
			case <-fogo.Draining(ctx):
				yield(-1)
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

func newApp() *fogo.App {
	app := fogo.New(
		fogo.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		fogo.WithOnListen(func(a net.Addr) { say("listening %s", a) }),
		fogo.WithHealth("/healthz", "/readyz"),
		fogo.WithDrainDelay(*delay),
		fogo.WithShutdownTimeout(*timeout),
	)
	app.Provide(inject.Singleton, func() *store { say("make store"); return &store{} })
	app.Provide(inject.Singleton, func(*store) *service { say("make service"); return &service{} })
	app.OnStart(func(*service) error {
		say("start")
		if *fail {
			return errors.New("the start hook fails")
		}
		return nil
	})
	app.OnStop(func(*store) { say("stop") })
	app.Get("/echo/{text}", func(text string) string { return strings.Repeat(text, 100) })
	app.Get("/slow", func() string { time.Sleep(700 * time.Millisecond); return "slow" })
	app.Get("/stuck", func(ctx context.Context, w http.ResponseWriter) {
		_ = http.NewResponseController(w).Flush() // tells that it has begun
		<-ctx.Done()
		say("cancelled")
	})
	app.Get("/deaf", func(w http.ResponseWriter) {
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Hour)
	})
	app.Get("/events", events)
	app.Get("/big", func() []byte { return make([]byte, 32<<20) })
	app.Post("/body", func(b resolve.RawBody) int { return len(b) })
	app.Post("/ignored", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 64<<10)) })
	app.WebSocket("/ws", func(text ws.Text) ws.Text { return text })
	return app
}

func main() {
	flag.Parse()
	if err := newApp().Run(context.Background(), *addr); err != nil {
		say("error: %v", err)
		os.Exit(1)
	}
	say("clean")
}
