package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
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
	t.Cleanup(func() { assert.NoError(t, chromedp.Cancel(ctx)) }) // waits for the browser's end
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// page is one window.
type page struct {
	t   *testing.T
	ctx context.Context
}

// open opens a window. An exception in it, or a breach of its content security
// policy, fails the test.
func open(t *testing.T, browser context.Context, url string) *page {
	t.Helper()
	ctx, _ := chromedp.NewContext(browser)
	p := &page{t, ctx}
	require.NoError(t, chromedp.Do(ctx)) // lives as long as ctx, hence not by p.do
	console := chromedp.Console(ctx)
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // may be closed already
		<-ended
	})
	go func() {
		defer close(ended)
		for m, err := range console {
			if err != nil {
				return
			}
			if m.IsException() || m.Source == "security" || strings.Contains(m.Text, "Content Security Policy") {
				assert.Fail(t, "error in the page", "%s", m)
			}
		}
	}()
	p.do(chromedp.Navigate(url))
	return p
}

type step = chromedp.Action[chromedp.Void]

// do runs actions, for a limited time.
func (p *page) do(steps ...step) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, steps...))
}

// wait waits until an expression of JavaScript is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond))
	if err := chromedp.Do(ctx, poll); err != nil {
		p.t.Fatalf("%v while waiting for %s; the page shows:\n%s", err, expression, p.eval("document.body.innerText"))
	}
}

// eval returns the string that an expression of JavaScript gives.
func (p *page) eval(expression string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	require.NoError(p.t, err)
	return s
}

// enter presses the Enter key, and no more: chromedp.SendKeys would write a line
// break even if the page has taken the key.
func enter(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err = cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13,
		})
		if err != nil {
			return none, err
		}
	}
	return none, nil
}

func (p *page) close() {
	p.t.Helper()
	require.NoError(p.t, chromedp.Cancel(p.ctx))
}

// look sets the size of the window and its colours, light or dark.
func (p *page) look(width, height int64, scheme string) {
	p.t.Helper()
	media := func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return none, err
	}
	p.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)), media)
}

// shots is the directory for screenshots.
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
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(p.t, err)
	require.NoError(p.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
