// Command idle holds very many WebSocket connections to Fogo on one machine, and
// shows what they cost and that they live.
//
//	go run ./idle -n 1000000
//
// # What it does
//
// It starts server processes, each an application with a typed view that has a
// service injected, with pings on, all on one port (SO_REUSEPORT); and as many
// client processes, each with two loopback addresses of its own, so that it has all
// ports to itself. As many as needed, because a process may have so many
// descriptors. Before that it looks at the limits of the machine, and refuses
// with everything that is missing.
//
// Connections are opened in batches. Ten times on the way, and at the end, it
// has the servers collect their garbage, and looks at their memory, at that of
// the clients, and at the kernel's. Then
//
//   - all connections echo a message, unless -talk=false, and memory is looked at again;
//   - connections of every client, chosen at random, are asked for an echo, one
//     after the other, which is timed;
//   - it waits until every connection has got a ping;
//   - the servers are drained: every connection gets 1001, which the clients count.
//
// Whatever of this fails, the program says so and ends with status 1. The clients
// compare every byte of every reply.
//
// If memory runs short on the way, it stops opening, drains what is there, and
// says how far it came.
//
// # What it leaves
//
// Lines "name value unit", and idle.json and idle.svg in the directory -out.
// Children end with this process, whatever ends it. Their connections may be in
// TIME_WAIT for a minute, at the server's end.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
)

func main() {
	if serveAsChild() || fleet.Work() {
		return
	}
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	n, procs       int
	batch, atOnce  int
	probes, drains int
	ping           time.Duration
	talk, dry      bool
	out            string
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("idle", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&o.n, "n", 10_000, "connections")
	fs.IntVar(&o.procs, "procs", 0, "processes of servers, and of clients (default: as few as the limit of descriptors allows)")
	fs.IntVar(&o.batch, "batch", 250, "connections that a client opens at a time")
	fs.IntVar(&o.atOnce, "at-once", 4, "clients that open connections, or have them echo, at a time")
	fs.IntVar(&o.probes, "probes", 100, "echoes that are timed, by client")
	fs.IntVar(&o.drains, "drain", 8, "servers that are drained at a time")
	fs.DurationVar(&o.ping, "ping", 30*time.Second, "interval of the servers' pings")
	fs.BoolVar(&o.talk, "talk", true, "have every connection echo once, and look at memory again")
	fs.BoolVar(&o.dry, "check", false, "only look whether the machine can hold them")
	fs.StringVar(&o.out, "out", "results", "directory for idle.json and idle.svg")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case o.n < 1 || o.procs < 0 || o.batch < 1 || o.atOnce < 1 || o.probes < 0 || o.drains < 1 || o.ping <= 0:
		return o, fmt.Errorf("a number is too small")
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	m := limits.Read()
	p := makePlan(o.n, o.procs, m)
	if err := refuse(p.check(m)); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d connections, %d server and %d client processes, at most %d connections in each\n", p.Connections, p.Processes, p.Processes, p.most())
	if o.dry {
		fmt.Fprintln(stderr, "the machine can hold them, by its limits")
		return nil
	}
	r, err := hold(o, p, m, stderr)
	if r != nil {
		r.lines(stdout)
		if werr := r.write(o.out); err == nil {
			err = werr
		}
	}
	return err
}
