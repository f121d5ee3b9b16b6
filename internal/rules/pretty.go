package rules

import (
	"strings"
	"unicode"
)

// pretty prints a type as its program writes it: resolve.Query[main.Page],
// where reflect writes whole import paths between the brackets, []uint8 and
// interface {}.
func pretty(s string) string {
	s = strings.ReplaceAll(s, "interface {}", "any")
	s = strings.ReplaceAll(s, "[]uint8", "[]byte")
	if !strings.Contains(s, "/") || strings.Contains(s, `"`) {
		return s // the tags of an unnamed struct are no paths
	}
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, delimits)
		if end < 0 {
			end = len(s)
		}
		b.WriteString(qualified(s[:end]))
		b.WriteString(s[end:min(end+1, len(s))])
		s = s[min(end+1, len(s)):]
	}
	return b.String()
}

// delimits reports whether r stands between the names in a printed type. All
// such characters are of one byte, and none may occur in an import path.
func delimits(r rune) bool { return strings.ContainsRune("[](){}*,; <", r) }

// qualified shortens example.com/shop/v2.Cart to shop.Cart: the last element
// of an import path stands for the package's name, or the one before it if
// that is a major version.
func qualified(name string) string {
	elements := strings.Split(name, "/")
	last := len(elements) - 1
	pkg, ident, found := strings.Cut(elements[last], ".")
	if found && last > 0 && isMajor(pkg) {
		return elements[last-1] + "." + ident
	}
	return elements[last]
}

func isMajor(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && strings.IndexFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}
