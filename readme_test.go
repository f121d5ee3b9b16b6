package fogo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestReadmeCompiles compiles every Go block of the documents. A block is a
// whole program, declarations, or a list of function types.
func TestReadmeCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	for _, doc := range []string{"README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range goBlock.FindAllStringSubmatch(string(text), -1) {
			file := filepath.Join(t.TempDir(), "main.go")
			require.NoError(t, os.WriteFile(file, []byte(program(m[1])), 0o600))
			out, err := exec.Command("go", "vet", file).CombinedOutput()
			assert.NoError(t, err, "%s:\n%s\n%s", doc, m[1], out)
		}
	}
}

// program makes a block of code a program.
func program(block string) string {
	switch {
	case strings.HasPrefix(block, "package "):
		return block
	case strings.HasPrefix(block, "func("):
		body := regexp.MustCompile(`(?m)^func\(`).ReplaceAllString(block, "var _ func(")
		return prelude("context", "github.com/gofogo/fogo/ws") + "type (\n\tDB struct{}\n\tUserID int\n\tUser struct{}\n)\n" + body
	}
	return prelude("cmp", "context", "database/sql", "errors") + block
}

func prelude(imports ...string) string {
	s := "package main\n\nfunc main() {}\n"
	var b strings.Builder
	for _, i := range imports {
		b.WriteString("import \"" + i + "\"\n")
	}
	return strings.Replace(s, "\nfunc main", "\n"+b.String()+"\nfunc main", 1)
}
