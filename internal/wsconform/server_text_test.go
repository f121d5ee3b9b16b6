package wsconform

import "unicode/utf8"

// rune checks text as it comes.
func (l *link) rune(b byte) error {
	if l.op != opText || l.compressed && !l.has("compressed bytes have to be text") ||
		l.has("text is not checked") || l.has("text is checked at the end") {
		return nil
	}
	l.tail = append(l.tail, b)
	if !utf8.FullRune(l.tail) {
		return nil
	}
	r, size := utf8.DecodeRune(l.tail)
	if r == utf8.RuneError && size == 1 && !l.tolerates(l.tail) {
		return fault{1007}
	}
	l.tail = nil
	return nil
}

// tolerates is for the faults of a lax decoder.
func (l *link) tolerates(p []byte) bool {
	switch {
	case l.has("surrogates are text"):
		return len(p) > 1 && p[0] == 0xed || p[0]&0xc0 == 0x80
	case l.has("overlong forms are text"):
		return p[0] == 0xc0 || p[0] == 0xe0 || p[0] == 0xf0 || p[0]&0xc0 == 0x80
	case l.has("above U+10FFFF is text"):
		return p[0] >= 0xf4 && p[0] < 0xf8 || p[0]&0xc0 == 0x80
	}
	return false
}

func (l *link) laxDecoder() bool {
	return l.has("surrogates are text") || l.has("overlong forms are text") || l.has("above U+10FFFF is text")
}
