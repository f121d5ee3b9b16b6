package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test program be a child.
func TestMain(m *testing.M) {
	if serveAsChild() {
		return
	}
	os.Exit(m.Run())
}

// soaked runs with flags and returns what it printed, its report, and the error.
func soaked(t *testing.T, args ...string) (string, report, error) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to end a child with")
	}
	t.Parallel() // it mostly waits
	dir := t.TempDir()
	var out, errs bytes.Buffer
	failure := run(t.Context(), append(args, "-out", dir), &out, &errs)
	var r report
	data, err := os.ReadFile(filepath.Join(dir, "soak.json"))
	require.NoError(t, err, "%v", failure)
	require.NoError(t, json.Unmarshal(data, &r))
	picture, err := os.ReadFile(filepath.Join(dir, "soak.svg"))
	require.NoError(t, err)
	assert.NoError(t, xml.Unmarshal(picture, new(struct{ XMLName xml.Name })))
	return out.String(), r, failure
}

// TestRun does everything once. A few seconds are too few to ask that anything
// be flat, while others use the machine.
func TestRun(t *testing.T) {
	out, r, _ := soaked(t, "-for", "8s", "-rate", "300")
	faults := slices.DeleteFunc(r.Faults, func(s string) bool { return strings.HasPrefix(s, "not flat:") })
	assert.Empty(t, faults)
	assert.Zero(t, r.Wrong)
	for _, want := range []string{
		"soak/wrong 0 times\n", "soak/heap/growth ", "soak/goroutines/last-third ", "soak/descriptors/after ", "soak/rss/before ",
		"soak/closed-1001 30 connections\n", "soak/end/goroutines 0 more\n", "soak/end/not-released 0 values\n",
	} {
		assert.Contains(t, out, want)
	}
	for _, k := range kinds {
		assert.Positive(t, r.Done[k.name], k.name)
	}
	assert.GreaterOrEqual(t, len(r.Samples), 30)
	require.NotNil(t, r.End)
	assert.Positive(t, r.End.Ledger.Made)
	assert.Positive(t, r.End.Ledger.Committed)
	assert.Positive(t, r.End.Ledger.RolledBack)
	assert.Positive(t, r.End.Ledger.Abandoned)
}

// TestLeaksAreFound loses everything that can be lost, and looks for it in what
// is said.
func TestLeaksAreFound(t *testing.T) {
	_, r, err := soaked(t, "-for", "6s", "-rate", "400", "-rest", "5s", "-leak", "all")
	require.Error(t, err)
	assert.False(t, r.Passed)
	assert.Positive(t, r.Wrong, "answers")
	all := err.Error()
	for _, want := range []string{
		"not flat: heap", "not flat: goroutines", "not flat: descriptors",
		"after the clients had gone there are", "goroutines instead of", "descriptors instead of", "temporary files instead of 0",
		"after the end of the application there are", "get: GET /users/",
	} {
		assert.Contains(t, all, want)
	}
	assert.NotContains(t, all, "status 0", "the server itself ends well")
}

func TestFlags(t *testing.T) {
	for _, bad := range [][]string{{"-for", "1s"}, {"-for", "x"}, {"-rate", "0"}, {"stray"}, {"-leak", "oil"}} {
		_, err := parseFlags(bad, &bytes.Buffer{})
		assert.Error(t, err, "%v", bad)
	}
	o, err := parseFlags([]string{"-leak", "memory"}, &bytes.Buffer{})
	assert.NoError(t, err)
	assert.True(t, o.leak.has("memory"))
	assert.False(t, o.leak.has("files"))
}

func TestShares(t *testing.T) {
	sum, names := 0.0, map[string]bool{}
	for _, k := range kinds {
		sum += k.share
		assert.False(t, names[k.name], k.name)
		names[k.name] = true
	}
	assert.Equal(t, 100.0, sum)
}
