package limits

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseSizes(t *testing.T) {
	got := parseSizes("MemTotal:       24683520 kB\nHugePages_Total:       3\n00400000-7ffc [rollup]\nRss:  12 kB\nodd\n")
	assert.Equal(t, int64(24683520)<<10, got["MemTotal"])
	assert.Equal(t, int64(3), got["HugePages_Total"])
	assert.Equal(t, int64(12)<<10, got["Rss"])
}

func TestParseSockstat(t *testing.T) {
	got := parseSockstat("sockets: used 17\nTCP: inuse 1 orphan 2 tw 5 alloc 7 mem 3\nUDP: inuse 9 mem 0\n")
	assert.Equal(t, map[string]int64{"inuse": 1, "orphan": 2, "tw": 5, "alloc": 7, "mem": 3}, got)
}

func TestParseSlabinfo(t *testing.T) {
	got := parseSlabinfo("slabinfo - version: 2.1\n# name <active_objs> <num_objs> <objsize>\n" +
		"TCP 10 12 2304 13 8 : tunables\nfilp 5 10 256 16 1\nbtrfs 100 100 100 1 1\n")
	assert.Equal(t, int64(12*2304+10*256), got)
}

func TestReadOnLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	m := Read()
	assert.Positive(t, m.Files)
	assert.Positive(t, m.Available)
	assert.Less(t, m.Ports[0], m.Ports[1])
	assert.Positive(t, RSS(os.Getpid()))
	assert.Positive(t, ReadKernel().Slab)
	assert.Zero(t, RSS(-1))
}
