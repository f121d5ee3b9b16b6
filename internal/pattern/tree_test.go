package pattern

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

func makeTree(t testing.TB, patterns ...string) *Tree[string] {
	t.Helper()
	var tree Tree[string]
	for _, s := range patterns {
		if err := tree.Add(MustParse(s), "value of "+s); err != nil {
			t.Fatal(err)
		}
	}
	return &tree
}

// valuesOf returns the values as a slice.
func valuesOf(v *Values) []string {
	var list []string
	for i := range v.Len() {
		list = append(list, v.At(i))
	}
	return list
}

func TestMatch(t *testing.T) {
	tree := makeTree(t,
		"/{$}", "/a", "/a/", "/a/{x}", "/a/b", "/a/b/{$}", "/a/b/c/{rest...}", "/a/{x}/c",
		"GET /m", "POST /m", "HEAD /m/h", "GET /m/h", "/m/h", "GET /m/{x}/y", "/m/{rest...}",
		"/i/{x}", "/i/{x:int}", "/i/{x:uuid}", "/i/{x:[a-c]+}", "/i/12", "/i/{x:int}/a", "/i/{x}/b", "/i/{x:[0-5]+}/c",
		"h.example/", "h.example/a/{x}", "GET h.example/m", "h.example/all/{rest...}",
		"WEBSOCKET /a", "WEBSOCKET /ws/{room}", "/ws/{x...}",
		"/é", "/q%2Fr", "/one/{x}/two/{y}/{z...}",
		"CONNECT /c", "CONNECT //c",
	)
	for _, test := range []struct {
		method, host, path string
		want               string
		values             []string
		reason             string
	}{
		{"GET", "", "/", "/{$}", nil, "the root"},
		{"GET", "", "/a", "/a", nil, "a literal"},
		{"GET", "", "/a/", "/a/", nil, "a slash"},
		{"GET", "", "/a/b", "/a/b", nil, "a literal before a variable"},
		{"GET", "", "/a/c", "/a/{x}", []string{"c"}, "a variable"},
		{"GET", "", "/a/b/c", "/a/{x}/c", []string{"b"}, "back from the literals b and c"},
		{"GET", "", "/a/x/c", "/a/{x}/c", []string{"x"}, "the variable, then c"},
		{"GET", "", "/a/b/", "/a/b/{$}", nil, "the end before a variable"},
		{"GET", "", "/a/b/c/d/", "/a/b/c/{rest...}", []string{"d/"}, "the rest with a slash"},
		{"GET", "", "/a/x/", "", nil, "a variable is no subtree"},
		{"GET", "", "/b", "", nil, "nothing"},
		{"GET", "", "", "", nil, "no path"},
		{"OPTIONS", "", "*", "", nil, "not a path"},
		{"GET", "", "/a/%62", "/a/b", nil, "an escaped literal"},
		{"GET", "", "/a/%2F", "/a/{x}", []string{"/"}, "an escaped slash alone is a segment"},
		{"GET", "", "/a/b%2Fc", "/a/{x}", []string{"b/c"}, "an escaped slash stays in its segment"},
		{"GET", "", "/a/b/c/c%2Fd/e%25", "/a/b/c/{rest...}", []string{"c/d/e%"}, "the rest is unescaped as a whole"},
		{"GET", "", "/a/%zz", "/a/{x}", []string{"%zz"}, "what cannot be unescaped stays"},
		{"GET", "", "/%C3%A9", "/é", nil, "UTF-8"},
		{"GET", "", "/q%2fr", "/q%2Fr", nil, "an escaped slash in a literal"},
		{"GET", "", "/q/r", "", nil, "is not a slash"},

		{"GET", "", "/m", "GET /m", nil, "by method"},
		{"HEAD", "", "/m", "GET /m", nil, "HEAD is like GET"},
		{"POST", "", "/m", "POST /m", nil, "another method"},
		{"PUT", "", "/m", "", nil, "no such method"},
		{"get", "", "/m", "", nil, "methods have a case"},
		{"", "", "/m/h", "/m/h", nil, "an empty method is not all methods"},
		{"HEAD", "", "/m/h", "HEAD /m/h", nil, "HEAD before GET"},
		{"GET", "", "/m/h", "GET /m/h", nil, "GET before none"},
		{"PUT", "", "/m/h", "/m/h", nil, "none"},
		{"HEAD", "", "/m/x/y", "GET /m/{x}/y", []string{"x"}, "GET before none, also for HEAD"},
		{"PUT", "", "/m/x/y", "/m/{rest...}", []string{"x/y"}, "a more general path"},

		{"GET", "", "/i/12", "/i/12", nil, "a literal before a constraint"},
		{"GET", "", "/i/-13", "/i/{x:int}", []string{"-13"}, "an int"},
		{"GET", "", "/i/00000000-0000-0000-0000-000000000000", "/i/{x:uuid}", []string{"00000000-0000-0000-0000-000000000000"}, "a UUID"},
		{"GET", "", "/i/abc", "/i/{x:[a-c]+}", []string{"abc"}, "an expression"},
		{"GET", "", "/i/abd", "/i/{x}", []string{"abd"}, "no constraint is satisfied"},
		{"GET", "", "/i/%61", "/i/{x:[a-c]+}", []string{"a"}, "a constraint is about the unescaped segment"},
		{"GET", "", "/i/12/a", "/i/{x:int}/a", []string{"12"}, "back from the literal 12"},
		{"GET", "", "/i/13/b", "/i/{x}/b", []string{"13"}, "back from a constraint"},
		{"GET", "", "/i/12/c", "/i/{x:[0-5]+}/c", []string{"12"}, "two constraints that are disjoint elsewhere"},
		{"GET", "", "/i/17/c", "", nil, "and one is not satisfied"},

		{"GET", "h.example", "/", "h.example/", nil, "a host"},
		{"GET", "h.example", "/a/b", "h.example/a/{x}", []string{"b"}, "the host beats the better path"},
		{"GET", "h.example", "/a", "/a", nil, "back to the patterns without host"},
		{"POST", "h.example", "/m", "POST /m", nil, "likewise for the method"},
		{"GET", "H.example", "/all/", "", nil, "hosts are taken literally"},
		{"GET", "h.example", "/all/", "h.example/all/{rest...}", []string{""}, "an empty rest"},

		{Socket, "", "/a", "WEBSOCKET /a", nil, "a socket"},
		{Socket, "", "/a/b", "", nil, "is not every method"},
		{Socket, "", "/m", "", nil, "nor GET"},
		{Socket, "h.example", "/ws/1", "WEBSOCKET /ws/{room}", []string{"1"}, "on every host"},
		{"GET", "", "/ws/1", "/ws/{x...}", []string{"1"}, "and others are not sockets"},

		{"GET", "", "/one/1/two/2/3/4", "/one/{x}/two/{y}/{z...}", []string{"1", "2", "3/4"}, "several variables"},
		{"GET", "", "/one//two/2/", "", nil, "a variable is not empty"},
		{"CONNECT", "", "//c", "CONNECT //c", nil, "CONNECT paths are not cleaned"},
	} {
		var vals Values
		p, v, ok := tree.Match(test.method, test.host, test.path, &vals)
		name := fmt.Sprintf("%s: %s %s%s", test.reason, test.method, test.host, test.path)
		if !ok {
			if test.want != "" || p != nil || v != "" || vals.Len() != 0 {
				t.Errorf("%s: got nothing, want %q", name, test.want)
			}
			continue
		}
		if p.String() != test.want || v != "value of "+test.want {
			t.Errorf("%s: got %q with %q, want %q", name, p, v, test.want)
		}
		if !slices.Equal(valuesOf(&vals), test.values) {
			t.Errorf("%s: got %q, want %q", name, valuesOf(&vals), test.values)
		}
	}
}

func TestMethods(t *testing.T) {
	tree := makeTree(t, "GET /a", "POST /{x}", "DELETE /a", "HEAD /h", "/every/one", "PUT h/a", "WEBSOCKET /a", "WEBSOCKET h/s", "PATCH /i/{x:int}", "WEBSOCKET /i/{x:uuid}")
	for _, test := range []struct {
		host, path, want string
		socket           bool
		reason           string
	}{
		{"", "/a", "DELETE GET HEAD POST", true, "GET brings HEAD, a socket is no method"},
		{"h", "/a", "DELETE GET HEAD POST PUT", true, "with host and without"},
		{"", "/h", "HEAD POST", false, "HEAD alone"},
		{"", "/every/one", "", false, "patterns without method are not asked"},
		{"h", "/s", "POST", true, "a socket on one host"},
		{"", "/i/1", "PATCH", false, "a constraint"},
		{"", "/i/x", "", false, "a constraint that is not satisfied"},
		{"", "/", "", false, "nothing"},
		{"", "", "", false, "no path"},
	} {
		if got := strings.Join(tree.Methods(test.host, test.path), " "); got != test.want {
			t.Errorf("%s: %s%s: got %q, want %q", test.reason, test.host, test.path, got, test.want)
		}
		if got := tree.HasSocket(test.host, test.path); got != test.socket {
			t.Errorf("%s: %s%s: socket %t", test.reason, test.host, test.path, got)
		}
	}
}

func TestMatchSlash(t *testing.T) {
	tree := makeTree(t, "GET /a", "/b/", "/c/{rest...}", "h/d", "/{$}")
	for _, test := range []struct {
		method, host, path, want string
		ok                       bool
	}{
		{"GET", "", "/a/", "/a", true},
		{"POST", "", "/a/", "/a", false},
		{"GET", "", "/b", "/b/", true},
		{"GET", "", "/c", "/c/", true},
		{"GET", "h", "/d/", "/d", true},
		{"GET", "", "/d/", "/d", false},
		{"GET", "", "/e", "/e/", false},
		{"GET", "", "/", "", false},
		{"GET", "", "", "/", true},
	} {
		if got, ok := tree.MatchSlash(test.method, test.host, test.path); got != test.want || ok != test.ok {
			t.Errorf("%s %s%s: got %q, %t", test.method, test.host, test.path, got, ok)
		}
	}
}

func TestFreeze(t *testing.T) {
	tree := makeTree(t, "/a", "h/b")
	tree.Freeze()
	if err := tree.Add(MustParse("/c"), ""); err == nil {
		t.Error("added to a frozen tree")
	}
	var vals Values
	if _, _, ok := tree.Match("GET", "h", "/a", &vals); !ok {
		t.Error("a frozen tree does not match")
	}
}

// TestAddUnchanged checks that a conflict leaves no trace.
func TestAddUnchanged(t *testing.T) {
	tree := makeTree(t, "/{x}/b", "/c")
	for range 2 {
		var e *ConflictError[string]
		if err := tree.Add(MustParse("/a/{y}"), ""); !errors.As(err, &e) {
			t.Fatalf("got %v, want a conflict", err)
		}
	}
	var vals Values
	if p, _, ok := tree.Match("GET", "", "/a/c", &vals); ok {
		t.Errorf("matches %q", p)
	}
	if err := tree.Add(MustParse("/a/c"), ""); err != nil {
		t.Error(err)
	}
}

// TestManyLiterals crosses the threshold from a list to a map.
func TestManyLiterals(t *testing.T) {
	var patterns []string
	for i := range 3 * maxLinear {
		patterns = append(patterns, fmt.Sprintf("/l%d/x", i), fmt.Sprintf("/l%d", i))
		tree := makeTree(t, patterns...)
		for _, s := range patterns {
			var vals Values
			if p, _, ok := tree.Match("GET", "", s, &vals); !ok || p.String() != s {
				t.Fatalf("%d patterns: %s: got %v", len(patterns), s, p)
			}
		}
	}
}

// TestTreeSmall fills trees with random patterns, and compares their conflicts
// and matches with looking at all patterns.
func TestTreeSmall(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	methods := []string{"", "", "", "GET ", "HEAD ", "POST ", "WEBSOCKET "}
	hosts := []string{"", "", "", "g", "h"}
	paths := choices(stars(2, smallSegments), append([]string{"/", "/{x...}"}, smallSegments...))
	all := parseAll(choices(methods[2:], hosts[2:], paths))
	requests := smallPaths(2)
	for range rounds(150) {
		var tree Tree[int]
		var added []*Pattern
		for range 40 {
			p := all[rnd.IntN(len(all))]
			if addBoth(t, &tree, &added, p) {
				break
			}
		}
		tree.Freeze()
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", Socket} {
			for _, host := range []string{"", "h", "i"} {
				for range 60 {
					checkMatch(t, &tree, added, method, host, requests[rnd.IntN(len(requests))])
				}
			}
		}
	}
}

// addBoth adds p to the tree, and to the list unless it conflicts there.
func addBoth(t *testing.T, tree *Tree[int], added *[]*Pattern, p *Pattern) (failed bool) {
	t.Helper()
	first := slices.IndexFunc(*added, func(q *Pattern) bool {
		rel, _ := Compare(p, q)
		return p.host == q.host && (rel == Equal || rel == Overlaps)
	})
	err := tree.Add(p, len(*added))
	var e *ConflictError[int]
	switch {
	case first < 0 && err == nil:
		*added = append(*added, p)
	case first < 0 || !errors.As(err, &e):
		t.Errorf("%q: got %v, want conflict with number %d of %q", p, err, first, *added)
		return true
	case e.A != p || e.B != (*added)[first] || e.Old != first:
		t.Errorf("%q: got %v, want conflict with %q", p, err, (*added)[first])
	default:
		_, okA := naiveMatch(e.A, e.Witness)
		_, okB := naiveMatch(e.B, e.Witness)
		if !okA || !okB {
			t.Errorf("the witness %q does not match both: %v", e.Witness, e)
		}
	}
	return false
}

// checkMatch compares a match with looking at all patterns.
func checkMatch(t *testing.T, tree *Tree[int], added []*Pattern, method, host, path string) {
	t.Helper()
	best := -1
	var want []string
	for i, p := range added {
		values, ok := naiveMatch(p, path)
		if !ok || !naiveMethod(p.method, method) || p.host != "" && p.host != host {
			continue
		}
		if best >= 0 && !beats(p, added[best]) {
			continue
		}
		best, want = i, values
	}
	var vals Values
	p, got, ok := tree.Match(method, host, path, &vals)
	if !ok {
		got = -1
	}
	if got != best || ok && p != added[best] || !slices.Equal(valuesOf(&vals), want) {
		t.Errorf("%s %s%s: got %v with %q, want number %d with %q of %q", method, host, path, p, valuesOf(&vals), best, want, added)
	}
	checkPlain(t, tree, method, host, path)
}

// checkPlain compares MatchPlain with Match, for an escaped path that a URL
// keeps only in its Path. What isn't clean it must not match.
func checkPlain[T comparable](t *testing.T, tree *Tree[T], method, host, escapedPath string) {
	t.Helper()
	unescaped, err := url.PathUnescape(escapedPath)
	if err != nil || (&url.URL{Path: unescaped}).EscapedPath() != escapedPath {
		return
	}
	var vals, want Values
	_, wantValue, wantOK := tree.Match(method, host, escapedPath, &want)
	if wantOK && Clean(escapedPath) != escapedPath {
		wantOK, wantValue, want = false, *new(T), Values{}
	}
	got, ok := tree.MatchPlain(method, host, unescaped, &vals)
	if ok != wantOK || got != wantValue || !slices.Equal(valuesOf(&vals), valuesOf(&want)) {
		t.Errorf("%s %s %q: plain gives %v, %v with %q, want %v, %v with %q", method, host, escapedPath, got, ok, valuesOf(&vals), wantValue, wantOK, valuesOf(&want))
	}
}

func TestMatchPlain(t *testing.T) {
	tree := makeTree(t, "/a/{x}", "/a/{x:[a-z.]+}", "/a/%2e%2E/b", "/c/{rest...}", "/d/{z}/a")
	for _, test := range []struct{ path, want, why string }{
		{"/a/b c", "b c", "escaped only in the URL's text"},
		{"/a/50%", "50%", "no escape, but what one stood for"},
		{"/c/d/e/", "d/e/", ""},
		{"/a/...", "...", "three dots are a name"},
		{"/a/.b", ".b", ""},
		{"/d/é/a", "é", ""},
		{"/a/..", "", "refused by variables"},
		{"/a/.", "", "with constraints too"},
		{"/d/../a", "", ""},
		{"/a/../b", "", "refused by a literal that was written with escapes"},
		{"/c//d", "", "refused by a rest"},
		{"/c/d/./e", "", ""},
		{"/c/d/..", "", ""},
		{"//", "", ""},
		{"/d//a", "", ""},
		{"", "", ""},
		{"*", "", ""},
	} {
		var vals, kept Values
		_, ok := tree.MatchPlain("GET", "", test.path, &vals)
		kept.Take(&vals)
		if got := strings.Join(valuesOf(&kept), " "); got != test.want || ok != (test.want != "") {
			t.Errorf("%q: got %v %q, want %q: %s", test.path, ok, got, test.want, test.why)
		}
	}
}

// beats reports whether p goes before q, if both match.
func beats(p, q *Pattern) bool {
	if p.host != q.host {
		return p.host != ""
	}
	rel, _ := Compare(p, q)
	return rel == MoreSpecific
}

// TestMatchConcurrently is for the race detector.
func TestMatchConcurrently(t *testing.T) {
	tree := makeTree(t, "/a/{x}", "/a/{x:int}", "h/{y:[a-z]+}/b", "/{rest...}")
	tree.Freeze()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var vals Values
			for range 200 {
				for _, path := range []string{"/a/1", "/a/b", "/z/b", "/q"} {
					if _, _, ok := tree.Match("GET", "h", path, &vals); !ok {
						t.Errorf("%s does not match", path)
					}
					tree.Methods("h", path)
					vals.Reset()
				}
			}
		})
	}
	wg.Wait()
}

func TestValues(t *testing.T) {
	tree := makeTree(t, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/z", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i...}", "/{a}")
	var vals Values
	for _, test := range []struct{ path, want string }{
		{"/1/2/3/4/5/6/7/8/9/10/z", "1 2 3 4 5 6 7 8 9 10"},
		{"/1/2/3/4/5/6/7/8/9/10/y", "1 2 3 4 5 6 7 8 9/10/y"},
		{"/1/2/3/4/5/6/7/8/", "1 2 3 4 5 6 7 8 "},
		{"/1", "1"},
		{"/", ""},
	} {
		tree.Match("GET", "", test.path, &vals)
		if got := strings.Join(valuesOf(&vals), " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.path, got, test.want)
		}
	}
	tree.Match("GET", "", "/1/2/3/4/5/6/7/8/9/10/z", &vals)
	var taken Values
	taken.Take(&vals)
	if got := strings.Join(valuesOf(&taken), " "); got != "1 2 3 4 5 6 7 8 9 10" {
		t.Errorf("took %q", got)
	}
	vals.Reset()
	if vals.Len() != 0 || vals.inline != [inlineValues]string{} || slices.ContainsFunc(vals.more[:cap(vals.more)], func(s string) bool { return s != "" }) {
		t.Error("Reset keeps values alive")
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for an index out of range")
		}
	}()
	vals.At(0)
}

func TestMatchAllocs(t *testing.T) {
	tree := makeTree(t, "GET /a", "GET /a/{x}", "/a/{x}/b", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h...}", "h/i/{x:int}/{y:uuid}", "/i/{x:int}/z", "/{x:[a-z]+}", "/{a}/{b}/z/{c}")
	tree.Freeze()
	for _, path := range []string{
		"/a", "/a/1", "/a/1/b", "/1/2/3/4/5/6/7/8/9", "/i/1/00000000-0000-0000-0000-000000000000", "/i/1/z", "/none/", "/slug", "/a/b/z/1",
	} {
		var vals Values
		if n := testing.AllocsPerRun(100, func() { tree.Match("GET", "h", path, &vals) }); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
	// Asking for the socket and the slash may happen for every request, too.
	if n := testing.AllocsPerRun(100, func() {
		tree.HasSocket("h", "/a/1")
		tree.MatchSlash("GET", "h", "/a/")
	}); n != 0 {
		t.Errorf("HasSocket and MatchSlash: %v allocations", n)
	}
}

// rounds is how often a random case is tried, with -short a tenth of that: under the race detector one takes
// twenty times as long, and finds no race in what one goroutine does.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}
