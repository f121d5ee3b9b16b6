//go:build unix

package proc

import (
	"syscall"
	"time"
)

// cpu is the time that this process has used.
func cpu() (user, system time.Duration) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0, 0
	}
	return time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano())
}
