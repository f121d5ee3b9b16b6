package fleet

import (
	"math/bits"
	"time"
)

// fine is how many buckets there are between a power of two and the next:
// figures are right to 1/fine.
const (
	fineBits = 6
	fine     = 1 << fineBits
)

// Hist counts durations in buckets whose width grows with the duration, so that
// millions of them take no memory while others are being measured.
type Hist struct {
	buckets [64 * fine]uint32
	count   int
	most    time.Duration
}

// Add counts a duration.
func (h *Hist) Add(d time.Duration) {
	h.buckets[bucket(uint64(max(d, 0)))]++
	h.count++
	h.most = max(h.most, d)
}

// Count is how many durations there are.
func (h *Hist) Count() int { return h.count }

// Max is the longest.
func (h *Hist) Max() time.Duration { return h.most }

// Quantile is the duration that a share q of all does not exceed; 0 if there
// are none.
func (h *Hist) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank, seen := int(q*float64(h.count-1)), 0
	for i, n := range h.buckets {
		if seen += int(n); seen > rank {
			return min(time.Duration(middle(i)), h.most)
		}
	}
	return h.most
}

// bucket is where v belongs: values below fine have one each, after which the
// highest bits decide.
func bucket(v uint64) int {
	if v < fine {
		return int(v)
	}
	shift := bits.Len64(v) - fineBits - 1
	return shift*fine + int(v>>shift)
}

// middle is a value in the middle of a bucket.
func middle(i int) uint64 {
	if i < 2*fine {
		return uint64(i)
	}
	shift := i/fine - 1
	return uint64(i-shift*fine)<<shift + 1<<shift/2
}
