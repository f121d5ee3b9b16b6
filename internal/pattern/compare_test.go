package pattern

import (
	"slices"
	"testing"
)

// checkRelation checks a relation both ways, and that a witness matches both.
func checkRelation(t *testing.T, a, b *Pattern, want Relation) {
	t.Helper()
	for range 2 {
		got, witness := Compare(a, b)
		if got != want {
			t.Errorf("%q to %q: got %v, want %v", a, b, got, want)
		}
		if (witness != "") != (want == Equal || want == Overlaps) {
			t.Errorf("%q to %q: %v with witness %q", a, b, want, witness)
		}
		for _, p := range []*Pattern{a, b} {
			if _, ok := naiveMatch(p, witness); !ok && witness != "" {
				t.Errorf("%q to %q: %q does not match the witness %q", a, b, p, witness)
			}
		}
		a, b, want = b, a, want.inverse()
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		a, b   string
		want   Relation
		reason string
	}{
		{"/a", "/a", Equal, "the same"},
		{"/a", "/b", Disjoint, "two literals"},
		{"/a", "/a/", Disjoint, "a trailing slash is only itself"},
		{"/a/", "/a/{$}", Equal, "two ways to write it"},
		{"/a", "/{x}", MoreSpecific, "a literal beats a variable"},
		{"/a/", "/{x}/{y}", Disjoint, "a variable does not match the empty segment"},
		{"/{x}", "/{y}", Equal, "names do not matter"},
		{"/a/b", "/{x...}", MoreSpecific, "the rest is the most general"},
		{"/a/{x...}", "/{y...}", MoreSpecific, "a longer prefix"},
		{"/a/{x...}", "/a", Disjoint, "the slash belongs to the rest"},
		{"/a/{x...}", "/a/", MoreGeneral, "the rest may be empty"},
		{"/a/{x...}", "/{y}/b", Overlaps, "one at the front, one behind"},
		{"/a/{x}", "/{y}/b", Overlaps, "likewise"},
		{"/{x}/b/{z}", "/a/{y}/{z...}", Overlaps, "likewise, with a rest"},
		{"/%61", "/a", Equal, "escapes do not matter"},
		{"/a%2Fb", "/a/b", Disjoint, "an escaped slash is in a segment"},
		{"/a%2Fb/{x}", "/{y}/c%3Fd", Overlaps, "a witness is escaped"},
		{"/%2e%2E/{x}", "/{y}/b", Overlaps, "a witness is clean"},
		{"CONNECT //a", "CONNECT /{x}/a", Disjoint, "a variable is not empty, also for CONNECT"},

		{"GET /a", "HEAD /a", MoreGeneral, "GET matches HEAD"},
		{"GET /a", "POST /a", Disjoint, "two methods"},
		{"GET /a", "/a", MoreSpecific, "no method is every method"},
		{"GET /{x}", "/a", Overlaps, "more methods, but a more special path"},
		{"HEAD /{x}", "GET /a", Overlaps, "likewise"},
		{"WEBSOCKET /a", "/a", Disjoint, "a socket is not a method"},
		{"WEBSOCKET /a", "GET /a", Disjoint, "nor a GET"},
		{"WEBSOCKET /a", "WEBSOCKET /{x}", MoreSpecific, "but is compared with sockets"},

		{"h/a", "/a", MoreSpecific, "a host beats none"},
		{"h/a", "i/a", Disjoint, "two hosts"},
		{"h/{x}", "/a", Overlaps, "but no conflict: the host decides"},

		{"/{x:int}", "/{y:int}", Equal, "the same constraint"},
		{"/{x:int}", "/{y}", MoreSpecific, "a constraint beats none"},
		{"/{x:.+}", "/{y}", MoreSpecific, "even one that all satisfy"},
		{"/12", "/{x:int}", MoreSpecific, "a literal beats a constraint"},
		{"/12", "/{x:12}", MoreSpecific, "even if nothing else satisfies it"},
		{"/a", "/{x:int}", Disjoint, "a literal that does not satisfy it"},
		{"/{x:int}", "/{y...}", MoreSpecific, "the rest has no constraint"},
		{"/{x:int}", "/{y:uuid}", Disjoint, "the dashes differ"},
		{"/{x:int}", "/{y:[0-9]+}", Overlaps, "not the same, although one contains the other"},
		{"/{x:int}", "/{y:[a-z]+}", Disjoint, "no common character"},
		{"/{x:[0-9a-f-]{36}}", "/{y:uuid}", Overlaps, "a UUID is an expression too"},
		{"/{x:a*}", "/{y:b*}", Disjoint, "the empty string is no segment"},
		{"/{x:int}/a", "/{y:[0-9]}/b", Disjoint, "disjoint elsewhere"},
		{"/{x:int}/{z}", "/{y:[0-9]}/b", Overlaps, "not disjoint elsewhere"},
		{"/{x:int}/{z...}", "/{y}/{z}", Overlaps, "the constraint here, the rest there"},
		{"/{x:[a-m]+}/{x2:[a-z]+}", "/{y:[f-z]+}/{y2:int}", Disjoint, "the second pair is disjoint"},
		{"/{x:a/b}", "/{y:./b}", Overlaps, "a slash in a segment is %2F"},
		{"/a/{x:int}/{y...}", "/a/{x}/{y}/{z}", Overlaps, "constrained, but longer"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			checkRelation(t, MustParse(test.a), MustParse(test.b), test.want)
		})
	}
}

// TestCompareCostly checks that what takes too long counts as overlapping, but
// not if the patterns are disjoint elsewhere.
func TestCompareCostly(t *testing.T) {
	a, b := `{x:(a|b)*a(a|b){24}}`, `{y:(a|b)*b(a|b){24}}`
	if rel, witness := Compare(MustParse("/"+a), MustParse("/"+b)); rel != Overlaps || witness != "" {
		t.Errorf("got %v, %q, want overlaps without a witness", rel, witness)
	}
	checkRelation(t, MustParse("/"+a+"/c"), MustParse("/"+b+"/d"), Disjoint)
}

// TestCompareSmall compares all small patterns, and the sets of small paths that
// they match.
func TestCompareSmall(t *testing.T) {
	patterns, paths := smallPatterns(1), smallPaths(2)
	sets := make([][]bool, len(patterns))
	for i, p := range patterns {
		for _, path := range paths {
			_, ok := naiveMatch(p, path)
			sets[i] = append(sets[i], ok)
		}
	}
	for i, p := range patterns {
		for j, q := range patterns[:i+1] {
			checkRelation(t, p, q, setRelation(sets[i], sets[j]))
		}
	}
}

func setRelation(a, b []bool) Relation {
	var onlyA, onlyB, both bool
	for i := range a {
		onlyA = onlyA || a[i] && !b[i]
		onlyB = onlyB || b[i] && !a[i]
		both = both || a[i] && b[i]
	}
	switch {
	case !both:
		return Disjoint
	case onlyA && onlyB:
		return Overlaps
	case onlyA:
		return MoreGeneral
	case onlyB:
		return MoreSpecific
	default:
		return Equal
	}
}

// TestCompareSmallMethods does the same for methods and hosts.
func TestCompareSmallMethods(t *testing.T) {
	methods := []string{"GET", "HEAD", "POST", Socket}
	hosts := []string{"g", "h", "i"}
	paths := []string{"/a", "/b"}
	set := func(p *Pattern) (set []bool) {
		for _, m := range methods {
			for _, h := range hosts {
				for _, path := range paths {
					_, ok := naiveMatch(p, path)
					set = append(set, ok && naiveMethod(p.method, m) && (p.host == "" || p.host == h))
				}
			}
		}
		return set
	}
	patterns := parseAll(choices([]string{"", "GET ", "HEAD ", "POST ", "WEBSOCKET "}, []string{"", "g", "h"}, []string{"/a", "/b", "/{x}"}))
	for i, p := range patterns {
		for _, q := range patterns[:i+1] {
			checkRelation(t, p, q, setRelation(set(p), set(q)))
		}
	}
}

// TestCombine checks that the order of parts does not matter.
func TestCombine(t *testing.T) {
	all := []Relation{Equal, MoreSpecific, MoreGeneral, Disjoint, Overlaps}
	for _, r := range all {
		for _, s := range all {
			if combine(r, s) != combine(s, r) {
				t.Errorf("%v and %v: the order matters", r, s)
			}
			if combine(r, s).inverse() != combine(r.inverse(), s.inverse()) {
				t.Errorf("%v and %v: the direction matters", r, s)
			}
			for _, u := range all {
				if combine(combine(r, s), u) != combine(r, combine(s, u)) {
					t.Errorf("%v, %v and %v: the grouping matters", r, s, u)
				}
			}
		}
	}
}

// TestIndex checks that the index omits no pattern in conflict, and names none
// twice.
func TestIndex(t *testing.T) {
	patterns := smallPatterns(1)
	var x index
	var c comparer
	for id, p := range patterns {
		var got []int
		x.candidates(p, func(id int) { got = append(got, id) })
		slices.Sort(got)
		if n := len(got); n != len(slices.Compact(got)) {
			t.Fatalf("%q: a candidate occurs twice", p)
		}
		for other, q := range patterns[:id] {
			if _, found := slices.BinarySearch(got, other); !found && c.comparePaths(p, q) != Disjoint {
				t.Fatalf("%q: %q is no candidate", p, q)
			}
		}
		x.add(p, id)
	}
}
