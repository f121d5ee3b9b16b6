package compress

import "strings"

// choose finds the encoding that a client likes best (RFC 9110 section
// 12.5.3), and of several that it likes as much the first that is offered. None
// is chosen if there is no such field, if nothing that is offered is accepted, or if
// the client says that it likes the answer better as it is.
//
// An element that is malformed counts as refused; of two about one coding the
// last counts.
func choose(lines []string, offered []Encoding) (Encoding, bool) {
	if len(lines) == 0 {
		return 0, false
	}
	var w weights
	for _, line := range lines {
		for len(line) > 0 {
			var item string
			item, line, _ = strings.Cut(line, ",")
			w.add(item)
		}
	}
	best, top := Encoding(0), 0
	for _, e := range offered {
		if q := w.of(e); q > top {
			best, top = e, q
		}
	}
	return best, top > 0 && top >= w.identity-1
}

// weights are those of the codings, in thousandths plus one: 0 is unsaid, 1
// refused.
type weights struct {
	codings       [encodings]int
	any, identity int
}

// of is the weight of an encoding in thousandths, 0 if it is refused.
func (w *weights) of(e Encoding) int {
	if q := w.codings[e]; q > 0 {
		return q - 1
	}
	return max(w.any-1, 0)
}

// add takes an element of the list: a coding, or "*", with a weight.
func (w *weights) add(item string) {
	coding, params, _ := strings.Cut(item, ";")
	coding = strings.Trim(coding, " \t")
	q := weight(params) + 1
	switch {
	case coding == "*":
		w.any = q
	case strings.EqualFold(coding, "identity"):
		w.identity = q
	default:
		if e, ok := byName(coding); ok {
			w.codings[e] = q
		}
	}
}

func byName(coding string) (Encoding, bool) {
	for e, name := range names {
		if strings.EqualFold(coding, name) {
			return Encoding(e), true
		}
	}
	// RFC 9110 section 8.4.1.3: "x-gzip" is equivalent to "gzip".
	return Gzip, strings.EqualFold(coding, "x-gzip")
}

// weight parses what stands behind the first semicolon, in thousandths:
// nothing is 1000, and what is malformed 0.
func weight(params string) int {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000
	}
	if len(params) < 3 || params[0]|0x20 != 'q' || params[1] != '=' {
		return 0
	}
	return qvalue(params[2:])
}

// qvalue parses a weight (RFC 9110 section 12.4.2): 0 or 1, and up to three
// digits, which for 1 are zeros.
func qvalue(s string) int {
	if len(s) == 0 || len(s) > 5 || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' {
		return 0
	}
	q, unit := 1000*int(s[0]-'0'), 100
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		q += unit * int(s[i]-'0')
		unit /= 10
	}
	if q > 1000 {
		return 0
	}
	return q
}
