// Package leak finds goroutines that a package's tests leave behind.
//
//	func TestMain(m *testing.M) { leak.Main(m) }
package leak

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// patience is how long goroutines may take to end after the last test.
const patience = 5 * time.Second

// Main runs the tests and exits. If they pass but goroutines remain that were not there
// before, it prints their stacks and exits with 1. It takes the *testing.M that TestMain was given.
func Main(m interface{ Run() int }) {
	before := ids(stacks())
	code := m.Run()
	if code == 0 {
		if left := wait(before, patience); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "leak: %d goroutines outlive the tests:\n\n%s\n",
				len(left), strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// wait returns the stacks of the goroutines that are still there at the end of the time.
func wait(before map[string]bool, patience time.Duration) []string {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		left := added(before, stacks())
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(pause)
	}
}

// added returns the stacks of goroutines that are new and not the runtime's or the testing package's own.
func added(before map[string]bool, now []string) []string {
	var left []string
	for _, s := range now {
		if !before[id(s)] && !ours(s) {
			left = append(left, s)
		}
	}
	return left
}

// ours are goroutines that the test binary itself starts.
func ours(stack string) bool {
	for _, name := range []string{
		"os/signal.signal_recv", "os/signal.loop",
		"testing.(*M).startAlarm", "testing/internal/testdeps",
		"internal/fuzz", "runtime.ensureSigM", "runtime/trace", "runtime/pprof.profileWriter",
	} {
		if strings.Contains(stack, name) {
			return true
		}
	}
	return false
}

// stacks returns the stack of every goroutine but the caller's.
func stacks() []string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")[1:]
		}
		buf = make([]byte, 2*len(buf))
	}
}

// id returns "goroutine 12": the first two words of a stack.
func id(stack string) string {
	first, rest, _ := strings.Cut(stack, " ")
	number, _, _ := strings.Cut(rest, " ")
	return first + " " + number
}

func ids(stacks []string) map[string]bool {
	m := make(map[string]bool, len(stacks))
	for _, s := range stacks {
		m[id(s)] = true
	}
	return m
}
