package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commands finds those of README.md, each with its status.
var commands = regexp.MustCompile(`(?m)^# (\d{3}).*\n((?:.*\\\n)*.*)\n`)

// TestReadme runs the program as README.md says, and then its commands.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	base, stop := program(t)
	found := commands.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, strings.Count(string(text), "\ncurl "))
	for _, m := range found {
		command := strings.ReplaceAll(m[2], "http://127.0.0.1:8000", base) + ` -s -o /dev/null -w '%{http_code}'`
		out, _ := exec.Command("sh", "-c", command).Output() // a stream that was left is an error of curl's
		assert.Equal(t, m[1], string(out), m[2])
	}
	stop()
}

// TestReadmeTable compares the table with the routes. The paths of health are none.
func TestReadmeTable(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, r := range NewApp(Config{}).Routes() {
		path := regexp.MustCompile(`:\w+}`).ReplaceAllString(r.Pattern, "}")
		assert.Contains(t, string(text), path+"`", "%s %s", r.Method, r.Pattern)
	}
}

var address = regexp.MustCompile(`"addr":"([0-9.:]+)"`)

// program builds and starts the program, and stops it as a platform does.
func program(t *testing.T) (base string, stop func()) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "orders")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(bin, "-demo", "-addr", "127.0.0.1:0", "-db", filepath.Join(dir, "orders.db"))
	cmd.Stderr = log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	told := func() []byte {
		text, err := os.ReadFile(log.Name())
		require.NoError(t, err)
		return text
	}
	require.Eventually(t, func() bool {
		m := address.FindSubmatch(told())
		if m != nil {
			base = "http://" + string(m[1])
		}
		return m != nil
	}, patience, 10*time.Millisecond)
	return base, func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		select {
		case err := <-ended:
			assert.NoError(t, err)
		case <-time.After(patience):
			t.Errorf("the program did not stop:\n%s", told())
		}
	}
}
