package pattern

import (
	"fmt"
	"net/url"
	"strings"
)

// Expand returns the escaped path that the pattern matches with these values,
// one for each of [Pattern.Vars]. In the value of {name...} slashes stay
// slashes, everywhere else they are escaped.
//
// It is an error if a value is missing, is empty (except for {name...}), does
// not satisfy its constraint, or holds a segment that would not survive the
// cleaning of paths: "." and "..", and for {name...} an empty one before the
// end.
func (p *Pattern) Expand(values []string) (string, error) {
	if len(values) != len(p.vars) {
		return "", fmt.Errorf("pattern: %s has %d variables, but got %d values", p, len(p.vars), len(values))
	}
	var b strings.Builder
	for _, s := range p.segs {
		b.WriteByte('/')
		switch s.kind {
		case literal:
			b.WriteString(escape(s.text))
		case variable, multi:
			v := values[0]
			values = values[1:]
			if err := s.checkValue(v); err != nil {
				return "", fmt.Errorf("pattern: variable %q of %s: %w", s.text, p, err)
			}
			writeValue(&b, s, v)
		}
	}
	return b.String(), nil
}

func writeValue(b *strings.Builder, s segment, v string) {
	if s.kind == variable {
		b.WriteString(escape(v))
		return
	}
	for i, part := range strings.Split(v, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(escape(part))
	}
}

// checkValue reports why v cannot stand for the variable s.
func (s segment) checkValue(v string) error {
	switch {
	case s.kind == variable && v == "":
		return fmt.Errorf("the value is empty")
	case s.kind == variable && s.c.kind != None && !s.c.Match(v):
		return fmt.Errorf("the value %q does not satisfy the constraint %q", v, s.c.src)
	case s.kind == variable && (v == "." || v == ".."):
		return fmt.Errorf("the value %q would be cleaned away", v)
	case s.kind == multi && Clean("/"+v) != "/"+v:
		return fmt.Errorf("the value %q would be cleaned to %q", v, Clean("/" + v)[1:])
	}
	return nil
}

// escape returns s as one segment of an escaped path. Dots are escaped where
// they would be a segment that paths are cleaned of.
func escape(s string) string {
	switch s {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(s)
}
