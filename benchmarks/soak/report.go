package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/svg"
)

// report is a run, as soak.json has it. Durations are nanoseconds.
type report struct {
	Date      string           `json:"date"`
	For       time.Duration    `json:"for"`
	Rate      float64          `json:"rate"`
	Leak      leak             `json:"leak,omitempty"`
	Took      time.Duration    `json:"took"` // until the last client had finished
	Done      map[string]int64 `json:"done"` // by kind of client
	All       int64            `json:"all"`
	Wrong     int64            `json:"wrong"`
	Rest      sample           `json:"rest"` // before the clients came
	Samples   []moment         `json:"samples"`
	Left      sample           `json:"left"` // after they had gone
	Drained   time.Duration    `json:"drained"`
	GoingAway int              `json:"going_away"` // WebSockets that got 1001
	End       *ending          `json:"end,omitempty"`
	Verdicts  []verdict        `json:"verdicts"`
	Faults    []string         `json:"faults,omitempty"`
	Passed    bool             `json:"passed"`
}

// moment is a sample at some time of the run.
type moment struct {
	At time.Duration `json:"at"`
	sample
}

func newReport(o options) *report {
	return &report{
		Date: time.Now().UTC().Format(time.RFC3339), For: o.length, Rate: o.rate, Leak: o.leak, Done: map[string]int64{},
	}
}

func (r *report) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// quantities are what is told of samples, and judged if there is a tolerance.
var quantities = []struct {
	name, unit string
	of         func(sample) float64
	collected  bool // only samples after a collection count
	tolerance  tolerance
}{
	{"heap", "B", func(s sample) float64 { return float64(s.Heap) }, true, tolerance{0.1, 3 << 20}},
	{"goroutines", "goroutines", func(s sample) float64 { return float64(s.Goroutines) }, false, tolerance{0.1, 10}},
	{"descriptors", "descriptors", func(s sample) float64 { return float64(s.Descriptors) }, false, tolerance{0.1, 10}},
	{"rss", "B", func(s sample) float64 { return float64(s.RSS) }, false, tolerance{}},
	{"stacks", "B", func(s sample) float64 { return float64(s.Stack) }, false, tolerance{}},
	{"websockets", "connections", func(s sample) float64 { return float64(s.Sockets) }, false, tolerance{}},
	{"parked", "connections", func(s sample) float64 { return float64(s.Parked) }, false, tolerance{}},
	{"temporary", "files", func(s sample) float64 { return float64(s.Temporary) }, false, tolerance{}},
}

// points are those of the i-th quantity.
func (r *report) points(i int) []point {
	var out []point
	q := quantities[i]
	for _, m := range r.Samples {
		if m.Collected || !q.collected {
			out = append(out, point{m.At, q.of(m.sample)})
		}
	}
	return out
}

// finish judges.
func (r *report) finish(l *load) {
	for name, t := range l.tallies {
		r.Done[name] = t.Done.Load()
		if t.Done.Load() == 0 {
			r.fault("%s: nothing was done", name)
		}
	}
	r.Wrong, r.All = l.wrong()
	r.Faults = append(r.Faults, l.faults...)
	for i, q := range quantities {
		v := judge(q.name, q.unit, r.points(i), r.For, q.tolerance)
		r.Verdicts = append(r.Verdicts, v)
		if !v.Flat {
			r.fault("not flat: %v", v)
		}
	}
	r.Passed = len(r.Faults) == 0 && r.Wrong == 0
}

// err is what was wrong, or nil.
func (r *report) err() error {
	if r.Passed {
		return nil
	}
	return errors.New(fmt.Sprintf("%d of %d were wrong", r.Wrong, r.All) + "\n  - " + strings.Join(r.Faults, "\n  - "))
}

// lines writes lines "name value unit".
func (r *report) lines(w io.Writer) {
	line := func(name string, value float64, unit string) {
		fmt.Fprintf(w, "soak/%s %s %s\n", name, svg.Number(value), unit)
	}
	for _, k := range kinds {
		line("done/"+k.name, float64(r.Done[k.name]), "times")
	}
	line("done", float64(r.All), "times")
	line("rate", float64(r.All)/max(r.Took.Seconds(), 1e-9), "times/s")
	line("wrong", float64(r.Wrong), "times")
	for i, v := range r.Verdicts {
		line(v.Name+"/before", quantities[i].of(r.Rest), v.Unit)
		if v.Points > 0 {
			line(v.Name+"/second-third", v.Second, v.Unit)
			line(v.Name+"/last-third", v.Last, v.Unit)
			line(v.Name+"/growth", v.Growth, v.Unit)
		}
		line(v.Name+"/after", quantities[i].of(r.Left), v.Unit)
	}
	line("drained", float64(r.Drained.Milliseconds()), "ms")
	line("closed-1001", float64(r.GoingAway), "connections")
	if e := r.End; e != nil {
		line("cpu", e.After.CPU.Seconds()/max(r.Took.Seconds(), 1e-9), "processors")
		line("end/goroutines", float64(e.After.Goroutines-e.Before.Goroutines), "more")
		line("end/descriptors", float64(e.After.Descriptors-e.Before.Descriptors), "more")
		line("end/temporary", float64(e.After.Temporary), "files")
		line("end/made", float64(e.Ledger.Made), "values")
		line("end/not-released", float64(e.After.Open), "values")
	}
}

// write writes the files.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "soak.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "soak.svg"), []byte(r.chart()), 0o644)
}

// drawn are the quantities of the chart, by their place among all.
var drawn = []int{0, 3, 1, 2, 4}

// dots is how many there are to a line.
const dots = 90

// chart draws the quantities over the time, each in per cent of its median in
// the second third.
func (r *report) chart() string {
	p := &svg.Plot{
		Title:    "A service at work for " + r.For.String(),
		Subtitle: fmt.Sprintf("%d requests and connections; per cent of the median of the second third", r.All),
		X:        "time",
	}
	for i := range 7 {
		at := r.For * time.Duration(i) / 6
		p.Ticks = append(p.Ticks, svg.Tick{At: at.Seconds(), Name: at.Round(time.Second).String()})
	}
	for n, i := range drawn {
		v, q := r.Verdicts[i], quantities[i]
		if v.Second == 0 {
			continue
		}
		level := svg.Short(v.Second)
		if q.unit == "B" {
			level = fmt.Sprintf("%.1f MiB", mib(v.Second))
		}
		s := svg.Series{Name: q.name + "  " + level, Colour: svg.Palette[n]}
		if n == 0 {
			s.Name, s.Colour, s.Thick = "heap after GC  "+level, svg.Ours, true
		}
		for _, pt := range thin(r.points(i), dots) {
			if pt.At <= r.For {
				s.Points = append(s.Points, svg.Point{X: pt.At.Seconds(), Y: 100 * pt.Value / v.Second, Note: fmt.Sprintf("%v: %s %s", pt.At.Round(time.Second), svg.Short(pt.Value), q.unit)})
			}
		}
		p.Series = append(p.Series, s)
	}
	return p.SVG()
}

func mib(bytes float64) float64 { return bytes / (1 << 20) }
