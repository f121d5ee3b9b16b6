package main

// Charts are SVG written by hand: bars where a scenario has one point, lines
// over a logarithmic axis where it has several. Text is text, so that it can be
// selected and searched, and colours follow the reader's light or dark mode.

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

const chartStyle = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .dim { fill: #59636e }
  .num { font-variant-numeric: tabular-nums }
  .axis { stroke: #d1d9e0; fill: none }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  .base { fill: #57606a }
  .line { fill: none; stroke-width: 1.75 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .dim { fill: #9198a1 }
    .axis { stroke: #3d444d }
    .bar { fill: #656c76 }
    .ours { fill: #4493f8 }
    .base { fill: #9198a1 }
  }
</style>
`

// svg collects the elements of one picture.
type svg struct{ strings.Builder }

func (s *svg) text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(text))
}

// picture wraps elements of the given size, with a title for those who cannot
// see it.
func picture(title string, width, height float64, body string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n<title>%s</title>\n%s%s</svg>\n",
		width, height, width, height, html.EscapeString(title), chartStyle, body)
}

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
	var s svg
	s.text(12, 24, "title", "start", r.Title)
	s.text(12, 43, "dim", "start", fmt.Sprintf("%s, shorter is better; × is relative to %s", r.main(), r.Baseline))
	for i, p := range rows {
		y := top + float64(i)*row
		v := p.Metrics[0].Value
		w := max(1, span*v/longest)
		s.text(left-10, y+15, "", "end", p.Contender)
		fmt.Fprintf(&s, `<rect x="%.1f" y="%.1f" width="%.1f" height="16" rx="2" class="%s"/>`+"\n", left, y+3, w, class(r, p.Contender))
		label := number(v)
		if x, ok := p.get(toBaseline); ok {
			label += " · " + number(x) + "×"
		}
		if a, ok := p.get(allocsPerOp); ok {
			label += " · " + number(a) + " allocs"
		}
		s.text(left+w+8, y+15, "num", "start", label)
	}
	return picture(r.Title, width, top+float64(len(rows))*row+12, s.String())
}

// palette has a colour that is legible on light and dark for each peer.
var palette = []string{"#bf8700", "#8250df", "#1a7f37", "#cf222e", "#bc4c00", "#bf3989", "#6e7781", "#3192aa", "#9a6700", "#4d8f2b", "#a475f9", "#c2685a", "#5f7fbf"}

// curves draws one line for each contender over the axis, both logarithmic,
// with the names where the lines end.
func curves(r *Result) string {
	const left, right, top, bottom = 70.0, 250.0, 62.0, 44.0
	const width, height = 800.0, 460.0
	xs := r.xs()
	lo, hi := math.Inf(1), 0.0
	for _, p := range r.Points {
		lo, hi = min(lo, p.Metrics[0].Value), max(hi, p.Metrics[0].Value)
	}
	lo = math.Pow(10, math.Floor(math.Log10(max(lo, 0.1))))
	hi = math.Pow(10, math.Ceil(math.Log10(max(hi, lo*10))))
	px := func(x int) float64 {
		i := slices.Index(xs, x)
		return left + (width-left-right)*float64(i)/float64(max(1, len(xs)-1))
	}
	py := func(v float64) float64 {
		return height - bottom - (height-top-bottom)*math.Log10(max(v, lo)/lo)/math.Log10(hi/lo)
	}
	var s svg
	s.text(12, 24, "title", "start", r.Title)
	s.text(12, 43, "dim", "start", fmt.Sprintf("%s by %s, %s is better; the scale is logarithmic", r.main(), r.Axis, better(r.main())))
	for v := lo; v <= hi*1.01; v *= 10 {
		fmt.Fprintf(&s, `<path d="M%.1f %.1fH%.1f" class="axis"/>`+"\n", left, py(v), width-right)
		s.text(left-8, py(v)+4, "dim num", "end", short(v))
	}
	for _, x := range xs {
		s.text(px(x), height-bottom+20, "dim num", "middle", short(float64(x)))
	}
	s.text(left+(width-left-right)/2, height-8, "dim", "middle", r.Axis)
	labels := s.lines(r, px, py)
	spread(labels)
	for _, l := range labels {
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" style="fill:%s">%s</text>`+"\n", width-right+10, l.y+4, l.colour, html.EscapeString(l.text))
	}
	return picture(r.Title, width, height, s.String())
}

// better says in which direction of a chart the better figures are.
func better(u unit) string {
	if u == perSecond {
		return "higher"
	}
	return "lower"
}

// label is the name at the end of a line.
type label struct {
	y            float64
	text, colour string
}

func (s *svg) lines(r *Result, px func(int) float64, py func(float64) float64) []*label {
	var labels []*label
	for i, c := range r.contenders() {
		colour, stroke := palette[i%len(palette)], 1.75
		if strings.HasPrefix(c, "fogo") {
			colour, stroke = "#2f81f7", 3
		}
		var path strings.Builder
		var end float64
		last := ""
		for _, x := range r.xs() {
			p := r.point(c, x)
			if p == nil {
				continue
			}
			end = py(p.Metrics[0].Value)
			last = number(p.Metrics[0].Value)
			cmd := "L"
			if path.Len() == 0 {
				cmd = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", cmd, px(x), end)
			fmt.Fprintf(s, `<circle cx="%.1f" cy="%.1f" r="2.5" style="fill:%s"><title>%s, %d: %s</title></circle>`+"\n",
				px(x), end, colour, html.EscapeString(c), x, last)
		}
		fmt.Fprintf(s, `<path d="%s" class="line" style="stroke:%s;stroke-width:%.2f"/>`+"\n", path.String(), colour, stroke)
		labels = append(labels, &label{y: end, text: c + "  " + last, colour: colour})
	}
	return labels
}

// spread moves labels apart so that none covers another.
func spread(labels []*label) {
	slices.SortFunc(labels, func(a, b *label) int { return int(math.Copysign(1, a.y-b.y)) })
	const gap = 16.0
	for range 200 {
		moved := false
		for i := 1; i < len(labels); i++ {
			if over := gap - (labels[i].y - labels[i-1].y); over > 0.1 {
				labels[i-1].y -= over / 2
				labels[i].y += over / 2
				moved = true
			}
		}
		if !moved {
			return
		}
	}
}

// short prints a number of an axis: 10k.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return number(v/1e6) + "M"
	case v >= 1e4:
		return number(v/1e3) + "k"
	}
	return number(v)
}
