package debugpage

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gofogo/fogo/inject"
)

// Error is what is known about a failed request.
type Error struct {
	// As the client is told.
	Status    int     `json:"-"`
	Title     string  `json:"-"`
	Faults    []Value `json:"-"` // by location
	RequestID string  `json:"-"`

	Message string  `json:"error"`
	Panic   bool    `json:"panic,omitempty"`
	Chain   []Cause `json:"chain"`
	Stack   []Frame `json:"stack,omitempty"`
	Route   string  `json:"route,omitempty"`
	Plan    []Call  `json:"plan,omitempty"`
	Request Request `json:"request"`

	// Index is the path of the pages about the application, "" if there are
	// none.
	Index string `json:"-"`
}

// Cause is an error of a chain.
type Cause struct {
	Type string `json:"type"`
	Text string `json:"text"`
	// Depth is how many errors that join several are around it.
	Depth int `json:"depth,omitempty"`
}

// maxCauses is where a chain is cut.
const maxCauses = 50

// Describe fills in what an error itself tells.
func (e *Error) Describe(err error) {
	e.Message = textOf(err)
	e.chain(err, 0)
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		e.Panic = true
		e.Stack = Stack(p.Stack)
	}
}

// chain lists err and what it wraps.
func (e *Error) chain(err error, depth int) {
	for err != nil && len(e.Chain) < maxCauses {
		e.Chain = append(e.Chain, Cause{Type: fmt.Sprintf("%T", err), Text: textOf(err), Depth: depth})
		switch w := err.(type) {
		case interface{ Unwrap() error }:
			err = w.Unwrap()
		case interface{ Unwrap() []error }:
			for _, one := range w.Unwrap() {
				e.chain(one, depth+1)
			}
			return
		default:
			return
		}
	}
}

// textOf is the text of an error, whose method may be the next to panic.
func textOf(err error) (s string) {
	defer func() {
		if v := recover(); v != nil {
			s = fmt.Sprintf("(its method Error panics: %v)", v)
		}
	}()
	return clip(err.Error(), maxText)
}

// HTML writes the page.
func (e *Error) HTML() []byte {
	f := frame{title: strconv.Itoa(e.Status) + " · " + e.Message}
	return f.write(e.main)
}

func (e *Error) main(p *page) {
	e.top(p)
	e.faults(p)
	e.causes(p)
	e.stack(p)
	if len(e.Plan) > 0 {
		p.put("<section>\n<h2>Plan of the route</h2>\n")
		p.plan(e.Plan)
		p.put("</section>\n")
	}
	p.request(&e.Request)
}

func (e *Error) top(p *page) {
	p.put("<p class=\"status\">")
	p.number(e.Status)
	p.in(" ", e.Title, "")
	if e.Panic {
		p.put(" · panic")
	}
	p.put("</p>\n")
	if len(e.Message) > 140 {
		p.put("<h1 class=\"long\">")
	} else {
		p.put("<h1>")
	}
	p.in("", e.Message, "</h1>\n<ul class=\"facts\">")
	p.in("<li>", e.Request.Method, " ")
	p.code(e.Request.Target)
	p.put("</li>")
	if e.Route != "" {
		p.in("<li>route <code>", e.Route, "</code></li>")
	}
	if len(e.Chain) == 1 {
		p.in("<li>error <code>", e.Chain[0].Type, "</code></li>")
	}
	if e.RequestID != "" {
		p.in("<li>request id <code>", e.RequestID, "</code></li>")
	}
	p.put("</ul>\n")
	if e.Index != "" {
		p.in("<p class=\"small\"><a href=\"", e.Index, "/\">All routes of the application</a></p>\n")
	}
}

func (e *Error) faults(p *page) {
	if len(e.Faults) == 0 {
		return
	}
	p.put("<section>\n<h2>What is wrong with the request</h2>\n<dl>\n")
	for _, f := range e.Faults {
		p.in("<dt><code>", f.Name, "</code></dt>")
		p.in("<dd>", f.Value, "</dd>\n")
	}
	p.put("</dl>\n</section>\n")
}

// depths are the classes of the errors inside errors that join several.
var depths = [...]markup{"", " class=\"d1\"", " class=\"d2\"", " class=\"d3\""}

func (e *Error) causes(p *page) {
	if len(e.Chain) < 2 {
		return // it stands at the top
	}
	p.put("<section>\n<h2>Error, outermost first</h2>\n<ol class=\"causes\">\n")
	for _, c := range e.Chain {
		p.put("<li", depths[min(c.Depth, len(depths)-1)], ">")
		p.in("<p>", c.Text, "</p>")
		p.in("<code class=\"soft\">", c.Type, "</code></li>\n")
	}
	p.put("</ol>\n</section>\n")
}

// stack shows the application's own frames, the first one open, and all of
// them folded.
func (e *Error) stack(p *page) {
	if len(e.Stack) == 0 {
		return
	}
	p.put("<section>\n<h2>Stack, innermost first</h2>\n")
	mine := own(e.Stack)
	for i := range mine {
		p.frame(&mine[i], i == 0)
	}
	if len(mine) == 0 {
		p.put("<p class=\"soft\">None of its functions is the application's own.</p>\n")
	}
	p.put("<details><summary>All ")
	p.number(len(e.Stack))
	p.put(" functions, with those of Fogo, of modules and of Go</summary>\n<div class=\"body\"><table><thead><tr>" +
		"<th scope=\"col\">Function</th><th scope=\"col\">File</th><th scope=\"col\">Whose</th></tr></thead>\n<tbody>\n")
	for _, f := range e.Stack {
		p.in("<tr><td><code>", f.Func, "</code></td>")
		p.in("<td><code>", f.shown(), "</code></td>")
		p.in("<td class=\"soft narrow\">", f.Of, "</td></tr>\n")
	}
	p.put("</tbody></table></div></details>\n</section>\n")
}

// frame writes a frame with its source.
func (p *page) frame(f *Frame, open bool) {
	if len(f.Source) == 0 {
		p.in("<div class=\"panel\"><span class=\"fn\"><b>", f.Func, "</b></span>")
		p.in("<code class=\"at\">", f.shown(), "</code></div>\n")
		return
	}
	p.put("<details")
	if open {
		p.put(" open")
	}
	p.in("><summary><span class=\"fn\"><b>", f.Func, "</b></span>")
	p.in("<code class=\"at\">", f.shown(), "</code></summary>\n")
	p.source(f.Source)
	p.put("</details>\n")
}
