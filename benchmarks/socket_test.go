package main

import (
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSocketScenarios has each contender give the right replies in each
// scenario, with few connections and short runs.
func TestSocketScenarios(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the client is built on epoll")
	}
	for _, sc := range socketScenarios() {
		t.Run(sc.id, func(t *testing.T) {
			s := silent(1)
			if strings.HasPrefix(sc.id, "ws/idle") { // processes for each run: two contenders are enough
				s.contender = regexp.MustCompile("^(fogo view|nbio)$")
			}
			f, err := sc.open(s)
			require.NoError(t, err)
			if f.close != nil {
				defer f.close()
			}
			for _, st := range f.starters {
				if sc.axis != "" && st.x > 64 || !s.takesPart(st.contender, sc.baseline) {
					continue
				}
				got, err := st.run(s)
				require.NoError(t, err, st.contender)
				assert.NotEmpty(t, got, st.contender)
			}
		})
	}
}

func TestSocketersHaveDifferentNames(t *testing.T) {
	var names []string
	for _, who := range socketers() {
		assert.NotContains(t, names, who.name())
		names = append(names, who.name())
	}
}

// Ratios are to the best of the others at the same point of the axis, for each
// metric to its own best.
func TestRatiosToTheBestPeer(t *testing.T) {
	point := func(who string, x int, cpu, rate float64) Point {
		return Point{Contender: who, X: &x, Metrics: []Metric{{Unit: cpuPerMessage, Value: cpu}, {Unit: messagesPerS, Value: rate}}}
	}
	r := &Result{Baseline: bestPeer, Points: []Point{
		point("fogo ws", 1, 2, 300), point("a", 1, 4, 100), point("b", 1, 8, 200),
		point("fogo ws", 64, 9, 10), point("a", 64, 3, 20), point("b", 64, 2, 20),
	}}
	r.relate()
	for i, want := range [][2]float64{{0.5, 1.5}, {1, 0.5}, {2, 1}, {4.5, 0.5}, {1.5, 1}, {1, 1}} {
		cpu, ok := r.Points[i].get(toBaseline)
		require.True(t, ok)
		rate, ok := r.Points[i].get(toRate)
		require.True(t, ok)
		assert.Equal(t, want, [2]float64{cpu, rate}, "%s at %d", r.Points[i].Contender, *r.Points[i].X)
		assert.Equal(t, toBaseline, r.Points[i].Metrics[1].Unit, "a ratio stands behind its metric")
	}
}

func TestNoPeerNoRatio(t *testing.T) {
	r := &Result{Baseline: bestPeer, Points: []Point{{Contender: "fogo ws", Metrics: []Metric{{Unit: cpuPerMessage, Value: 1}}}}}
	r.relate()
	assert.Len(t, r.Points[0].Metrics, 1)
}

func TestHall(t *testing.T) {
	var none *hall[int]
	none.join(1) // costs those nothing who have no hall
	none.leave(1)
	h := newHall[int](broadcastJob)
	assert.Nil(t, newHall[int](echoJob))
	for i := range 100 {
		h.join(i)
	}
	h.leave(7)
	got := make(chan int, 100)
	h.each(func(i int) { got <- i })
	close(got)
	var all []int
	for i := range got {
		all = append(all, i)
	}
	slices.Sort(all)
	assert.Len(t, all, 99)
	assert.NotContains(t, all, 7)
}

func TestFit(t *testing.T) {
	n, note := fit(1)
	assert.Equal(t, 1, n)
	assert.Empty(t, note)
	n, note = fit(1 << 60)
	assert.Less(t, n, 1<<60)
	assert.Contains(t, note, "descriptors")
}
