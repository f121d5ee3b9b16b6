package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

// series makes a point for each second of five minutes.
func series(f func(second float64) float64) []point {
	var out []point
	for s := range 300 {
		out = append(out, point{time.Duration(s) * time.Second, f(float64(s))})
	}
	return out
}

func TestJudge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := func(around, by float64) float64 { return around + by*(2*rnd.Float64()-1) }
	ifs := func(c bool, yes, no float64) float64 {
		if c {
			return yes
		}
		return no
	}
	for _, row := range []struct {
		name string
		of   func(s float64) float64
		flat bool
	}{
		{"the same all the time", func(float64) float64 { return 100 }, true},
		{"nothing at all", func(float64) float64 { return 0 }, true},
		{"noise", func(float64) float64 { return noise(100, 50) }, true},
		{"a wave", func(s float64) float64 { return 100 + 30*math.Sin(s) }, true},
		{"warm-up", func(s float64) float64 { return 100 * min(1, s/90) }, true},
		{"it becomes less", func(s float64) float64 { return 500 - s }, true},
		{"now and then far off", func(s float64) float64 { return ifs(int(s)%9 == 0, 1000, 100) }, true},
		{"a busy machine for a while", func(s float64) float64 { return ifs(s > 210 && int(s)%7 > 1, noise(200, 50), 100) }, true},
		{"far off at the end", func(s float64) float64 { return ifs(s > 280, 1000, 100) }, true},
		{"it grows, within the tolerance", func(s float64) float64 { return 100 + s/25 }, true},
		{"a leak", func(s float64) float64 { return 100 + s/10 }, false},
		{"a leak in noise", func(s float64) float64 { return noise(100+s/5, 30) }, false},
		{"a leak with collections", func(s float64) float64 { return 100 + s/5 + 30*float64(int(s)%10)/10 }, false},
		{"a leak that begins late", func(s float64) float64 { return 100 + max(0, s-180)/2 }, false},
		{"a leak in steps", func(s float64) float64 { return 100 + 20*float64(int(s)/100) }, false},
		{"at once", func(s float64) float64 { return ifs(s > 220, 130, 100) }, false},
	} {
		v := judge(row.name, "things", series(row.of), 300*time.Second, tolerance{0.1, 10})
		assert.Equal(t, row.flat, v.Flat, "%v", v)
		assert.Equal(t, 2*windows, v.Points)
	}
}

func TestJudgeNeedsPoints(t *testing.T) {
	few := series(func(float64) float64 { return 1 })[:200]
	v := judge("few", "things", few, 300*time.Second, tolerance{0.1, 10})
	assert.False(t, v.Flat, "there are none in the last third")
	assert.Contains(t, v.String(), "too few")
	assert.False(t, judge("none", "things", nil, time.Second, tolerance{0.1, 10}).Flat)
}

func TestTolerance(t *testing.T) {
	for level, want := range map[float64]float64{0: 10, 50: 10, 100: 10, 1000: 100} {
		assert.Equal(t, want, tolerance{0.1, 10}.of(level))
	}
	v := judge("told", "things", series(func(s float64) float64 { return s }), 300*time.Second, tolerance{})
	assert.True(t, v.Flat, "without a tolerance it is only told")
	assert.InDelta(t, 190, v.Growth, 1e-9, "between the first and the last window's lowest points")
}

func TestTheilSen(t *testing.T) {
	line := series(func(s float64) float64 { return 7 + 3*s })
	assert.InDelta(t, 3, theilSen(line), 1e-9)
	for i := range line {
		if i%4 == 0 {
			line[i].Value = 1e9
		}
	}
	assert.InDelta(t, 3, theilSen(line), 0.5, "a quarter of them has next to no influence")
	assert.Zero(t, theilSen(nil))
	assert.Zero(t, theilSen(line[:1]))
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 2.0, median([]float64{3, 1, 2}))
	assert.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	assert.True(t, math.IsNaN(median(nil)))
}

func TestThin(t *testing.T) {
	line := series(func(s float64) float64 { return s })
	got := thin(line, 100)
	assert.Len(t, got, 100)
	assert.True(t, slices.IsSortedFunc(got, func(a, b point) int { return int(a.At - b.At) }))
	assert.Equal(t, 1.0, got[0].Value)
	assert.Equal(t, line, thin(line, 300))
	assert.LessOrEqual(t, len(thin(line, 299)), 299)
}

func TestLeft(t *testing.T) {
	before := sample{Usage: proc.Usage{Goroutines: 5}, Descriptors: 10}
	assert.Empty(t, left(before, before))
	less := before
	less.Goroutines = 4
	assert.Empty(t, left(less, before))
	more := sample{Usage: proc.Usage{Goroutines: 6}, Descriptors: 11, Temporary: 1, Sockets: 2, Open: 3}
	assert.Equal(t, "6 goroutines instead of 5, 11 descriptors instead of 10, 1 temporary files instead of 0, "+
		"2 WebSockets instead of 0, 3 values that are not released instead of 0", left(more, before))
}
