package pattern

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// This file holds the tree and net/http.ServeMux together on everything that
// doc.go does not list as a difference.

// toMux translates a pattern for ServeMux, where a trailing slash is a subtree.
func toMux(s string) string {
	if strings.HasSuffix(s, "/") {
		return s + "{$}"
	}
	return s
}

// A matched is what a handler saw of a request.
type matched struct {
	pattern string
	values  []string
}

// A pair is a tree and a ServeMux with the same patterns.
type pair struct {
	tree    Tree[int]
	mux     *http.ServeMux
	added   []*Pattern
	matched matched // by the last request to mux
}

// addMux registers s with the mux and reports the panic.
func (b *pair) addMux(s string, p *Pattern) (problem string) {
	defer func() {
		if r := recover(); r != nil {
			problem = fmt.Sprint(r)
		}
	}()
	b.mux.HandleFunc(toMux(s), func(w http.ResponseWriter, r *http.Request) {
		b.matched.pattern = s
		for _, v := range p.Vars() {
			b.matched.values = append(b.matched.values, r.PathValue(v.Name))
		}
	})
	return ""
}

// inMux reports whether ServeMux understands p in the same way: it does not
// know constraints, takes a literal slash for the end of the path, and an empty
// literal for a variable.
func inMux(p *Pattern) bool {
	return p.method != Socket && !slices.ContainsFunc(p.segs, func(s segment) bool {
		return s.c.Kind() != None || s.kind == literal && (s.text == "/" || s.text == "")
	})
}

// add adds s to both and compares.
func (b *pair) add(t *testing.T, s string) {
	t.Helper()
	p, err := Parse(s)
	if err != nil || !inMux(p) {
		return
	}
	ours := b.tree.Add(p, len(b.added))
	theirs := b.addMux(s, p)
	if strings.Contains(theirs, "parsing") {
		t.Skip("a blank in a path without method, which ServeMux does not accept")
	}
	if (ours != nil) != (theirs != "") {
		t.Fatalf("adding %q to %q:\n\tours: %v\n\ttheirs: %v", s, b.added, ours, theirs)
	}
	if ours == nil {
		b.added = append(b.added, p)
	}
}

// request makes a request that keeps the escaped path, or returns nil.
func request(method, host, path string) *http.Request {
	unescaped, err := url.PathUnescape(path)
	if err != nil || path == "" || path[0] != '/' || strings.Contains(host, ":") {
		return nil
	}
	u := &url.URL{Path: unescaped, RawPath: path}
	if method == "CONNECT" {
		u.Host = host
	}
	if u.EscapedPath() != path || slices.Contains(strings.Split(strings.ToUpper(path), "/"), "%2F") {
		return nil
	}
	if Clean(path) != path && (method != "CONNECT" || strings.Contains(path, "//")) {
		return nil // ServeMux redirects, or takes an empty segment for a variable
	}
	return &http.Request{Method: method, Host: host, URL: u, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}

// match sends a request to both and compares.
func (b *pair) match(t *testing.T, method, host, path string) {
	t.Helper()
	r := request(method, host, path)
	if r == nil {
		return
	}
	b.matched = matched{}
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r)
	var vals Values
	p, _, ok := b.tree.Match(method, host, path, &vals)
	checkPlain(t, &b.tree, method, host, path)
	var got matched
	if ok {
		got = matched{p.String(), valuesOf(&vals)}
	}
	report := func(what string) {
		t.Helper()
		t.Errorf("%s %q %q with %q: %s\n\tours: %q\n\ttheirs: %d %q", method, host, path, b.added, what, got, w.Code, b.matched)
	}
	switch {
	case w.Code == http.StatusTemporaryRedirect:
		// It prefers this to a {name...} that takes a part of the path.
		if to, found := b.tree.MatchSlash(method, host, path); !found || to != path+"/" || ok && p.last().kind != multi {
			report("only they redirect")
		}
	case got.pattern != b.matched.pattern || !slices.Equal(got.values, b.matched.values):
		report("the match differs")
	case w.Code == http.StatusMethodNotAllowed:
		allowed := b.tree.Methods(host, path)
		if !strings.HasSuffix(path, "/") {
			allowed = append(allowed, b.tree.Methods(host, path+"/")...)
		}
		slices.Sort(allowed)
		if list := strings.Join(slices.Compact(allowed), ", "); list != w.Header().Get("Allow") {
			report("we allow " + list + ", they " + w.Header().Get("Allow"))
		}
	case w.Code == http.StatusNotFound && len(b.tree.Methods(host, path)) > 0:
		report("only we allow a method")
	}
}

func newPair() *pair { return &pair{mux: http.NewServeMux()} }

// FuzzServeMux registers the lines of patterns with both, and sends a request.
func FuzzServeMux(f *testing.F) {
	for _, seed := range []struct{ patterns, method, host, path string }{
		{"/{x}/b\n/a/{y}\n/a/b", "GET", "", "/a/b"},
		{"GET /\nHEAD /{x...}\n/a/{$}", "HEAD", "h", "/a/"},
		{"h/{x...}\n/a/b\nPOST h/a/{y}", "POST", "h", "/a/b%2Fc"},
		{"/%61/{x}\n/a%2Fb\n/a/{y}/c\n/{z}/d/c", "GET", "", "/a/%25/c"},
		{"GET /a\nPOST /a/\nPUT h/a", "DELETE", "h", "/a"},
		{"/a/{x...}\n/a/\n/a", "CONNECT", "h", "/a"},
		{"CONNECT /a/..\nCONNECT h/{x}", "CONNECT", "h", "/b"},
		{"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}\n/{a...}", "GET", "", "/1/2/3/4/5/6/7/8/9"},
		{"/%\n/%zz/{é...}\n/a}", "GET", "", "/%25"},
	} {
		f.Add(seed.patterns, seed.method, seed.host, seed.path)
	}
	f.Fuzz(func(t *testing.T, patterns, method, host, path string) {
		b := newPair()
		for s := range strings.SplitSeq(patterns, "\n") {
			checkParse(t, s)
			b.add(t, s)
		}
		b.match(t, method, host, path)
		for _, p := range b.added { // requests that are likely to match
			b.match(t, cmpOr(p.method, method), cmpOr(p.host, host), mangle(p, path))
		}
	})
}

func cmpOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// mangle returns a path that p matches, more or less, with segments from path.
func mangle(p *Pattern, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var b strings.Builder
	for i, s := range p.segs {
		b.WriteByte('/')
		switch s.kind {
		case literal:
			b.WriteString(escape(s.text))
		case variable:
			b.WriteString(parts[i%len(parts)])
		case multi:
			b.WriteString(strings.Join(parts, "/"))
		}
	}
	return b.String()
}

// checkParse compares whether both accept a pattern.
func checkParse(t *testing.T, s string) {
	t.Helper()
	p, ours := Parse(s)
	if p == nil {
		p = &Pattern{}
	}
	theirs := newPair().addMux(toMux(s), p)
	switch {
	case ours == nil && theirs != "":
		if inMux(p) && !(p.method == "" && strings.ContainsAny(s, " \t")) {
			t.Errorf("%q: only they refuse: %s", s, theirs)
		}
	case ours != nil && theirs == "":
		what := ours.(*ParseError).What
		if !strings.Contains(what, "contains a blank") && !strings.Contains(what, "paths are cleaned") {
			t.Errorf("%q: only we refuse: %v", s, ours)
		}
	}
}

// TestServeMuxRandom does the same for many random sets of patterns.
func TestServeMuxRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	patternOf := func() string {
		s := pick("", "", "", "GET ", "GET ", "HEAD ", "POST ", "CONNECT ") + pick("", "", "", "h", "i")
		for i := range rnd.IntN(4) {
			s += pick("/a", "/b", "/a", "/b", "/%61", "/a%2Fb", "/%20", fmt.Sprintf("/{v%d}", i), fmt.Sprintf("/{v%d}", i))
		}
		return s + pick("/a", "/b", "/{w}", "/{w...}", "/{$}", "/", "/%25", "/%2E%2e")
	}
	pathOf := func() string {
		s := ""
		for range rnd.IntN(4) {
			s += pick("/a", "/b", "/c", "/%62", "/a%2fb", "/%25", "/%20")
		}
		return s + pick("/a", "/b", "/", "/%2e%2e", "/..", "/%41")
	}
	for range 1500 {
		b := newPair()
		for range rnd.IntN(15) {
			b.add(t, patternOf())
		}
		for range 30 {
			b.match(t, pick("GET", "HEAD", "POST", "PUT", "CONNECT"), pick("", "h", "j"), pathOf())
		}
		if t.Failed() {
			return
		}
	}
}
