//go:build unix

package limits

import "syscall"

// openFiles is how many descriptors this process may have. Go raises it to the
// hard limit when it starts.
func openFiles() int64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	return int64(min(r.Cur, 1<<40))
}
