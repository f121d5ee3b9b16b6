// A file of package os over a non-blocking socket is nearly a connection: it waits in the runtime's
// poller, has deadlines, and its Close wakes who waits. Making one takes two system calls; net.FileConn
// would duplicate the descriptor once more and ask for addresses that nobody may want. What is missing is
// added here: addresses, CloseWrite, and errors that programs know from package net.
//
// The surprise: os.NewFile can't fail. If the runtime's poller refuses the descriptor, the file takes it
// for a blocking one and hands out EAGAIN as an error. That it has no deadlines gives it away.

//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// socket is a connection. It is a pointer and nothing else, so it needs no memory in a net.Conn.
type socket struct{ f *os.File }

func newConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	if f == nil {
		return nil, fmt.Errorf("poll: %d is no descriptor", fd)
	}
	if err := pollable(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return socket{f}, nil
}

// pollable returns an error if a file is not in the runtime's poller.
func pollable(f *os.File) error {
	if err := f.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("poll: %s: the descriptor is blocking, or the runtime's poller can't take it: %w", f.Name(), err)
	}
	return nil
}

func (s socket) Read(p []byte) (int, error) {
	n, err := s.f.Read(p)
	return n, opError("read", err)
}

func (s socket) Write(p []byte) (int, error) {
	n, err := s.f.Write(p)
	return n, opError("write", err)
}

func (s socket) Close() error { return opError("close", s.f.Close()) }

// CloseWrite ends the direction to the peer: it reads an end of file after what was written.
func (s socket) CloseWrite() (err error) {
	if e := s.control(func(fd int) { err = syscall.Shutdown(fd, syscall.SHUT_WR) }); e != nil {
		return e
	}
	return opError("shutdown", err)
}

func (s socket) LocalAddr() net.Addr  { return s.address(localAddr) }
func (s socket) RemoteAddr() net.Addr { return s.address(peerAddr) }

func (s socket) address(of func(fd int) net.Addr) (a net.Addr) {
	if s.control(func(fd int) { a = of(fd) }) != nil {
		return unknown{}
	}
	return a
}

// control lends the descriptor to f. It fails if the connection is closed and for no other reason.
func (s socket) control(f func(fd int)) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

func (s socket) SetDeadline(t time.Time) error      { return deadlineError(s.f.SetDeadline(t)) }
func (s socket) SetReadDeadline(t time.Time) error  { return deadlineError(s.f.SetReadDeadline(t)) }
func (s socket) SetWriteDeadline(t time.Time) error { return deadlineError(s.f.SetWriteDeadline(t)) }

// SyscallConn gives access to the descriptor, for [Detach] and for options of the socket.
func (s socket) SyscallConn() (syscall.RawConn, error) {
	raw, err := s.f.SyscallConn()
	return rawConn{raw}, err
}

// rawConn is a file's, with the errors of a connection.
type rawConn struct{ raw syscall.RawConn }

func (r rawConn) Control(f func(uintptr)) error    { return rawError("raw-control", r.raw.Control(f)) }
func (r rawConn) Read(f func(uintptr) bool) error  { return rawError("raw-read", r.raw.Read(f)) }
func (r rawConn) Write(f func(uintptr) bool) error { return rawError("raw-write", r.raw.Write(f)) }

// deadlineError and rawError: package os does not translate here what internal/poll says of a closed
// file, an error that can't be named. But nothing else can go wrong with a file that is pollable.
func deadlineError(err error) error { return rawError("set", err) }

func rawError(op string, err error) error {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return opError(op, err)
	}
	return opError(op, net.ErrClosed)
}

// opError makes of a file's error what a connection of package net would return: an end of file as it
// is, a [*net.OpError] for all else, which is a [net.Error], with [net.ErrClosed] or
// [os.ErrDeadlineExceeded] or a system call's error in it.
func opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if e, ok := err.(*os.PathError); ok {
		err = e.Err
	}
	if err == os.ErrClosed {
		err = net.ErrClosed
	} else if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: "socket", Err: err}
}
