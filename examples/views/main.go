// Views are the twins of the programs in Flama's and Starlette's documents
// about views: one file each, to be read beside the original.
//
//	go run ./examples/views flama-http-function -addr 127.0.0.1:8000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
)

var views = map[string]func() http.Handler{
	"flama-http-function":   flamaHTTPFunction,
	"flama-http-class":      flamaHTTPClass,
	"flama-ws-function":     flamaWSFunction,
	"flama-ws-class":        flamaWSClass,
	"starlette-http-app":    starletteHTTPApp,
	"starlette-http-routes": starletteHTTPRoutes,
	"starlette-ws-app":      starletteWSApp,
	"starlette-chat":        starletteChat,
}

func main() {
	name, addr := arguments(os.Args[1:])
	view, ok := views[name]
	if !ok {
		names := slices.Sorted(maps.Keys(views))
		fmt.Fprintf(os.Stderr, "usage: views NAME [-addr HOST:PORT]\n\nNAME is one of\n\n\t%s\n", strings.Join(names, "\n\t"))
		os.Exit(2)
	}
	if err := run(context.Background(), addr, view()); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}

// arguments takes the name before the flags or after them.
func arguments(args []string) (name, addr string) {
	flags := flag.NewFlagSet("views", flag.ExitOnError)
	flags.StringVar(&addr, "addr", "127.0.0.1:8000", "the address to listen on")
	_ = flags.Parse(args) // exits
	if flags.NArg() == 0 {
		return "", addr
	}
	name = flags.Arg(0)
	_ = flags.Parse(flags.Args()[1:])
	return name, addr
}

// run serves a view until ctx is done or a signal comes.
func run(ctx context.Context, addr string, view http.Handler) error {
	if app, ok := view.(*fogo.App); ok {
		return app.With(fogo.WithLogger(slog.Default())).Run(ctx, addr)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	slog.Info("listening", "addr", ln.Addr().String())
	return serveAlone(ctx, ln, view.(*endpoint.Handler))
}

// serveAlone is what it takes to run a view without an application: any
// server of net/http, and a Shutdown for the sockets, which that doesn't know.
func serveAlone(ctx context.Context, ln net.Listener, view *endpoint.Handler) error {
	srv := &http.Server{Handler: view, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(srv.Shutdown(limit), view.Shutdown(limit))
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
