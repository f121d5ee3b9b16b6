package debugpage

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// Line is a line of a source file.
type Line struct {
	Number int
	Text   string
	Hit    bool // the one that is meant
}

const (
	around      = 5       // lines before and after
	maxExcerpts = 8       // frames that are shown with their source
	maxLine     = 400     // bytes of a line
	maxSource   = 4 << 20 // bytes of a file
)

// AddSource reads the lines around the application's own frames. Files come
// from what the compiler recorded and never from a request; even so nothing but
// Go files is read.
func AddSource(stack []Frame) {
	n := 0
	for i := range stack {
		if f := &stack[i]; f.Of == Application && n < maxExcerpts {
			f.Source = excerpt(f.File, f.Line)
			n++
		}
	}
}

// excerpt reads the lines around one, or none if the file can't be read.
func excerpt(file string, line int) []Line {
	if line < 1 || !filepath.IsAbs(file) || filepath.Ext(file) != ".go" {
		return nil
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	var lines []Line
	found := false
	in := bufio.NewScanner(f)
	for n := 1; n <= line+around && in.Scan(); n++ {
		if n >= line-around {
			lines = append(lines, Line{Number: n, Text: clip(in.Text(), maxLine), Hit: n == line})
			found = found || n == line
		}
	}
	if !found {
		return nil // it changed since it was compiled
	}
	return trim(lines)
}

// trim leaves out blank lines at both ends.
func trim(lines []Line) []Line {
	blank := func(l Line) bool { return !l.Hit && strings.TrimSpace(l.Text) == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// source writes an excerpt. It can be scrolled by keyboard.
func (p *page) source(lines []Line) {
	if len(lines) == 0 {
		return
	}
	p.put("<pre class=\"src\" tabindex=\"0\"><code>")
	for _, l := range lines {
		p.put("<span")
		if l.Hit {
			p.put(" class=\"hit\"")
		}
		p.put(" data-n=\"")
		p.number(l.Number)
		p.in("\">", l.Text, "\n</span>")
	}
	p.put("</code></pre>\n")
}
