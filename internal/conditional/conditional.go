// A request can be made to depend on what the server has: "only if it is not
// the one I know" saves sending it again, "only if it is still the one I saw"
// keeps two people from overwriting each other. What the server has is known by
// validators, an entity tag and a time, and RFC 9110 section 13.2.2 says in
// which order a request's four conditions are looked at.
//
// The surprise is that they are not joined by and: a condition on the tag
// silences the one on the time that asks the same question, because times have
// whole seconds only.

// Package conditional evaluates conditional requests (RFC 9110 section 13).
package conditional

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Validators are what a representation is told apart by. The zero value is a
// representation that nothing is known of.
type Validators struct {
	// Tag is an entity tag as in an ETag header, with its quotes; "" for none.
	Tag string
	// Modified is when it changed last, zero if unknown.
	Modified time.Time
	// Missing is true if there is no representation.
	Missing bool
}

// Evaluate looks at the conditions of a request: 0 says that it is to be done,
// 304 that the client has the representation, 412 that a condition is not met.
func (v Validators) Evaluate(method string, h http.Header) int {
	read := method == http.MethodGet || method == http.MethodHead
	// RFC 9110 section 13.2.2, with its numbers.
	if lines := h["If-Match"]; len(lines) > 0 { // 1
		if !v.matches(lines, strong) {
			return http.StatusPreconditionFailed
		}
	} else if at, ok := date(h, "If-Unmodified-Since"); ok && v.later(at) { // 2
		return http.StatusPreconditionFailed
	}
	if lines := h["If-None-Match"]; len(lines) > 0 { // 3
		switch {
		case !v.matches(lines, weak):
		case read:
			return http.StatusNotModified
		default:
			return http.StatusPreconditionFailed
		}
	} else if at, ok := date(h, "If-Modified-Since"); ok && read && !v.Modified.IsZero() && !v.later(at) { // 4
		return http.StatusNotModified
	}
	return 0
}

// Any reports whether a request has a condition.
func Any(h http.Header) bool {
	return len(h["If-Match"]) > 0 || len(h["If-None-Match"]) > 0 || len(h["If-Modified-Since"]) > 0 || len(h["If-Unmodified-Since"]) > 0
}

// later reports whether the representation changed after a time, which has
// whole seconds.
func (v Validators) later(at time.Time) bool {
	return !v.Modified.IsZero() && v.Modified.Truncate(time.Second).After(at)
}

// date is the time in a header. A condition that is none, or several, does not
// count (RFC 9110 sections 13.1.3 and 13.1.4).
func date(h http.Header, name string) (time.Time, bool) {
	lines := h[name]
	if len(lines) != 1 {
		return time.Time{}, false
	}
	at, err := http.ParseTime(lines[0])
	return at, err == nil
}

// matches reports whether one of the tags in the lines of a header is that of
// the representation; "*" is every one that there is.
func (v Validators) matches(lines []string, same func(a, b string) bool) bool {
	for _, line := range lines {
		for rest := strings.TrimLeft(line, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			if rest[0] == '*' {
				return !v.Missing
			}
			tag, after, ok := cutTag(rest)
			if !ok {
				break // what comes behind cannot be told apart
			}
			if !v.Missing && v.Tag != "" && same(tag, v.Tag) {
				return true
			}
			rest = after
		}
	}
	return false
}

// strong is the comparison in which weak tags equal nothing (RFC 9110 section
// 8.8.3.2).
func strong(a, b string) bool { return a == b && !strings.HasPrefix(a, "W/") }

// weak is the comparison in which weakness does not matter.
func weak(a, b string) bool { return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/") }

// cutTag cuts the tag off that a text begins with.
func cutTag(s string) (tag, rest string, ok bool) {
	start := 0
	if strings.HasPrefix(s, "W/") {
		start = 2
	}
	if start >= len(s) || s[start] != '"' {
		return "", "", false
	}
	for i := start + 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return s[:i+1], s[i+1:], true
		case !inTag(s[i]):
			return "", "", false
		}
	}
	return "", "", false
}

// inTag reports whether a byte may stand between the quotes of a tag (RFC 9110
// section 8.8.3).
func inTag(c byte) bool { return c == 0x21 || c >= 0x23 && c != 0x7f }

// Quote makes an entity tag of a text that tells representations apart.
func Quote(text string) (string, error) {
	for i := range len(text) {
		if !inTag(text[i]) {
			return "", fmt.Errorf("an entity tag has no blanks, quotes or control characters, which %q has; the quotes are added", text)
		}
	}
	return `"` + text + `"`, nil
}

// Strip removes what a 304 does not repeat of a representation's header (RFC
// 9110 section 15.4.5).
func Strip(h http.Header) {
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Disposition"} {
		delete(h, name)
	}
	if len(h["Etag"]) > 0 {
		delete(h, "Last-Modified")
	}
}
