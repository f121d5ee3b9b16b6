//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachRevived is each with a server that is a connection made by Conn.
func eachRevived(t *testing.T, f func(t *testing.T, server, client net.Conn)) {
	each(t, func(t *testing.T, server, client net.Conn) { f(t, revive(t, park(t, server)), client) })
}

func TestConn(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		echo(t, server, client, "hello")
		n, err := server.Read(nil)
		require.Equal(t, []any{0, nil}, []any{n, err})
		require.NoError(t, client.Close())
		_, err = server.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
	})
}

func TestReadDeadline(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		require.NoError(t, server.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := server.Read(make([]byte, 1))
		checkTimeout(t, err)
		_, err = server.Read(make([]byte, 1))
		checkTimeout(t, err)
		_, err = server.Write(nil)
		require.NoError(t, err, "writing has a deadline of its own")
		require.NoError(t, server.SetDeadline(time.Time{}))
		echo(t, client, server, "hello")
	})
}

// A deadline in the past wakes who waits: the way to take a connection from its reader.
func TestDeadlineWakes(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		failed := make(chan error)
		go func() {
			_, err := server.Read(make([]byte, 1))
			failed <- err
		}()
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, server.SetReadDeadline(time.Unix(1, 0)))
		within(t, "Read", func() { checkTimeout(t, <-failed) })
	})
}

func TestWriteDeadline(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		huge := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
		require.NoError(t, server.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
		n, err := server.Write(huge)
		checkTimeout(t, err)
		require.NotZero(t, n)
		require.Less(t, n, len(huge))
		got := make([]byte, n)
		_, err = io.ReadFull(client, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(got, huge[:n]), "what was counted has arrived")
		require.NoError(t, server.SetWriteDeadline(time.Time{}))
		echo(t, server, client, "hello")
	})
}

func checkTimeout(t *testing.T, err error) {
	t.Helper()
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var n net.Error
	if assert.True(t, errors.As(err, &n), "%v", err) {
		assert.True(t, n.Timeout())
	}
}

func TestBigWriteSlowReader(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		huge := make([]byte, 16<<20)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(huge)
		written := make(chan error)
		go func() {
			n, err := server.Write(huge)
			if err == nil && n != len(huge) {
				err = io.ErrShortWrite
			}
			server.Close()
			written <- err
		}()
		var got bytes.Buffer
		for buf := make([]byte, 256<<10); ; time.Sleep(time.Millisecond) {
			n, err := client.Read(buf)
			got.Write(buf[:n])
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
		}
		require.NoError(t, <-written)
		require.True(t, bytes.Equal(huge, got.Bytes()))
	})
}

func TestCloseWakes(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		failed := make(chan error)
		go func() {
			_, err := server.Read(make([]byte, 1))
			failed <- err
		}()
		go func() {
			_, err := server.Write(make([]byte, 64<<20))
			failed <- err
		}()
		time.Sleep(20 * time.Millisecond)
		within(t, "Close", func() {
			assert.NoError(t, server.Close())
			checkClosed(t, <-failed)
			checkClosed(t, <-failed)
		})
	})
}

// checkClosed wants the very error that package net would give.
func checkClosed(t *testing.T, err error) {
	t.Helper()
	assert.ErrorIs(t, err, net.ErrClosed)
	var n net.Error
	assert.True(t, errors.As(err, &n), "%v", err)
}

func TestEverythingAfterClose(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		raw, err := server.(syscall.Conn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, server.Close())
		_, err = server.Read(make([]byte, 1))
		checkClosed(t, err)
		_, err = server.Write(make([]byte, 1))
		checkClosed(t, err)
		for _, err := range []error{
			server.Close(), server.SetDeadline(time.Now()),
			server.SetReadDeadline(time.Now()), server.SetWriteDeadline(time.Now()),
			server.(interface{ CloseWrite() error }).CloseWrite(),
			raw.Control(func(uintptr) {}),
			raw.Read(func(uintptr) bool { return true }),
			raw.Write(func(uintptr) bool { return true }),
		} {
			checkClosed(t, err)
		}
	})
}

func TestCloseWrite(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		write1(t, server, "request")
		require.NoError(t, server.(interface{ CloseWrite() error }).CloseWrite())
		all, err := io.ReadAll(client)
		require.NoError(t, err)
		require.Equal(t, "request", string(all))
		write1(t, client, "answer")
		require.NoError(t, client.Close())
		all, err = io.ReadAll(server)
		require.NoError(t, err)
		require.Equal(t, "answer", string(all))
		_, err = server.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		var sys *os.SyscallError
		require.ErrorAs(t, err, &sys)
		require.Equal(t, "write", sys.Syscall)
	})
}

func TestConnReset(t *testing.T) {
	noNewDescriptors(t)
	server, client := kinds["tcp"](t)
	server = revive(t, park(t, server))
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	_, err := server.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Equal(t, unknown{}, server.RemoteAddr())
	require.NotEqual(t, unknown{}, server.LocalAddr())
}

func TestRawConn(t *testing.T) {
	eachRevived(t, func(t *testing.T, server, client net.Conn) {
		raw, err := server.(syscall.Conn).SyscallConn()
		require.NoError(t, err)
		write1(t, client, "hello")
		var all string
		require.NoError(t, raw.Read(func(fd uintptr) bool {
			all, err = readAll(int(fd))
			return all != ""
		}))
		require.NoError(t, err)
		require.Equal(t, "hello", all)
		require.NoError(t, server.SetReadDeadline(time.Unix(1, 0)))
		checkTimeout(t, raw.Read(func(uintptr) bool { return false }))
		require.NoError(t, raw.Write(func(fd uintptr) bool {
			_, _, err = Write(int(fd), []byte("x"))
			return true
		}))
		require.NoError(t, err)
	})
}

// Conn owns the descriptor also when it fails.
func TestConnOfABlockingDescriptor(t *testing.T) {
	noNewDescriptors(t)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer syscall.Close(fds[1])
	_, err = Conn(fds[0])
	require.ErrorIs(t, err, os.ErrNoDeadline)
	_, _, err = Read(fds[1], make([]byte, 1))
	require.Equal(t, io.EOF, err, "the other end is closed")
	_, err = Conn(-1)
	require.ErrorContains(t, err, "-1 is no descriptor")
}

// One connection goes round many times; its messages arrive in order and whole, also those that come in
// the middle.
func TestCycles(t *testing.T) {
	cycles := 10_000
	if testing.Short() {
		cycles = 500
	}
	each(t, func(t *testing.T, server, client net.Conn) {
		client.SetDeadline(time.Now().Add(time.Minute))
		p, events := recorder(t)
		sent, received := rand.NewChaCha8([32]byte{7}), rand.NewChaCha8([32]byte{7})
		message, want, got := make([]byte, 64), make([]byte, 64), make([]byte, 64)
		open := openDescriptors()
		for i := range cycles {
			_, _ = sent.Read(message)
			cut := i % len(message)
			_, err := client.Write(message[:cut])
			require.NoError(t, err)
			fd := park(t, server)
			require.NoError(t, p.Add(fd, token(fd, i)))
			_, err = client.Write(message[cut:])
			require.NoError(t, err)
			require.Equal(t, token(fd, i), <-events)
			require.NoError(t, p.Remove(fd))
			server, err = Conn(fd)
			require.NoError(t, err)
			_, _ = received.Read(want)
			_, err = io.ReadFull(server, got)
			require.NoError(t, err)
			require.Equal(t, want, got)
			if i%1000 == 0 {
				require.Equal(t, open, openDescriptors())
			}
		}
		require.NoError(t, server.Close())
		require.Empty(t, events)
	})
}
