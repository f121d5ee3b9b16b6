package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

// holder is a run.
type holder struct {
	options
	plan    plan
	tell    *ticker
	servers []*server
	clients []*client
	report  *report
	opened  int
}

// client is a client's process and what it still has to open.
type client struct {
	*fleet.Worker
	left int
}

// patience is how long a batch may take.
const patience = time.Minute

// errShort is wrapped when the machine has too little memory to go on.
var errShort = errors.New("memory runs short")

// hold runs everything. The report is nil if there is nothing to tell.
func hold(o options, p plan, m limits.Machine, stderr io.Writer) (*report, error) {
	h := &holder{options: o, plan: p, tell: &ticker{w: stderr}, report: newReport(o, p, m)}
	defer h.close()
	if err := h.start(); err != nil {
		return nil, err
	}
	if err := h.look(); err != nil {
		return nil, err
	}
	err := h.open()
	if err != nil && !errors.Is(err, errShort) {
		return nil, err
	}
	steps := []func() error{h.settle, h.talkOnce, h.probe, h.awaitPings}
	if err != nil {
		steps = nil // drain what is there
	}
	for _, step := range append(steps, h.drain) {
		err = errors.Join(err, step())
	}
	h.report.Passed = err == nil
	return h.report, err
}

// start starts all processes. The first server chooses the port.
func (h *holder) start() error {
	addr := "127.0.0.1:0"
	for range h.plan.Processes {
		s, err := startServer(orders{addr, h.ping})
		if err != nil {
			return err
		}
		h.servers, addr = append(h.servers, s), s.addr
	}
	data := make([]byte, 125)
	for i := range h.plan.Processes {
		w, err := fleet.StartWorker(fleet.Task{
			Server: netip.MustParseAddrPort(addr), Sources: sources(i),
			Message: fleet.Message{Op: wire.Binary, Send: data, Want: data},
		})
		if err != nil {
			return err
		}
		h.clients = append(h.clients, &client{w, h.plan.share(i)})
	}
	return nil
}

// sources are the addresses of a client: 127.1.0.1 and 127.1.1.1, 127.1.0.2 and 127.1.1.2, … Two, because Linux
// first tries the half of the ports that are even: once they are all taken, each connect from that address asks for every one of
// them again.
func sources(i int) []netip.Addr {
	a, b := byte(1+i/250%200), byte(1+i%250)
	return []netip.Addr{netip.AddrFrom4([4]byte{127, a, 0, b}), netip.AddrFrom4([4]byte{127, a, 1, b})}
}

// close ends all processes that there still are.
func (h *holder) close() {
	_ = proc.Each(16, h.clients, func(c *client) error { c.Close(); return nil })
	_ = proc.Each(16, h.servers, func(s *server) error { s.Stop(); return nil })
	h.tell.end()
}

// open opens all connections, the clients in turn, and looks at memory ten times.
func (h *holder) open() error {
	start := time.Now()
	next := h.plan.Connections / 10
	for h.opened < h.plan.Connections {
		todo := slices.DeleteFunc(slices.Clone(h.clients), func(c *client) bool { return c.left == 0 })
		for group := range slices.Chunk(todo, h.atOnce) {
			if err := h.openSome(group); err != nil {
				return fmt.Errorf("after %d connections: %w", h.opened, err)
			}
			h.tell.line("%d of %d open, %.0f/s", h.opened, h.plan.Connections, float64(h.opened)/time.Since(start).Seconds())
			if h.opened < next || h.opened == h.plan.Connections {
				continue
			}
			if err := h.look(); err != nil {
				return err
			}
			if err := h.report.projection(h.plan.Connections); err != nil {
				return err
			}
			next = h.opened + h.plan.Connections/10
		}
	}
	h.report.Opening = time.Since(start)
	return nil
}

// openSome has each of some clients open a batch.
func (h *holder) openSome(group []*client) error {
	err := proc.Each(len(group), group, func(c *client) error { return c.Open(min(h.batch, c.left), patience) })
	for _, c := range group {
		n := min(h.batch, c.left)
		c.left -= n
		h.opened += n
	}
	return err
}

// look looks at all memory, first as it is.
func (h *holder) look() error {
	at := moment{Connections: h.opened}
	for _, s := range h.servers {
		var raw, u proc.Usage
		if err := s.Call(&raw, patience, "usage"); err != nil {
			return err
		}
		if err := s.Call(&u, patience, "collect"); err != nil {
			return err
		}
		at.add(raw, u)
	}
	at.GC /= time.Duration(len(h.servers))
	for _, c := range h.clients {
		u, err := c.Usage()
		if err != nil {
			return err
		}
		at.Clients += u.RSS
	}
	at.Kernel = limits.ReadKernel()
	h.report.Moments = append(h.report.Moments, at)
	h.tell.line("%d connections: %s", h.opened, h.report.summary(at))
	h.tell.end()
	return nil
}

// settle gives goroutines and buffers of the handshakes the time to go, and
// looks at the memory of all connections.
func (h *holder) settle() error {
	time.Sleep(2 * time.Second)
	return h.look()
}

// talkOnce has every connection echo a message.
func (h *holder) talkOnce() error {
	if !h.talk {
		return nil
	}
	start := time.Now()
	err := proc.Each(h.atOnce, h.clients, func(c *client) error { return c.EchoAll(64, patience) })
	h.report.Talk = time.Since(start)
	h.tell.line("every connection has echoed, in %v", h.report.Talk.Round(time.Millisecond))
	h.tell.end()
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	if err := h.look(); err != nil {
		return err
	}
	h.report.Moments[len(h.report.Moments)-1].Echoed = true
	return nil
}

// probe times echoes on connections of every client.
func (h *holder) probe() error {
	var all []time.Duration
	for i, c := range h.clients {
		if h.plan.share(i) == 0 {
			continue
		}
		times, err := c.Probe(h.probes, 10*time.Second)
		if err != nil {
			return err
		}
		all = append(all, times...)
	}
	h.report.Probes = summarise(all)
	h.tell.line("%d random connections echoed: %s", len(all), h.report.Probes)
	h.tell.end()
	return nil
}

// counts are those of all clients.
func (h *holder) counts() (fleet.Counts, error) {
	sum := fleet.Counts{Closes: map[int]int{}}
	for _, c := range h.clients {
		got, err := c.Counts()
		if err != nil {
			return sum, err
		}
		addCounts(&sum, got)
	}
	return sum, nil
}

// awaitPings waits until every connection has got a ping.
func (h *holder) awaitPings() error {
	start := time.Now()
	for limit := 2*h.ping + 30*time.Second; ; time.Sleep(200 * time.Millisecond) {
		c, err := h.counts()
		if err != nil {
			return err
		}
		h.report.Pinged, h.report.Pings = c.Pinged, c.Pings
		h.tell.line("%d of %d connections have got a ping", c.Pinged, h.opened)
		if c.Lost+c.Ended+c.Closing > 0 {
			return fmt.Errorf("connections were lost while they waited for pings: %+v", c)
		}
		if c.Pinged == h.opened {
			h.tell.end()
			return nil
		}
		if time.Since(start) > limit {
			return fmt.Errorf("%d of %d connections got no ping within %v", h.opened-c.Pinged, h.opened, limit)
		}
	}
}
