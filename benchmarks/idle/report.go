package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/limits"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
	"github.com/gofogo/fogo/benchmarks/internal/svg"
)

// report is a run, as idle.json has it. Durations are nanoseconds.
type report struct {
	Date    string         `json:"date"`
	Plan    plan           `json:"plan"`
	Ping    time.Duration  `json:"ping_interval"`
	Machine limits.Machine `json:"machine"`
	Moments []moment       `json:"moments"`
	Opening time.Duration  `json:"opening"`
	Talk    time.Duration  `json:"talk,omitempty"`
	Probes  quantiles      `json:"probes"`
	Pings   int            `json:"pings"`
	Pinged  int            `json:"pinged"` // connections that got one
	Drain   *drained       `json:"drain,omitempty"`
	Passed  bool           `json:"passed"`
}

// moment is all memory at some time, in bytes; of servers after a collection of
// garbage but for Raw.
type moment struct {
	Connections int           `json:"connections"`
	Echoed      bool          `json:"echoed,omitempty"` // every connection has
	Raw         int64         `json:"servers_rss_raw"`
	RSS         int64         `json:"servers_rss"`
	Heap        int64         `json:"servers_heap"`
	Stack       int64         `json:"servers_stack"`
	Objects     int64         `json:"servers_objects"`
	Goroutines  int           `json:"servers_goroutines"`
	GC          time.Duration `json:"gc"` // of a server, the mean
	Clients     int64         `json:"clients_rss"`
	Kernel      limits.Kernel `json:"kernel"`
}

func (m *moment) add(raw, u proc.Usage) {
	m.Raw += raw.RSS
	m.RSS += u.RSS
	m.Heap += int64(u.Heap)
	m.Stack += int64(u.Stack)
	m.Objects += int64(u.Objects)
	m.Goroutines += u.Goroutines
	m.GC += u.GC
}

// quantiles are those of some durations.
type quantiles struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

func (q quantiles) String() string { return fmt.Sprintf("p50 %v, p99 %v, max %v", q.P50, q.P99, q.Max) }

// summarise sorts durations.
func summarise(all []time.Duration) quantiles {
	if len(all) == 0 {
		return quantiles{}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[int(q*float64(len(all)-1))] }
	return quantiles{len(all), at(0.5), at(0.99), at(1)}
}

func newReport(o options, p plan, m limits.Machine) *report {
	return &report{Date: time.Now().UTC().Format(time.RFC3339), Plan: p, Ping: o.ping, Machine: m}
}

// growth is what a connection takes at some moment, of something.
func (r *report) growth(m moment, of func(moment) int64) float64 {
	if m.Connections == 0 {
		return 0
	}
	return float64(of(m)-of(r.Moments[0])) / float64(m.Connections)
}

// What there is to be drawn and told of a moment.
var quantities = []struct {
	name, title string
	of          func(moment) int64
}{
	{"servers-rss", "servers, RSS", func(m moment) int64 { return m.RSS }},
	{"servers-rss-raw", "", func(m moment) int64 { return m.Raw }},
	{"servers-heap", "servers, heap", func(m moment) int64 { return m.Heap }},
	{"servers-stack", "", func(m moment) int64 { return m.Stack }},
	{"clients-rss", "clients, RSS", func(m moment) int64 { return m.Clients }},
	{"kernel-slab", "kernel, both ends", func(m moment) int64 { return m.Kernel.Slab }},
	{"kernel-sockets", "", func(m moment) int64 { return m.Kernel.Caches }},
	{"not-available", "", func(m moment) int64 { return -m.Kernel.Available }},
}

func (r *report) summary(m moment) string {
	if m.Connections == 0 {
		return fmt.Sprintf("servers %d MiB, clients %d MiB, available %d MiB", m.RSS>>20, m.Clients>>20, m.Kernel.Available>>20)
	}
	return fmt.Sprintf("%.0f B of servers, %.0f B of the kernel by connection, %d goroutines, available %d MiB",
		r.growth(m, quantities[0].of), r.growth(m, quantities[5].of), m.Goroutines, m.Kernel.Available>>20)
}

// projection fails if memory will not do for all connections.
func (r *report) projection(n int) error {
	first, now := r.Moments[0], r.Moments[len(r.Moments)-1]
	return project(n, now.Connections, first.Kernel.Available, now.Kernel.Available)
}

func project(n, have int, before, now int64) error {
	per := float64(before-now) / float64(have)
	left := float64(now) - per*float64(n-have)
	if left >= reserve || have >= n {
		return nil
	}
	return fmt.Errorf("%w: after %d of %d connections %d MiB are available, and each takes %.0f B", errShort, have, n, now>>20, per)
}

// lines writes lines "name value unit".
func (r *report) lines(w io.Writer) {
	line := func(name string, value float64, unit string) {
		fmt.Fprintf(w, "idle/%d/%s %s %s\n", r.Plan.Connections, name, svg.Number(value), unit)
	}
	ms := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
	for _, m := range r.Moments {
		if m.Connections == 0 || m.Connections < r.Plan.Connections {
			continue
		}
		suffix := ""
		if m.Echoed {
			suffix = "-echoed"
		}
		for _, q := range quantities {
			line(q.name+suffix, r.growth(m, q.of), "B/conn")
		}
		line("goroutines"+suffix, float64(m.Goroutines-r.Moments[0].Goroutines)/float64(m.Connections), "goroutines/conn")
		line("gc"+suffix, ms(m.GC), "ms")
	}
	line("opened", float64(r.Plan.Connections)/max(r.Opening.Seconds(), 1e-9), "conns/s")
	line("probe-p50", ms(r.Probes.P50), "ms")
	line("probe-p99", ms(r.Probes.P99), "ms")
	line("probe-max", ms(r.Probes.Max), "ms")
	line("pinged", float64(r.Pinged), "conns")
	if d := r.Drain; d != nil {
		line("drained", d.Took.Seconds(), "s")
		for _, code := range slices.Sorted(maps.Keys(d.Closes)) {
			line(fmt.Sprintf("closed-%d", code), float64(d.Closes[code]), "conns")
		}
		line("reset", float64(d.Reset), "conns")
		line("lost", float64(d.Lost), "conns")
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
	if err := os.WriteFile(filepath.Join(dir, "idle.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "idle.svg"), []byte(r.chart()), 0o644)
}

// chart draws memory against connections, as growth.
func (r *report) chart() string {
	p := &svg.Plot{
		Title:    "Memory of idle WebSockets",
		Subtitle: "bytes above those without a connection; servers after a collection of garbage",
		X:        "connections",
	}
	for _, m := range r.Moments {
		if !m.Echoed && (len(p.Ticks) == 0 || p.Ticks[len(p.Ticks)-1].At < float64(m.Connections)) {
			p.Ticks = append(p.Ticks, svg.Tick{At: float64(m.Connections), Name: svg.Short(float64(m.Connections))})
		}
	}
	for i, q := range quantities {
		if q.title == "" {
			continue
		}
		s := svg.Series{Name: q.title, Colour: svg.Palette[i]}
		if i == 0 {
			s.Colour, s.Thick = svg.Ours, true
		}
		for _, m := range r.Moments {
			if m.Echoed {
				continue
			}
			y := float64(max(q.of(m)-q.of(r.Moments[0]), 0))
			s.Points = append(s.Points, svg.Point{X: float64(m.Connections), Y: y, Note: fmt.Sprintf("%d: %s", m.Connections, svg.Short(y))})
			s.Name = q.title + "  " + fmt.Sprintf("%.0f B each", r.growth(m, q.of))
		}
		p.Series = append(p.Series, s)
	}
	return p.SVG()
}
