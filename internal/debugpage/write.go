package debugpage

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// markup is HTML that this package wrote itself. Untyped constants become
// markup silently, strings don't.
type markup string

// page is a page being written.
type page struct{ b strings.Builder }

// put writes markup.
func (p *page) put(m ...markup) {
	for _, s := range m {
		p.b.WriteString(string(s))
	}
}

// text writes text, also that of an attribute in quotes.
func (p *page) text(s string) { p.b.WriteString(html.EscapeString(visible(s))) }

// in writes text between two pieces of markup.
func (p *page) in(before markup, s string, after markup) {
	p.put(before)
	p.text(s)
	p.put(after)
}

// number writes a number.
func (p *page) number(n int) { p.b.WriteString(strconv.Itoa(n)) }

// code writes text that is code.
func (p *page) code(s string) { p.in("<code>", s, "</code>") }

// Kept of texts: nobody reads more, and a browser should stay quick.
const (
	maxText  = 16 << 10
	maxValue = 2 << 10
)

// clip cuts a text to n bytes and says how many are gone.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + " … (" + strconv.Itoa(len(s)-cut) + " more bytes)"
}

// visible shows control characters as pictures of themselves, and takes out
// what isn't text or would turn the direction of what follows it.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ':
			return '\u2400' + r
		case r == 0x7f:
			return '\u2421'
		case r >= 0x80 && r < 0xa0, r == '\u061c', r == '\u200e', r == '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return utf8.RuneError
		}
		return r // that of an invalid byte is RuneError already
	}, s)
}
