package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// ticker tells how far the run is, in one line that is written over on a
// terminal; elsewhere in a line now and then.
type ticker struct {
	w     io.Writer
	last  string
	shown time.Time
}

func (t *ticker) terminal() bool {
	f, ok := t.w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (t *ticker) line(format string, args ...any) {
	t.last = fmt.Sprintf(format, args...)
	every := 10 * time.Second
	if t.terminal() {
		every = 100 * time.Millisecond
	}
	if time.Since(t.shown) < every {
		return
	}
	t.shown = time.Now()
	if t.terminal() {
		fmt.Fprintf(t.w, "\r\x1b[K%s", t.last)
		return
	}
	fmt.Fprintln(t.w, t.last)
	t.last = ""
}

// end leaves the last line to be seen.
func (t *ticker) end() {
	switch {
	case t.last == "":
		return
	case t.terminal():
		fmt.Fprintf(t.w, "\r\x1b[K%s\n", t.last)
	default:
		fmt.Fprintln(t.w, t.last)
	}
	t.last = ""
}
