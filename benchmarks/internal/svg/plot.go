package svg

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Plot is a chart of lines, with their names where they end.
type Plot struct {
	Title, Subtitle string
	X               string // what is along the axis
	Ticks           []Tick // of the axis of X, from its beginning to its end
	LogY            bool
	Series          []Series
}

// Tick is a place on an axis with its name.
type Tick struct {
	At   float64
	Name string
}

// Series is a line.
type Series struct {
	Name, Colour string
	Thick        bool
	Points       []Point
}

// Point is a measurement, with what is said about it.
type Point struct {
	X, Y float64
	Note string
}

const (
	left, right, top, bottom = 70.0, 250.0, 62.0, 44.0
	width, height            = 800.0, 460.0
)

// SVG draws the plot.
func (p *Plot) SVG() string {
	var c Canvas
	c.Text(12, 24, "title", "start", p.Title)
	c.Text(12, 43, "dim", "start", p.Subtitle)
	ticks := p.ticksY()
	py := p.scaleY(ticks)
	for _, t := range ticks {
		fmt.Fprintf(&c, `<path d="M%.1f %.1fH%.1f" class="axis"/>`+"\n", left, py(t.At), width-right)
		c.Text(left-8, py(t.At)+4, "dim num", "end", t.Name)
	}
	for _, t := range p.Ticks {
		c.Text(p.px(t.At), height-bottom+20, "dim num", "middle", t.Name)
	}
	c.Text(left+(width-left-right)/2, height-8, "dim", "middle", p.X)
	var labels []*label
	for _, s := range p.Series {
		if len(s.Points) > 0 {
			labels = append(labels, c.line(s, p.px, py))
		}
	}
	spread(labels)
	for _, l := range labels {
		fmt.Fprintf(&c, `<text x="%.1f" y="%.1f" style="fill:%s">%s</text>`+"\n", width-right+10, l.y+4, l.colour, html.EscapeString(l.text))
	}
	return c.Picture(p.Title, width, height)
}

// px is where a value is across.
func (p *Plot) px(x float64) float64 {
	from, to := p.Ticks[0].At, p.Ticks[len(p.Ticks)-1].At
	if from == to {
		return left
	}
	return left + (width-left-right)*(x-from)/(to-from)
}

// scaleY tells where a value is from top to bottom, between the first and the
// last of the ticks.
func (p *Plot) scaleY(ticks []Tick) func(float64) float64 {
	lo, hi := ticks[0].At, ticks[len(ticks)-1].At
	return func(v float64) float64 {
		share := (v - lo) / (hi - lo)
		if p.LogY {
			share = math.Log10(max(v, lo)/lo) / math.Log10(hi/lo)
		}
		return height - bottom - (height-top-bottom)*share
	}
}

// ticksY are powers of ten around all values on a logarithmic scale, and some
// four to eight even steps from 0 on a linear one.
func (p *Plot) ticksY() []Tick {
	lo, hi := math.Inf(1), 0.0
	for _, s := range p.Series {
		for _, pt := range s.Points {
			lo, hi = min(lo, pt.Y), max(hi, pt.Y)
		}
	}
	var ticks []Tick
	if p.LogY {
		lo = math.Pow(10, math.Floor(math.Log10(max(min(lo, hi), 0.1))))
		hi = math.Pow(10, math.Ceil(math.Log10(max(hi, lo*10))))
		for v := lo; v <= hi*1.01; v *= 10 {
			ticks = append(ticks, Tick{v, Short(v)})
		}
		return ticks
	}
	step := niceStep(hi)
	for i := 0.0; ; i++ {
		ticks = append(ticks, Tick{i * step, Short(i * step)})
		if i > 0 && i*step >= hi {
			return ticks
		}
	}
}

// niceStep is 1, 2 or 5 times a power of ten, four to ten of which reach hi.
func niceStep(hi float64) float64 {
	if hi <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(hi)))
	for _, d := range []float64{1, 2, 5} {
		if hi/(step/d) >= 4 {
			return step / d
		}
	}
	return step / 10
}

// line draws a series and returns its label.
func (c *Canvas) line(s Series, px, py func(float64) float64) *label {
	stroke := 1.75
	if s.Thick {
		stroke = 3
	}
	var path strings.Builder
	var last Point
	for i, pt := range s.Points {
		cmd := "L"
		if i == 0 {
			cmd = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", cmd, px(pt.X), py(pt.Y))
		fmt.Fprintf(c, `<circle cx="%.1f" cy="%.1f" r="2.5" style="fill:%s"><title>%s</title></circle>`+"\n",
			px(pt.X), py(pt.Y), s.Colour, html.EscapeString(pt.Note))
		last = pt
	}
	fmt.Fprintf(c, `<path d="%s" class="line" style="stroke:%s;stroke-width:%.2f"/>`+"\n", path.String(), s.Colour, stroke)
	return &label{y: py(last.Y), text: s.Name, colour: s.Colour}
}
