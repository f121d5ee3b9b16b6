//go:build !linux

package fleet

import "syscall"

func sharePort(string, string, syscall.RawConn) error { return ErrSystem }
