package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// send sends k more messages on a connection.
func (f *Fleet) send(i int32, k int) {
	f.conns[i].out += uint32(k * f.size)
	f.flush(i)
}

// flush writes what a connection still has to send. All of it is the same
// frame, so the number of bytes that are left says where to go on.
func (f *Fleet) flush(i int32) {
	for c := &f.conns[i]; c.out > 0; {
		at := (f.size - int(c.out)%f.size) % f.size
		n, err := unix.Write(int(c.fd), f.frames[at:min(at+int(c.out), len(f.frames))])
		switch {
		case n > 0:
			c.out -= uint32(n)
		case errors.Is(err, unix.EAGAIN):
			return // an edge will tell when there is room
		case errors.Is(err, unix.EINTR):
		default:
			f.fail(fmt.Errorf("writing on connection %d: %w", i+1, err))
			return
		}
	}
}

// hooks sets what a run does, and returns what undoes it.
func (f *Fleet) hooks(onReply, after func(int32)) func() {
	f.onReply, f.after = onReply, after
	return func() { f.onReply, f.after = nil, nil }
}

// Echo keeps inflight messages under way on every connection for a while, then
// waits for the replies that are missing. Replies that come together are
// answered with one write.
func (f *Fleet) Echo(d time.Duration, inflight int) (Load, error) {
	sent := make([]time.Time, len(f.conns)*inflight) // a ring for each connection
	heads := make([]uint8, len(f.conns))
	load := Load{Times: new(Hist)}
	due, now, under := 0, time.Now(), 0
	start := now
	until := start.Add(d)
	launch := func(i int32, k int) {
		// The k oldest places of the ring are those whose replies have come.
		for j := range k {
			sent[int(i)*inflight+(int(heads[i])+inflight-k+j)%inflight] = now
		}
		under += k
		f.send(i, k)
	}
	defer f.hooks(func(i int32) {
		if due == 0 {
			now = time.Now()
		}
		due++
		load.Times.Add(now.Sub(sent[int(i)*inflight+int(heads[i])]))
		heads[i] = uint8((int(heads[i]) + 1) % inflight)
	}, func(i int32) {
		k := due
		due = 0
		under -= k
		if k > 0 && now.Before(until) {
			launch(i, k)
		}
	})()
	for i := range f.conns {
		now = time.Now()
		launch(int32(i), inflight)
	}
	err := f.until(d+20*time.Second, "echoing", func() bool { return under > 0 && f.counts.Lost == 0 })
	if err == nil && f.counts.Lost > 0 {
		err = fmt.Errorf("%d connections were lost", f.counts.Lost)
	}
	load.Messages, load.Took = load.Times.Count(), time.Since(start)
	return load, err
}

// EchoAll has every connection send one message and get its reply, some at a time.
func (f *Fleet) EchoAll(window int, limit time.Duration) error {
	next, under := 0, 0
	defer f.hooks(func(int32) { under-- }, nil)()
	return f.until(limit, "echoing once", func() bool {
		for ; next < len(f.conns) && under < window; next++ {
			if f.conns[next].state == open {
				under++
				f.send(int32(next), 1)
			}
		}
		return under > 0
	})
}

// Probe sends a message on k connections chosen at random, one after the other,
// and returns how long the replies took.
func (f *Fleet) Probe(k int, limit time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	there := false
	defer f.hooks(func(int32) { there = true }, nil)()
	for range k {
		i := int32(rand.IntN(len(f.conns)))
		if f.conns[i].state != open {
			return times, fmt.Errorf("connection %d is not open", i+1)
		}
		there = false
		start := time.Now()
		f.send(i, 1)
		if err := f.until(limit, "a probe", func() bool { return !there }); err != nil {
			return times, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// Await waits until n messages have come that nobody asked for, and tells when
// each of them did, from now on.
func (f *Fleet) Await(n int, limit time.Duration) (Load, error) {
	load := Load{Times: new(Hist)}
	start := time.Now()
	defer f.hooks(func(int32) { load.Times.Add(time.Since(start)) }, nil)()
	err := f.until(limit, "the broadcast", func() bool { return load.Times.Count() < n })
	load.Messages, load.Took = load.Times.Count(), load.Times.Max()
	return load, err
}

// Rest answers pings for a while.
func (f *Fleet) Rest(d time.Duration) error {
	end := time.Now().Add(d)
	return f.until(d+time.Second, "resting", func() bool { return time.Now().Before(end) })
}
