package pattern

import (
	"fmt"
	"strings"
)

// Join returns p under a prefix, which is a pattern without a method: with
// "/api/{tenant}", "GET /x" becomes "GET /api/{tenant}/x". A slash at the end
// of the prefix makes no difference, and "" changes nothing. A prefix may have
// a host if p has none or the same.
//
// It is an error if the prefix ends in {name...} or {$}, or if a variable
// occurs in both.
func Join(prefix string, p *Pattern) (*Pattern, error) {
	if prefix == "" {
		return p, nil
	}
	pre, err := Parse(prefix)
	if err != nil {
		return nil, err
	}
	if err := checkPrefix(pre, p); err != nil {
		return nil, err
	}
	s := pre.host
	if s == "" {
		s = p.host
	}
	s += strings.TrimSuffix(pre.path, "/") + p.path
	if p.method != "" {
		s = p.method + " " + s
	}
	return Parse(s)
}

// checkPrefix checks what [Parse] cannot see in the joined string.
func checkPrefix(pre, p *Pattern) error {
	fail := func(off int, fix, what string) error {
		return &ParseError{Pattern: pre.str, Offset: off, What: what, Fix: fix}
	}
	switch last := len(pre.str) - len(pre.path); {
	case pre.method != "":
		return fail(0, "write the method in the pattern", "a prefix has no method")
	case pre.last().kind == multi || strings.HasSuffix(pre.path, "{$}"):
		return fail(last+strings.LastIndexByte(pre.path, '/')+1, "leave it out", "nothing can follow the end of this prefix")
	case pre.host != "" && p.host != "" && pre.host != p.host:
		return fail(0, "leave one of them out", fmt.Sprintf("the prefix has another host than the pattern %q", p.str))
	}
	return nil
}
