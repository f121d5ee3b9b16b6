package deflate

import (
	"errors"
	"strings"
)

// errSyntax says that a header does not have the form of RFC 6455 section 9.1.
var errSyntax = errors.New("deflate: malformed Sec-WebSocket-Extensions")

// extension is one element of the header: an offer, or what a server accepted.
type extension struct {
	name   string
	params []param
}

// param is one parameter of an extension. A value is never empty: it is a token.
type param struct {
	name, value string
	hasValue    bool
}

// Valid reports whether the lines of a Sec-WebSocket-Extensions header have the
// form of RFC 6455 section 9.1, which tells the recipient of any other form to
// fail the connection. No line and empty lines are valid: they offer nothing.
func Valid(lines []string) bool {
	_, err := parse(lines)
	return err == nil
}

// parse reads all header lines as the one list that they are. RFC 6455 section
// 9.1: "like other HTTP header fields, this header field MAY be split or combined across multiple lines".
//
//	extension-list  = 1#extension
//	extension       = extension-token *( ";" extension-param )
//	extension-param = token [ "=" (token | quoted-string) ]
func parse(lines []string) ([]extension, error) {
	var list []extension
	for _, line := range lines {
		s := scanner{rest: line}
		for s.skip(); s.rest != ""; s.skip() {
			// The "#" of RFC 2616 section 2.1 allows empty elements.
			if s.take(',') {
				continue
			}
			e, ok := s.extension()
			if !ok || s.rest != "" && !s.take(',') {
				return nil, errSyntax
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// scanner consumes a header line from its start.
type scanner struct{ rest string }

func (s *scanner) extension() (e extension, ok bool) {
	if e.name, ok = s.token(); !ok {
		return e, false
	}
	for s.take(';') {
		p, ok := s.param()
		if !ok {
			return e, false
		}
		e.params = append(e.params, p)
	}
	return e, true
}

func (s *scanner) param() (p param, ok bool) {
	if p.name, ok = s.token(); !ok || !s.take('=') {
		return p, ok
	}
	p.hasValue = true
	if strings.HasPrefix(s.rest, `"`) {
		p.value, ok = s.quoted()
	} else {
		p.value, ok = s.token()
	}
	return p, ok
}

// take consumes c, if it comes next, and the space around it.
func (s *scanner) take(c byte) bool {
	s.skip()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	s.skip()
	return true
}

func (s *scanner) skip() { s.rest = strings.TrimLeft(s.rest, " \t") }

// token consumes a token and the space behind it.
func (s *scanner) token() (string, bool) {
	n := 0
	for n < len(s.rest) && isToken(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	s.skip()
	return t, n > 0
}

// quoted consumes a quoted string and returns what it stands for. RFC 6455 section 9.1:
// "the value after quoted-string unescaping MUST conform to the 'token' ABNF", so
// only the backslashes need to be looked at, and nothing may be empty.
func (s *scanner) quoted() (string, bool) {
	var b []byte
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		switch {
		case c == '"':
			s.rest = s.rest[i+1:]
			s.skip()
			return string(b), len(b) > 0
		case c == '\\' && i+1 < len(s.rest):
			i++
			c = s.rest[i]
		}
		if !isToken(c) {
			return "", false
		}
		b = append(b, c)
	}
	return "", false
}

// isToken reports whether c may stand in a token (RFC 2616 section 2.2).
func isToken(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
