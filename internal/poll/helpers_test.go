//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/leak"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	patience = 10 * time.Second      // for what must happen
	moment   = 50 * time.Millisecond // for what must not
)

// pair returns two ends of a connection, the accepted one first.
func pair(t testing.TB, network, address string) (net.Conn, net.Conn) {
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	defer l.Close()
	target := l.Addr().String()
	if host, _, err := net.SplitHostPort(address); err == nil && strings.Contains(host, "%") {
		_, port, _ := net.SplitHostPort(target) // a Multipath TCP listener does not tell its zone
		target = net.JoinHostPort(host, port)
	}
	client, err := net.Dial(network, target)
	require.NoError(t, err)
	server, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return server, client
}

// kinds are the sockets that most tests run with.
var kinds = map[string]func(testing.TB) (net.Conn, net.Conn){
	"tcp": func(t testing.TB) (net.Conn, net.Conn) { return pair(t, "tcp", "127.0.0.1:0") },
	"unix": func(t testing.TB) (net.Conn, net.Conn) {
		dir, err := os.MkdirTemp("", "poll") // t.TempDir is too long for the address of a socket
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		return pair(t, "unix", filepath.Join(dir, "s"))
	},
}

// each runs a test with every kind of socket and checks that no descriptor is left.
func each(t *testing.T, f func(t *testing.T, server, client net.Conn)) {
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			noNewDescriptors(t)
			server, client := make(t)
			f(t, server, client)
		})
	}
}

// park makes a bare descriptor of a connection.
func park(t testing.TB, c net.Conn) int {
	fd, err := Detach(c.(syscall.Conn))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return fd
}

// detached is park for tests that never make a connection of it again.
func detached(t testing.TB, c net.Conn) int {
	fd := park(t, c)
	t.Cleanup(func() { Close(fd) })
	return fd
}

// revive makes a connection of a bare descriptor.
func revive(t testing.TB, fd int) net.Conn {
	c, err := Conn(fd)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// poller returns a poller that is closed after the test.
func poller(t testing.TB, ready func(Token)) *Poller {
	p, err := New(ready)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// recorder is a poller that sends its events to a channel.
func recorder(t testing.TB) (*Poller, chan Token) {
	events := make(chan Token, 1000)
	return poller(t, func(t Token) { events <- t }), events
}

func expect(t testing.TB, events chan Token, want Token) {
	t.Helper()
	select {
	case got := <-events:
		require.Equal(t, want, got)
	case <-time.After(patience):
		require.Fail(t, "no event")
	}
}

func expectNone(t testing.TB, events chan Token) {
	t.Helper()
	select {
	case got := <-events:
		require.Fail(t, "an event", "%x", uint64(got))
	case <-time.After(moment):
	}
}

// within fails if f takes too long.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		require.Fail(t, "too long: "+what)
	}
}

func write1(t testing.TB, c io.Writer, s string) {
	t.Helper()
	_, err := io.WriteString(c, s)
	require.NoError(t, err)
}

// readAll reads what a bare descriptor has, until the end, an error or nothing more.
func readAll(fd int) (string, error) {
	var all []byte
	buf := make([]byte, 4)
	for {
		n, again, err := Read(fd, buf)
		all = append(all, buf[:n]...)
		if again || err != nil {
			return string(all), err
		}
	}
}

// warm opens what the runtime and package net keep open for ever.
var warm = sync.OnceFunc(func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		l.Close()
	}
})

// openDescriptors returns how many are open, -1 if the system doesn't say.
func openDescriptors() int {
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		return -1
	}
	return len(names)
}

// noNewDescriptors fails a test that leaves some open. It must come before other clean-up.
func noNewDescriptors(t testing.TB) {
	warm()
	before := openDescriptors()
	t.Cleanup(func() {
		if !t.Failed() {
			require.Equal(t, before, openDescriptors(), "descriptors")
		}
	})
}

// token packs an index and a generation.
func token(index, generation int) Token { return Token(index) | Token(generation)<<32 }

func (t Token) parts() (index, generation int) { return int(uint32(t)), int(t >> 32) }

func (t Token) String() string {
	i, g := t.parts()
	return fmt.Sprintf("%d/%d", i, g)
}
