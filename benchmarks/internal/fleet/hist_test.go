package fleet

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Quantiles are compared with those of a sorted slice.
func TestQuantilesAreNearThoseOfASortedSlice(t *testing.T) {
	for _, n := range []int{1, 2, 100, 20_000} {
		var h Hist
		all := make([]time.Duration, n)
		for i := range all {
			all[i] = time.Duration(1) << rand.IntN(34)
			all[i] += rand.N(all[i])
			h.Add(all[i])
		}
		slices.Sort(all)
		assert.Equal(t, n, h.Count())
		assert.Equal(t, all[n-1], h.Max())
		for _, q := range []float64{0, 0.5, 0.99, 1} {
			want := all[int(q*float64(n-1))]
			assert.InEpsilon(t, float64(want), float64(h.Quantile(q)), 1.0/fine, "%g of %d", q, n)
		}
	}
}

func TestBucketsAreInOrderAndMeetTheirMiddle(t *testing.T) {
	last := -1
	for v := uint64(0); v < 1<<14; v++ {
		b := bucket(v)
		assert.Contains(t, []int{last, last + 1}, b, "%d", v)
		assert.Equal(t, b, bucket(middle(b)), "%d", v)
		last = b
	}
	assert.Less(t, bucket(1<<63), 64*fine)
}

func TestHistOfNothing(t *testing.T) {
	var h Hist
	assert.Zero(t, h.Quantile(0.5))
}
