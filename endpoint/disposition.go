package endpoint

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// disposition is a Content-Disposition with the name of a file (RFC 6266). A
// name with more than plain characters is there twice: as it is, for those who
// know RFC 8187, and with underscores for others.
func disposition(kind, name string) string {
	name = strings.Map(inFileName, strings.ToValidUTF8(name, "_"))
	plain := strings.Map(func(r rune) rune {
		// Some browsers decode percent signs.
		if r >= utf8.RuneSelf || r == '"' || r == '%' {
			return '_'
		}
		return r
	}, name)
	text := kind + `; filename="` + plain + `"`
	if plain != name {
		text += "; filename*=UTF-8''" + extended(name)
	}
	return text
}

// inFileName replaces what is no part of a name: a client must not be led into
// another directory, whatever separates those there, nor be shown a name in
// another order than it is in.
func inFileName(r rune) rune {
	if r == '/' || r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return '_'
	}
	return r
}

// extended is a text as in RFC 8187 section 3.2.
func extended(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < utf8.RuneSelf && c != '*' && c != '\'' && c != '%' && isToken(text[i:i+1]) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
