package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
	"github.com/gofogo/fogo/benchmarks/internal/limits"
)

// TestMain lets the test program be a child.
func TestMain(m *testing.M) {
	if serveAsChild() || fleet.Work() {
		return
	}
	os.Exit(m.Run())
}

// ample is a machine that can hold a million.
var ample = limits.Machine{
	Files: 20_000, AllFiles: 2_400_000, Watches: 5_000_000, Ports: [2]int64{32768, 60999},
	Backlog: 4096, Orphans: 131_072, Available: 23 << 30,
}

// TestRun holds a few hundred connections from the first to the last step.
func TestRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes epoll")
	}
	dir := t.TempDir()
	var out, errs bytes.Buffer
	err := run([]string{"-n", "300", "-procs", "2", "-batch", "20", "-ping", "200ms", "-probes", "10", "-out", dir}, &out, &errs)
	require.NoError(t, err, errs.String())
	for _, want := range []string{
		"idle/300/servers-rss ", "idle/300/servers-rss-echoed ", "idle/300/kernel-slab ", "idle/300/goroutines ",
		"idle/300/probe-p99 ", "idle/300/pinged 300 conns\n", "idle/300/closed-1001 300 conns\n", "idle/300/lost 0 conns\n",
	} {
		assert.Contains(t, out.String(), want)
	}
	var r report
	data, err := os.ReadFile(filepath.Join(dir, "idle.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &r))
	assert.True(t, r.Passed)
	assert.Equal(t, 20, r.Probes.Count)
	assert.GreaterOrEqual(t, len(r.Moments), 5)
	picture, err := os.ReadFile(filepath.Join(dir, "idle.svg"))
	require.NoError(t, err)
	assert.NoError(t, xml.Unmarshal(picture, new(struct{ XMLName xml.Name })))
}

func TestPlan(t *testing.T) {
	for _, row := range []struct{ n, procs, want int }{
		{1, 0, 1}, {19_800, 0, 1}, {19_801, 0, 2}, {1_000_000, 0, 53}, {100, 7, 7},
	} {
		p := makePlan(row.n, row.procs, ample)
		assert.Equal(t, row.want, p.Processes, "%d", row.n)
		sum := 0
		for i := range p.Processes {
			sum += p.share(i)
			assert.LessOrEqual(t, p.share(i), p.most())
		}
		assert.Equal(t, row.n, sum)
		assert.Empty(t, p.check(ample))
	}
}

// Each limit that is too low is named, and only that.
func TestCheckNamesWhatIsLacking(t *testing.T) {
	for word, lower := range map[string]func(*limits.Machine){
		"fs.file-max":               func(m *limits.Machine) { m.UsedFiles = 500_000 },
		"fs.epoll.max_user_watches": func(m *limits.Machine) { m.Watches = 2_000_000 },
		"ip_local_port_range":       func(m *limits.Machine) { m.Ports[1] = 40_000 },
		"somaxconn":                 func(m *limits.Machine) { m.Backlog = 128 },
		"tcp_max_orphans":           func(m *limits.Machine) { m.Orphans = 1024 },
		"nf_conntrack_max":          func(m *limits.Machine) { m.Tracked = 262_144 },
		"MiB of memory":             func(m *limits.Machine) { m.Available = 8 << 30 },
	} {
		m := ample
		lower(&m)
		got := makePlan(1_000_000, 0, m).check(m)
		require.Len(t, got, 1, word)
		assert.Contains(t, got[0], word)
		assert.ErrorContains(t, refuse(got), "cannot hold")
	}
	got := makePlan(1_000_000, 10, ample).check(ample)
	require.NotEmpty(t, got)
	assert.Contains(t, got[0], "ulimit -n")
	assert.NotEmpty(t, makePlan(10, 0, limits.Machine{}).check(limits.Machine{}), "no Linux")
	assert.NoError(t, refuse(nil))
}

func TestSourcesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		for _, a := range sources(i) {
			s := a.String()
			assert.True(t, strings.HasPrefix(s, "127."))
			assert.NotEqual(t, "127.0.0.1", s)
			assert.False(t, seen[s], s)
			seen[s] = true
		}
	}
}

func TestProjection(t *testing.T) {
	assert.NoError(t, project(1000, 100, 10<<30, 10<<30-100*10_000))
	err := project(1_000_000, 100_000, 10<<30, 9<<30)
	assert.ErrorIs(t, err, errShort)
	assert.ErrorContains(t, err, "each takes 10737 B")
	assert.NoError(t, project(100, 100, 1<<30, 1), "all are there")
}

func TestSummarise(t *testing.T) {
	q := summarise([]time.Duration{3, 1, 2})
	assert.Equal(t, quantiles{3, 2, 2, 3}, q)
	assert.Zero(t, summarise(nil))
}

func TestFlags(t *testing.T) {
	for _, bad := range [][]string{{"-n", "0"}, {"-n", "x"}, {"stray"}, {"-ping", "0s"}, {"-batch", "-1"}} {
		_, err := parseFlags(bad, &bytes.Buffer{})
		assert.Error(t, err, "%v", bad)
	}
}

func TestRefusal(t *testing.T) {
	err := run([]string{"-n", "2000000000", "-procs", "1"}, &bytes.Buffer{}, &bytes.Buffer{})
	assert.ErrorContains(t, err, "cannot hold the connections")
}
