// Package exampletest builds, runs and talks to the example programs, for their
// tests.
package exampletest

import (
	"bufio"
	"bytes"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a program may take to begin and to end.
const patience = 20 * time.Second

// Build compiles a package of this module and returns the program's path.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command("go", "build", "-o", bin, pkg).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

// Program is one that runs.
type Program struct {
	// Addr is where it listens: HOST:PORT.
	Addr string

	t      testing.TB
	cmd    *exec.Cmd
	exited chan struct{}
	mu     sync.Mutex
	log    bytes.Buffer
}

// address finds where the program says that it listens.
var address = regexp.MustCompile(`listening.*?(\d+\.\d+\.\d+\.\d+:\d+)`)

// Start runs a program and waits until it has told its address. It is killed
// at the end of the test if it still runs then.
func Start(t testing.TB, bin string, args ...string) *Program {
	t.Helper()
	p := &Program{t: t, cmd: exec.Command(bin, args...), exited: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	told := make(chan string, 1)
	go func() {
		defer close(p.exited)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case told <- m[1]:
				default:
				}
			}
		}
		_ = p.cmd.Wait()
	}()
	select {
	case p.Addr = <-told:
		_, _, err := net.SplitHostPort(p.Addr)
		require.NoError(t, err)
	case <-p.exited:
		t.Fatalf("the program ended at once:\n%s", p.Log())
	case <-time.After(patience):
		t.Fatalf("the program told no address:\n%s", p.Log())
	}
	return p
}

// Log is what the program has written to its standard error.
func (p *Program) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// Stop sends SIGTERM and requires that the program then ends with status 0.
func (p *Program) Stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the program did not stop:\n%s", p.Log())
	}
	require.Equal(p.t, 0, p.cmd.ProcessState.ExitCode(), "%s", p.Log())
}

func (p *Program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}
