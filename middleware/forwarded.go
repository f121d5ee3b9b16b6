// Lists of forwarding proxies are read from the end.
//
// A proxy appends to what it received, and what it received may be anything:
// the end of the text is trustworthy and the start is not. A parser that goes
// from left to right is at the mercy of the start. The classic is a client that
// sends Forwarded: for="1.2.3.4 with a quote that it does not close; read from
// the left, that swallows the element which the proxy appends. Read from the
// right, a well-formed element is found whatever stands before it: outside of
// quotes at the end, each quote met opens one until the next that no backslash
// escapes.

package middleware

import (
	"net/netip"
	"strconv"
	"strings"
)

// backwards walks over the entries of a list header, the last line's last first.
// Empty ones are left out (RFC 9110 section 5.6.1.2).
type backwards struct {
	lines []string
	cut   func(string) (entry, rest string, more bool)
	rest  string
	more  bool // there is something in rest
}

// next reports false at the start of the list.
func (b *backwards) next() (string, bool) {
	for {
		if !b.more {
			if len(b.lines) == 0 {
				return "", false
			}
			i := len(b.lines) - 1
			b.lines, b.rest = b.lines[:i], b.lines[i]
		}
		var entry string
		if entry, b.rest, b.more = b.cut(b.rest); entry != "" {
			return entry, true
		}
	}
}

// lastEntry cuts off what stands behind the last comma.
func lastEntry(s string) (entry, rest string, more bool) {
	i := strings.LastIndexByte(s, ',')
	return strings.Trim(s[i+1:], " \t"), s[:max(i, 0)], i >= 0
}

// lastElement cuts off what stands behind the last comma outside of quotes.
func lastElement(s string) (element, rest string, more bool) {
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ',':
			return strings.Trim(s[i+1:], " \t"), s[:i], true
		case '"':
			if i = openingQuote(s[:i]); i < 0 {
				return s, "", false // it is malformed, which parseElement says
			}
		}
	}
	return strings.Trim(s, " \t"), "", false
}

// openingQuote is the last quote in s that no backslash escapes, -1 if there is
// none.
func openingQuote(s string) int {
	for {
		i := strings.LastIndexByte(s, '"')
		if i < 0 {
			return -1
		}
		slashes := i - len(strings.TrimRight(s[:i], `\`))
		if slashes%2 == 0 {
			return i
		}
		s = s[:i]
	}
}

// entryAt is the n-th entry from the end, counted from 1, of a list that each
// proxy appends to; or the first one of a list that is shorter, because some
// proxy overwrites it.
func entryAt(lines []string, n int) string {
	list, found := backwards{lines: lines, cut: lastEntry}, ""
	for {
		entry, ok := list.next()
		if !ok {
			return found
		}
		if found, n = entry, n-1; n <= 0 {
			return found
		}
	}
}

// element is one of a Forwarded header (RFC 7239 section 4), without "by".
type element struct{ node, proto, host string }

// parseElement parses pairs between semicolons, of a token and a token or a
// quoted string. "Each parameter MUST NOT occur more than once."
func parseElement(s string) (e element, ok bool) {
	var seen [3]bool
	for {
		name, rest, found := strings.Cut(s, "=")
		if !found || !isToken(name) {
			return element{}, false
		}
		value, rest, ok := cutValue(rest)
		if !ok {
			return element{}, false
		}
		if !e.set(name, value, &seen) {
			return element{}, false
		}
		if rest == "" {
			return e, true
		}
		if rest[0] != ';' {
			return element{}, false
		}
		s = strings.Trim(rest[1:], " \t")
	}
}

// set takes a parameter, and reports false for one that is there already.
func (e *element) set(name, value string, seen *[3]bool) bool {
	for i, p := range [3]struct {
		name string
		to   *string
	}{{"for", &e.node}, {"proto", &e.proto}, {"host", &e.host}} {
		if strings.EqualFold(name, p.name) {
			if seen[i] {
				return false
			}
			seen[i], *p.to = true, value
		}
	}
	return true
}

// cutValue cuts a token or quoted string from the start. A value with a port, or
// an IPv6 address, has to be quoted, and proxies are about that do not: none
// of ":[]" means anything here, so they are let through.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "; \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], strings.TrimLeft(s[end:], " \t"), isToken(nodeMarks.Replace(s[:end]))
	}
	s = s[1:]
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return unescape(s[:i]), strings.TrimLeft(s[i+1:], " \t"), true
		case '\\':
			i++
		}
	}
	return "", "", false
}

// nodeMarks replaces what is no part of a token by what is.
var nodeMarks = strings.NewReplacer(":", "-", "[", "-", "]", "-")

// unescape undoes the quoted pairs of a quoted string (RFC 9110 section 5.6.4).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++ // there is one: cutValue skipped it
		}
		b = append(b, s[i])
	}
	return string(b)
}

// parseNode parses an address with or without port (RFC 7239 section 6). What
// is "unknown" or hidden behind "_name" is none. Zones are refused: they mean
// nothing on another host, and may be any text.
func parseNode(s string) (netip.AddrPort, bool) {
	host, port := s, ""
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 || end+1 < len(s) && s[end+1] != ':' {
			return netip.AddrPort{}, false
		}
		host = s[1:end]
		port = strings.TrimPrefix(s[end+1:], ":")
		if strings.IndexByte(host, ':') < 0 {
			return netip.AddrPort{}, false
		}
	case strings.Count(s, ":") == 1:
		host, port, _ = strings.Cut(s, ":")
	}
	if !mayBeAddr(host) {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr.Unmap(), parsePort(port)), true
}

// parsePort is 0 for a port that is missing, hidden behind "_name" or none.
func parsePort(s string) uint16 {
	if s == "" {
		return 0 // the usual case, without an error made for it
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// mayBeAddr saves the error of a parser for what cannot be an address.
func mayBeAddr(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case '0' <= b && b <= '9', 'a' <= b && b <= 'f', 'A' <= b && b <= 'F', b == '.', b == ':':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 45
}

func isScheme(s string) bool { return s == "http" || s == "https" }

// isHost accepts what can stand as a host in a URL, and be written to a header
// or a page, without surprise.
func isHost(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case '0' <= b && b <= '9', 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
		case strings.IndexByte("-._:[]", b) >= 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// isPrefix accepts the beginning of a path that stays one in a URL: each segment
// has something in it, so that "//evil.example" is none, and leads nowhere else.
func isPrefix(s string) bool {
	if !strings.HasPrefix(s, "/") || len(s) > 255 {
		return false
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		for _, b := range []byte(segment) {
			if !isToken(string(rune(b))) && strings.IndexByte("()=:@,;", b) < 0 || strings.IndexByte("^`|#%", b) >= 0 {
				return false
			}
		}
	}
	return true
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
