package main

// What a connection costs that says nothing.
//
//   - Servers are started for each run, and asked what they hold: before (after
//     some connections came and went), with all connections open, and when each
//     of them has sent a message and got its reply. Figures are the growth by
//     connection.
//   - RSS is looked at as it is ("raw"), and after a collection of garbage and
//     debug.FreeOSMemory. Heap and stack are Go's. "kernel" is the growth of the
//     kernel's slabs for both ends, which other processes of the machine disturb.
//   - GC is the time of a whole collection by runtime.GC; with several processes,
//     their mean.
//   - The client is in another process, or in several: each may have so many
//     descriptors. Servers share one port, over which the kernel spreads
//     connections by a hash (SO_REUSEPORT).
//   - Limits and pings are on for Fogo. Nobody's connections have keep-alive of TCP.

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

func idleScenario() *scenario {
	return &scenario{
		id: "ws/idle", title: "Memory of an idle connection, 10,000 in one process",
		about:    "Growth of the server's process by connection, after a collection of garbage unless it says raw.",
		baseline: bestPeer, rounds: 1,
		open: func(s *session) (*field, error) { return openIdle(s, pick(s.quick, 1000, 10_000), 1) },
	}
}

func idleManyScenario() *scenario {
	return &scenario{
		id: "ws/idle-many", title: "Memory of an idle connection, 100,000 over several processes",
		about:    "Growth of all servers' processes by connection. They share one port.",
		baseline: bestPeer, rounds: 1,
		open: func(s *session) (*field, error) {
			return openIdle(s, pick(s.quick, 2000, 100_000), pick(s.quick, 2, 10))
		},
	}
}

// bytesPerPair is what must be free for a connection: what the kernel takes for
// both ends, and the most that any contender does.
const bytesPerPair = 11<<10 + 33<<10

func openIdle(s *session, n, processes int) (*field, error) {
	f := &field{}
	m := limits.Read()
	switch per := int64(n / processes); {
	case m.Files == 0:
		f.notes = append(f.notes, fleet.ErrSystem.Error())
	case per+per/20+spare > m.Files:
		f.notes = append(f.notes, fmt.Sprintf("left out: %d connections need %d descriptors in each of %d processes, the limit is %d", n, per+per/20+spare, processes, m.Files))
	case int64(n)*bytesPerPair > m.Available:
		f.notes = append(f.notes, fmt.Sprintf("left out: %d connections may take %d MiB, %d are available", n, int64(n)*bytesPerPair>>20, m.Available>>20))
	default:
		for i, who := range socketers() {
			if s.takesPart(who.name(), bestPeer) {
				f.starters = append(f.starters, starter{contender: who.name(), x: n, run: func(s *session) (sample, error) {
					return measureIdle(i, n, processes, rests(s))
				}})
			}
		}
	}
	return f, nil
}

// rests is how long connections are left alone before memory is looked at: when
// they are open, and when they have talked. The second is longer than Fogo's keep
// their goroutines; a quick run has no time for that.
func rests(s *session) [2]time.Duration {
	return pick(s.quick, [2]time.Duration{200 * time.Millisecond, 200 * time.Millisecond}, [2]time.Duration{500 * time.Millisecond, 2500 * time.Millisecond})
}

// crowd is servers that share a port, and as many clients.
type crowd struct {
	servers []*serverProcess
	clients []*fleet.Worker
}

func (c *crowd) close() {
	_ = proc.Each(len(c.clients), c.clients, func(w *fleet.Worker) error { w.Close(); return nil })
	_ = proc.Each(len(c.servers), c.servers, func(p *serverProcess) error { p.Stop(); return nil })
}

// newCrowd starts processes. Each client has an address of its own, and so all
// ports to itself.
func newCrowd(contender, processes int) (*crowd, error) {
	c, addr := &crowd{}, ""
	for range processes {
		sv, err := startSockets(echoJob, contender, addr)
		if err != nil {
			c.close()
			return nil, err
		}
		c.servers, addr = append(c.servers, sv), sv.addr
	}
	for i := range processes {
		w, err := fleet.StartWorker(fleet.Task{
			Server: netip.MustParseAddrPort(addr), Message: echoMessage(125),
			Sources: []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)})},
		})
		if err != nil {
			c.close()
			return nil, err
		}
		c.clients = append(c.clients, w)
	}
	return c, nil
}

// sum is what all servers hold together. They are asked one after the other,
// so that collections do not slow one another down. GC is the mean.
func (c *crowd) sum(command string) (proc.Usage, error) {
	var t proc.Usage
	err := proc.Each(1, c.servers, func(p *serverProcess) error {
		u, err := p.ask(command)
		t.RSS += u.RSS
		t.Heap += u.Heap
		t.Stack += u.Stack
		t.Goroutines += u.Goroutines
		t.GC += u.GC / time.Duration(len(c.servers))
		return err
	})
	return t, err
}

// warm has connections come and go, so that what the first ones make once is
// there already.
func (c *crowd) warm() error {
	err := proc.Each(1, c.servers, func(p *serverProcess) error {
		return socketCase{job: echoJob, message: echoMessage(125), inflight: 1}.try(namedServer{serverProcess: p})
	})
	time.Sleep(100 * time.Millisecond)
	return err
}

// idleLooks is what was seen in the course of a run: raw, and after a collection.
type idleLooks struct {
	before                   proc.Usage
	openRaw, open            proc.Usage
	echoedRaw, echoed        proc.Usage
	kernelBefore, kernelOpen limits.Kernel
}

func measureIdle(contender, n, processes int, rest [2]time.Duration) (sample, error) {
	c, err := newCrowd(contender, processes)
	if err != nil {
		return nil, err
	}
	defer c.close()
	l, err := c.look(n, rest)
	if err != nil {
		return nil, err
	}
	per := func(now, then int64) float64 { return float64(now-then) / float64(n) }
	return sample{
		rssPerConn:    per(l.open.RSS, l.before.RSS),
		rawPerConn:    per(l.openRaw.RSS, l.before.RSS),
		rssEchoed:     per(l.echoed.RSS, l.before.RSS),
		rawEchoed:     per(l.echoedRaw.RSS, l.before.RSS),
		heapPerConn:   per(int64(l.open.Heap), int64(l.before.Heap)),
		stackPerConn:  per(int64(l.open.Stack), int64(l.before.Stack)),
		goPerConn:     per(int64(l.echoed.Goroutines), int64(l.before.Goroutines)),
		kernelPerConn: per(l.kernelOpen.Slab, l.kernelBefore.Slab),
		msPerGC:       micros(l.open.GC) / 1000,
	}, nil
}

// look opens the connections and has them echo, and looks before and after.
func (c *crowd) look(n int, rest [2]time.Duration) (l idleLooks, err error) {
	step := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	see := func(u *proc.Usage, command string) func() error {
		return func() (err error) { *u, err = c.sum(command); return err }
	}
	step(c.warm)
	step(see(&l.before, "collect"))
	l.kernelBefore = limits.ReadKernel()
	step(func() error {
		return proc.Each(len(c.clients), c.clients, func(w *fleet.Worker) error { return w.Open(n/len(c.clients), time.Minute) })
	})
	time.Sleep(rest[0])
	step(see(&l.openRaw, "usage"))
	step(see(&l.open, "collect"))
	l.kernelOpen = limits.ReadKernel()
	step(func() error {
		return proc.Each(len(c.clients), c.clients, func(w *fleet.Worker) error { return w.EchoAll(64, time.Minute) })
	})
	time.Sleep(rest[1])
	step(see(&l.echoedRaw, "usage"))
	step(see(&l.echoed, "collect"))
	step(func() error { return proc.Each(len(c.clients), c.clients, lostNone) })
	return l, err
}

// lostNone holds that a client still has all its connections.
func lostNone(w *fleet.Worker) error {
	counts, err := w.Counts()
	if err == nil && counts.Lost+counts.Ended+counts.Closing > 0 {
		err = fmt.Errorf("connections were lost: %+v", counts)
	}
	return err
}
