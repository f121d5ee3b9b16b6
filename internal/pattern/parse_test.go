package pattern

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func lit(s string) segment     { return segment{kind: literal, text: s} }
func wild(name string) segment { return segment{kind: variable, text: name} }
func rest(name string) segment { return segment{kind: multi, text: name} }
func end() segment             { return segment{kind: slash} }
func guarded(name, c string) segment {
	con, err := parseConstraint(c)
	if err != nil {
		panic(err)
	}
	return segment{kind: variable, text: name, c: con}
}

func equalSegments(a, b segment) bool {
	return a.kind == b.kind && a.text == b.text && a.c.Equal(b.c) && a.c.Kind() == b.c.Kind()
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		in, method, host, path string
		segs                   []segment
		reason                 string
	}{
		{"/", "", "", "/", []segment{end()}, "the shortest pattern"},
		{"/{$}", "", "", "/{$}", []segment{end()}, "the same, as ServeMux writes it"},
		{"/a", "", "", "/a", []segment{lit("a")}, "a literal"},
		{"/a/", "", "", "/a/", []segment{lit("a"), end()}, "a trailing slash is only itself"},
		{"GET /a", "GET", "", "/a", []segment{lit("a")}, "a method"},
		{"GET \t /a", "GET", "", "/a", []segment{lit("a")}, "several blanks"},
		{" /a", "", "", "/a", []segment{lit("a")}, "blanks without a method, as ServeMux takes them"},
		{"m-search h.example/a", "m-search", "h.example", "/a", []segment{lit("a")}, "any token is a method"},
		{"h.example:80/", "", "h.example:80", "/", []segment{end()}, "a host is not looked at"},
		{"/{x}", "", "", "/{x}", []segment{wild("x")}, "a variable"},
		{"/{größe_1}/b", "", "", "/{größe_1}/b", []segment{wild("größe_1"), lit("b")}, "letters are letters"},
		{"/{x...}", "", "", "/{x...}", []segment{rest("x")}, "the rest"},
		{"/a%2Fb/%zz", "", "", "/a%2Fb/%zz", []segment{lit("a/b"), lit("%zz")}, "unescaped where that is possible"},
		{"/%2e%2E", "", "", "/%2e%2E", []segment{lit("..")}, "escaped dots stay"},
		{"/...", "", "", "/...", []segment{lit("...")}, "three dots are a name"},
		{"/a b", "", "", "/a b", []segment{lit("a b")}, "a blank after the first slash is part of the path"},
		{"/a}", "", "", "/a}", []segment{lit("a}")}, "as in ServeMux"},
		{"/a:b/:c", "", "", "/a:b/:c", []segment{lit("a:b"), lit(":c")}, "colons mean nothing outside braces"},
		{"CONNECT //./..", "CONNECT", "", "//./..", []segment{lit(""), lit("."), lit("..")}, "CONNECT paths are not cleaned"},
		{"/{x:int}/y", "", "", "/{x:int}/y", []segment{guarded("x", "int"), lit("y")}, "a built-in constraint"},
		{"/{x:uuid}", "", "", "/{x:uuid}", []segment{guarded("x", "uuid")}, "the other one"},
		{"/{x:[0-9]{2,3}}/y", "", "", "/{x:[0-9]{2,3}}/y", []segment{guarded("x", "[0-9]{2,3}"), lit("y")}, "balanced braces"},
		{"/{x:[^}/]+}/y", "", "", "/{x:[^}/]+}/y", []segment{guarded("x", "[^}/]+"), lit("y")}, "braces and slashes in a class"},
		{"/{x:[]}a]}", "", "", "/{x:[]}a]}", []segment{guarded("x", "[]}a]")}, "a bracket first in a class"},
		{"/{x:[^]}a]}", "", "", "/{x:[^]}a]}", []segment{guarded("x", "[^]}a]")}, "a bracket first in a negated class"},
		{"/{x:[[:alpha:]}]}", "", "", "/{x:[[:alpha:]}]}", []segment{guarded("x", "[[:alpha:]}]")}, "a named class in a class"},
		{`/{x:[\]}]\}}`, "", "", `/{x:[\]}]\}}`, []segment{guarded("x", `[\]}]\}`)}, "escaped braces"},
		{`/{x:\Qa.b}`, "", "", `/{x:\Qa.b}`, []segment{guarded("x", `\Qa.b`)}, "an open quotation does not swallow the anchor"},
		{"/{x:a|bc}", "", "", "/{x:a|bc}", []segment{guarded("x", "a|bc")}, "alternatives"},
		{"GET /{x:[a-z ]+}", "GET", "", "/{x:[a-z ]+}", []segment{guarded("x", "[a-z ]+")}, "a blank in a constraint"},
		{"/{x:[a-z ]+}", "", "", "/{x:[a-z ]+}", []segment{guarded("x", "[a-z ]+")}, "the same without a method"},
	} {
		p, err := Parse(test.in)
		if err != nil {
			t.Errorf("%s: %q: %v", test.reason, test.in, err)
			continue
		}
		if p.Method() != test.method || p.Host() != test.host || p.Path() != test.path || p.String() != test.in {
			t.Errorf("%s: %q: got %q, %q, %q, %q", test.reason, test.in, p.Method(), p.Host(), p.Path(), p)
		}
		if !slices.EqualFunc(p.segs, test.segs, equalSegments) {
			t.Errorf("%s: %q: got %v, want %v", test.reason, test.in, p.segs, test.segs)
		}
	}
}

func TestParseError(t *testing.T) {
	for _, test := range []struct {
		in     string
		offset int
		want   string
	}{
		{"", 0, `the pattern is empty; write at least "/"`},
		{"GET", 0, `no '/' begins the path; write "GET/"`},
		{"GET ", 4, `no '/' begins the path; write "/"`},
		{"G=T /", 1, `the method "G=T" is not a token of RFC 9110; write it as in "GET /path"`},
		{"GÉT /", 1, `the method "GÉT" is not a token`},
		{"GET POST /", 8, `the host "POST " contains a blank; register one pattern for each method`},
		{"GET {x}/", 4, `a variable stands before the path, and a host has no variables`},
		{"{x}", 0, `a variable stands before the path`},
		{"/a{x}", 2, `a variable must be a whole segment, but "a" comes before it; put a slash before it`},
		{"GET /a/{x}b", 10, `a variable must be a whole segment, but more comes after it; end the segment after '}'`},
		{"/{x", 1, `the brace is never closed; close it`},
		{"/{x/y}", 1, `the brace is never closed`},
		{"/{x:[a}", 4, `the constraint "[a" of variable "x" is not a regular expression (error parsing regexp: missing closing ]`},
		{"/{x:[a}]", 1, `the brace is never closed`},
		{"/{x:a{}", 1, `the brace is never closed`},
		{"/{}", 2, `the variable has no name; write {id}`},
		{"/{...}", 2, `the variable has no name`},
		{"/{:int}", 2, `the variable has no name`},
		{"/{1x}", 2, `the name "1x" of a variable is not an identifier; use letters`},
		{"/{user-id}", 6, `the name "user-id" of a variable is not an identifier`},
		{"/{a{b}}", 3, `the name "a{b}" of a variable is not an identifier`},
		{"/{x}/{x}", 6, `the variable "x" occurs twice; rename one of them`},
		{"/{x}/{x...}", 6, `the variable "x" occurs twice`},
		{"/{$}/a", 1, `{$} stands before the end of the path; move it to the end`},
		{"/{x...}/a", 1, `{x...} stands before the end of the path`},
		{"/{x...}/", 1, `{x...} stands before the end of the path`},
		{"/{x...:int}", 3, `the variable "x" takes the rest of the path, which has no constraint; write {x...}`},
		{"/{x:}", 4, `the constraint "" of variable "x" is empty; write {x:int}, {x:uuid}, or a regular expression`},
		{"/{x:a**}", 4, `the constraint "a**" of variable "x" is not a regular expression (error parsing regexp: invalid nested repetition operator`},
		{"/{x:a)(b}", 4, `is not a regular expression (error parsing regexp: unexpected ): `},
		{`/{x:(a)\1}`, 4, `is not a regular expression (error parsing regexp: invalid escape sequence`},
		{"/{x:a?$b}", 4, `the constraint "a?$b" of variable "x" matches no segment`},
		{"/{x:^$}", 4, `the constraint "^$" of variable "x" matches no segment`},
		{"//", 1, `the segment "" never matches, because paths are cleaned before matching; write "/"`},
		{"GET /a/../b", 7, `the segment ".." never matches, because paths are cleaned before matching; write "/b"`},
		{"/a/./b/", 3, `the segment "." never matches, because paths are cleaned before matching; write "/a/b/"`},
	} {
		_, err := Parse(test.in)
		var pe *ParseError
		if !errors.As(err, &pe) {
			t.Errorf("%q: got %v, want a ParseError", test.in, err)
			continue
		}
		if pe.Pattern != test.in || pe.Offset != test.offset || !strings.Contains(pe.Error(), test.want) {
			t.Errorf("%q: got\n\t%v\nwant offset %d and\n\t%s", test.in, err, test.offset, test.want)
		}
	}
}

func TestVars(t *testing.T) {
	vars := MustParse("h/{a}/x/{b:int}/{c...}").Vars()
	want := []Var{{Name: "a"}, {Name: "b", Constraint: Constraint{kind: Int, src: "int"}}, {Name: "c", Multi: true}}
	if !slices.EqualFunc(vars, want, func(v, w Var) bool {
		return v.Name == w.Name && v.Constraint.Equal(w.Constraint) && v.Constraint.Kind() == w.Constraint.Kind() && v.Multi == w.Multi
	}) {
		t.Errorf("got %v, want %v", vars, want)
	}
	if vars := MustParse("/a/{$}").Vars(); len(vars) != 0 {
		t.Errorf("{$} is no variable: got %v", vars)
	}
}

func TestJoin(t *testing.T) {
	for _, test := range []struct{ prefix, in, want, reason string }{
		{"", "GET /x", "GET /x", "nothing to add"},
		{"/", "GET /x", "GET /x", "a lone slash adds nothing"},
		{"/api", "GET /x", "GET /api/x", "the method stays in front"},
		{"/api/", "/x", "/api/x", "a slash at the end makes no difference"},
		{"/api/{tenant}", "GET /{$}", "GET /api/{tenant}/{$}", "a variable in the prefix"},
		{"/api", "/", "/api/", "the root of a group has a slash"},
		{"/{t:a{2}}", "/{rest...}", "/{t:a{2}}/{rest...}", "a constraint in the prefix"},
		{"h", "/", "no '/' begins the path", "a host alone is no prefix"},
		{"h/", "GET /x", "GET h/x", "a host in the prefix"},
		{"h/a", "h/x", "h/a/x", "the same host twice"},
		{"/a", "POST h/x", "POST h/a/x", "a host in the pattern"},
		{"h/a", "i/x", `another host than the pattern "i/x"`, "two hosts"},
		{"GET /a", "/x", "a prefix has no method", "a method belongs to the pattern"},
		{"/{a...}", "/x", "at offset 1: nothing can follow the end of this prefix", "nothing comes after the rest"},
		{"h/b/{$}", "/x", "at offset 4: nothing can follow", "nothing comes after the end"},
		{"/{id}", "/x/{id}", `the variable "id" occurs twice`, "one name, two variables"},
		{"/a{", "/x", "a variable must be a whole segment", "a bad prefix"},
	} {
		p, err := Join(test.prefix, MustParse(test.in))
		if err != nil {
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %q + %q: got error %v, want %s", test.reason, test.prefix, test.in, err, test.want)
			}
			continue
		}
		if p.String() != test.want {
			t.Errorf("%s: %q + %q: got %q, want %q", test.reason, test.prefix, test.in, p, test.want)
		}
	}
}

// FuzzParse checks that parsing never panics, and that what is parsed can be
// parsed again from its parts.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"GET h/a/{x:[^}]+}/{y...}", "/{x:(?i)\\Q}", "CONNECT //", "/%zz/{$}", "/{x:[[:a}", "/{x:\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Offset < 0 || pe.Offset > len(s) {
				t.Fatalf("%q: bad error %v", s, err)
			}
			return
		}
		parts := p.Host() + p.Path()
		if p.Method() != "" {
			parts = p.Method() + " " + parts
		}
		q, err := Parse(parts)
		if err != nil {
			t.Fatalf("%q: parsed, but %q not: %v", s, parts, err)
		}
		if rel, _ := Compare(p, q); rel != Equal {
			t.Fatalf("%q and %q are %v", p, q, rel)
		}
	})
}
