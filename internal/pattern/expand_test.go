package pattern

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	for _, test := range []struct {
		pattern string
		values  []string
		want    string // the path, or a part of the error
		reason  string
	}{
		{"/", nil, "/", "no variables"},
		{"GET h/a/{x}", []string{"1"}, "/a/1", "the path only"},
		{"/a/{x}/{$}", []string{"1"}, "/a/1/", "a slash at the end"},
		{"/{x}", []string{"a/b c?d#e%é"}, "/a%2Fb%20c%3Fd%23e%25%C3%A9", "everything is escaped"},
		{"/{x...}", []string{"a/b c/"}, "/a/b%20c/", "but slashes in the rest"},
		{"/a/{x...}", []string{""}, "/a/", "the rest may be empty"},
		{"/a%2Fb/%2e%2e/{x}", []string{"..."}, "/a%2Fb/%2E%2E/...", "literals are escaped anew"},
		{"/{x:int}/{y:[a-z]+}", []string{"-1", "ab"}, "/-1/ab", "constraints are satisfied"},
		{"/{x}", nil, `pattern: /{x} has 1 variables, but got 0 values`, "too few"},
		{"/{x}", []string{"1", "2"}, `has 1 variables, but got 2 values`, "too many"},
		{"/{y}/{x}", []string{"1", ""}, `pattern: variable "x" of /{y}/{x}: the value is empty`, "empty"},
		{"/{x:int}", []string{"a"}, `variable "x" of /{x:int}: the value "a" does not satisfy the constraint "int"`, "a constraint"},
		{"/{x}", []string{".."}, `variable "x" of /{x}: the value ".." would be cleaned away`, "clients resolve dots, escaped or not"},
		{"/{x...}", []string{"a/../b"}, `variable "x" of /{x...}: the value "a/../b" would be cleaned to "b"`, "dots in the rest"},
		{"/{x...}", []string{"/b"}, `the value "/b" would be cleaned to "b"`, "an empty segment in the rest"},
		{"/{x...}", []string{"a/."}, `the value "a/." would be cleaned to "a"`, "a dot at the end"},
	} {
		got, err := MustParse(test.pattern).Expand(test.values)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != test.want || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s with %q: got %s, want %s", test.reason, test.pattern, test.values, got, test.want)
		}
	}
}

// FuzzExpand checks that what is expanded matches, and yields the values.
func FuzzExpand(f *testing.F) {
	f.Add("/a/{x}/{y...}", "1", "b/c")
	f.Add("/{x:int}/%2F/{y}/", "-1", "/")
	f.Add("/{x}/..%2f/{y...}", "%2e", "a//b")
	f.Add("/{x:(?s).+}/b/{y:[^a]}", "\xff", "é")
	f.Fuzz(func(t *testing.T, s, x, y string) {
		p, err := Parse(s)
		if err != nil || p.method == "CONNECT" {
			return
		}
		values := []string{x, y}[:min(2, len(p.Vars()))]
		path, err := p.Expand(values)
		if err != nil {
			return
		}
		var tree Tree[bool]
		if err := tree.Add(p, true); err != nil {
			t.Fatal(err)
		}
		method := cmpOr(p.method, "GET")
		var vals Values
		_, _, ok := tree.Match(method, p.host, path, &vals)
		if !ok || !slices.Equal(valuesOf(&vals), values) || Clean(path) != path {
			t.Fatalf("%q with %q: %q yields %t, %q", p, values, path, ok, valuesOf(&vals))
		}
	})
}

func TestClean(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "/"}, {"/", "/"}, {"a", "/a"}, {"/a", "/a"}, {"/a/", "/a/"}, {"//", "/"}, {"/a//b", "/a/b"}, {"/a//", "/a/"},
		{"/.", "/"}, {"/..", "/"}, {"/./", "/"}, {"/../", "/"}, {"/a/.", "/a"}, {"/a/./", "/a/"}, {"/a/..", "/"}, {"/a/b/..", "/a"}, {"/a/b/../", "/a/"},
		{"/.a", "/.a"}, {"/..a", "/..a"}, {"/...", "/..."}, {"/a.", "/a."}, {"/a../b", "/a../b"}, {"/a/%2e%2e/b", "/a/%2e%2e/b"}, {"./a/", "/a/"}, {"..", "/"},
	} {
		if got := Clean(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

func TestCleanAllocs(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Clean("/a/b.c/..d/") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestCleanSmall compares all short paths with where ServeMux redirects them.
func TestCleanSmall(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	letters := []string{"/", ".", "a"}
	for _, s := range stars(7, letters) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = s
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		want := s
		if w.Code == http.StatusTemporaryRedirect {
			want = w.Header().Get("Location")
		}
		if got := Clean(s); got != want && s != "" {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
