// The name of an uploaded file is the client's text, and may be meant to do
// harm: to name a place outside of a directory, a device, or something that
// looks like another name. What is left of it here is safe to show, to log and
// to create in a directory on any system. The surprise is that the separators
// of all systems count: browsers on Windows once sent whole paths, and a
// backslash in a name is worth nothing to anybody.

package resolve

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// unnamed stands for a name of which nothing is left.
	unnamed = "unnamed"
	// maxFilename is the longest name in bytes that file systems take.
	maxFilename = 255
)

// safeFilename makes the name of a file out of what a client sent.
func safeFilename(raw string) string {
	base := raw[strings.LastIndexAny(raw, `/\`)+1:]
	base = strings.Map(safeRune, base)
	// Windows drops what is trimmed here, so that "x.exe. " is "x.exe" there; "."
	// and ".." are nothing but it.
	base = strings.TrimRight(strings.TrimLeft(base, " "), " .")
	// Only now, for what is cut out may leave the name of a device.
	if base = shorten(base, maxFilename); isDevice(base) {
		base = "_" + shorten(base, maxFilename-1)
	}
	if base == "" {
		return unnamed
	}
	return base
}

// safeRune drops what cannot be seen, and puts an underscore in the place of
// what some system's names cannot have.
func safeRune(r rune) rune {
	switch {
	case r == utf8.RuneError, strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
		// Cf has the marks that turn "gpj.exe" around on the screen.
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// devices are names that stand for devices on Windows, in every directory and
// with every extension.
var devices = []string{
	"con", "prn", "aux", "nul", "conin$", "conout$",
	"com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "com¹", "com²", "com³",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "lpt¹", "lpt²", "lpt³",
}

func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.TrimRight(stem, " ")
	for _, d := range devices {
		if strings.EqualFold(stem, d) {
			return true
		}
	}
	return false
}

// shorten cuts a name to n bytes, between two characters and before a short
// extension, which it keeps.
func shorten(name string, n int) string {
	if len(name) <= n {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		name, ext = name[:i], name[i:]
	}
	cut := n - len(ext)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return strings.TrimRight(name[:cut], " .") + ext
}
