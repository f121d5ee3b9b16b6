//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package poll

import "net"

func duplicate(int) (int, error)           { return -1, ErrUnsupported }
func newConn(int) (net.Conn, error)        { return nil, ErrUnsupported }
func read(int, []byte) (int, bool, error)  { return 0, false, ErrUnsupported }
func write(int, []byte) (int, bool, error) { return 0, false, ErrUnsupported }
func shutdown(int) error                   { return ErrUnsupported }
func closeFD(int) error                    { return ErrUnsupported }
func localAddr(int) net.Addr               { return unknown{} }
func peerAddr(int) net.Addr                { return unknown{} }
