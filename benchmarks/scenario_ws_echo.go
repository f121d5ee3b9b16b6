package main

// A message and its reply over TCP on the loopback interface.
//
//   - Each contender serves in a process of its own. All of them are up during a
//     scenario; only one is asked at a time.
//   - The client is ours and the same for all (package internal/fleet): one
//     thread with one epoll for all connections, which writes the same bytes every
//     time and compares every byte that comes back. It shares the processors with
//     the server, so messages/s is what both get done together. What a server
//     costs is the CPU that its process has used, user and system, by message:
//     this is what contenders are ranked by.
//   - Each connection has one message under way; with "pipeline", sixteen.
//   - Connections are opened for each run, and warm before it is measured.
//   - Binary messages, no compression, the same limit of 1 MiB for all. Fogo has
//     its defaults, with pings, deadlines and the check of origins.
//   - Latency is from before a message's write to after the last byte of its
//     reply. With 1,000 connections on one client thread it is the time in a queue.
//   - "json" is an Add decoded, handled and encoded; peers do it with the codec
//     that Fogo uses, and no injection.

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"github.com/goccy/go-json"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

// socketCase is one scenario of messages and replies.
type socketCase struct {
	id, title   string
	job         socketJob
	message     fleet.Message
	connections []int
	inflight    int
}

// echoMessage is one of n bytes, none like its neighbour.
func echoMessage(n int) fleet.Message {
	data := bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz!"), n/37+1)[:n]
	return fleet.Message{Op: wire.Binary, Send: data, Want: data}
}

func socketCases() []socketCase {
	echo := func(name string, size int, connections ...int) socketCase {
		return socketCase{
			id: "ws/echo/" + name, title: "A WebSocket message of " + name + ", echoed, by connections",
			job: echoJob, message: echoMessage(size), connections: connections, inflight: 1,
		}
	}
	pipeline := echo("125B", 125, 64)
	pipeline.id, pipeline.title, pipeline.inflight = "ws/pipeline", "64 connections with 16 messages of 125 B under way", 16
	js := pipeline
	js.id, js.title, js.job, js.inflight = "ws/json", "A JSON message, decoded, handled and answered; 64 connections", jsonJob, 1
	js.message = fleet.Message{Op: wire.Text, Send: []byte(addMessage), Want: []byte(addReply)}
	return []socketCase{
		echo("16B", 16, 1, 64, 1000), echo("125B", 125, 1, 64, 1000),
		echo("16KiB", 16<<10, 1, 64, 1000), echo("1MiB", 1<<20, 1, 64),
		pipeline, js,
	}
}

// socketScenarios are all that have servers of WebSockets in processes of their own.
func socketScenarios() []*scenario {
	var out []*scenario
	for _, c := range socketCases() {
		sc := &scenario{
			id: c.id, title: c.title, baseline: bestPeer, rounds: 9, open: c.open,
			about: "Over TCP; one client with an epoll of its own for all servers. CPU is that of the server's process.",
		}
		if len(c.connections) > 1 {
			sc.axis = "connections"
		}
		out = append(out, sc)
	}
	return append(out, broadcastScenario(), idleScenario(), idleManyScenario())
}

// open starts the servers and asks each of them once.
func (c socketCase) open(s *session) (*field, error) {
	f, servers, err := openSockets(s, c.job, c.id)
	if err != nil {
		return nil, err
	}
	for _, sv := range servers {
		if err := c.try(sv); err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", sv.name, err)
		}
		for _, n := range c.connections {
			f.starters = append(f.starters, starter{contender: sv.name, x: n, run: func(s *session) (sample, error) {
				return c.measure(sv, n, echoTime(s))
			}})
		}
	}
	return f, nil
}

// namedServer is a contender's server.
type namedServer struct {
	*serverProcess
	name string
}

// openSockets starts the servers of all who take part.
func openSockets(s *session, j socketJob, id string) (*field, []namedServer, error) {
	if _, err := fleet.New(fleet.Options{Server: netip.MustParseAddrPort("127.0.0.1:1")}); err != nil {
		return &field{notes: []string{err.Error()}}, nil, nil
	}
	f := &field{}
	var servers []namedServer
	f.close = func() {
		for _, sv := range servers {
			sv.Stop()
		}
	}
	for i, who := range socketers() {
		if !s.takesPart(who.name(), bestPeer) {
			continue
		}
		if why := who.absent(id); why != "" {
			f.absent = append(f.absent, Absence{who.name(), why})
			continue
		}
		sv, err := startSockets(j, i, "")
		if err != nil {
			f.close()
			return nil, nil, fmt.Errorf("%s: %w", who.name(), err)
		}
		servers = append(servers, namedServer{sv, who.name()})
	}
	return f, servers, nil
}

// echoTime is how long a round of one contender lasts.
func echoTime(s *session) time.Duration {
	if s.quick {
		return 20 * time.Millisecond
	}
	return 150 * time.Millisecond
}

// patience is after how long a client gives up.
const patience = 20 * time.Second

// connect opens connections, and makes them warm.
func (c socketCase) connect(addr string, n int) (*fleet.Fleet, error) {
	server, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(fleet.Options{Server: server})
	if err != nil {
		return nil, err
	}
	f.SetMessage(c.message, c.inflight)
	if err := f.Grow(n, patience); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// try looks whether a server gives the right replies.
func (c socketCase) try(sv namedServer) error {
	f, err := c.connect(sv.addr, 2)
	if err != nil {
		return err
	}
	defer f.Close()
	for range 3 {
		if err := f.EchoAll(2, patience); err != nil {
			return err
		}
	}
	return nil
}

// measure is a run.
func (c socketCase) measure(sv namedServer, n int, d time.Duration) (sample, error) {
	f, err := c.connect(sv.addr, n)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := sv.Call(nil, patience, "gc"); err != nil {
		return nil, err
	}
	for range 3 { // pools were emptied by the collection
		if err := f.EchoAll(64, patience); err != nil {
			return nil, err
		}
	}
	before, err := sv.ask("work")
	if err != nil {
		return nil, err
	}
	load, err := f.Echo(d, c.inflight)
	if err != nil {
		return nil, err
	}
	after, err := sv.ask("work")
	if err != nil {
		return nil, err
	}
	per := float64(load.Messages)
	return sample{
		cpuPerMessage: float64((after.CPU - before.CPU).Nanoseconds()) / 1000 / per,
		messagesPerS:  per / load.Took.Seconds(),
		p50:           micros(load.Times.Quantile(0.5)),
		p99:           micros(load.Times.Quantile(0.99)),
		allocsPerOp:   float64(after.Mallocs-before.Mallocs) / per,
		bytesPerOp:    float64(after.Allocated-before.Allocated) / per,
	}, nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// jsonReply is what those do by hand who take bytes.
func jsonReply(store *Store) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		var m Add
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, err
		}
		out, err := add(store, newStamp(), m)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}
