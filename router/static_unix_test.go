//go:build unix

package router

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An os.DirFS follows symbolic links out of its directory, an os.Root does not.
// Neither a pipe nor what is behind one is waited for.
func TestStaticDirectories(t *testing.T) {
	dir := t.TempDir()
	site := filepath.Join(dir, "site")
	require.NoError(t, os.MkdirAll(filepath.Join(site, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.txt"), []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(site, "a.txt"), []byte("a"), 0o600))
	require.NoError(t, os.Symlink("../secret.txt", filepath.Join(site, "out.txt")))
	require.NoError(t, os.Symlink("a.txt", filepath.Join(site, "in.txt")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(site, "pipe"), 0o600))
	root, err := os.OpenRoot(site)
	require.NoError(t, err)
	defer root.Close()
	r := New()
	r.Static("/root", root.FS())
	r.Static("/dir", os.DirFS(site))
	b := build(t, r)
	for path, status := range map[string]int{
		"/root/a.txt": 200, "/root/in.txt": 200, "/root/out.txt": 404, "/root/pipe": 404, "/root/sub/": 404,
		"/dir/a.txt": 200, "/dir/out.txt": 200, "/dir/pipe": 404, "/dir/..%2fsecret.txt": 404,
	} {
		assert.Equal(t, status, get(b, path).StatusCode, path)
	}
}
