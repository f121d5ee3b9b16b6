package main

// Whole requests over TCP on the loopback interface, with keep-alive.
//
//   - Each contender serves in a child process of its own, the same program, so
//     that heaps and schedulers are apart. All of them are up during a scenario
//     and wait; only one is asked at a time.
//   - Those on net/http are served by one http.Server with its defaults, fiber
//     by its own server. Neither logs.
//   - The client is ours and the same for all: a fixed number of connections,
//     each with one request in flight, written as the same bytes every time and
//     answered before the next is sent. There is no pipelining. It shares the
//     processors with the server: requests/s is what both get done together.
//   - Latency is from before the request's write to after the last byte of the
//     answer, of every request of the round.
//   - Every answer's status and length are compared with those of the first,
//     which was checked as in process.

import (
	"fmt"
	"slices"
	"time"
)

var loopbackConnections = []int{1, 16, 64}

func loopbackScenarios() []*scenario {
	var out []*scenario
	for _, c := range httpCases() {
		if c.id != "path-ints" && c.id != "post-json" {
			continue
		}
		out = append(out, &scenario{
			id: "loopback/" + c.id, title: c.title + ", over loopback by connections",
			about:    c.about + " Over TCP with keep-alive; client and servers share the machine.",
			baseline: netHTTP{}.name(), axis: "connections",
			open: c.openLoopback,
		})
	}
	return out
}

func (c httpCase) openLoopback(s *session) (*field, error) {
	f := &field{}
	var children []*child
	f.close = func() {
		for _, c := range children {
			c.stop()
		}
	}
	for i, who := range frameworks() {
		if !s.takesPart(who.name(), netHTTP{}.name()) {
			continue // its server need not be there
		}
		if _, ok, _ := c.open(who); !ok {
			f.absentee(who, "loopback/"+c.id)
			continue
		}
		child, err := startChild(c.id, i)
		if err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", who.name(), err)
		}
		children = append(children, child)
		load, err := newLoad(child.addr, c.expected[0])
		if err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", who.name(), err)
		}
		for _, n := range loopbackConnections {
			f.starters = append(f.starters, starter{contender: who.name(), x: n, run: func(s *session) (sample, error) {
				return load.run(n, loopbackTime(s))
			}})
		}
	}
	return f, nil
}

// loopbackTime is how long a round of one contender lasts.
func loopbackTime(s *session) time.Duration {
	if s.quick {
		return 50 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// latencies summarises the times that requests took.
func latencies(all []time.Duration) (median, tail float64) {
	slices.Sort(all)
	at := func(q float64) float64 {
		return float64(all[int(q*float64(len(all)-1))].Nanoseconds()) / 1000
	}
	return at(0.5), at(0.99)
}
