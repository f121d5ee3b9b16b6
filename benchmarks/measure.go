package main

// Measuring is done in rounds. In each one every starter of a scenario runs
// once, in an order shuffled anew. A run is a batch of operations that is long
// enough for the clock to be exact, after a collection of garbage, so that
// nobody pays for the garbage of the one before, and after a warm-up, because
// the collection empties the pools.

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"
)

// op runs an operation n times.
type op func(n int)

// alternate runs all rounds and returns the samples of each starter.
func (s *session) alternate(name string, starters []starter) ([][]sample, error) {
	samples := make([][]sample, len(starters))
	order := make([]int, len(starters))
	for i := range order {
		order[i] = i
	}
	total := s.rounds * len(starters)
	s.tell.begin(name, total)
	defer s.tell.end()
	for range s.rounds {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			got, err := starters[i].run(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", starters[i].contender, err)
			}
			samples[i] = append(samples[i], got)
			s.tell.step(starters[i].contender)
		}
	}
	return samples, nil
}

// batchTime is how long a batch of operations should take.
func (s *session) batchTime() time.Duration {
	if s.quick {
		return 2 * time.Millisecond
	}
	return 40 * time.Millisecond
}

// timed returns the run of a starter that does an operation. after, if not nil,
// is called after each batch and tells whether its answers were right.
func timed(f op, after func() error) func(*session) (sample, error) {
	n := 0 // operations per batch, found in the first round
	return func(s *session) (sample, error) {
		if n == 0 {
			calibrate(f, s.batchTime()) // the first operations are slower than most
			n = calibrate(f, s.batchTime())
		}
		runtime.GC()
		f(max(n/8, 256))
		got := batch(f, n)
		if after != nil {
			if err := after(); err != nil {
				return nil, err
			}
		}
		return got, nil
	}
}

// batch runs n operations between two readings of clock and allocations.
func batch(f op, n int) sample {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f(n)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	per := func(from, to uint64) float64 {
		// What the runtime itself allocates now and then is no operation's.
		return float64(int64(float64(to-from)/float64(n)*100+0.5)) / 100
	}
	return sample{
		nsPerOp:     float64(took.Nanoseconds()) / float64(n),
		bytesPerOp:  per(before.TotalAlloc, after.TotalAlloc),
		allocsPerOp: per(before.Mallocs, after.Mallocs),
	}
}

// calibrate finds how many operations take about as long as asked for.
func calibrate(f op, want time.Duration) int {
	n := 1
	for {
		start := time.Now()
		f(n)
		took := time.Since(start)
		if took >= want/4 || n >= 1<<28 {
			return max(1, int(float64(n)*float64(want)/float64(max(took, 1))))
		}
		n *= 2
	}
}
