//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

func read(fd int, p []byte) (n int, again bool, err error) {
	for {
		n, err := sysRead(fd, p)
		switch {
		case n > 0 || err == nil && len(p) == 0:
			return n, false, nil
		case err == nil:
			return 0, false, io.EOF
		case err == syscall.EAGAIN:
			return 0, true, nil
		case err != syscall.EINTR:
			return 0, false, os.NewSyscallError("read", err)
		}
	}
}

// most is how much is written at once: macOS refuses 2 GiB.
const most = 1 << 30

func write(fd int, p []byte) (n int, again bool, err error) {
	for n < len(p) {
		m, err := sysWrite(fd, p[n:min(len(p), n+most)])
		switch {
		case m > 0:
			n += m
		case err == syscall.EAGAIN:
			return n, true, nil
		case err == nil:
			return n, false, io.ErrUnexpectedEOF
		case err != syscall.EINTR:
			return n, false, os.NewSyscallError("write", err)
		}
	}
	return n, false, nil
}

func shutdown(fd int) error {
	return os.NewSyscallError("shutdown", syscall.Shutdown(fd, syscall.SHUT_RDWR))
}

// closeFD does not repeat an interrupted close: the descriptor is gone, and its number may be another's.
func closeFD(fd int) error {
	if err := syscall.Close(fd); err != syscall.EINTR {
		return os.NewSyscallError("close", err)
	}
	return nil
}

func localAddr(fd int) net.Addr {
	sa, err := syscall.Getsockname(fd)
	return addr(sa, err)
}

func peerAddr(fd int) net.Addr {
	sa, err := syscall.Getpeername(fd)
	return addr(sa, err)
}

func addr(sa syscall.Sockaddr, err error) net.Addr {
	if err != nil {
		return unknown{}
	}
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port, Zone: zone(sa.ZoneId)}
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return unknown{}
}

// zone returns the name of a network interface, or its number if it has none any more. Only addresses
// of one link have a zone, so the costly question is rare.
func zone(id uint32) string {
	if id == 0 {
		return ""
	}
	if i, err := net.InterfaceByIndex(int(id)); err == nil {
		return i.Name
	}
	return strconv.FormatUint(uint64(id), 10)
}
