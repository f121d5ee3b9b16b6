//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package poll

// Supported says that there are no pollers on this system.
const Supported = false

// queue can't be opened; the rest is never called.
type queue struct{}

func (*queue) open() error           { return ErrUnsupported }
func (*queue) add(int, Token) error  { return ErrUnsupported }
func (*queue) arm(int, Token) error  { return ErrUnsupported }
func (*queue) remove(int) error      { return ErrUnsupported }
func (*queue) wait(func(Token) bool) {}
func (*queue) wake()                 {}
func (*queue) close()                {}
