package rules_test

import (
	"go/build"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"unicode"

	"github.com/gofogo/fogo/internal/rules"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"":             "",
		"ID":           "id",
		"UserID":       "user_id",
		"HTTPServerID": "http_server_id",
		"Sha256Sum":    "sha256_sum",
		"MD5Sum":       "md5_sum", // a digit is no letter that makes 5 a word's second
		"UTF8":         "utf8",
		"HTTP2Server":  "http2_server",
		"OAuth2Token":  "o_auth2_token",
		"userID":       "user_id",
		"User_ID":      "user_id",
		"X":            "x",
		"ÄrgerÜber":    "ärger_über",
		"already_so":   "already_so",
		"ABTest":       "ab_test",
		"V2":           "v2",
	} {
		if got := rules.Snake(name); got != want {
			t.Errorf("Snake(%q) = %q, want %q", name, got, want)
		}
	}
}

// identifier makes a name of the letters that matter.
func identifier(seed []byte) string {
	const letters = "ABCabc129IDS"
	name := make([]byte, len(seed))
	for i, s := range seed {
		name[i] = letters[int(s)%len(letters)]
	}
	return string(name)
}

func TestSnakeProperties(t *testing.T) {
	check := func(seed []byte) bool {
		name := identifier(seed)
		got := rules.Snake(name)
		return strings.ReplaceAll(got, "_", "") == strings.ToLower(name) &&
			rules.Snake(got) == got &&
			!strings.Contains(got, "__") && !strings.HasPrefix(got, "_") && !strings.HasSuffix(got, "_") &&
			strings.IndexFunc(got, unicode.IsUpper) < 0 &&
			got == naiveSnake(name)
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20000}); err != nil {
		t.Error(err)
	}
}

// naiveSnake is the rule as three sentences over neighbours.
func naiveSnake(name string) string {
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	var out []byte
	for i := range len(name) {
		afterSmall := i > 0 && upper(name[i]) && !upper(name[i-1])
		lastOfRun := i > 0 && upper(name[i]) && upper(name[i-1]) && i+1 < len(name) && lower(name[i+1])
		if afterSmall || lastOfRun {
			out = append(out, '_')
		}
		out = append(out, name[i])
	}
	return strings.ToLower(string(out))
}

func TestHeaderName(t *testing.T) {
	for name, want := range map[string]string{
		"RequestID":   "Request-Id",
		"ContentType": "Content-Type",
		"ETag":        "E-Tag",
		"Accept":      "Accept",
	} {
		if got := rules.HeaderName(name); got != want {
			t.Errorf("HeaderName(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestStandardLibrary holds the list of packages against the toolchain's.
func TestStandardLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	var want []string
	for _, p := range strings.Fields(string(out)) {
		if parts := strings.Split(p, "/"); !slices.Contains(parts, "internal") && !slices.Contains(parts, "vendor") {
			want = append(want, p)
		}
	}
	slices.Sort(want)
	if missing := slices.DeleteFunc(want, rules.IsStdPackage); len(missing) > 0 {
		t.Errorf("std.go for %s lacks %v", build.Default.ReleaseTags[len(build.Default.ReleaseTags)-1], missing)
	}
	if !slices.IsSorted(rules.StdPackages) {
		t.Error("std.go is not sorted")
	}
}

func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{rules.Class(0), "rules.Class"},
		{[]byte(nil), "[]byte"},
		{map[string]any(nil), "map[string]any"},
		{List[UserID]{}, "rules_test.List[rules_test.UserID]"},
		{List[map[string]*DB]{}, "rules_test.List[map[string]*rules_test.DB]"},
		{struct {
			A int `path:"a/b.c"`
		}{}, `struct { A int "path:\"a/b.c\"" }`},
		{(<-chan *DB)(nil), "<-chan *rules_test.DB"},
	} {
		if got := rules.Reflect(reflect.TypeOf(c.of)).String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := rules.Pretty("a.T[example.com/shop/v2.Cart,net/http.Header]"); got != "a.T[shop.Cart,http.Header]" {
		t.Errorf("got %q", got)
	}
}
