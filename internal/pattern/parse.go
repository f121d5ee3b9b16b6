package pattern

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// A ParseError says why a string is not a pattern. To get at it:
//
//	var e *pattern.ParseError
//	if errors.As(err, &e) { … e.Offset … }
type ParseError struct {
	Pattern string // the string that was parsed
	Offset  int    // where in Pattern the fault is, in bytes
	What    string // what is wrong, and why
	Fix     string // what to write instead
}

// Error returns all of it in one line.
func (e *ParseError) Error() string {
	return fmt.Sprintf("pattern: %q at offset %d: %s; %s", e.Pattern, e.Offset, e.What, e.Fix)
}

// Parse parses a pattern. The package documentation describes the syntax. An
// error is a [*ParseError].
func Parse(s string) (*Pattern, error) {
	ps := parser{Pattern: Pattern{str: s}}
	if err := ps.parse(); err != nil {
		return nil, err
	}
	return &ps.Pattern, nil
}

// MustParse is [Parse] for patterns known to be good. It panics on an error.
func MustParse(s string) *Pattern {
	p, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

// A parser fills in its Pattern from left to right.
type parser struct {
	Pattern
	off int // start of what is yet to be parsed
}

// fail returns an error about the byte at offset off.
func (ps *parser) fail(off int, fix, what string, args ...any) error {
	return &ParseError{Pattern: ps.str, Offset: off, What: fmt.Sprintf(what, args...), Fix: fix}
}

func (ps *parser) parse() error {
	if ps.str == "" {
		return ps.fail(0, `write at least "/"`, "the pattern is empty")
	}
	if err := ps.parseMethod(); err != nil {
		return err
	}
	if err := ps.parseHost(); err != nil {
		return err
	}
	ps.path = ps.str[ps.off:]
	for ps.off < len(ps.str) {
		if err := ps.parseSegment(); err != nil {
			return err
		}
	}
	return nil
}

// parseMethod consumes the method and the blanks after it. As in ServeMux the
// method may be missing while the blanks are there.
func (ps *parser) parseMethod() error {
	i := strings.IndexAny(ps.str, " \t")
	if i < 0 || strings.ContainsAny(ps.str[:i], "/{") {
		return nil // no method: the blank belongs to the path
	}
	ps.method = ps.str[:i]
	if j := strings.IndexFunc(ps.method, notToken); j >= 0 {
		return ps.fail(j, `write it as in "GET /path"`, "the method %q is not a token of RFC 9110", ps.method)
	}
	rest := strings.TrimLeft(ps.str[i:], " \t")
	ps.off = len(ps.str) - len(rest)
	return nil
}

// notToken reports whether r cannot be part of a token (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// parseHost consumes everything before the first slash.
func (ps *parser) parseHost() error {
	rest := ps.str[ps.off:]
	i := strings.IndexByte(rest, '/')
	if j := strings.IndexByte(rest, '{'); j >= 0 && (i < 0 || j < i) {
		return ps.fail(ps.off+j, "begin the path with '/'", "a variable stands before the path, and a host has no variables")
	}
	if i < 0 {
		return ps.fail(ps.off, fmt.Sprintf("write %q", rest+"/"), "no '/' begins the path")
	}
	ps.host = rest[:i]
	if j := strings.IndexAny(ps.host, " \t"); j >= 0 {
		return ps.fail(ps.off+j, "register one pattern for each method", "the host %q contains a blank", ps.host)
	}
	ps.off += i
	return nil
}

// parseSegment consumes a slash and the segment after it.
func (ps *parser) parseSegment() error {
	ps.off++
	rest := ps.str[ps.off:]
	if rest == "" {
		ps.segs = append(ps.segs, segment{kind: slash})
		return nil
	}
	if rest[0] == '{' {
		return ps.parseBraces(rest)
	}
	text := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		text = rest[:i]
	}
	if i := strings.IndexByte(text, '{'); i >= 0 {
		return ps.fail(ps.off+i, "put a slash before it, or match the segment by a constraint such as {name:v[0-9]+}",
			"a variable must be a whole segment, but %q comes before it", text[:i])
	}
	if ps.method != "CONNECT" && (text == "" || text == "." || text == "..") {
		return ps.fail(ps.off, fmt.Sprintf("write %q", Clean(ps.path)),
			"the segment %q never matches, because paths are cleaned before matching", text)
	}
	ps.segs = append(ps.segs, segment{kind: literal, text: unescape(text)})
	ps.off += len(text)
	return nil
}

// parseBraces consumes a variable or {$}. The string rest begins with '{'.
func (ps *parser) parseBraces(rest string) error {
	end := closingBrace(rest)
	if end < 0 {
		return ps.fail(ps.off, `close it; a lone brace in a constraint is written \{ or \}`, "the brace is never closed")
	}
	inner, rest := rest[1:end], rest[end+1:]
	if rest != "" && rest[0] != '/' {
		return ps.fail(ps.off+end+1, "end the segment after '}'", "a variable must be a whole segment, but more comes after it")
	}
	seg, err := ps.makeSegment(inner)
	if err != nil {
		return err
	}
	if rest != "" && (seg.kind == slash || seg.kind == multi) {
		return ps.fail(ps.off, "move it to the end", "{%s} stands before the end of the path", inner)
	}
	ps.segs = append(ps.segs, seg)
	if seg.kind != slash {
		ps.vars = append(ps.vars, Var{Name: seg.text, Constraint: seg.c, Multi: seg.kind == multi})
	}
	ps.off += end + 1
	return nil
}

// makeSegment returns the segment for what stands between braces.
func (ps *parser) makeSegment(inner string) (segment, error) {
	if inner == "$" {
		return segment{kind: slash}, nil
	}
	name, src, constrained := strings.Cut(inner, ":")
	name, rest := strings.CutSuffix(name, "...")
	if err := ps.checkName(name); err != nil {
		return segment{}, err
	}
	switch {
	case rest && constrained:
		return segment{}, ps.fail(ps.off+1+len(name), fmt.Sprintf("write {%s...}", name),
			"the variable %q takes the rest of the path, which has no constraint", name)
	case rest:
		return segment{kind: multi, text: name}, nil
	case !constrained:
		return segment{kind: variable, text: name}, nil
	}
	c, err := parseConstraint(src)
	if err != nil {
		return segment{}, ps.fail(ps.off+len(name)+2, fmt.Sprintf("write {%s:int}, {%[1]s:uuid}, or a regular expression of RE2", name),
			"the constraint %q of variable %q %v", src, name, err)
	}
	return segment{kind: variable, text: name, c: c}, nil
}

// checkName checks that name is an identifier that the pattern has not used yet.
func (ps *parser) checkName(name string) error {
	if name == "" {
		return ps.fail(ps.off+1, "write {id}", "the variable has no name")
	}
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return ps.fail(ps.off+1+i, "use letters, digits and '_', not a digit first", "the name %q of a variable is not an identifier", name)
		}
	}
	for _, v := range ps.vars {
		if v.Name == name {
			return ps.fail(ps.off+1, "rename one of them", "the variable %q occurs twice", name)
		}
	}
	return nil
}

// closingBrace returns the index of the brace that closes the one s begins
// with, or -1. Inside a constraint it passes over escaped characters and over
// character classes, where braces stand for themselves.
func closingBrace(s string) int {
	depth, constraint := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		case c == ':':
			constraint = true
		case !constraint && c == '/':
			return -1
		case constraint && c == '\\':
			i++
		case constraint && c == '[':
			i += classEnd(s[i:])
		}
	}
	return -1
}

// classEnd returns the index of the bracket that ends the character class s
// begins with, or 0 if nothing does.
func classEnd(s string) int {
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		i++
	}
	for first := i; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == ']' && i > first: // a bracket that comes first is a member
			return i
		case strings.HasPrefix(s[i:], "[:"):
			if j := strings.Index(s[i:], ":]"); j >= 0 {
				i += j + 1
			}
		}
	}
	return 0
}

// unescape undoes percent-encoding. What is not validly encoded is left alone,
// as ServeMux does. It allocates only if there is something to undo.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
