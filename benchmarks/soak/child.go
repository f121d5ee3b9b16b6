package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
	"github.com/gofogo/fogo/ws"
)

// serverEnv holds the orders of a process that is the server.
const serverEnv = "FOGO_SOAK_SERVER"

// orders are what the server is told.
type orders struct {
	Files string // static files
	Spool Spool  // for uploads, and all other temporary files
	Leak  leak
}

// sample is what the server holds at some time.
type sample struct {
	proc.Usage
	Descriptors int   `json:"descriptors"`
	Temporary   int   `json:"temporary"` // files
	Sockets     int   `json:"sockets"`   // WebSockets
	Parked      int   `json:"parked"`    // of these
	Open        int64 `json:"open"`      // values made for calls and connections, not released
	Collected   bool  `json:"collected,omitempty"`
}

// ending is what the server says when its application is over.
type ending struct {
	Before sample `json:"before"` // it began
	After  sample `json:"after"`
	Ledger struct {
		Made, Committed, RolledBack, Abandoned, Connected, Parted int64
	} `json:"ledger"`
}

// server is the child's side.
type server struct {
	orders
	ledger  Ledger
	tracker ws.Tracker
	before  sample
	ended   chan error
}

// serveAsChild serves if this process was started to do so, and reports whether
// it was.
func serveAsChild() bool {
	text, ok := os.LookupEnv(serverEnv)
	if !ok {
		return false
	}
	s := &server{ended: make(chan error, 1)}
	err := json.Unmarshal([]byte(text), &s.orders)
	if err == nil {
		err = s.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak: serving:", err)
		os.Exit(1)
	}
	return true
}

// run serves until the application has ended by a signal, and the parent has
// asked how.
func (s *server) run() error {
	if err := warm(); err != nil {
		return err
	}
	s.before = s.look(true)
	addr := make(chan string, 1)
	app := newApp(&s.ledger, &s.tracker, os.DirFS(s.Files), s.Spool, s.Leak).
		With(fogo.WithOnListen(func(a net.Addr) { addr <- a.String() }))
	go func() { s.ended <- app.Run(context.Background(), "127.0.0.1:0") }()
	select {
	case a := <-addr:
		return proc.Serve(a, s.command)
	case err := <-s.ended:
		return err
	}
}

// warm has the runtime open and start what it keeps for good: its own poller,
// and the goroutine of signals.
func warm() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	signal.Stop(c)
	return ln.Close()
}

func (s *server) command(name string, _ []string) (any, error) {
	switch name {
	case "look":
		return s.look(false), nil
	case "collect":
		return s.look(true), nil
	case "end":
		return s.end()
	}
	return nil, fmt.Errorf("no command %q", name)
}

// look takes a sample, after a collection of garbage if asked to: two of them,
// since what pools hold goes with the second.
func (s *server) look(collect bool) sample {
	if collect {
		runtime.GC()
		runtime.GC()
	}
	usage := proc.Measure() // at once, before there is more garbage
	temp, _ := filepath.Glob(filepath.Join(string(s.Spool), "*"))
	return sample{
		Usage: usage, Descriptors: descriptors(), Temporary: len(temp),
		Sockets: s.tracker.Len(), Parked: s.tracker.Parked(), Open: s.ledger.open(), Collected: collect,
	}
}

// descriptors counts the open ones.
func descriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if all, err := os.ReadDir(dir); err == nil {
			return len(all) - 1 // that of the directory
		}
	}
	return 0
}

// end waits for the end of the application and tells what is left then.
func (s *server) end() (*ending, error) {
	select {
	case err := <-s.ended:
		if err != nil {
			return nil, err
		}
	case <-time.After(endLimit):
		return nil, errors.New("the application does not end")
	}
	e := &ending{Before: s.before}
	for deadline := time.Now().Add(settleLimit); ; time.Sleep(20 * time.Millisecond) {
		e.After = s.look(true)
		if left(e.After, e.Before) == "" || time.Now().After(deadline) {
			break
		}
	}
	l := &s.ledger
	e.Ledger.Made, e.Ledger.Committed, e.Ledger.RolledBack = l.made.Load(), l.committed.Load(), l.rolledBack.Load()
	e.Ledger.Abandoned, e.Ledger.Connected, e.Ledger.Parted = l.abandoned.Load(), l.connected.Load(), l.parted.Load()
	return e, nil
}

const (
	endLimit    = 45 * time.Second // Run's own is 30 s
	settleLimit = 5 * time.Second  // for goroutines that are on their way out
)
