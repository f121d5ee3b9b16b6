package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

// leftGoroutines reports those that outlive all tests.
func leftGoroutines() (status int) {
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := foreign()
		if len(left) == 0 {
			return 0
		}
		if time.Now().After(deadline) {
			fmt.Fprintf(os.Stderr, "%d goroutines outlive the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
			return 1
		}
	}
}

// foreign returns the stacks of goroutines that are neither this one nor those
// of the runtime and of package testing.
func foreign() (left []string) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, s := range strings.Split(strings.TrimSpace(string(buf)), "\n\n")[1:] {
		own := false
		for _, name := range []string{"os/signal.", "testing.(*M)", "testing.runFuzz", "runtime.ensureSigM"} {
			own = own || strings.Contains(s, name)
		}
		if !own {
			left = append(left, s)
		}
	}
	return left
}
