package main

// Charts are bars where a scenario has one point, lines over a logarithmic axis
// where it has several.

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gofogo/fogo/benchmarks/internal/svg"
)

// chart draws a result.
func chart(r *Result) string {
	if r.Axis == "" {
		return bars(r)
	}
	return curves(r)
}

// class is how a contender is painted.
func class(r *Result, contender string) string {
	switch {
	case strings.HasPrefix(contender, "fogo"):
		return "bar ours"
	case contender == r.Baseline:
		return "bar base"
	}
	return "bar"
}

// bars draws one bar for each contender, best first.
func bars(r *Result) string {
	const left, right, row, top = 190.0, 230.0, 24.0, 56.0
	const width, span = 760.0, 760 - left - right
	rows := slices.Clone(r.Points)
	slices.SortStableFunc(rows, func(a, b Point) int { return int(math.Copysign(1, a.Metrics[0].Value-b.Metrics[0].Value)) })
	longest := 0.0
	for _, p := range rows {
		longest = max(longest, p.Metrics[0].Value)
	}
	var s svg.Canvas
	s.Text(12, 24, "title", "start", r.Title)
	s.Text(12, 43, "dim", "start", fmt.Sprintf("%s, shorter is better; × is relative to %s", r.main(), r.Baseline))
	for i, p := range rows {
		y := top + float64(i)*row
		v := p.Metrics[0].Value
		w := max(1, span*v/longest)
		s.Text(left-10, y+15, "", "end", p.Contender)
		fmt.Fprintf(&s, `<rect x="%.1f" y="%.1f" width="%.1f" height="16" rx="2" class="%s"/>`+"\n", left, y+3, w, class(r, p.Contender))
		label := number(v)
		if x, ok := p.get(toBaseline); ok {
			label += " · " + number(x) + "×"
		}
		if a, ok := p.get(allocsPerOp); ok {
			label += " · " + number(a) + " allocs"
		}
		s.Text(left+w+8, y+15, "num", "start", label)
	}
	return s.Picture(r.Title, width, top+float64(len(rows))*row+12)
}

// curves draws one line for each contender. The points of the axis are at even
// distances, whatever they are.
func curves(r *Result) string {
	p := &svg.Plot{
		Title: r.Title, X: r.Axis, LogY: true,
		Subtitle: fmt.Sprintf("%s by %s, %s is better; the scale is logarithmic", r.main(), r.Axis, better(r.main())),
	}
	xs := r.xs()
	for i, x := range xs {
		p.Ticks = append(p.Ticks, svg.Tick{At: float64(i), Name: svg.Short(float64(x))})
	}
	for i, c := range r.contenders() {
		p.Series = append(p.Series, r.series(c, svg.Palette[i%len(svg.Palette)], xs))
	}
	return p.SVG()
}

// series is the line of a contender.
func (r *Result) series(contender, colour string, xs []int) svg.Series {
	s := svg.Series{Colour: colour}
	if s.Thick = strings.HasPrefix(contender, "fogo"); s.Thick {
		s.Colour = svg.Ours
	}
	last := ""
	for i, x := range xs {
		pt := r.point(contender, x)
		if pt == nil {
			continue
		}
		last = number(pt.Metrics[0].Value)
		s.Points = append(s.Points, svg.Point{
			X: float64(i), Y: pt.Metrics[0].Value, Note: fmt.Sprintf("%s, %d: %s", contender, x, last),
		})
	}
	s.Name = contender + "  " + last
	return s
}

// better says in which direction of a chart the better figures are.
func better(u unit) string {
	if u == perSecond {
		return "higher"
	}
	return "lower"
}
