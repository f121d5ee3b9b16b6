package main

// The same message to everybody.
//
//   - The server is told over its pipe to send 125 B to all connections, in turn,
//     from as many goroutines as there are processors; a contender prepares the
//     message once if its library can.
//   - CPU is that of the server's process by delivered message, and includes what
//     the kernel does at the client's end of the loopback interface.
//   - "until last" is from the command to when the client has read the last of the
//     messages; p50 and p99 are when a connection had its own.
//   - There are 10,000 connections, or as many as a process may have descriptors.

import (
	"fmt"
	"slices"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

const broadcastSize = 125

func broadcastScenario() *scenario {
	return &scenario{
		id: "ws/broadcast", title: "A message of 125 B to all of 10,000 connections",
		about:    "Prepared once where the library can. CPU is that of the server's process, by delivered message.",
		baseline: bestPeer, rounds: 3, open: openBroadcast,
	}
}

func openBroadcast(s *session) (*field, error) {
	f, servers, err := openSockets(s, broadcastJob, "ws/broadcast")
	if err != nil {
		return nil, err
	}
	n, note := fit(pick(s.quick, 1000, 10_000))
	if note != "" {
		f.notes = append(f.notes, note)
	}
	for _, sv := range servers {
		f.starters = append(f.starters, starter{contender: sv.name, x: n, run: func(s *session) (sample, error) {
			return measureBroadcast(sv, n, pick(s.quick, 2, 5))
		}})
	}
	return f, nil
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// spare is how many descriptors a process needs beside its connections.
const spare = 200

// fit is how many connections one process can have, and what to say if that is
// fewer than asked for.
func fit(n int) (int, string) {
	files := int(limits.Read().Files)
	if n <= files-spare {
		return n, ""
	}
	return max(files-spare, 1), fmt.Sprintf("%d connections instead of %d: a process may have %d descriptors here", files-spare, n, files)
}

// measureBroadcast opens n connections and has the server send to them some times.
func measureBroadcast(sv namedServer, n, times int) (sample, error) {
	data := make([]byte, broadcastSize)
	c := socketCase{inflight: 1, message: fleet.Message{Op: wire.Binary, Send: data, Want: data}}
	f, err := c.connect(sv.addr, n)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.EchoAll(256, patience); err != nil { // by now the server knows them all
		return nil, err
	}
	if err := sv.Call(nil, patience, "gc"); err != nil {
		return nil, err
	}
	if _, err := broadcastOnce(sv, f, n); err != nil {
		return nil, err
	}
	before, err := sv.ask("work")
	if err != nil {
		return nil, err
	}
	var last, middle, tail []float64
	for range times {
		load, err := broadcastOnce(sv, f, n)
		if err != nil {
			return nil, err
		}
		last = append(last, micros(load.Took)/1000)
		middle = append(middle, micros(load.Times.Quantile(0.5)))
		tail = append(tail, micros(load.Times.Quantile(0.99)))
	}
	after, err := sv.ask("work")
	if err != nil {
		return nil, err
	}
	per := float64(n * times)
	return sample{
		cpuPerMessage: micros(after.CPU-before.CPU) / per,
		msUntilLast:   quantile(slices.Clone(last), 0.5),
		p50:           quantile(middle, 0.5),
		p99:           quantile(tail, 0.5),
		allocsPerOp:   float64(after.Mallocs-before.Mallocs) / per,
		bytesPerOp:    float64(after.Allocated-before.Allocated) / per,
	}, nil
}

// broadcastOnce has the server send, and waits for all to have it.
func broadcastOnce(sv namedServer, f *fleet.Fleet, n int) (fleet.Load, error) {
	told := make(chan error, 1)
	go func() { told <- sv.Call(nil, patience, "broadcast") }()
	load, err := f.Await(n, patience)
	if failed := <-told; err == nil {
		err = failed
	}
	return load, err
}
