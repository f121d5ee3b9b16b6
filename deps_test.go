package fogo_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/gofogo/fogo"

// allowed says which packages of the module, and of others, each package may
// import; the standard library is free but for what the tests below say.
// A package that is not listed may not exist.
const allowed = `
	observe:
	inject: observe internal/frame internal/funcinfo internal/graph internal/rules
	ws: internal/deflate internal/poll github.com/gobwas/ws github.com/goccy/go-json
	resolve: inject ws internal/frame internal/pattern internal/rules github.com/goccy/go-json
	endpoint: inject resolve ws observe internal/conditional internal/debugpage internal/frame internal/funcinfo internal/pattern internal/rules github.com/goccy/go-json
	router: inject resolve endpoint ws internal/conditional internal/funcinfo internal/pattern
	.: inject resolve endpoint router ws observe internal/debugpage
	fogotest: . inject endpoint observe ws internal/memnet
	resolve/playground: resolve github.com/go-playground/validator/v10
	middleware:
	router/openapi: inject resolve endpoint router
	router/asyncapi: inject resolve endpoint router

	internal/conditional:
	internal/debugpage: inject
	internal/deflate: github.com/klauspost/compress/flate
	internal/frame:
	internal/frame/gen:
	internal/funcinfo:
	internal/graph:
	internal/leak:
	internal/memnet:
	internal/pattern:
	internal/poll:
	internal/rules:
	internal/wsconform:

	examples/*: . inject resolve endpoint router ws fogotest examples/internal/program
	examples/internal/*: . inject resolve endpoint router ws fogotest github.com/stretchr/testify/assert github.com/stretchr/testify/require
`

// source is one Go file that is no test.
type source struct {
	pkg, file string // relative to the module, with slashes
	imports   []string
}

// sources finds the files of the module, without nested modules.
func sources(t *testing.T) []source {
	var list []source
	require.NoError(t, filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return enter(name, d.Name())
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{pkg: filepath.ToSlash(filepath.Dir(name)), file: filepath.ToSlash(name)}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, relative(p))
		}
		list = append(list, s)
		return nil
	}))
	return list
}

// enter skips directories that don't belong to the module.
func enter(name, base string) error {
	if name == "." {
		return nil
	}
	nested, _ := filepath.Glob(filepath.Join(name, "go.mod"))
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || len(nested) > 0 {
		return fs.SkipDir
	}
	return nil
}

// relative is an import path as the table has it.
func relative(p string) string {
	if p == module {
		return "."
	}
	return strings.TrimPrefix(p, module+"/")
}

// table parses the text above.
func table(t *testing.T) map[string][]string {
	rows := map[string][]string{}
	for row := range strings.Lines(allowed) {
		if row = strings.TrimSpace(row); row == "" {
			continue
		}
		pkg, list, ok := strings.Cut(row, ":")
		require.True(t, ok, row)
		rows[pkg] = strings.Fields(list)
	}
	return rows
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return p == "C" || !strings.Contains(first, ".") && !ours(p)
}

// ours reports whether a relative import path is of the module.
func ours(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return slices.Contains([]string{".", "inject", "ws", "resolve", "endpoint", "router", "fogotest", "internal", "middleware", "observe", "examples"}, first)
}

func TestImports(t *testing.T) {
	rows := table(t)
	for _, s := range sources(t) {
		row, ok := rows[s.pkg]
		if !ok {
			row, ok = rows[path.Dir(s.pkg)+"/*"]
		}
		if !assert.True(t, ok, "package %s is not in the table", s.pkg) {
			continue
		}
		for _, p := range s.imports {
			if !standard(p) {
				assert.Contains(t, row, p, "%s imports %s, which package %s may not", s.file, p, s.pkg)
			}
		}
	}
}

// Packages that are no part of a user's program.
var (
	forTests   = []string{"fogotest", "examples/internal/exampletest", "internal/wsconform"}
	generators = []string{"internal/frame/gen"}
)

// TestTheOnlyImporters are rules for single imports.
func TestTheOnlyImporters(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range s.imports {
			switch {
			case p == "ws" && s.pkg == "resolve":
				assert.Equal(t, "resolve/socket.go", s.file, "of package resolve only this file knows WebSockets")
			case strings.HasPrefix(p, "github.com/gobwas/"):
				assert.Equal(t, "ws", s.pkg, "%s imports %s", s.file, p)
			case p == "unsafe" && s.file == "internal/poll/call_linux.go": // its argument is in there
			case p == "unsafe" || p == "C":
				assert.Equal(t, "internal/frame", s.pkg, "%s imports %s", s.file, p)
			case slices.Contains(generators, s.pkg):
			case p == "text/template" || p == "html/template":
				assert.Fail(t, "they make the linker keep every exported method of a program", "%s imports %s", s.file, p)
			case p == "testing" || p == "net/http/httptest":
				assert.Contains(t, forTests, s.pkg, "%s imports %s", s.file, p)
			case p == "log" || p == "flag":
				assert.True(t, strings.HasPrefix(s.pkg, "examples/"), "%s imports %s; a library logs through log/slog and has no flags", s.file, p)
			}
		}
	}
}

// TestTheTableSaysNothingMore finds packages in the table that do not import
// what they may. Those that don't exist are left out.
func TestTheTableSaysNothingMore(t *testing.T) {
	used := map[string][]string{}
	for _, s := range sources(t) {
		used[s.pkg] = append(used[s.pkg], s.imports...)
	}
	for pkg, row := range table(t) {
		list, exists := used[pkg]
		if !exists {
			continue
		}
		for _, p := range row {
			assert.Contains(t, list, p, "package %s may import %s and doesn't", pkg, p)
		}
	}
}
