//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadAndWrite(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		fd := detached(t, server)
		n, again, err := Read(fd, make([]byte, 10))
		require.Equal(t, []any{0, true, nil}, []any{n, again, err})
		n, again, err = Read(fd, nil)
		require.Equal(t, []any{0, false, nil}, []any{n, again, err}, "nothing is asked for")
		n, again, err = Write(fd, nil)
		require.Equal(t, []any{0, false, nil}, []any{n, again, err})
		n, again, err = Write(fd, []byte("hello"))
		require.Equal(t, []any{5, false, nil}, []any{n, again, err})
		require.NoError(t, client.Close())
	})
}

func TestWriteUntilFull(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		fd := detached(t, server)
		huge := []byte(strings.Repeat("0123456789abcdef", 1<<20))
		n, again, err := Write(fd, huge)
		require.NoError(t, err)
		require.True(t, again)
		require.Less(t, n, len(huge))
		got := make([]byte, n)
		_, err = io.ReadFull(client, got)
		require.NoError(t, err)
		require.True(t, string(got) == string(huge[:n]))
	})
}

// A write to a peer that has gone is an error and no signal that ends the program.
func TestWriteToNobody(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		fd := detached(t, server)
		require.NoError(t, client.Close())
		var err error
		for range 1000 {
			if _, _, err = Write(fd, []byte("x")); err != nil {
				break
			}
		}
		require.True(t, errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET), "%v", err)
	})
}

func TestClosedDescriptor(t *testing.T) {
	for _, err := range []error{second(Read(-1, make([]byte, 1))), second(Write(-1, make([]byte, 1))), Close(-1)} {
		require.ErrorIs(t, err, syscall.EBADF)
	}
	require.Equal(t, unknown{}, LocalAddr(-1))
	require.Equal(t, "unknown unknown", PeerAddr(-1).Network()+" "+PeerAddr(-1).String())
}

func second(_ int, _ bool, err error) error { return err }

func TestDetachLeavesTheConnection(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		fd := duplicateOf(t, server)
		require.NoError(t, Close(fd))
		echo(t, server, client, "still here")
	})
}

// duplicateOf is Detach for tests that keep the connection.
func duplicateOf(t *testing.T, c net.Conn) int {
	fd, err := Detach(c.(syscall.Conn))
	require.NoError(t, err)
	return fd
}

// (*net.TCPConn).File and Fd make the socket blocking, for all its descriptors.
func TestDetachFromABlockingSocket(t *testing.T) {
	noNewDescriptors(t)
	server, _ := kinds["tcp"](t)
	f, err := server.(*net.TCPConn).File()
	require.NoError(t, err)
	f.Fd()
	fd := detached(t, server)
	require.NoError(t, f.Close())
	_, again, err := Read(fd, make([]byte, 1))
	require.NoError(t, err)
	require.True(t, again)
}

func TestDetachFromAClosedConnection(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		again := revive(t, duplicateOf(t, server))
		require.NoError(t, server.Close())
		require.NoError(t, again.Close())
		for _, c := range []net.Conn{server, again} {
			fd, err := Detach(c.(syscall.Conn))
			require.ErrorIs(t, err, net.ErrClosed)
			require.Equal(t, -1, fd)
		}
	})
}

func TestNoDescriptorsLeft(t *testing.T) {
	each(t, func(t *testing.T, server, client net.Conn) {
		p, events := recorder(t)
		exhausted(t, func() {
			_, err := Detach(server.(syscall.Conn))
			require.ErrorIs(t, err, syscall.EMFILE)
			_, err = New(func(Token) {})
			require.ErrorIs(t, err, syscall.EMFILE)
			echo(t, server, client, "unharmed")
		})
		fd := detached(t, server)
		exhausted(t, func() { // what is there goes on
			require.NoError(t, p.Add(fd, 1))
			write1(t, client, "x")
			expect(t, events, 1)
			require.NoError(t, p.Remove(fd))
			server = revive(t, fd)
			_, err := io.ReadFull(server, make([]byte, 1))
			require.NoError(t, err)
			echo(t, server, client, "unharmed")
		})
	})
}

// exhausted calls f when no further descriptor can be opened.
func exhausted(t *testing.T, f func()) {
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = 200
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	for {
		fd, err := syscall.Dup(0)
		if err != nil {
			break
		}
		defer syscall.Close(fd)
	}
	f()
}

// echo sends both ways.
func echo(t testing.TB, a, b net.Conn, s string) {
	t.Helper()
	for range 2 {
		write1(t, a, s)
		buf := make([]byte, len(s))
		_, err := io.ReadFull(b, buf)
		require.NoError(t, err)
		require.Equal(t, s, string(buf))
		a, b = b, a
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0", linkLocal()} {
		t.Run(address, func(t *testing.T) {
			if l, err := net.Listen("tcp", address); err != nil {
				t.Skip(err)
			} else {
				l.Close()
			}
			noNewDescriptors(t)
			server, client := pair(t, "tcp", address)
			checkAddresses(t, server)
			checkAddresses(t, client)
		})
	}
	t.Run("unix", func(t *testing.T) {
		noNewDescriptors(t)
		server, client := kinds["unix"](t)
		checkAddresses(t, server)
		checkAddresses(t, client)
	})
}

// checkAddresses compares with what package net says of a connection, which is closed.
func checkAddresses(t *testing.T, c net.Conn) {
	t.Helper()
	local, remote := c.LocalAddr(), c.RemoteAddr()
	fd := park(t, c)
	same := func(want, got net.Addr) {
		t.Helper()
		require.Equal(t, want.Network(), got.Network())
		require.Equal(t, want.String(), got.String())
		require.IsType(t, want, got)
	}
	same(local, LocalAddr(fd))
	same(remote, PeerAddr(fd))
	again := revive(t, fd)
	same(local, again.LocalAddr())
	same(remote, again.RemoteAddr())
	require.NoError(t, again.Close())
	require.Equal(t, unknown{}, again.LocalAddr())
	require.Equal(t, unknown{}, again.RemoteAddr())
}

// linkLocal returns an address with a zone, if the machine has one.
func linkLocal() string {
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				return "[" + n.IP.String() + "%" + i.Name + "]:0"
			}
		}
	}
	return "no address of one link"
}

func TestZone(t *testing.T) {
	require.Equal(t, "", zone(0))
	require.Equal(t, "123456789", zone(123456789))
}
