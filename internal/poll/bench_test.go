//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The benchmarks of an echo send 64 bytes to and fro over TCP, one message at a time.
var message = make([]byte, 64)

func ask(b *testing.B, client net.Conn) {
	buf := make([]byte, len(message))
	b.ReportAllocs()
	before := processorTime()
	defer func() {
		b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
	}()
	for b.Loop() {
		if _, err := client.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// processorTime is what this process has used, in nanoseconds: it is comparable on a busy machine too.
func processorTime() int64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

// answer echoes one message.
func answer(c net.Conn, buf []byte) error {
	if _, err := io.ReadFull(c, buf); err != nil {
		return err
	}
	_, err := c.Write(buf)
	return err
}

// BenchmarkEcho/kept: a goroutine keeps its connection of package net. /file: the same with [Conn].
// /bare: the descriptor stays in the poller, which starts a goroutine for each message.
// /cycle: and it makes a connection of the descriptor and then parks it again.
func BenchmarkEcho(b *testing.B) {
	b.Run("kept", func(b *testing.B) {
		server, client := kinds["tcp"](b)
		benchmarkKept(b, server, client)
	})
	b.Run("file", func(b *testing.B) {
		server, client := kinds["tcp"](b)
		benchmarkKept(b, revive(b, park(b, server)), client)
	})
	b.Run("bare", func(b *testing.B) {
		benchmarkParked(b, func(p *Poller, fd int, buf []byte) error {
			n, _, err := Read(fd, buf)
			if err != nil {
				return err
			}
			if _, _, err = Write(fd, buf[:n]); err != nil {
				return err
			}
			return p.Arm(fd, Token(fd))
		})
	})
	b.Run("cycle", func(b *testing.B) { benchmarkParked(b, cycle) })
}

func benchmarkKept(b *testing.B, server, client net.Conn) {
	go func() {
		for buf := make([]byte, len(message)); answer(server, buf) == nil; {
		}
	}()
	ask(b, client)
	client.Close()
}

// benchmarkParked calls handle in a goroutine for each wake-up.
func benchmarkParked(b *testing.B, handle func(p *Poller, fd int, buf []byte) error) {
	server, client := kinds["tcp"](b)
	buf, created := make([]byte, len(message)), make(chan struct{})
	var p *Poller
	p = poller(b, func(t Token) {
		<-created
		go func() {
			if err := handle(p, int(t), buf); err != nil {
				b.Error(err)
			}
		}()
	})
	close(created)
	require.NoError(b, parkIn(p, server))
	ask(b, client)
	p.Close()
}

func cycle(p *Poller, fd int, buf []byte) error {
	if err := p.Remove(fd); err != nil {
		return err
	}
	c, err := Conn(fd)
	if err != nil {
		return err
	}
	if err := answer(c, buf); err != nil {
		return err
	}
	return parkIn(p, c)
}

func parkIn(p *Poller, c net.Conn) error {
	fd, err := Detach(c.(syscall.Conn))
	if err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return err
	}
	return p.Add(fd, Token(fd))
}

// BenchmarkCalls measures the parts of a cycle, without waiting for anything.
func BenchmarkCalls(b *testing.B) {
	p := poller(b, func(Token) {})
	server, _ := kinds["tcp"](b)
	fd := park(b, server)
	b.Run("AddRemove", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = p.Add(fd, 1)
			_ = p.Remove(fd)
		}
	})
	b.Run("Arm", func(b *testing.B) {
		b.ReportAllocs()
		require.NoError(b, p.Add(fd, 1))
		for b.Loop() {
			_ = p.Arm(fd, 1)
		}
		require.NoError(b, p.Remove(fd))
	})
	b.Run("ConnDetachClose", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c, err := Conn(fd)
			if err != nil {
				b.Fatal(err)
			}
			fd = park(b, c)
		}
	})
	require.NoError(b, Close(fd))
}
