package debugpage

import (
	"cmp"
	"strconv"
	"strings"
)

// Build is everything that keeps an application from starting.
type Build struct {
	Problems []Problem `json:"problems"`
}

// Problem is one thing that is wrong with an application.
type Problem struct {
	// Title is what the problem is about: a route, a call of Provide.
	Title string `json:"title,omitempty"`
	// Func is the function at fault with its position.
	Func string `json:"func,omitempty"`
	// Needed leads to Func, innermost first.
	Needed []string `json:"needed_by,omitempty"`
	Rows   []Row    `json:"parameters,omitempty"`
	// Faults say what is wrong and how to mend it.
	Faults []string `json:"faults,omitempty"`
	// Text is that of an error without such parts.
	Text  string  `json:"text,omitempty"`
	Stack []Frame `json:"stack,omitempty"`
}

// HTML writes the page.
func (b *Build) HTML() []byte {
	f := frame{title: "The application cannot start"}
	return f.write(b.main)
}

func (b *Build) main(p *page) {
	p.put("<p class=\"status\">500 Internal Server Error</p>\n<h1>The application cannot start</h1>\n<p class=\"soft\">")
	switch n := len(b.Problems); n {
	case 1:
		p.put("There is one problem. ")
	default:
		p.in("There are ", strconv.Itoa(n), " problems. ")
	}
	p.put("Mend the code and start the program again.</p>\n")
	for i := range b.Problems {
		b.Problems[i].write(p, i+1, len(b.Problems))
	}
}

func (q *Problem) write(p *page, n, of int) {
	p.put("<article class=\"panel bad\">\n")
	q.head(p, n, of)
	for _, by := range q.Needed {
		p.in("<p class=\"small soft\">needed by <code>", by, "</code></p>\n")
	}
	p.rows(q.Rows)
	p.faults(q.Faults)
	if q.Text != "" {
		p.in("<pre class=\"text\" tabindex=\"0\">", clip(q.Text, maxText), "</pre>\n")
	}
	for i := range q.Stack {
		if f := &q.Stack[i]; f.Of == Application {
			p.frame(f, true)
		}
	}
	p.put("</article>\n")
}

// head says which problem it is, and of what.
func (q *Problem) head(p *page, n, of int) {
	title := cmp.Or(q.Func, q.Title)
	if of > 1 {
		p.in("<p class=\"small soft\">Problem ", strconv.Itoa(n)+" of "+strconv.Itoa(of), "")
		if title != q.Title && q.Title != "" {
			p.in(" · <code>", q.Title, "</code>")
		}
		p.put("</p>\n")
	} else if title != q.Title && q.Title != "" {
		p.in("<p class=\"small soft\"><code>", q.Title, "</code></p>\n")
	}
	if title != "" {
		p.in("<h2 class=\"fn\">", title, "</h2>\n")
	}
}

// faults lists faults. One of several lines shows something in those after the
// first.
func (p *page) faults(faults []string) {
	if len(faults) == 0 {
		return
	}
	p.put("<ul class=\"fixes\">\n")
	for _, f := range faults {
		first, rest, more := strings.Cut(f, "\n")
		p.in("<li>", first, "")
		if more {
			p.in("<pre><code>", dedent(rest), "</code></pre>")
		}
		p.put("</li>\n")
	}
	p.put("</ul>\n")
}

// dedent takes from all lines the blanks that they begin with in common.
func dedent(s string) string {
	lines := strings.Split(s, "\n")
	common := len(s)
	for _, l := range lines {
		if rest := strings.TrimLeft(l, " "); rest != "" {
			common = min(common, len(l)-len(rest))
		}
	}
	for i, l := range lines {
		lines[i] = l[min(common, len(l)):]
	}
	return strings.Join(lines, "\n")
}
