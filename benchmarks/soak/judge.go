package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// point is a value at some time of the run.
type point struct {
	At    time.Duration `json:"at"`
	Value float64       `json:"value"`
}

// tolerance is how much something may have grown: a share of what it was, but so
// much in any case.
type tolerance struct{ share, least float64 }

func (t tolerance) of(level float64) float64 { return max(t.share*level, t.least) }

// verdict is what became of something that has to be flat. The first third of
// the run is warm-up, and doesn't count. Each of the others is cut into windows,
// of which the lowest points count: what is under way comes and goes, and there
// is more of it when the machine is busy with something else, but what is lost
// remains.
type verdict struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Points int     `json:"points"`
	Second float64 `json:"second"` // median of the windows of the second third
	Last   float64 `json:"last"`   // and of the last
	// Growth is what the slope makes over both thirds: that of Theil and Sen, the
	// median of the slopes between all pairs of points, on which a few that are
	// far off have no influence.
	Growth    float64 `json:"growth"`
	Tolerance float64 `json:"tolerance,omitempty"` // 0: it is not judged
	Flat      bool    `json:"flat"`
}

const (
	// windows is how many there are in a third.
	windows = 10
	// fewest is how many of them must have a point to say anything.
	fewest = 3
)

// judge compares the second third of a run with the last. What grows steadily by
// more than the tolerance over both is found by its slope. What grew at once is
// found by the medians, half the tolerance apart, as a steady growth has them.
func judge(name, unit string, points []point, length time.Duration, tol tolerance) verdict {
	second := lows(points, length/3, 2*length/3)
	last := lows(points, 2*length/3, length)
	v := verdict{Name: name, Unit: unit, Points: len(second) + len(last)}
	if len(second) < fewest || len(last) < fewest {
		return v // not known to be flat
	}
	v.Second, v.Last = median(values(second)), median(values(last))
	judged := slices.Concat(second, last)
	v.Growth = theilSen(judged) * (judged[len(judged)-1].At - judged[0].At).Seconds()
	if tol == (tolerance{}) {
		v.Flat = true
		return v
	}
	v.Tolerance = tol.of(v.Second)
	v.Flat = v.Growth <= v.Tolerance && v.Last-v.Second <= v.Tolerance/2
	return v
}

func (v verdict) String() string {
	if v.Points == 0 || v.Tolerance == 0 {
		return fmt.Sprintf("%s: %d points are too few to judge", v.Name, v.Points)
	}
	return fmt.Sprintf("%s: medians of the second third %.0f and of the last %.0f %s, slope %+.0f over both, allowed %.0f",
		v.Name, v.Second, v.Last, v.Unit, v.Growth, v.Tolerance)
}

// lows returns the lowest points of the windows of a part of the run.
func lows(points []point, from, to time.Duration) []point {
	var out []point
	edge := func(i int) time.Duration { return from + (to-from)*time.Duration(i)/windows }
	for i := range windows {
		window := between(points, edge(i), edge(i+1))
		if len(window) > 0 {
			out = append(out, slices.MinFunc(window, func(a, b point) int { return cmp.Compare(a.Value, b.Value) }))
		}
	}
	return out
}

// between returns the points of a part of the run.
func between(points []point, from, to time.Duration) []point {
	var out []point
	for _, p := range points {
		if p.At >= from && p.At < to {
			out = append(out, p)
		}
	}
	return out
}

func values(points []point) []float64 {
	out := make([]float64, len(points))
	for i, p := range points {
		out[i] = p.Value
	}
	return out
}

// median returns the middle of some values, NaN of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// theilSen returns the slope by second: the median over all pairs of points.
func theilSen(points []point) float64 {
	var slopes []float64
	for i, p := range points {
		for _, q := range points[i+1:] {
			if dt := (q.At - p.At).Seconds(); dt > 0 {
				slopes = append(slopes, (q.Value-p.Value)/dt)
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

// thin returns at most n points, each the median of its neighbours.
func thin(points []point, n int) []point {
	if len(points) <= n {
		return points
	}
	var out []point
	for chunk := range slices.Chunk(points, (len(points)+n-1)/n) {
		out = append(out, point{chunk[len(chunk)/2].At, median(values(chunk))})
	}
	return out
}

// left tells what there is more of than before, or returns "".
func left(now, before sample) string {
	var more []string
	for _, c := range []struct {
		name         string
		have, should int
	}{
		{"goroutines", now.Goroutines, before.Goroutines},
		{"descriptors", now.Descriptors, before.Descriptors},
		{"temporary files", now.Temporary, before.Temporary},
		{"WebSockets", now.Sockets, before.Sockets},
		{"values that are not released", int(now.Open), int(before.Open)},
	} {
		if c.have > c.should {
			more = append(more, fmt.Sprintf("%d %s instead of %d", c.have, c.name, c.should))
		}
	}
	return strings.Join(more, ", ")
}
