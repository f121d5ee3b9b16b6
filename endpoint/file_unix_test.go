//go:build unix

package endpoint_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nobody waits for a pipe, and a device is no file.
func TestFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir"), 0o700))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	for kind, fsys := range map[string]fs.FS{"DirFS": os.DirFS(dir), "Root": root.FS()} {
		for _, name := range []string{"pipe", "zero", "dangling", "dir"} {
			got := serve(t, func() endpoint.File { return endpoint.File{FS: fsys, Name: name} }).get("/")
			if kind == "Root" && name == "zero" {
				assert.Equal(t, http.StatusInternalServerError, got.status, "a link that leads out of a Root is a mistake")
				continue
			}
			assert.Equal(t, http.StatusNotFound, got.status, "%s %s", kind, name)
		}
	}
}
