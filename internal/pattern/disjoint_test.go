package pattern

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func mustConstraint(t *testing.T, src string) Constraint {
	t.Helper()
	c, err := parseConstraint(src)
	if err != nil {
		t.Fatalf("%q %v", src, err)
	}
	return c
}

func TestSearch(t *testing.T) {
	for _, test := range []struct{ c, d, want, reason string }{
		{"[a-z]+", "[a-m]+", "a", "the shortest, and the first"},
		{"[a-m]+x", "[m-z]+", "mx", "the only shortest"},
		{"abc|de", "abc|d", "abc", "no shorter one is in both"},
		{"int", "[0-9]{2}", "00", "an int"},
		{"int", "-.+", "-0", "a negative int"},
		{"int", "[a-z0-9]", "0", "both letters and digits"},
		{"uuid", "int", "", "never both"},
		{"uuid", "a.*", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "any expression"},
		{"(?i)k", "[^a-zA-Z]", "\u212a", "the Kelvin sign is a k"},
		{"(?i)s+", `\p{Lu}+`, "S", "case does not matter"},
		{`.+`, `\n`, "", "a dot is no newline"},
		{`(?s).+`, `\n`, "\n", "here it is"},
		{`a\b.+`, `\w\w`, "", "no boundary within a word"},
		{`a\b.+`, `\w\W.`, "a-a", "one between word and other"},
		{`a\Bb`, `ab|a-`, "ab", "no boundary"},
		{`(?m)a$\n^b`, `a\sb`, "a\nb", "line ends"},
		{`^a$`, `a`, "a", "anchors where they are anyway"},
		{`a^b|c`, `.+`, "c", "anchors where they cannot be"},
		{`./b|xyz`, `a/b|xyz`, "xyz", "no slash, although longer"},
		{`./b`, `a/b`, "a/b", "a slash where it must be"},
		{`[^a]`, `[^b]`, "c", "any other letter"},
		{`\x{10FFFF}`, `[^a]`, "\U0010ffff", "the last character"},
		{`[\x{D700}-\x{E000}]`, `[\x{D800}-\x{DFFF}]|b`, "", "surrogates are not in strings"},
		{`a*`, `b*`, "", "the empty string does not count"},
		{`(a|aa)+`, `(aaa)+`, "aaa", "cycles of different lengths"},
		{`(aaaaa)+`, `(aaaaaaa)+`, strings.Repeat("a", 35), "their least common multiple"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			c, d := mustConstraint(t, test.c), mustConstraint(t, test.d)
			for range 2 {
				if got := search(c, d); got.witness != test.want || got.found != (test.want != "") || got.costly {
					t.Errorf("%q and %q: got %+v, want %q", c, d, got, test.want)
				}
				c, d = d, c
			}
		})
	}
}

func TestSearchCostly(t *testing.T) {
	got := search(mustConstraint(t, `(a|b)*a(a|b){24}`), mustConstraint(t, `(a|b)*b(a|b){24}`))
	if !got.costly || got.found {
		t.Errorf("got %+v, want costly", got)
	}
	// Long expressions alone are not costly, nor are large classes.
	for _, src := range []string{`[a-z]{1000}`, `\p{L}{1,200}`, `(?i)[\p{Greek}\w]+(-\pN+){0,50}`} {
		if got := search(mustConstraint(t, src), mustConstraint(t, `.+`)); !got.found {
			t.Errorf("%q: got %+v", src, got)
		}
	}
}

// searchAlphabet has a character of each sort that assertions and classes know.
const searchAlphabet = "aB1-/\n"

// TestSearchRandom compares the search with trying all short strings.
func TestSearchRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var list []string
	for i, n := range []int{0, 1, 2, 3, 4} {
		lists := make([][]string, n)
		for j := range lists {
			lists[j] = strings.Split(searchAlphabet, "")
		}
		if i > 0 {
			list = append(list, choices(lists...)...)
		}
	}
	found := 0
	for range rounds(2000) {
		srcs := [2]string{randomRegexp(rnd, 3), randomRegexp(rnd, 3)}
		var cs [2]Constraint
		var res [2]*regexp.Regexp
		for i, src := range srcs {
			c, err := parseConstraint(src)
			if err != nil {
				break
			}
			cs[i] = c
			res[i] = regexp.MustCompile(`\A(?:` + src + `)\z`)
		}
		if cs[0].kind != Regexp || cs[1].kind != Regexp {
			continue
		}
		got := search(cs[0], cs[1])
		if got.found {
			found++
		}
		checkSearch(t, srcs, res, got, list)
	}
	if found < rounds(200) {
		t.Errorf("only %d pairs share a string: the generator is off", found)
	}
}

// checkSearch checks a result against the strings of list, shortest first.
func checkSearch(t *testing.T, srcs [2]string, res [2]*regexp.Regexp, got shared, list []string) {
	t.Helper()
	if got.costly {
		t.Errorf("%q: too costly", srcs)
	}
	if got.found && (got.witness == "" || !res[0].MatchString(got.witness) || !res[1].MatchString(got.witness)) {
		t.Errorf("%q: %q does not match both", srcs, got.witness)
	}
	for _, s := range list {
		if !res[0].MatchString(s) || !res[1].MatchString(s) {
			continue
		}
		slashes := strings.Contains(s, "/")
		switch {
		case !got.found:
			t.Errorf("%q: %q matches both, but was not found", srcs, s)
		case !slashes && (strings.Contains(got.witness, "/") || utf8.RuneCountInString(got.witness) > len(s)):
			t.Errorf("%q: %q matches both, but found %q", srcs, s, got.witness)
		case slashes && strings.Contains(got.witness, "/") && utf8.RuneCountInString(got.witness) > len(s):
			t.Errorf("%q: %q matches both, but found %q", srcs, s, got.witness)
		default:
			if slashes {
				continue // there may be one without, further on
			}
		}
		return
	}
}

// randomRegexp returns an expression with at most depth levels.
func randomRegexp(rnd *rand.Rand, depth int) string {
	atoms := []string{"a", "B", "1", "-", "/", ".", "[aB]", "[^a]", `\w`, `\W`, `\d`, `\b`, `\B`, "^", "$", `(?m:^)`, `(?m:$)`, `(?i:b)`, `(?s:.)`, `\n`, "(?i:[^b])", "a{2}"}
	if depth == 0 {
		return atoms[rnd.IntN(len(atoms))]
	}
	sub := func() string { return randomRegexp(rnd, depth-1) }
	switch rnd.IntN(6) {
	case 0, 1:
		return sub() + sub()
	case 2:
		return "(?:" + sub() + "|" + sub() + ")"
	case 3:
		return "(?:" + sub() + ")*"
	case 4:
		return "(?:" + sub() + ")?"
	default:
		return sub()
	}
}

func TestConstraintMatch(t *testing.T) {
	for _, test := range []struct {
		src, s string
		want   bool
	}{
		{"int", "0", true}, {"int", "-12", true}, {"int", "007", true}, {"int", strings.Repeat("9", 100), true},
		{"int", "", false}, {"int", "-", false}, {"int", "+1", false}, {"int", "1-", false}, {"int", "--1", false}, {"int", "1.0", false}, {"int", "١", false},
		{"uuid", "01234567-89ab-CDEF-0123-456789abcdef", true},
		{"uuid", "01234567-89ab-CDEF-0123-456789abcdeg", false},
		{"uuid", "0123456789abCDEF0123456789abcdef", false},
		{"uuid", "01234567089ab-CDEF-0123-456789abcdef", false},
		{"uuid", "{1234567-89ab-CDEF-0123-456789abcdef", false},
		{"uuid", "01234567-89ab-CDEF-0123-456789abcdef0", false},
		{"a|bc", "a", true}, {"a|bc", "ac", false}, {"a|bc", "bc", true}, {"a*", "", false},
		{"(?m)a$", "a\nb", false}, {`\Qa.c`, "a.c", true}, {`\Qa.c`, "abc", false},
	} {
		c := mustConstraint(t, test.src)
		if got := c.Match(test.s); got != test.want {
			t.Errorf("%q matches %q: got %t, want %t", test.src, test.s, got, test.want)
		}
		if c.Kind() == Regexp {
			continue
		}
		re := regexp.MustCompile(`\A(?:` + map[Kind]string{Int: intSource, UUID: uuidSource}[c.Kind()] + `)\z`)
		if got := re.MatchString(test.s); got != test.want {
			t.Errorf("the expression for %q matches %q: got %t, want %t", test.src, test.s, got, test.want)
		}
	}
}
