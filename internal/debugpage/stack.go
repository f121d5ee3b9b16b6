package debugpage

// A stack is text that the runtime wrote: after a line for the goroutine two
// lines for each frame, the function with its arguments, and the file.
//
//	main.getUser(0x7)
//		/home/ann/shop/users.go:31 +0x1d
//
// The surprise is the beginning: frames down to the call of panic are those that
// noticed it, and not of interest. A second panic while the first was under way
// puts its own frames before those of the first; the innermost panic counts, so
// all frames before the last call of panic are left out.

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Frame is a function on a stack.
type Frame struct {
	// Func is the function with the last element of its import path.
	Func string `json:"func"`
	// File is the path as the compiler recorded it.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Of says whose it is: Application, Module, Framework or Standard.
	Of string `json:"of"`
	// Source are the lines around, of the application's own frames, if the file
	// can be read.
	Source []Line `json:"-"`
}

// Whose frames are.
const (
	Application = "application"
	Module      = "module" // a dependency
	Framework   = "fogo"
	Standard    = "go"
)

// maxFrames is where a stack is cut: that of an endless recursion is long.
const maxFrames = 200

// Stack reads a stack, the innermost frame first.
func Stack(text []byte) []Frame {
	var frames []Frame
	lines := strings.Split(string(text), "\n")
	for i := 0; i+1 < len(lines) && len(frames) < maxFrames; i++ {
		at, ok := strings.CutPrefix(lines[i+1], "\t")
		if !ok || lines[i] == "" || strings.HasPrefix(lines[i], "goroutine ") {
			continue
		}
		name := functionOf(lines[i])
		if name == "panic" {
			frames = frames[:0]
			i++
			continue
		}
		f := Frame{Func: shorten(name)}
		f.File, f.Line = placeOf(at)
		f.Of = ownerOf(name, f.File)
		frames = append(frames, f)
		i++
	}
	return frames
}

// functionOf takes the arguments from a line of a stack, or what says that a
// goroutine began there.
func functionOf(line string) string {
	if rest, ok := strings.CutPrefix(line, "created by "); ok {
		name, _, _ := strings.Cut(rest, " in goroutine ")
		return name
	}
	if i := strings.LastIndexByte(line, '('); i > 0 {
		return line[:i]
	}
	return line
}

// placeOf reads "/dir/file.go:12 +0x1d".
func placeOf(s string) (string, int) {
	s, _, _ = strings.Cut(s, " +0x")
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0
	}
	n, err := strconv.Atoi(s[i+1:])
	if err != nil {
		return s, 0
	}
	return s[:i], n
}

// shorten cuts the directories of the import path.
func shorten(name string) string {
	head, tail, generic := strings.Cut(name, "[")
	head = head[strings.LastIndexByte(head, '/')+1:]
	if generic {
		return head + "[" + tail
	}
	return head
}

// packageOf is the import path of a function.
func packageOf(name string) string {
	name, _, _ = strings.Cut(name, "[")
	i := strings.LastIndexByte(name, '/') + 1
	if dot := strings.IndexByte(name[i:], '.'); dot >= 0 {
		return name[:i+dot]
	}
	return name
}

const framework = "github.com/gofogo/fogo"

// ownerOf finds out whose a function is. Its own tests and examples are
// applications to the framework.
func ownerOf(name, file string) string {
	pkg := packageOf(name)
	switch {
	case pkg == "main" || strings.HasSuffix(pkg, "_test") || strings.HasSuffix(file, "_test.go"):
		return Application
	case strings.HasPrefix(pkg, framework+"/examples/"):
		return Application
	case pkg == framework || strings.HasPrefix(pkg, framework+"/"):
		return Framework
	case isStandard(pkg, file):
		return Standard
	case strings.Contains(file, "/pkg/mod/") || strings.Contains(file, "/vendor/") || strings.Contains(file, "@v"):
		return Module
	}
	return Application
}

// isStandard goes by the directory of the standard library. In a program built
// with -trimpath there is none, and the first element of a path has no dot.
func isStandard(pkg, file string) bool {
	if root := goroot(); root != "" {
		return strings.HasPrefix(file, root)
	}
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") && strings.HasPrefix(file, pkg+"/")
}

// goroot is the directory of the standard library's sources with a slash, "" if
// it isn't recorded.
var goroot = sync.OnceValue(func() string {
	const known = "net/http/"
	f := runtime.FuncForPC(reflect.ValueOf(http.Error).Pointer())
	if f == nil {
		return ""
	}
	file, _ := f.FileLine(f.Entry())
	if i := strings.LastIndex(file, known); i > 0 {
		return file[:i]
	}
	return ""
})

// shown is the file as pages show it: relative to the working directory if it is
// below.
func (f *Frame) shown() string {
	file := f.File
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			file = filepath.ToSlash(rel)
		}
	}
	if f.Line > 0 {
		file += ":" + strconv.Itoa(f.Line)
	}
	return file
}

// own are the frames of the application.
func own(stack []Frame) []Frame {
	var list []Frame
	for _, f := range stack {
		if f.Of == Application {
			list = append(list, f)
		}
	}
	return list
}
