// Package limits knows what Linux allows a process and a machine, and what the
// kernel holds for sockets. Elsewhere, and for what cannot be read, it answers 0.
package limits

import (
	"bufio"
	"net"
	"os"
	"strconv"
	"strings"
)

// Machine is what bounds the number of connections.
type Machine struct {
	Files       int64    `json:"files_per_process"`
	AllFiles    int64    `json:"files"`      // fs.file-max
	UsedFiles   int64    `json:"files_used"` // fs.file-nr
	Watches     int64    `json:"epoll_watches"`
	Ports       [2]int64 `json:"ports"` // ip_local_port_range
	Backlog     int64    `json:"somaxconn"`
	Orphans     int64    `json:"tcp_max_orphans"`
	TimeWait    int64    `json:"tcp_max_tw_buckets"`
	Tracked     int64    `json:"conntrack_max"` // 0: connections are not tracked
	Available   int64    `json:"memory_available"`
	MemoryTotal int64    `json:"memory"`
}

// Read reads the limits of this machine.
func Read() Machine {
	const sys = "/proc/sys/"
	var m Machine
	m.Files = openFiles()
	m.AllFiles = number(sys + "fs/file-max")
	m.UsedFiles = number(sys + "fs/file-nr")
	m.Watches = number(sys + "fs/epoll/max_user_watches")
	if f := fields(sys + "net/ipv4/ip_local_port_range"); len(f) == 2 {
		m.Ports = [2]int64{f[0], f[1]}
	}
	m.Backlog = number(sys + "net/core/somaxconn")
	m.Orphans = number(sys + "net/ipv4/tcp_max_orphans")
	m.TimeWait = number(sys + "net/ipv4/tcp_max_tw_buckets")
	if tracked() {
		m.Tracked = number(sys + "net/netfilter/nf_conntrack_max")
	}
	mem := meminfo()
	m.Available, m.MemoryTotal = mem["MemAvailable"], mem["MemTotal"]
	return m
}

// tracked reports whether the firewall tracks connections of the loopback
// interface. It often could, but has no rule for which it would: so there must
// be a connection that it has noticed.
func tracked() bool {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer ln.Close()
	c, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		return false
	}
	defer c.Close()
	return number("/proc/sys/net/netfilter/nf_conntrack_count") > 0
}

// Kernel is what the kernel holds, for all processes.
type Kernel struct {
	Slab      int64 `json:"slab"`       // sockets, descriptors, inodes and all else, bytes
	Sockets   int64 `json:"tcp"`        // that exist
	Orphans   int64 `json:"tcp_orphan"` // that no process has any more
	TimeWait  int64 `json:"tcp_tw"`
	Buffers   int64 `json:"tcp_mem"`   // bytes that lie in sockets
	Caches    int64 `json:"caches"`    // of Slab, those for sockets and epoll; 0 if slabinfo cannot be read
	Available int64 `json:"available"` // memory
}

// ReadKernel reads what the kernel holds now.
func ReadKernel() Kernel {
	mem := meminfo()
	k := ReadSockets()
	k.Slab, k.Available = mem["Slab"], mem["MemAvailable"]
	if b, err := os.ReadFile("/proc/slabinfo"); err == nil {
		k.Caches = parseSlabinfo(string(b))
	}
	return k
}

// ReadSockets is the part of ReadKernel that is about numbers of sockets, and
// costs little.
func ReadSockets() (k Kernel) {
	if b, err := os.ReadFile("/proc/net/sockstat"); err == nil {
		s := parseSockstat(string(b))
		k.Sockets, k.Orphans, k.TimeWait = s["alloc"], s["orphan"], s["tw"]
		k.Buffers = s["mem"] * int64(os.Getpagesize())
	}
	return k
}

// RSS is the resident memory of a process. smaps_rollup is exact, where statm
// is summed up from parts that lag behind.
func RSS(pid int) int64 {
	dir := "/proc/" + strconv.Itoa(pid)
	if b, err := os.ReadFile(dir + "/smaps_rollup"); err == nil {
		return parseSizes(string(b))["Rss"]
	}
	if f := fields(dir + "/statm"); len(f) > 1 {
		return f[1] * int64(os.Getpagesize())
	}
	return 0
}

func meminfo() map[string]int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return nil
	}
	return parseSizes(string(b))
}

// parseSizes reads lines "name: 12 kB" as bytes.
func parseSizes(text string) map[string]int64 {
	out := map[string]int64{}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if !ok || len(f) == 0 {
			continue
		}
		n, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			continue
		}
		if len(f) > 1 && f[1] == "kB" {
			n <<= 10
		}
		out[name] = n
	}
	return out
}

// parseSockstat reads the line of TCP: "TCP: inuse 1 orphan 0 tw 5 alloc 1 mem 0".
func parseSockstat(text string) map[string]int64 {
	out := map[string]int64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(words); i += 2 {
			out[words[i]], _ = strconv.ParseInt(words[i+1], 10, 64)
		}
	}
	return out
}

// socketCaches are the slab caches from which a connection takes.
var socketCaches = map[string]bool{
	"TCP": true, "sock_inode_cache": true, "filp": true, "dentry": true,
	"eventpoll_epi": true, "eventpoll_pwq": true, "request_sock_TCP": true, "tw_sock_TCP": true,
}

// parseSlabinfo sums up the bytes of the caches that hold sockets: the number
// of objects, used or not, times their size.
func parseSlabinfo(text string) int64 {
	var sum int64
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !socketCaches[f[0]] {
			continue
		}
		n, _ := strconv.ParseInt(f[2], 10, 64)
		size, _ := strconv.ParseInt(f[3], 10, 64)
		sum += n * size
	}
	return sum
}

// number is the first number in a file.
func number(path string) int64 {
	if f := fields(path); len(f) > 0 {
		return f[0]
	}
	return 0
}

func fields(path string) []int64 {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	var out []int64
	for _, w := range strings.Fields(line) {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return out
		}
		out = append(out, n)
	}
	return out
}
