package main

import (
	"fmt"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

// drained is what came of the end.
type drained struct {
	Took     time.Duration `json:"took"`
	Closes   map[int]int   `json:"closes"` // Close frames that came, by code
	Ended    int           `json:"ended"`  // closed by the server, then by the client
	Reset    int           `json:"reset"`
	Lost     int           `json:"lost"`         // ended without a Close frame
	Orphans  int64         `json:"most_orphans"` // sockets without a process
	TimeWait int64         `json:"most_time_wait"`
}

// goingAway is the code that a server closes with when it stops.
const goingAway = 1001

// drain has the servers close all connections, some servers at a time, so that
// the sockets which wait for the client's end stay below tcp_max_orphans: above
// it the kernel resets them, and a RST may overtake the Close frame.
func (h *holder) drain() error {
	start := time.Now()
	watch := make(chan struct{})
	watched := make(chan drained)
	go func() { watched <- watchSockets(watch) }()
	err := proc.Each(h.drains, h.servers, func(s *server) error { return s.Call(nil, drainLimit+10*time.Second, "drain") })
	c, cerr := h.awaitEnds()
	close(watch)
	d := <-watched
	d.Took, d.Closes, d.Ended, d.Reset, d.Lost = time.Since(start), c.Closes, c.Ended, c.Reset, c.Lost
	h.report.Drain = &d
	h.tell.line("drained in %v: %d of %d connections got %d", d.Took.Round(time.Millisecond), c.Closes[goingAway], h.opened, goingAway)
	h.tell.end()
	switch {
	case err != nil:
		return fmt.Errorf("draining: %w", err)
	case cerr != nil:
		return cerr
	case c.Closes[goingAway] != h.opened || c.Ended+c.Reset != h.opened:
		return fmt.Errorf("of %d connections not all got %d and ended: %+v", h.opened, goingAway, c)
	}
	return nil
}

// awaitEnds waits until the clients have no connection any more.
func (h *holder) awaitEnds() (fleet.Counts, error) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := h.counts()
		if err != nil || c.Open+c.Closing == 0 {
			return c, err
		}
		if time.Now().After(deadline) {
			return c, fmt.Errorf("%d connections are open and %d closing after the drain", c.Open, c.Closing)
		}
	}
}

// watchSockets looks for the most orphans and sockets in TIME_WAIT until told to
// stop.
func watchSockets(stop <-chan struct{}) (d drained) {
	for {
		k := limits.ReadSockets()
		d.Orphans, d.TimeWait = max(d.Orphans, k.Orphans), max(d.TimeWait, k.TimeWait)
		select {
		case <-stop:
			return d
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// addCounts adds those of another client.
func addCounts(sum *fleet.Counts, c fleet.Counts) {
	sum.Open += c.Open
	sum.Closing += c.Closing
	sum.Replies += c.Replies
	sum.Pings += c.Pings
	sum.Pinged += c.Pinged
	sum.Ended += c.Ended
	sum.Reset += c.Reset
	sum.Lost += c.Lost
	for code, n := range c.Closes {
		sum.Closes[code] += n
	}
}
