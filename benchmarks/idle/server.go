package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

// serverEnv holds the orders of a process that is a server.
const serverEnv = "FOGO_IDLE_SERVER"

// orders are what a server is told.
type orders struct {
	Addr string
	Ping time.Duration
}

// server is a server's process, seen by its parent.
type server struct {
	*proc.Child
	addr string
}

func startServer(o orders) (*server, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	s := &server{}
	s.Child, err = proc.Start(&s.addr, serverEnv+"="+string(text))
	return s, err
}

// serveAsChild serves if this process was started to do so, and reports whether
// it was.
func serveAsChild() bool {
	text, ok := os.LookupEnv(serverEnv)
	if !ok {
		return false
	}
	if err := serve(text); err != nil {
		fmt.Fprintln(os.Stderr, "idle: serving:", err)
		os.Exit(1)
	}
	return true
}

// Greeter is a service that the view takes.
type Greeter struct{ Name string }

func newGreeter() *Greeter { return &Greeter{Name: "idle"} }

// echo is the view: it takes the connection, a service, and the message.
func echo(conn *ws.WebSocket, greeter *Greeter, data ws.Data) (ws.Data, error) {
	return data, nil
}

func serve(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	app := fogo.New(fogo.WithWebSocket(ws.Options{PingInterval: o.Ping}))
	app.Provide(inject.Singleton, newGreeter)
	app.WebSocket("/ws", echo)
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	ln, err := fleet.Listen(o.Addr, true)
	if err != nil {
		return err
	}
	go func() {
		// An accept that fails for want of descriptors is tried again by net/http,
		// and shows as a client that waits in vain.
		_ = (&http.Server{Handler: app}).Serve(ln)
	}()
	return proc.Serve(ln.Addr().String(), func(name string, _ []string) (any, error) {
		switch name {
		case "usage":
			return proc.Measure(), nil
		case "collect":
			return proc.Collect(), nil
		case "drain":
			ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
			defer cancel()
			return nil, app.Drain(ctx)
		}
		return nil, fmt.Errorf("no command %q", name)
	})
}

// drainLimit is how long a server may take to close its connections.
const drainLimit = 2 * time.Minute
