package fogo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unreachable is a program with a method that nothing calls. One use of
// reflect.Type.Method with a variable index, or of MethodByName with a
// variable name, anywhere in what it links would make the linker keep that
// method, and every other exported method of the user's program with it.
const unreachable = `package main

import (
	"context"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/ws"
)

type View struct{}

func (View) Get() string                      { return "kept" }
func (View) OnReceive(conn *ws.WebSocket, _ ws.Data) error { return conn.SendText("kept") }
func (View) NobodyCallsThis()                 { println("reachable") }

func main() {
	app := fogo.New()
	app.Endpoint("/", View{})
	app.Get("/f", func() string { return "f" })
	_ = app.Run(context.Background(), "127.0.0.1:0")
}
`

// TestLinkerDropsUnusedMethods guards the size of users' programs.
func TestLinkerDropsUnusedMethods(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the linker")
	}
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	require.NoError(t, os.WriteFile(src, []byte(unreachable), 0o600))
	out, err := exec.Command("go", "build", "-o", bin, src).CombinedOutput()
	require.NoError(t, err, "%s", out)
	symbols, err := exec.Command("go", "tool", "nm", bin).CombinedOutput()
	require.NoError(t, err)
	assert.Contains(t, string(symbols), "main.(*View).Get", "the test looks at the right names")
	assert.NotContains(t, string(symbols), "NobodyCallsThis",
		"something looks methods up in a way that keeps all of them; go build -ldflags=-dumpdep tells what")
}
