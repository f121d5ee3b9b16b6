package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long anything in a page may take.
const patience = 30 * time.Second

// browse starts a browser that ends with the test.
func browse(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("FOGO_BROWSER") == "require" {
			t.Fatal("FOGO_BROWSER is \"require\", but there is no chromium")
		}
		t.Skip("there is no chromium; FOGO_BROWSER=require makes that an error")
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // small in containers
	)
	t.Cleanup(cancel)
	ctx, _ := chromedp.NewContext(alloc)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits for the browser's end
	require.NoError(t, chromedp.Run(ctx))
	return ctx
}

// page is one window. Whatever it writes to its console as an error, such as a
// breach of the content security policy, fails the test.
type page struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, browser context.Context, url string) *page {
	t.Helper()
	ctx, _ := chromedp.NewContext(browser)
	p := &page{t, ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			assert.Fail(t, "exception in the page", "%s", e.ExceptionDetails.Error())
		}
	})
	p.do(chromedp.Navigate(url))
	return p
}

// do runs actions, for a limited time.
func (p *page) do(actions ...chromedp.Action) {
	p.t.Helper()
	// The first Run of a page ties it to its context, so that has no timeout.
	require.NoError(p.t, chromedp.Run(p.ctx))
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, chromedp.Run(ctx, actions...))
}

// wait waits until an expression of JavaScript is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	var ok bool
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.Run(ctx, chromedp.Poll(expression, &ok, chromedp.WithPollingInterval(20*time.Millisecond)))
	if err != nil {
		p.t.Fatalf("%v while waiting for %s; the page shows:\n%s", err, expression, p.eval("document.body.innerText"))
	}
}

// eval returns the string that an expression of JavaScript gives.
func (p *page) eval(expression string) (s string) {
	p.t.Helper()
	p.do(chromedp.Evaluate(expression, &s))
	return s
}

func (p *page) close() {
	p.t.Helper()
	require.NoError(p.t, chromedp.Cancel(p.ctx))
}

// look sets the size of the window and its colours, light or dark.
func (p *page) look(width, height int64, scheme string) {
	p.t.Helper()
	p.do(
		chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	)
}

// shots is where screenshots go.
func shots(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return t.TempDir()
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	return dir
}

// shoot writes what the window shows to a file.
func (p *page) shoot(dir, name string) {
	p.t.Helper()
	var png []byte
	p.do(chromedp.CaptureScreenshot(&png))
	require.NoError(p.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
