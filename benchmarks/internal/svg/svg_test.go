package svg

import (
	"encoding/xml"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func plot(log bool, ys ...float64) *Plot {
	p := &Plot{Title: "a < b", X: "n", LogY: log, Ticks: []Tick{{0, "0"}, {2, "2"}}}
	s := Series{Name: "one & only", Colour: Ours}
	for i, y := range ys {
		s.Points = append(s.Points, Point{X: float64(i), Y: y})
	}
	p.Series = []Series{s}
	return p
}

func names(ticks []Tick) string {
	var out []string
	for _, t := range ticks {
		out = append(out, t.Name)
	}
	return strings.Join(out, " ")
}

// A logarithmic axis goes from a power of ten to another around all values.
func TestLogTicks(t *testing.T) {
	for _, row := range []struct {
		ys   []float64
		want string
	}{
		{[]float64{5, 200}, "1 10 100 1000"},
		{[]float64{10, 10}, "10 100"},
		{[]float64{0, 3}, "0.10 1 10"}, // there is no 0 on it
		{[]float64{1500, 2e6}, "1000 10k 100k 1M 10M"},
	} {
		assert.Equal(t, row.want, names(plot(true, row.ys...).ticksY()), "%v", row.ys)
	}
}

func TestLinearTicks(t *testing.T) {
	for _, row := range []struct {
		hi   float64
		want string
	}{
		{10, "0 2 4 6 8 10"},
		{7, "0 1 2 3 4 5 6 7"},
		{1.3e9, "0 200M 400M 600M 800M 1G 1.20G 1.40G"},
		{0, "0 1"},
	} {
		assert.Equal(t, row.want, names(plot(false, row.hi).ticksY()), "%v", row.hi)
	}
}

// Every value is within the frame, bigger ones higher, powers of ten in even steps.
func TestScale(t *testing.T) {
	p := plot(true, 1, 10, 1000)
	py := p.scaleY(p.ticksY())
	assert.InDelta(t, height-bottom, py(1), 0.01)
	assert.InDelta(t, top, py(1000), 0.01)
	assert.InDelta(t, py(1)-py(10), py(10)-py(100), 0.01)
	assert.False(t, math.IsInf(py(0), 0), "0 is drawn at the bottom")
	assert.InDelta(t, left, p.px(0), 0.01)
	assert.InDelta(t, width-right, p.px(2), 0.01)
}

func TestSVGIsXML(t *testing.T) {
	for _, p := range []*Plot{plot(true, 1, 2), plot(false, 1, 2), plot(false, 0), plot(true)} {
		assert.NoError(t, xml.Unmarshal([]byte(p.SVG()), new(struct{ XMLName xml.Name })))
	}
}

func TestLabelsDoNotCoverOneAnother(t *testing.T) {
	labels := []*label{{y: 10}, {y: 10}, {y: 11}, {y: 300}}
	spread(labels)
	for i := 1; i < len(labels); i++ {
		require.GreaterOrEqual(t, labels[i].y-labels[i-1].y, 15.8)
	}
}
