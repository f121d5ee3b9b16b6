package pattern

import (
	"fmt"
	"net/url"
	"strings"
)

// This file holds the slow and simple versions that the tests compare with.

// naiveMatch matches a path by splitting it.
func naiveMatch(p *Pattern, path string) (values []string, ok bool) {
	parts := strings.Split(path, "/")[1:]
	for i, s := range p.segs {
		if len(parts) == i {
			return nil, false
		}
		last := i == len(parts)-1
		text, err := url.PathUnescape(parts[i])
		if err != nil {
			text = parts[i]
		}
		switch {
		case s.kind == multi:
			all, err := url.PathUnescape(strings.Join(parts[i:], "/"))
			if err != nil {
				all = strings.Join(parts[i:], "/")
			}
			return append(values, all), true
		case s.kind == slash && last && parts[i] == "":
			return values, true
		case s.kind == slash, last && parts[i] == "":
			return nil, false
		case s.kind == literal && s.text != text:
			return nil, false
		case s.kind == variable && (text == "" || !s.c.Match(text)):
			return nil, false
		case s.kind == variable:
			values = append(values, text)
		}
	}
	return values, len(parts) == len(p.segs)
}

// naiveMethod reports whether a pattern with method m matches requests with r.
func naiveMethod(m, r string) bool {
	switch m {
	case "":
		return r != Socket
	case "GET":
		return r == "GET" || r == "HEAD"
	default:
		return r == m
	}
}

// choices returns all concatenations of one string of each list.
func choices(lists ...[]string) []string {
	all := []string{""}
	for _, list := range lists {
		var next []string
		for _, a := range all {
			for _, s := range list {
				next = append(next, a+s)
			}
		}
		all = next
	}
	return all
}

// stars returns all concatenations of at most n strings of the list.
func stars(n int, list []string) []string {
	var all []string
	for i := range n + 1 {
		lists := make([][]string, i)
		for j := range lists {
			lists[j] = list
		}
		all = append(all, choices(lists...)...)
	}
	return all
}

// parseAll parses patterns in which every variable is called x, and renames
// them apart.
func parseAll(list []string) []*Pattern {
	var all []*Pattern
	for _, s := range list {
		for i := 0; strings.Contains(s, "{x"); i++ {
			s = strings.Replace(s, "{x", fmt.Sprintf("{v%d", i), 1)
		}
		all = append(all, MustParse(s))
	}
	return all
}

// Constraints of which each two share segments, and neither contains the other,
// except [c-d], which is disjoint from the rest.
var smallSegments = []string{"/a", "/1", "/{x}", "/{x:int}", "/{x:[a1]}", "/{x:[ab]}", "/{x:[c-d]}"}

func smallPatterns(n int) []*Pattern {
	return parseAll(choices(stars(n, smallSegments), append([]string{"/", "/{x...}"}, smallSegments...)))
}

// smallPaths contains, for each two of the small patterns, a path for each of
// the relations that they may have.
func smallPaths(n int) []string {
	segs := []string{"/a", "/b", "/c", "/1", "/2", "/e"}
	return choices(stars(n, segs), append([]string{"/"}, segs...))
}
