package debugpage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const stackText = `goroutine 7 [running]:
runtime/debug.Stack()
	/go/src/runtime/debug/stack.go:26 +0x5e
github.com/gofogo/fogo/inject.(*Run).Do.func1()
	/fogo/inject/run.go:121 +0x5e
panic({0x6d8a20?, 0xc000012345?})
	/go/src/runtime/panic.go:783 +0x132
main.place({0x0, 0x0, 0x0}, {{0xc000, 0x1}})
	/shop/orders.go:75 +0x1d
example.com/shop/views.(*Orders[...]).Post(0xc0001)
	/shop/views/orders.go:20
github.com/lib/pq.(*conn).exec(...)
	/home/ann/go/pkg/mod/github.com/lib/pq@v1.10.0/conn.go:9 +0x9
created by net/http.(*Server).Serve in goroutine 1
	/go/src/net/http/server.go:3493 +0x485
`

func TestStack(t *testing.T) {
	var got []string
	for _, f := range Stack([]byte(stackText)) {
		got = append(got, fmt.Sprintf("%s %s:%d", f.Func, filepath.Base(f.File), f.Line))
	}
	assert.Equal(t, []string{
		"main.place orders.go:75", "views.(*Orders[...]).Post orders.go:20", "pq.(*conn).exec conn.go:9", "http.(*Server).Serve server.go:3493",
	}, got)
	for _, text := range []string{"", "\n\n\t\n", "x", "x\n\ty", "panic(\n\t", "goroutine 1 [running]:\n\tx:1", strings.Repeat("f(\n\t/a.go:1\n", 1000)} {
		assert.LessOrEqual(t, len(Stack([]byte(text))), maxFrames)
	}
}

func TestWhoseAFunctionIs(t *testing.T) {
	root := goroot()
	for _, row := range []struct{ name, file, of string }{
		{"main.main", "/shop/main.go", Application},
		{"shop/views.Get", "/shop/views/get.go", Application},
		{"example.com/shop.Get[go.shape.int]", "/shop/get.go", Application},
		{"github.com/gofogo/fogo.(*App).Run", "/fogo/run.go", Framework},
		{"github.com/gofogo/fogo/router.(*Built).ServeHTTP", "/x/pkg/mod/github.com/gofogo/fogo@v1.0.0/router/serve.go", Framework},
		{"github.com/gofogo/fogo/router_test.TestX", "/fogo/router/x_test.go", Application},
		{"github.com/gofogo/fogo/examples/chat.Run", "/fogo/examples/chat/main.go", Application},
		{"github.com/gofogo/fogolog.Print", "/log/log.go", Application},
		{"net/http.Error", root + "net/http/server.go", Standard},
		{"github.com/lib/pq.Open", "/home/ann/go/pkg/mod/github.com/lib/pq@v1/conn.go", Module},
		{"github.com/lib/pq.Open", "/shop/vendor/github.com/lib/pq/conn.go", Module},
		{"github.com/lib/pq.Open", "github.com/lib/pq@v1.10.0/conn.go", Module},
	} {
		assert.Equal(t, row.of, ownerOf(row.name, row.file), row.name)
	}
}

func explode() { panic("boom") }

// A real stack leads to the line of this file.
func TestSourceOfAPanic(t *testing.T) {
	var stack []Frame
	func() {
		defer func() {
			_ = recover()
			stack = Stack(debug.Stack())
		}()
		explode()
	}()
	AddSource(stack)
	require.NotEmpty(t, stack)
	assert.Equal(t, "debugpage.explode", stack[0].Func)
	assert.Equal(t, Application, stack[0].Of)
	hit := ""
	for _, l := range stack[0].Source {
		if l.Hit {
			hit = l.Text
		}
	}
	assert.Equal(t, `func explode() { panic("boom") }`, hit)
	assert.Equal(t, fmt.Sprintf("stack_test.go:%d", stack[0].Line), stack[0].shown())
}

func TestExcerpts(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.go")
	require.NoError(t, os.WriteFile(file, []byte("\n\none\ntwo\n"+strings.Repeat("x", 1000)+"\n\n"), 0o600))
	other := filepath.Join(dir, "secret.txt")
	require.NoError(t, os.WriteFile(other, []byte("one\n"), 0o600))
	assert.Len(t, excerpt(file, 4), 3)
	assert.Less(t, len(excerpt(file, 5)[2].Text), 500)
	assert.Nil(t, excerpt(file, 99), "the file is another than was compiled")
	assert.Nil(t, excerpt(file, 0))
	assert.Nil(t, excerpt(other, 1), "it is no Go file")
	assert.Nil(t, excerpt("a.go", 1), "nobody knows where that is")
	assert.Nil(t, excerpt(dir, 1))
	assert.Nil(t, excerpt(filepath.Join(dir, "none.go"), 1))
}

type badError struct{}

func (*badError) Error() string { panic("no text") }

func TestDescribe(t *testing.T) {
	var e Error
	e.Describe(fmt.Errorf("outer: %w", errors.Join(errors.New("a"), fmt.Errorf("b: %w", errors.New("c")))))
	assert.Equal(t, "outer: a\nb: c", e.Message)
	var got []string
	for _, c := range e.Chain {
		got = append(got, fmt.Sprint(c.Depth, " ", strings.ReplaceAll(c.Text, "\n", "|")))
	}
	assert.Equal(t, []string{"0 outer: a|b: c", "0 a|b: c", "1 a", "1 b: c", "1 c"}, got)

	var bad Error
	bad.Describe(&badError{})
	assert.Contains(t, bad.Message, "panics: no text")

	var p Error
	p.Describe(fmt.Errorf("x: %w", &inject.Panic{Value: "boom", Stack: []byte(stackText)}))
	assert.True(t, p.Panic)
	assert.Len(t, p.Stack, 4)

	var deep Error
	err := errors.New("0")
	for range 1000 {
		err = fmt.Errorf("x: %w", err)
	}
	deep.Describe(err)
	assert.Len(t, deep.Chain, maxCauses)
}

type sourceFile struct{ name, text string }

func sourceFiles(t *testing.T) []sourceFile {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var list []sourceFile
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		list = append(list, sourceFile{name, string(text)})
	}
	require.NotEmpty(t, list)
	return list
}
