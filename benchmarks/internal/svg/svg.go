// Package svg draws charts by hand. Text is text, so that it can be selected and
// searched, and colours follow the reader's light or dark mode.
package svg

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
)

const style = `<style>
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

// Ours is the colour of Fogo, and Palette has one that is legible on light and
// dark for each of the others.
const Ours = "#2f81f7"

// Palette is described at [Ours].
var Palette = []string{"#bf8700", "#8250df", "#1a7f37", "#cf222e", "#bc4c00", "#bf3989", "#6e7781", "#3192aa", "#9a6700", "#4d8f2b", "#a475f9", "#c2685a", "#5f7fbf"}

// Canvas collects the elements of one picture.
type Canvas struct{ strings.Builder }

// Text writes a line of text.
func (c *Canvas) Text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(c, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(text))
}

// Picture wraps the elements, with a title for those who cannot see them.
func (c *Canvas) Picture(title string, width, height float64) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n<title>%s</title>\n%s%s</svg>\n",
		width, height, width, height, html.EscapeString(title), style, c.String())
}

// label is the name at the end of a line.
type label struct {
	y            float64
	text, colour string
}

// spread moves labels apart so that none covers another.
func spread(labels []*label) {
	slices.SortStableFunc(labels, func(a, b *label) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
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

// Number prints three significant digits, and no fewer than all before the
// point.
func Number(v float64) string {
	switch {
	case v == float64(int64(v)) || v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Short prints a number of an axis: 10k.
func Short(v float64) string {
	switch {
	case v >= 1e9:
		return Number(v/1e9) + "G"
	case v >= 1e6:
		return Number(v/1e6) + "M"
	case v >= 1e4:
		return Number(v/1e3) + "k"
	}
	return Number(v)
}
