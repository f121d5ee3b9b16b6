// Package proc runs a program again as a child process, and talks to it in
// lines: commands go to the child's input, and each is answered with one line
// of JSON. A child ends when its input does, so none outlives its parent; where
// the system can, it also kills the child with the parent.
package proc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Child is a child process, seen by its parent.
type Child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan []byte

	mu   sync.Mutex // held during a call
	lost error
}

// answer is a line from a child.
type answer struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Start runs this program again with more environment, and stores what it says
// when it is ready.
func Start(ready any, env ...string) (*Child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{cmd: exec.Command(exe), lines: make(chan []byte, 1)}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = os.Stderr
	dieWithParent(c.cmd)
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.read(out)
	if err := c.answer(ready, 20*time.Second); err != nil {
		_ = c.Stop()
		return nil, fmt.Errorf("a child did not start: %w", err)
	}
	return c, nil
}

func (c *Child) read(out io.Reader) {
	defer close(c.lines)
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		c.lines <- line
	}
}

// PID is the child's process.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Call sends a command and stores its answer, unless value is nil. A child that
// took too long is not asked again.
func (c *Child) Call(value any, within time.Duration, command string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return c.lost
	}
	line := command + " " + strings.TrimSuffix(fmt.Sprintln(args...), "\n")
	if _, err := io.WriteString(c.stdin, strings.TrimSpace(line)+"\n"); err != nil {
		return fmt.Errorf("child %d: %s: %w", c.PID(), command, err)
	}
	if err := c.answer(value, within); err != nil {
		return fmt.Errorf("child %d: %s: %w", c.PID(), command, err)
	}
	return nil
}

func (c *Child) answer(value any, within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case line, ok := <-c.lines:
		if !ok {
			c.lost = errors.New("it ended")
			return c.lost
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		if a.Error != "" {
			return errors.New(a.Error)
		}
		if value == nil {
			return nil
		}
		return json.Unmarshal(a.Value, value)
	case <-late.C:
		c.lost = fmt.Errorf("no answer within %v", within)
		return c.lost
	}
}

// Signal sends the child a signal.
func (c *Child) Signal(sig os.Signal) error { return c.cmd.Process.Signal(sig) }

// Stop ends the child and waits for it. The error is that of [exec.Cmd.Wait]: it
// is nil if the child ended with status 0.
func (c *Child) Stop() error {
	_ = c.stdin.Close()
	late := time.AfterFunc(5*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	return c.cmd.Wait()
}

// Serve is the child's side: it says that it is ready, then has each command
// answered, one at a time, until the input ends.
func Serve(ready any, command func(name string, args []string) (any, error)) error {
	return serve(os.Stdin, os.Stdout, ready, command)
}

func serve(in io.Reader, out io.Writer, ready any, command func(string, []string) (any, error)) error {
	if err := tell(out, ready, nil); err != nil {
		return err
	}
	for sc := bufio.NewScanner(in); sc.Scan(); {
		words := strings.Fields(sc.Text())
		if len(words) == 0 {
			continue
		}
		value, err := command(words[0], words[1:])
		if err := tell(out, value, err); err != nil {
			return err
		}
	}
	return nil
}

func tell(out io.Writer, value any, failure error) error {
	var a answer
	if failure != nil {
		a.Error = failure.Error()
	}
	var err error
	if a.Value, err = json.Marshal(value); err != nil {
		return err
	}
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	return err
}
