package poll

import (
	"fmt"
	"net"
	"syscall"
)

// Detach returns a second descriptor of c's socket: non-blocking, closed in child processes, and the
// caller's to close. c is as it was, so that nothing is lost if Detach fails (EMFILE, for one); after
// success the caller closes c, by which nothing is sent, and must not use both. What c has read ahead,
// as a TLS connection or a bufio.Reader does, is not in the socket.
func Detach(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("poll: detach: %w", err)
	}
	fd = -1
	if e := raw.Control(func(s uintptr) { fd, err = duplicate(int(s)) }); e != nil {
		err = e
	}
	if err != nil {
		return -1, fmt.Errorf("poll: detach: %w", err)
	}
	return fd, nil
}

// Conn makes a connection of a bare descriptor: with deadlines, and a Close that wakes who reads or
// writes. It owns the descriptor from now on, also if it fails: then it is closed. A socket that waits in
// a [Poller] must be removed before. The addresses are asked for when they are wanted. The connection
// is a [syscall.Conn], for [Detach], and has CloseWrite; its errors are like those of package net.
func Conn(fd int) (net.Conn, error) { return newConn(fd) }

// Read reads once and does not wait. At the end of the stream the error is [io.EOF]; again says that
// there is nothing to read now.
func Read(fd int, p []byte) (n int, again bool, err error) { return read(fd, p) }

// Write writes what the socket takes and does not wait; again says that it did not take everything.
func Write(fd int, p []byte) (n int, again bool, err error) { return write(fd, p) }

// Shutdown ends both directions of c's socket, whoever has descriptors of it: its peer sees an end of the
// stream, and who waits to read or write wakes.
func Shutdown(c syscall.Conn) (err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("poll: shutdown: %w", err)
	}
	if e := raw.Control(func(s uintptr) { err = shutdown(int(s)) }); e != nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("poll: shutdown: %w", err)
	}
	return nil
}

// Close closes a bare descriptor. If it waits in a [Poller] it must be removed before.
func Close(fd int) error { return closeFD(fd) }

// LocalAddr returns the address of this end of a socket, a [*net.TCPAddr] or [*net.UnixAddr]. It is
// never nil: an address that can't be had says so.
func LocalAddr(fd int) net.Addr { return localAddr(fd) }

// PeerAddr returns the address of the other end of a socket, as [LocalAddr] does. It can't be had any
// more when the peer has reset the connection.
func PeerAddr(fd int) net.Addr { return peerAddr(fd) }

// unknown stands for an address that can't be had. Programs log addresses without asking for nil.
type unknown struct{}

func (unknown) Network() string { return "unknown" }
func (unknown) String() string  { return "unknown" }
