package middleware

import (
	"net"
	"sync"
	"syscall"
)

// watchedConn is a hijacked connection that tells of its end.
type watchedConn struct {
	net.Conn
	once sync.Once
	over func()
}

// Close implements net.Conn.
func (c *watchedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.over)
	return err
}

// NetConn is the connection below, as that of tls.Conn is.
func (c *watchedConn) NetConn() net.Conn { return c.Conn }

// watchedSyscallConn is a watchedConn over a connection that can be polled. One
// over TLS must not look as if it could: what is readable there may be less
// than a record, or nothing while a record is buffered.
type watchedSyscallConn struct {
	watchedConn
	sc syscall.Conn
}

// SyscallConn implements syscall.Conn.
func (c *watchedSyscallConn) SyscallConn() (syscall.RawConn, error) { return c.sc.SyscallConn() }

// watchConn calls over once, when the connection is closed from this side.
func watchConn(conn net.Conn, over func()) net.Conn {
	if sc, ok := conn.(syscall.Conn); ok {
		return &watchedSyscallConn{watchedConn: watchedConn{Conn: conn, over: over}, sc: sc}
	}
	return &watchedConn{Conn: conn, over: over}
}
