package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/benchmarks/internal/svg"
)

// Report is one run, as results.json has it.
type Report struct {
	Date     string            `json:"date"`
	Command  string            `json:"command"`
	Quick    bool              `json:"quick"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Results  []*Result         `json:"results"`
}

// Result is what was measured for one scenario.
type Result struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	About    string    `json:"about"`
	Baseline string    `json:"baseline"`
	Axis     string    `json:"axis,omitempty"`
	Rounds   int       `json:"rounds"`
	Points   []Point   `json:"points"`
	Absent   []Absence `json:"not_supported,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
}

// Point is one contender at one point of the axis.
type Point struct {
	Contender string   `json:"contender"`
	X         *int     `json:"x,omitempty"`
	Metrics   []Metric `json:"metrics"`
}

// Metric is the median of the rounds with its quartiles.
type Metric struct {
	Unit  unit    `json:"unit"`
	Value float64 `json:"value"`
	Low   float64 `json:"q1"`
	High  float64 `json:"q3"`
}

// Absence is a contender that cannot do a scenario.
type Absence struct {
	Contender string `json:"contender"`
	Reason    string `json:"reason"`
}

// get returns the value of a metric.
func (p *Point) get(u unit) (float64, bool) {
	for _, m := range p.Metrics {
		if m.Unit == u {
			return m.Value, true
		}
	}
	return 0, false
}

func (p *Point) at(x int) bool { return p.X == nil || *p.X == x }

// main is the metric that the scenario is about.
func (r *Result) main() unit { return r.Points[0].Metrics[0].Unit }

// xs are the points of the axis in order; one that says nothing without an axis.
func (r *Result) xs() []int {
	var xs []int
	for _, p := range r.Points {
		if p.X != nil && !slices.Contains(xs, *p.X) {
			xs = append(xs, *p.X)
		}
	}
	if len(xs) == 0 {
		return []int{0}
	}
	slices.Sort(xs)
	return xs
}

// contenders are those that were measured, in order of appearance.
func (r *Result) contenders() []string {
	var names []string
	for _, p := range r.Points {
		if !slices.Contains(names, p.Contender) {
			names = append(names, p.Contender)
		}
	}
	return names
}

func (r *Result) point(contender string, x int) *Point {
	for i := range r.Points {
		if p := &r.Points[i]; p.Contender == contender && p.at(x) {
			return p
		}
	}
	return nil
}

// relate adds to each point its ratio to the baseline's at the same place.
func (r *Result) relate() {
	var bases []Point // before any ratio is added
	for i := range r.Points {
		base := r.base(&r.Points[i])
		if base == nil {
			base = &Point{}
		}
		bases = append(bases, Point{Metrics: slices.Clone(base.Metrics)})
	}
	for i := range r.Points {
		p, base := &r.Points[i], &bases[i]
		if len(p.Metrics) == 0 || len(base.Metrics) == 0 {
			continue
		}
		p.ratio(base, p.Metrics[0].Unit, toBaseline)
		if r.Baseline == bestPeer {
			p.ratio(r.best(p, messagesPerS, false), messagesPerS, toRate)
		}
	}
}

// base is the point that p is related to.
func (r *Result) base(p *Point) *Point {
	if r.Baseline == bestPeer && len(p.Metrics) > 0 {
		return r.best(p, p.Metrics[0].Unit, true)
	}
	x := 0
	if p.X != nil {
		x = *p.X
	}
	return r.point(r.Baseline, x)
}

// best is the peer of Fogo with the lowest or highest value where p is.
func (r *Result) best(p *Point, u unit, lowest bool) *Point {
	var best *Point
	var value float64
	for i := range r.Points {
		q := &r.Points[i]
		v, ok := q.get(u)
		if !ok || strings.HasPrefix(q.Contender, "fogo") || p.X != nil && !q.at(*p.X) {
			continue
		}
		if best == nil || v < value == lowest {
			best, value = q, v
		}
	}
	return best
}

// ratio adds, behind a metric, its ratio to that of another point.
func (p *Point) ratio(base *Point, of, as unit) {
	i := slices.IndexFunc(p.Metrics, func(m Metric) bool { return m.Unit == of })
	if base == nil || i < 0 {
		return
	}
	if b, ok := base.get(of); ok && b != 0 {
		m := p.Metrics[i]
		p.Metrics = slices.Insert(p.Metrics, i+1, Metric{Unit: as, Value: m.Value / b, Low: m.Low / b, High: m.High / b})
	}
}

// lines writes one line "name value unit" for each metric.
func (r *Result) lines(w io.Writer) {
	for _, p := range r.Points {
		name := r.ID
		if p.X != nil {
			name += "/" + strconv.Itoa(*p.X)
		}
		name += "/" + strings.ReplaceAll(p.Contender, " ", "-")
		for _, m := range p.Metrics {
			fmt.Fprintf(w, "%s %s %s\n", name, number(m.Value), m.Unit)
		}
	}
	for _, a := range r.Absent {
		fmt.Fprintf(w, "# %s/%s not supported: %s\n", r.ID, a.Contender, a.Reason)
	}
}

// number prints a figure as readers want it.
func number(v float64) string { return svg.Number(v) }

// write writes the files of a report into a directory.
func (rep *Report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	var md strings.Builder
	rep.markdown(&md)
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(md.String()), 0o644); err != nil {
		return err
	}
	for _, r := range rep.Results {
		if len(r.Points) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, chartFile(r)), []byte(chart(r)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func chartFile(r *Result) string { return strings.ReplaceAll(r.ID, "/", "-") + ".svg" }

// markdown writes the whole report as tables.
func (rep *Report) markdown(w io.Writer) {
	m := rep.Machine
	fmt.Fprintf(w, "# Results of %s\n\n", rep.Date)
	if rep.Quick {
		fmt.Fprintf(w, "**A quick run: its rounds are too short for more than a first impression.**\n\n")
	}
	fmt.Fprintf(w, "| | |\n|---|---|\n| processor | %s, %d cores, GOMAXPROCS %d |\n| system | %s, kernel %s |\n| Go | %s |\n| command | `%s` |\n\n",
		m.CPU, m.Cores, m.GOMAXPROCS, m.System, m.Kernel, m.Go, rep.Command)
	fmt.Fprintf(w, "Medians of the rounds, quartiles in brackets; x is the ratio to the baseline (**bold**) in the same run.\nOther machines have other times; compare ratios and allocations.\n")
	for _, r := range rep.Results {
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n", r.Title, r.About)
		if len(r.Points) > 0 {
			fmt.Fprintf(w, "![%s](%s)\n\n", r.Title, chartFile(r))
			r.tables(w)
		}
		for _, a := range r.Absent {
			fmt.Fprintf(w, "- %s: not supported: %s\n", a.Contender, a.Reason)
		}
		for _, n := range r.Notes {
			fmt.Fprintf(w, "- %s\n", n)
		}
	}
	fmt.Fprintf(w, "\n## Versions\n\n| module | version |\n|---|---|\n")
	for _, p := range slices.Sorted(maps.Keys(rep.Versions)) {
		fmt.Fprintf(w, "| %s | %s |\n", p, rep.Versions[p])
	}
}

// tables writes one table of all metrics, or one of each metric over the axis.
func (r *Result) tables(w io.Writer) {
	if r.Axis == "" {
		r.table(w)
		return
	}
	for _, u := range units {
		if _, ok := r.Points[0].get(u); ok {
			r.pivot(w, u)
		}
	}
}

// table has a row for each contender, best first.
func (r *Result) table(w io.Writer) {
	rows := slices.Clone(r.Points)
	slices.SortStableFunc(rows, func(a, b Point) int {
		switch d := a.Metrics[0].Value - b.Metrics[0].Value; {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	fmt.Fprint(w, "| |")
	for _, m := range rows[0].Metrics {
		fmt.Fprintf(w, " %s |", m.Unit)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(rows[0].Metrics)))
	for _, p := range rows {
		fmt.Fprintf(w, "| %s |", r.bold(p.Contender))
		for i, m := range p.Metrics {
			fmt.Fprintf(w, " %s", number(m.Value))
			if i == 0 {
				fmt.Fprintf(w, " [%s–%s]", number(m.Low), number(m.High))
			}
			fmt.Fprint(w, " |")
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// pivot has a row for each contender and a column for each point of the axis.
func (r *Result) pivot(w io.Writer, u unit) {
	fmt.Fprintf(w, "| %s by %s |", u, r.Axis)
	for _, x := range r.xs() {
		fmt.Fprintf(w, " %d |", x)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(r.xs())))
	for _, c := range r.contenders() {
		fmt.Fprintf(w, "| %s |", r.bold(c))
		for _, x := range r.xs() {
			cell := "–"
			if p := r.point(c, x); p != nil {
				if v, ok := p.get(u); ok {
					cell = number(v)
				}
			}
			fmt.Fprintf(w, " %s |", cell)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

func (r *Result) bold(contender string) string {
	if contender == r.Baseline {
		return "**" + contender + "**"
	}
	return contender
}
