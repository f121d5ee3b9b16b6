package proc

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when the thread that started it
// ends. Threads of Go programs end with the process, unless a goroutine that is
// locked to one ends, which none here is.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
