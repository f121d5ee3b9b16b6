package resolve

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestSafeFilename(t *testing.T) {
	for _, row := range []struct{ raw, want, why string }{
		{"photo.png", "photo.png", ""},
		{"Füße 猫.png", "Füße 猫.png", "any script"},
		{"../../etc/passwd", "passwd", "only the base name"},
		{`..\..\windows\win.ini`, "win.ini", "of every system"},
		{`C:\Users\ann\cv.doc`, "cv.doc", "old browsers on Windows"},
		{`a/b\c.txt`, "c.txt", "mixed"},
		{"..", "unnamed", "no name"},
		{".", "unnamed", "no name"},
		{"...", "unnamed", "no name"},
		{"", "unnamed", "no name"},
		{"/", "unnamed", "no name"},
		{"dir/", "unnamed", "no name"},
		{".htaccess", ".htaccess", "a name, if an odd one"},
		{"x\x00.png", "x.png", "NUL"},
		{"a\r\nb\tc.txt", "abc.txt", "control characters"},
		{"photo\u202Egnp.exe", "photognp.exe", "what turns text around"},
		{"a\u200b\ufeffb", "ab", "what cannot be seen"},
		{"a\u2028b\u0085c", "abc", "line breaks of Unicode"},
		{"a\u00a0b", "a b", "a space is a space"},
		{"  x.png ", "x.png", "Windows drops it"},
		{"x.exe. .", "x.exe", "Windows drops it"},
		{"a:b", "a_b", "a stream of Windows"},
		{`a<b>c"d|e?f*g`, "a_b_c_d_e_f_g", "what Windows refuses"},
		{"\xff\xfe.txt", "__.txt", "not UTF-8"},
		{"CON", "_CON", "a device"},
		{"nul.txt", "_nul.txt", "with any extension"},
		{"com1 .log", "_com1 .log", "with a space"},
		{"LPT¹", "_LPT¹", "so are these"},
		{"console", "console", "no device"},
		{"aux" + strings.Repeat(" ", 300) + "x.png", "_aux.png", "one after it was cut short"},
		{"nul" + strings.Repeat(".", 300) + "x", "_nul.x", "one after it was cut short"},
		{"con." + strings.Repeat("x", 251), "_con." + strings.Repeat("x", 250), "not longer for it"},
		{strings.Repeat("x", 300) + ".png", strings.Repeat("x", 251) + ".png", "the extension stays"},
		{strings.Repeat("猫", 100), strings.Repeat("猫", 85), "between characters"},
		{"a." + strings.Repeat("x", 300), "a." + strings.Repeat("x", 253), "no extension is that long"},
	} {
		assert.Equal(t, row.want, safeFilename(row.raw), "%q: %s", row.raw, row.why)
	}
}

func FuzzSafeFilename(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Add("nul .txt\u202e")
	f.Add("\x00\xff")
	f.Add("aux" + strings.Repeat(" ", 300) + "x.png")
	f.Fuzz(func(t *testing.T, raw string) {
		name := safeFilename(raw)
		if name == "" || len(name) > maxFilename || !utf8.ValidString(name) || !filepath.IsLocal(name) ||
			strings.ContainsAny(name, `/\:`) || strings.ContainsFunc(name, unicode.IsControl) || isDevice(name) ||
			strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
			t.Errorf("%q becomes %q", raw, name)
		}
		if again := safeFilename(name); again != name {
			t.Errorf("%q becomes %q becomes %q", raw, name, again)
		}
	})
}
