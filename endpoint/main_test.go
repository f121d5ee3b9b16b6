package endpoint_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gofogo/fogo/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

var lineNumbers = regexp.MustCompile(`(\w+_test\.go):\d+`)

// calledBy is how a plan calls a function, which depends on build tags.
var calledBy = regexp.MustCompile(`called by \w+`)

// golden compares a text with testdata/<name of the test>.golden. The numbers of
// lines in test files are left out of it, and how functions are called.
func golden(t *testing.T, got string) {
	t.Helper()
	got = lineNumbers.ReplaceAllString(got, "${1}:#") + "\n"
	got = calledBy.ReplaceAllString(got, "called by #")
	file := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the tests with -update to write it")
	assert.Equal(t, string(want), got)
}
