package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

// runner is a run.
type runner struct {
	options
	child  *proc.Child
	client *client
	load   *load
	tell   io.Writer
	start  time.Time
	report *report
}

// soak runs everything. An error is one of the program's own surroundings; what
// the server did wrong is in the report.
func soak(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	dir, err := os.MkdirTemp("", "fogo-soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &runner{options: o, tell: stderr, report: newReport(o)}
	if err := r.spawn(dir); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{r.soakIt, r.leave, r.drain} {
		if err := step(ctx); err != nil {
			r.report.fault("%v", err)
		}
	}
	if err := r.child.Stop(); err != nil {
		r.report.fault("the server did not end with status 0: %v", err)
	}
	r.report.finish(r.load)
	return r.report, nil
}

// spawn starts the server, in a directory of its own.
func (r *runner) spawn(dir string) error {
	files, spool := filepath.Join(dir, "files"), filepath.Join(dir, "spool")
	err := errors.Join(os.Mkdir(files, 0o755), os.Mkdir(spool, 0o755),
		os.WriteFile(filepath.Join(files, "some.txt"), []byte(staticText), 0o644))
	if err != nil {
		return err
	}
	text, err := json.Marshal(orders{files, Spool(spool), r.leak})
	if err != nil {
		return err
	}
	var addr string
	// Whatever else makes a temporary file makes it where it is seen.
	r.child, err = proc.Start(&addr, serverEnv+"="+string(text), "TMPDIR="+spool)
	if err != nil {
		return err
	}
	r.client = newClient(addr)
	r.load = newLoad(r.client, r.rate)
	return nil
}

// callLimit is how long the child may take to answer, but for its end.
const callLimit = time.Minute

func (r *runner) look(command string) (s sample, err error) {
	return s, r.child.Call(&s, callLimit, command)
}

// soakIt has the clients at work for the length of the run, and takes samples.
func (r *runner) soakIt(whole context.Context) error {
	var err error
	if r.report.Rest, err = r.look("collect"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(whole, r.length)
	defer cancel()
	r.start = time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.load.run(ctx)
	}()
	err = r.watch(ctx)
	cancel()
	<-done
	r.report.Took = time.Since(r.start)
	return errors.Join(err, whole.Err())
}

// watch takes samples until ctx ends, sixty at least, and sixty at least of them
// after a collection of garbage.
func (r *runner) watch(ctx context.Context) error {
	every := min(time.Second, r.length/60)
	collect := min(5*time.Second, r.length/60)
	var collected, told time.Duration
	for sleep(ctx, every) {
		command, at := "look", time.Since(r.start)
		if at-collected >= collect {
			command, collected = "collect", at
		}
		s, err := r.look(command)
		if err != nil {
			return err
		}
		r.report.Samples = append(r.report.Samples, moment{at, s})
		if at-told >= 10*time.Second {
			told = at
			wrong, n := r.load.wrong()
			fmt.Fprintf(r.tell, "%v: %d done, %d wrong, heap %.1f MiB, RSS %.1f MiB, %d goroutines, %d descriptors, %d WebSockets (%d parked)\n",
				at.Round(time.Second), n, wrong, mib(float64(s.Heap)), mib(float64(s.RSS)), s.Goroutines, s.Descriptors, s.Sockets, s.Parked)
		}
	}
	return nil
}

// leave waits until the server is as it was before the clients came.
func (r *runner) leave(context.Context) error {
	r.client.http.CloseIdleConnections()
	for deadline := time.Now().Add(r.rest); ; time.Sleep(50 * time.Millisecond) {
		s, err := r.look("collect")
		if err != nil {
			return err
		}
		more := left(s, r.report.Rest)
		if more != "" && time.Now().Before(deadline) {
			continue
		}
		r.report.Left = s
		if more != "" {
			return fmt.Errorf("%v after the clients had gone there are %s", r.rest, more)
		}
		return nil
	}
}

// drain ends the server by a signal while WebSockets and a stream are open, and
// asks what is left of it.
func (r *runner) drain(context.Context) error {
	goodbye, err := r.stayFor()
	if err != nil {
		return fmt.Errorf("connecting for the end: %w", err)
	}
	begin := time.Now()
	if err := r.child.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	wrong := goodbye()
	var e ending
	if err := r.child.Call(&e, endLimit+settleLimit+callLimit, "end"); err != nil {
		return errors.Join(wrong, err)
	}
	r.report.Drained, r.report.End = time.Since(begin), &e
	r.client.http.CloseIdleConnections()
	if more := left(e.After, e.Before); more != "" {
		wrong = errors.Join(wrong, fmt.Errorf("after the end of the application there are %s", more))
	}
	if e.Ledger.Connected != e.Ledger.Parted {
		wrong = errors.Join(wrong, fmt.Errorf("OnConnect ran %d times, OnDisconnect %d times", e.Ledger.Connected, e.Ledger.Parted))
	}
	return wrong
}
