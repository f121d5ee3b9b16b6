package fleet

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

// workerEnv holds the Task of a process that is a worker.
const workerEnv = "FOGO_BENCHMARKS_FLEET"

// Task is what a worker does: one connection has no more than one message under way.
type Task struct {
	Server  netip.AddrPort
	Sources []netip.Addr
	Message Message
}

// Worker is a fleet in a process of its own. Between calls it answers pings.
type Worker struct{ child *proc.Child }

// StartWorker runs this program again as a worker. Its main must call [Work].
func StartWorker(t Task) (*Worker, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	child, err := proc.Start(nil, workerEnv+"="+string(text))
	return &Worker{child}, err
}

// Open opens n more connections.
func (w *Worker) Open(n int, limit time.Duration) error {
	return w.child.Call(nil, limit+limit/4, "open", n, int64(limit))
}

// EchoAll is [Fleet.EchoAll].
func (w *Worker) EchoAll(window int, limit time.Duration) error {
	return w.child.Call(nil, limit+limit/4, "echo", window, int64(limit))
}

// Probe is [Fleet.Probe].
func (w *Worker) Probe(k int, limit time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	err := w.child.Call(&times, time.Duration(k+1)*limit, "probe", k, int64(limit))
	return times, err
}

// Counts is [Fleet.Counts].
func (w *Worker) Counts() (Counts, error) {
	var c Counts
	err := w.child.Call(&c, time.Minute, "counts")
	return c, err
}

// Usage tells what the worker uses.
func (w *Worker) Usage() (proc.Usage, error) {
	var u proc.Usage
	err := w.child.Call(&u, time.Minute, "usage")
	return u, err
}

// Close cuts all connections and ends the process.
func (w *Worker) Close() {
	_ = w.child.Call(nil, time.Minute, "close")
	w.child.Stop()
}

// Work does the work if this process was started as a worker, and reports
// whether it was.
func Work() bool {
	text, ok := os.LookupEnv(workerEnv)
	if !ok {
		return false
	}
	if err := work(text); err != nil {
		fmt.Fprintln(os.Stderr, "a client process:", err)
		os.Exit(1)
	}
	return true
}

func work(text string) error {
	var t Task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	f, err := New(Options{Server: t.Server, Sources: t.Sources})
	if err != nil {
		return err
	}
	f.SetMessage(t.Message, 1)
	go f.Run()
	return proc.Serve(nil, func(name string, args []string) (value any, err error) {
		nums := make([]int64, 2)
		for i := range min(len(args), len(nums)) {
			if nums[i], err = strconv.ParseInt(args[i], 10, 64); err != nil {
				return nil, err
			}
		}
		f.Do(func() { value, err = f.command(name, int(nums[0]), time.Duration(nums[1])) })
		return value, err
	})
}

func (f *Fleet) command(name string, n int, limit time.Duration) (any, error) {
	switch name {
	case "open":
		return nil, f.Grow(n, limit)
	case "echo":
		return nil, f.EchoAll(n, limit)
	case "probe":
		return f.Probe(n, limit)
	case "counts":
		return f.Counts(), nil
	case "usage":
		return proc.Measure(), nil
	case "close":
		f.Close()
		return nil, nil
	}
	return nil, fmt.Errorf("no command %q", name)
}
