package main

// Servers of the loopback scenarios are this program run again, with an
// environment variable that says what to serve. A child writes its address to
// its output, and ends when its input does, so none outlives its parent.

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// childEnv names the case and the number of the contender: "path-ints 0".
const childEnv = "FOGO_BENCHMARKS_SERVE"

// child is a server in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string
}

func startChild(id string, contender int) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", childEnv, id, contender))
	c.cmd.Stderr = os.Stderr
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	c.addr = strings.TrimSpace(line)
	return c, nil
}

// stop ends the child and waits for it.
func (c *child) stop() {
	_ = c.stdin.Close()
	late := time.AfterFunc(5*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	_ = c.cmd.Wait()
}

// serveAsChild serves if this process was started as a child, and reports
// whether it was.
func serveAsChild() bool {
	what, ok := os.LookupEnv(childEnv)
	if !ok {
		return false
	}
	if err := serveCase(what); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks: serving:", err)
		os.Exit(1)
	}
	return true
}

func serveCase(what string) error {
	id, number, _ := strings.Cut(what, " ")
	i, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	for _, c := range httpCases() {
		if c.id != id {
			continue
		}
		s, _, err := c.open(frameworks()[i])
		if err != nil {
			return err
		}
		return s.listen()
	}
	return fmt.Errorf("no case %q", id)
}

// listen serves until the input ends.
func (s server) listen() error {
	if s.before != nil {
		s.before()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		if s.fast != nil {
			failed <- (&fasthttp.Server{Handler: s.fast}).Serve(ln)
			return
		}
		failed <- (&http.Server{Handler: s.net}).Serve(ln)
	}()
	fmt.Println(ln.Addr())
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case err := <-failed:
		return err
	case <-ended:
		return nil
	}
}
