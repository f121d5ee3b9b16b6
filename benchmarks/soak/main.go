// Command soak has an application serve everything that a service has for a
// while, and shows that it needs no more at the end than at the beginning, that
// every answer is right, and that nothing is left.
//
//	go run ./soak -for 30m
//
// # What it does
//
// A child process serves an application through Run's defaults on a loopback
// address: typed views, values made for requests, a class, uploads that go to
// disk, streams, static files, compression, failures, and WebSockets of all kinds.
// This process has clients of every kind ask, talk, break off, crawl, send
// nonsense and fall silent, at a rate that leaves room, since it is not about
// throughput. They check every answer.
//
// Meanwhile the child is asked once a second what it holds; now and then after a
// collection of garbage. At the end
//
//   - the clients leave, and the server must be as it was before they came: as many
//     goroutines and descriptors, no temporary file, no WebSocket, and everything
//     released that was made for calls and connections;
//   - some connect again, and the server is ended by SIGTERM: every WebSocket must
//     get a Close frame with 1001, a stream its end;
//   - the child must be as it was before its application began, and end with
//     status 0.
//
// # What is flat
//
// The first third of the run is warm-up. The second and the last are cut into ten
// windows each, of which the lowest points count: what is under way comes and goes,
// what is lost remains. Of heap after a collection, goroutines and descriptors, the
// medians of both are compared, and the slope over both (Theil–Sen): it may make no
// more than the tolerance, and the medians may differ by half of it, as they do if
// something grows steadily.
//
//	heap          10 %, and 3 MiB in any case
//	goroutines    10 %, and 10 in any case
//	descriptors   10 %, and 10 in any case
//
// RSS and stacks are told and not judged, for the runtime gives memory back when
// it likes. A run of a few seconds shows that this program works, and no leak that
// takes longer to be seen.
//
// # What it leaves
//
// Lines "name value unit", and soak.json and soak.svg in the directory -out. If
// anything of this does not hold it says so, and ends with status 1. The child ends
// with this process, whatever ends it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	if serveAsChild() {
		return
	}
	// Whoever interrupts it gets the report as far as it came.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	length, rest time.Duration
	rate         float64
	leak         leak
	out          string
}

// shortest is a length in which there are enough samples to judge.
const shortest = 5 * time.Second

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.DurationVar(&o.length, "for", 3*time.Minute, "how long")
	fs.Float64Var(&o.rate, "rate", 600, "requests and connections in a second, those that are slow on purpose aside")
	// It has to be more than the server waits for a WebSocket that is silent.
	fs.DurationVar(&o.rest, "rest", 30*time.Second, "within what nothing may be left of clients that have gone")
	fs.StringVar((*string)(&o.leak), "leak", "", `what the server loses on purpose, to show that it is found: "memory", "goroutines", "descriptors", "files", "answers" or "all"`)
	fs.StringVar(&o.out, "out", "results", "directory for soak.json and soak.svg")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case o.length < shortest:
		return o, fmt.Errorf("-for has to be %v at least", shortest)
	case o.rate <= 0:
		return o, fmt.Errorf("-rate has to be positive")
	}
	return o, o.leak.check()
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	r, err := soak(ctx, o, stderr)
	if err != nil {
		return err // there is nothing to tell
	}
	r.lines(stdout)
	if err := r.write(o.out); err != nil {
		return err
	}
	return r.err()
}
