//go:build unix

package interop

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestChromium opens a page that runs the checks in JavaScript and posts its
// report to the test's own server.
func TestChromium(t *testing.T) {
	chromium := program(t, "chromium", "chromium-browser", "google-chrome")
	s := start(t)
	reports := make(chan []byte, 1)
	serveFile(s.mux, "/page", "page.html")
	serveFile(s.mux, "/checks.js", "checks.js")
	s.mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reports <- body
	})
	log := browse(t, chromium, s.URL+"/page")
	select {
	case r := <-reports:
		tell(t, r)
	case <-time.After(40 * time.Second):
		t.Fatalf("no report came; the browser says\n%s", log())
	}
}

func serveFile(mux *http.ServeMux, path, name string) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("testdata", name))
	})
}

// browse opens a page in a browser of its own, which ends with the test. The
// function returns what it printed, and ends it.
func browse(t *testing.T, browser, url string) (log func() string) {
	t.Helper()
	cmd := exec.Command(browser,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), url)
	// A group of its own, so that its children can be ended with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	stop := func() {
		if cmd.ProcessState == nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	return func() string { stop(); return out.String() }
}
