package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gofogo/fogo/benchmarks/internal/limits"
)

// plan is how connections are spread over processes.
type plan struct {
	Connections int `json:"connections"`
	Processes   int `json:"processes"` // of servers, and of clients
}

const (
	// spare is how many descriptors, and ports, a process needs for other things.
	spare = 200
	// watches is how often a connection is in an epoll: the client's, and at the
	// server Go's and that of package ws.
	watches = 3
	// kernelBytes and serverBytes are what is to be expected of a connection: both
	// ends in the kernel, and the server's memory. Should they take more, the
	// program finds out on the way.
	kernelBytes = 10_500
	serverBytes = 1_500
	// processBytes is what two processes take without any connection.
	processBytes = 28 << 20
	// reserve is what must stay available.
	reserve = 512 << 20
)

// makePlan finds how many processes it takes, unless procs says so.
func makePlan(n, procs int, m limits.Machine) plan {
	p := plan{n, procs}
	for p.Processes == 0 || procs == 0 && p.most() > usable(m) && p.Processes < n {
		p.Processes++
	}
	return p
}

// usable is how many connections a process can have.
func usable(m limits.Machine) int { return int(m.Files) - spare }

// share is how many connections client i opens.
func (p plan) share(i int) int {
	share := p.Connections / p.Processes
	if i < p.Connections%p.Processes {
		share++
	}
	return share
}

// most is how many connections a server may get. A hash spreads them, so that
// the numbers are scattered around their mean by its square root; that one of
// them is five times as far off happens once in some million.
func (p plan) most() int {
	mean := float64(p.Connections) / float64(p.Processes)
	if p.Processes == 1 {
		return p.Connections
	}
	return min(p.Connections, int(math.Ceil(mean+5*math.Sqrt(mean))))
}

// bytes is the memory that the plan takes, to be expected.
func (p plan) bytes() int64 {
	return int64(p.Connections)*(kernelBytes+serverBytes) + int64(p.Processes)*processBytes
}

// check lists what the machine lacks.
func (p plan) check(m limits.Machine) []string {
	if m.Files == 0 || m.Available == 0 {
		return []string{"this is no Linux: it takes epoll, SO_REUSEPORT and /proc"}
	}
	var out []string
	lacks := func(have, want int64, format string, args ...any) {
		if have < want {
			out = append(out, fmt.Sprintf("%s: %d, needed are %d", fmt.Sprintf(format, args...), have, want))
		}
	}
	n, procs := int64(p.Connections), int64(p.Processes)
	lacks(m.Files, int64(p.most())+spare, "descriptors of a process (ulimit -n, the hard limit; or give more -procs than %d)", p.Processes)
	lacks(m.AllFiles-m.UsedFiles, 2*n+procs*spare, "descriptors of the machine that are free (sysctl fs.file-max)")
	lacks(m.Watches, watches*n, "descriptors in epolls (sysctl fs.epoll.max_user_watches)")
	lacks(m.Ports[1]-m.Ports[0]+1, int64(p.share(0))+spare, "ports of a client (sysctl net.ipv4.ip_local_port_range)")
	lacks(m.Backlog, 256, "connections that wait to be accepted (sysctl net.core.somaxconn)")
	lacks(m.Orphans, 4096, "sockets without a process, while the servers are drained (sysctl net.ipv4.tcp_max_orphans)")
	if m.Tracked > 0 {
		lacks(m.Tracked, n+n/8, "connections that the firewall tracks (sysctl net.netfilter.nf_conntrack_max)")
	}
	lacks(m.Available>>20, (p.bytes()+reserve)>>20, "MiB of memory that are available")
	lacks(200*250, procs, "loopback addresses of clients")
	return out
}

// refuse makes an error of what is lacking.
func refuse(lacking []string) error {
	if len(lacking) == 0 {
		return nil
	}
	return errors.New("this machine cannot hold the connections:\n  - " + strings.Join(lacking, "\n  - "))
}
