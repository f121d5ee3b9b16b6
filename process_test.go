package fogo_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serverDir is where serverBinary is, or "".
var serverDir string

func removeServer() {
	if serverDir != "" {
		_ = os.RemoveAll(serverDir)
	}
}

// serverBinary builds testdata/server once.
var serverBinary = sync.OnceValues(func() (string, error) {
	var err error
	if serverDir, err = os.MkdirTemp("", "fogo"); err != nil {
		return "", err
	}
	bin := filepath.Join(serverDir, "server")
	out, err := exec.Command("go", "build", "-o", bin, "./testdata/server").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

// process is a running testdata/server.
type process struct {
	running
	cmd    *exec.Cmd
	lines  []string // that came before it listened
	rest   chan []string
	stderr *strings.Builder
}

// spawn starts a server and waits until it listens, or is over.
func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	switch {
	case testing.Short():
		t.Skip("builds a program")
	case runtime.GOOS == "windows":
		t.Skip("there are no signals to send")
	}
	bin, err := serverBinary()
	require.NoError(t, err)
	p := &process{cmd: exec.Command(bin, args...), rest: make(chan []string, 1), stderr: &strings.Builder{}}
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", p.stderr)
		}
	})
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if addr, ok := strings.CutPrefix(scan.Text(), "listening "); ok {
			p.addr = addr
			break
		}
		p.lines = append(p.lines, scan.Text())
	}
	go func() {
		var rest []string
		for scan.Scan() {
			rest = append(rest, scan.Text())
		}
		p.rest <- rest
	}()
	return p
}

func (p *process) signal(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
}

// wait returns what the server still said, and its exit code.
func (p *process) wait(t *testing.T) ([]string, int) {
	t.Helper()
	select {
	case lines := <-p.rest:
		var exit *exec.ExitError
		if err := p.cmd.Wait(); err != nil {
			require.ErrorAs(t, err, &exit)
		}
		return lines, p.cmd.ProcessState.ExitCode()
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not end")
		return nil, 0
	}
}

// load asks until the server refuses, and checks every answer. An answer that
// is wrong or breaks off is an error; one that never began is one only as long
// as the server has not been told to end.
func (p *process) load(name string, told *atomic.Bool, answered *atomic.Int64) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	want := strings.Repeat(name, 100)
	for {
		before := told.Load()
		resp, err := client.Get("http://" + p.addr + "/echo/" + name)
		if err != nil {
			if before || told.Load() {
				return nil
			}
			return fmt.Errorf("before the end: %w", err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || string(body) != want {
			return fmt.Errorf("a wrong answer: %d, %d bytes, %w", resp.StatusCode, len(body), err)
		}
		answered.Add(1)
	}
}

// readStream returns the last event of a stream that ended well.
func (p *process) readStream(begun chan<- struct{}) (string, error) {
	req, err := http.NewRequest("GET", "http://"+p.addr+"/events", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	close(begun)
	b, err := io.ReadAll(resp.Body)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1], err
}

// TestDrainOfAProcess: under load nothing is answered wrongly, everybody is told,
// and everything ends in its order.
func TestDrainOfAProcess(t *testing.T) {
	t.Parallel() // it mostly waits
	p := spawn(t, "-delay", "1s")
	assert.Equal(t, []string{"make store", "make service", "start"}, p.lines)
	var told atomic.Bool
	var answered atomic.Int64
	errs := make(chan error, 100)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { errs <- p.load(fmt.Sprint("client", i), &told, &answered) })
	}
	var sockets []*ws.WebSocket
	for range 50 {
		s := p.socket(t, "/ws")
		require.NoError(t, s.SendText("x"))
		_, err := s.ReceiveText(t.Context())
		require.NoError(t, err)
		sockets = append(sockets, s)
	}
	begun := make(chan struct{})
	wg.Go(func() {
		last, err := p.readStream(begun)
		if err != nil || last != "data: -1" {
			errs <- fmt.Errorf("the stream ended with %q: %w", last, err)
		}
	})
	<-begun
	wg.Go(func() {
		body, err := p.get("/slow")
		if body != "slow" || err != nil {
			errs <- fmt.Errorf("the slow request got %q: %w", body, err)
		}
	})
	require.Eventually(t, func() bool { return answered.Load() > 200 }, 10*time.Second, time.Millisecond)
	time.Sleep(50 * time.Millisecond) // the slow request is under way

	begin := time.Now()
	told.Store(true)
	p.signal(t)
	// Until the listener is closed it says that it isn't ready, and is alive.
	assert.Eventually(t, func() bool {
		body, err := p.get("/readyz")
		return err == nil && strings.Contains(body, `"draining"`)
	}, 900*time.Millisecond, 5*time.Millisecond)
	body, err := p.get("/healthz")
	require.NoError(t, err)
	assert.Contains(t, body, "alive")
	for _, s := range sockets {
		_, err := s.Receive(t.Context())
		var ce *ws.CloseError
		require.ErrorAs(t, err, &ce)
		assert.Equal(t, ws.CodeGoingAway, ce.Code)
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		assert.NoError(t, err)
	}
	lines, code := p.wait(t)
	assert.Zero(t, code)
	assert.Equal(t, []string{"stop", "close service", "close store", "clean"}, lines)
	assert.Less(t, time.Since(begin), 15*time.Second, "bounded, and far from the timeout")
}

func TestSecondSignalCutsShort(t *testing.T) {
	t.Parallel() // it mostly waits
	p := spawn(t)
	for _, path := range []string{"/stuck", "/deaf"} {
		resp, err := http.Get("http://" + p.addr + path)
		require.NoError(t, err)
		defer resp.Body.Close()
	}
	begin := time.Now()
	p.signal(t)
	// The listener is closed: the first one has arrived.
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	}, 5*time.Second, 5*time.Millisecond)
	p.signal(t)
	lines, code := p.wait(t)
	assert.Equal(t, 1, code)
	require.Len(t, lines, 5, "%q", lines)
	assert.Equal(t, []string{"cancelled", "stop", "close service", "close store"}, lines[:4])
	assert.Contains(t, lines[4], "cut short by a second signal")
	assert.Contains(t, lines[4], `GET "/stuck"`)
	assert.Contains(t, lines[4], `still running: GET "/deaf"`)
	assert.Less(t, time.Since(begin), 15*time.Second, "the timeout is 20 s")
}

func TestProcessThatCannotStart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	for _, tt := range []struct {
		name string
		args []string
		want []string
		says string
	}{
		{
			"a start hook fails", []string{"-fail"},
			[]string{"make store", "make service", "start", "close service", "close store"}, "the start hook fails",
		},
		{
			"the port is in use", []string{"-addr", ln.Addr().String()},
			[]string{"make store", "make service", "start", "stop", "close service", "close store"}, "address already in use",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := spawn(t, tt.args...)
			_, code := p.wait(t)
			assert.Equal(t, 1, code)
			require.NotEmpty(t, p.lines)
			last := len(p.lines) - 1
			assert.Equal(t, tt.want, p.lines[:last])
			assert.Contains(t, p.lines[last], tt.says)
		})
	}
}

// TestSlowClients: clients that send or read next to nothing, many at once, keep
// nobody else from being served.
func TestSlowClients(t *testing.T) {
	t.Parallel() // it mostly waits
	p := spawn(t, "-timeout", "100ms")
	const each = 150
	drip := func(conn net.Conn, b string) {
		for i := range len(b) {
			if _, err := conn.Write([]byte{b[i]}); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	slow := map[string]func(net.Conn){
		"header": func(c net.Conn) { drip(c, "GET / HTTP/1.1\r\nHost: x\r\nX-A: "+strings.Repeat("a", 1000)) },
		"body": func(c net.Conn) {
			_, _ = io.WriteString(c, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
			drip(c, strings.Repeat("b", 1000))
		},
		"body that nobody reads": func(c net.Conn) {
			_, _ = io.WriteString(c, "POST /ignored HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
			drip(c, strings.Repeat("b", 1000))
		},
	}
	var conns []net.Conn
	var wg sync.WaitGroup
	for _, name := range []string{"header", "body", "body that nobody reads"} {
		for range each {
			c, err := net.Dial("tcp", p.addr)
			require.NoError(t, err)
			conns = append(conns, c)
			wg.Go(func() { slow[name](c) })
		}
	}
	for range 10 { // each holds an answer of 32 MiB
		c, err := net.Dial("tcp", p.addr)
		require.NoError(t, err)
		conns = append(conns, c)
		_, err = io.WriteString(c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for i := range 100 {
		resp, err := client.Get(fmt.Sprintf("http://%s/echo/n%d", p.addr, i))
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat(fmt.Sprint("n", i), 100), string(b))
	}
	// And they don't hold the end up either.
	p.signal(t)
	lines, _ := p.wait(t)
	assert.True(t, slices.Contains(lines, "close store"), "%q", lines)
	for _, c := range conns {
		c.Close()
	}
	wg.Wait()
}
