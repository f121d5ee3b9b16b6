package rules

import (
	"go/token"
	"net/textproto"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Snake turns the name of a type or a field into the name of its variable,
// key or cookie. A word begins after a lower-case letter or a digit, and at
// the last capital of a run that a lower-case letter follows:
//
//	UserID       user_id
//	HTTPServerID http_server_id
//	Sha256Sum    sha256_sum
//	MD5Sum       md5_sum
func Snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if wordBegins(runes, i) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// wordBegins reports whether a word begins at the capital runes[i].
func wordBegins(runes []rune, i int) bool {
	if i == 0 || !unicode.IsUpper(runes[i]) {
		return false
	}
	before := runes[i-1]
	if unicode.IsLower(before) || unicode.IsDigit(before) {
		return true
	}
	return unicode.IsUpper(before) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
}

// HeaderName turns the name of a type or a field into the name of its header,
// in canonical form: RequestID is Request-Id.
func HeaderName(name string) string {
	return textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(Snake(name), "_", "-"))
}

// bare is the name of a type without its type arguments: every ID[T] is "ID".
func bare(t Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// code prints a type for a remedy, as the program that needs it would write
// it: package main is never imported.
func code(t Type) string { return strings.ReplaceAll(t.String(), "main.", "") }

// variable is the name of the path variable, key or cookie that the type of a
// scalar stands for, or "" if it stands for none: unnamed types, and those of
// the standard library, which were not named for this program.
func variable(t Type) string {
	if name, ok := t.ParamName(); ok {
		return name
	}
	if !named(t) || isStd(t) {
		return ""
	}
	return Snake(bare(t))
}

// camel is the name of a type that [Snake] turns into the variable, or "" if
// there is none: {userId} has none.
func camel(variable string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(variable, "_") {
		if word == "id" {
			word = "ID"
		}
		first, size := utf8.DecodeRuneInString(word)
		b.WriteRune(unicode.ToUpper(first))
		b.WriteString(word[min(size, len(word)):])
	}
	if Snake(b.String()) != variable || !token.IsIdentifier(b.String()) {
		return ""
	}
	return b.String()
}

// keyOf is the name that a type gives to a value from src.
func keyOf(t Type, src Source) string {
	name, own := t.ParamName()
	switch {
	case src != Header:
		return variable(t)
	case own:
		return canonical(name)
	case variable(t) == "":
		return ""
	}
	return HeaderName(bare(t))
}

// canonical is the form of a header's name that net/http uses.
func canonical(header string) string { return textproto.CanonicalMIMEHeaderKey(header) }
