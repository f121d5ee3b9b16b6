package debugpage

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with the golden file of the test. The style and the
// script are left out, so that a page's file shows what the page is about.
func golden(t *testing.T, got string) {
	t.Helper()
	got = strings.Replace(got, string(style), "…", 1)
	got = strings.Replace(got, string(script), "…", 1)
	name := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".html")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}
