package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress tells how far the run is: with a bar if its output is a terminal,
// else with one line for each scenario.
type progress struct {
	w        io.Writer
	terminal bool

	name  string
	done  int
	total int
	drawn time.Time
	start time.Time
}

// newProgress reports to a file.
func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (p *progress) begin(name string, total int) {
	p.name, p.done, p.total, p.drawn, p.start = name, 0, total, time.Time{}, time.Now()
}

func (p *progress) step(contender string) {
	p.done++
	if !p.terminal || time.Since(p.drawn) < 50*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	const width = 30
	full := width * p.done / p.total
	bar := strings.Repeat("█", full) + strings.Repeat("░", width-full)
	fmt.Fprintf(p.w, "\r\x1b[K%s %3d%% %s · %s", bar, 100*p.done/p.total, p.name, contender)
}

func (p *progress) end() {
	clear := ""
	if p.terminal {
		clear = "\r\x1b[K"
	}
	fmt.Fprintf(p.w, "%s%s: %d measurements in %s\n", clear, p.name, p.done, time.Since(p.start).Round(time.Millisecond))
}
