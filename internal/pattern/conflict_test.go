package pattern

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestConflictMessages keeps the texts. Each case is what is registered, and
// what conflicts with it.
func TestConflictMessages(t *testing.T) {
	var b strings.Builder
	for _, test := range [][2]string{
		{"GET /items/{id}", "GET /items/{item}"},
		{"/a/", "/a/{$}"},
		{"GET h.example/{x}", "GET h.example/{x}"},
		{"/{x}/b", "/a/{y}"},
		{"/a/{rest...}", "/{dir}/{$}"},
		{"/a%2Fb/{x}", "/{y}/..%3F"},
		{"/a", "GET /{x}"},
		{"GET /{x}", "/a"},
		{"GET /a", "HEAD /{x}"},
		{"HEAD /{x...}", "GET /{x}"},
		{"/{id:int}", "/{page:[0-9]{1,3}}"},
		{"/{tenant}/{id:uuid}/b", "/{tenant}/{key:[0-9a-f-]+}/{sub}"},
		{"/{file:[a-z]+/x}", "/{name:a.x}"},
		{"/{x:(a|b)*a(a|b){24}}", "/{y:(a|b)*b(a|b){24}}"},
		{"WEBSOCKET /chat/{room}", "WEBSOCKET /chat/{id}"},
	} {
		var tree Tree[string]
		if err := tree.Add(MustParse(test[0]), ""); err != nil {
			t.Fatal(err)
		}
		err := tree.Add(MustParse(test[1]), "")
		if err == nil {
			t.Errorf("%q and %q do not conflict", test[0], test[1])
			continue
		}
		b.WriteString(err.Error() + "\n")
		if strings.Contains(err.Error(), "bug:") {
			t.Error(err)
		}
	}
	golden(t, b.String())
}

// golden compares got with the file of the test.
func golden(t *testing.T, got string) {
	t.Helper()
	name := filepath.Join("testdata", t.Name()+".golden")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestConflictErrorOfMany checks that the first of several is reported.
func TestConflictErrorOfMany(t *testing.T) {
	tree := makeTree(t, "/n/o/p", "/r/{b...}", "/p/{a}/c", "/q/{a}/c")
	err := tree.Add(MustParse("/{x}/b/{y}"), "")
	e, ok := err.(*ConflictError[string])
	if !ok || e.B.String() != "/r/{b...}" || e.Old != "value of /r/{b...}" || e.Witness != "/r/b/y" {
		t.Errorf("got %+v", e)
	}
}
