package main

// Servers of the scenarios ws/… are this program run again, one process for
// each contender. The parent asks them over a pipe what they use, and has them
// broadcast (package internal/proc).

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/proc"
)

// socketJob is what a server of WebSockets has to do.
type socketJob string

const (
	echoJob      socketJob = "echo"      // send each message back as it is
	jsonJob      socketJob = "json"      // an Add, answered with an Added
	broadcastJob socketJob = "broadcast" // echo, and send to all when told to
)

// maxMessage is the limit that all servers are given: the biggest message there is.
const maxMessage = 1 << 20

// reply is the answer to a message, by hand, for those who take bytes. It may
// return what it is given.
func (j socketJob) reply() func([]byte) ([]byte, error) {
	if j == jsonJob {
		return jsonReply(newStore())
	}
	return func(data []byte) ([]byte, error) { return data, nil }
}

// socketServer is a contender made ready.
type socketServer struct {
	handler http.Handler
	// serve, if not nil, serves instead of net/http's server with the handler.
	serve func(net.Listener) error
	// broadcast sends data to all connections; for broadcastJob only.
	broadcast func(data []byte) error
}

// socketer serves WebSockets at /ws.
type socketer interface {
	contender
	sockets(socketJob) (socketServer, error)
}

// socketers are the contenders of the scenarios ws/….
func socketers() []socketer {
	return []socketer{
		fogoSockets{}, fogoView{}, fogoView{borrow: true}, gorillaSockets{}, gorillaSockets{tuned: true}, coderSockets{},
		gwsSockets{}, nbioSockets{}, gobwasSockets{},
	}
}

// hall knows the connections of a server that broadcasts. A nil hall knows none,
// and costs the other jobs nothing.
type hall[C comparable] struct {
	mu      sync.Mutex
	members map[C]struct{}
}

func newHall[C comparable](j socketJob) *hall[C] {
	if j != broadcastJob {
		return nil
	}
	return &hall[C]{members: map[C]struct{}{}}
}

func (h *hall[C]) join(c C) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.members[c] = struct{}{}
}

func (h *hall[C]) leave(c C) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.members, c)
}

// each calls f for every member, from as many goroutines as there are
// processors, and waits: the best way for everybody, because what a broadcast
// costs is the system call of each write.
func (h *hall[C]) each(f func(C)) {
	h.mu.Lock()
	all := make([]C, 0, len(h.members))
	for c := range h.members {
		all = append(all, c)
	}
	h.mu.Unlock()
	var wg sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for i := range n {
		wg.Go(func() {
			for _, c := range all[i*len(all)/n : (i+1)*len(all)/n] {
				f(c)
			}
		})
	}
	wg.Wait()
}

// socketEnv names the job, the number of the contender and the address: "echo 3 127.0.0.1:0".
const socketEnv = "FOGO_BENCHMARKS_SOCKETS"

// serverProcess is a server in a process of its own.
type serverProcess struct {
	*proc.Child
	addr string
}

// startSockets starts a server. One with an address other than "" shares its
// port with those that were started before.
func startSockets(j socketJob, number int, addr string) (*serverProcess, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	p := &serverProcess{}
	var err error
	p.Child, err = proc.Start(&p.addr, fmt.Sprintf("%s=%s %d %s", socketEnv, j, number, addr))
	return p, err
}

// ask has the server tell what it uses: "work", "usage", or "collect" for after
// a collection of garbage, see package proc.
func (p *serverProcess) ask(command string) (u proc.Usage, err error) {
	err = p.Call(&u, time.Minute, command)
	return u, err
}

// serveSockets serves if this process was started to do so, and reports whether it was.
func serveSockets() bool {
	what, ok := os.LookupEnv(socketEnv)
	if !ok {
		return false
	}
	if err := serveSocketJob(what); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks: serving WebSockets:", err)
		os.Exit(1)
	}
	return true
}

func serveSocketJob(what string) error {
	words := strings.Fields(what)
	if len(words) != 3 {
		return fmt.Errorf("%s is %q", socketEnv, what)
	}
	number, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	s, err := socketers()[number].sockets(socketJob(words[0]))
	if err != nil {
		return err
	}
	ln, err := fleet.Listen(words[2], true)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.listen(ln) }()
	go func() {
		fmt.Fprintln(os.Stderr, "benchmarks: serving WebSockets:", <-failed)
		os.Exit(1)
	}()
	return proc.Serve(ln.Addr().String(), func(name string, _ []string) (any, error) { return s.command(name) })
}

func (s socketServer) command(name string) (any, error) {
	switch name {
	case "work":
		return proc.Work(), nil
	case "usage":
		return proc.Measure(), nil
	case "gc":
		runtime.GC()
		return nil, nil
	case "collect":
		return proc.Collect(), nil
	case "broadcast":
		return nil, s.broadcast(make([]byte, broadcastSize))
	}
	return nil, fmt.Errorf("no command %q", name)
}

func (s socketServer) listen(ln net.Listener) error {
	if s.serve != nil {
		return s.serve(ln)
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", s.handler)
	return (&http.Server{Handler: mux}).Serve(ln)
}
