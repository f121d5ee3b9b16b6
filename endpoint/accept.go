package endpoint

import (
	"strconv"
	"strings"
)

// mediaRange is one element of an Accept header.
type mediaRange struct {
	typ, subtype string // "*" for any
	params       bool   // it has parameters beside its weight
	q            float64
}

type mediaRanges []mediaRange

// maxRanges is how many ranges of a request are read; no browser sends a dozen.
// A header may be a megabyte.
const maxRanges = 100

// parseAccept leaves out what is no media range. RFC 9110 section 12.5.1:
//
//	Accept      = #( media-range [ weight ] )
//	media-range = ( "*/*" / ( type "/" "*" ) / ( type "/" subtype ) ) parameters
func parseAccept(accept []string) mediaRanges {
	var ranges mediaRanges
	for _, line := range accept {
		for line != "" && len(ranges) < maxRanges {
			var element string
			element, line = cutUnquoted(line, ',')
			if r, ok := parseRange(element); ok {
				ranges = append(ranges, r)
			}
		}
	}
	return ranges
}

// parseRange parses an element. Of parameters it only looks whether there are
// any.
func parseRange(element string) (mediaRange, bool) {
	media, rest := cutUnquoted(element, ';')
	typ, subtype, ok := strings.Cut(strings.Trim(media, " \t"), "/")
	if !ok || !isToken(typ) || !isToken(subtype) {
		return mediaRange{}, false
	}
	r := mediaRange{typ: typ, subtype: subtype, q: 1}
	for rest != "" {
		var param string
		param, rest = cutUnquoted(rest, ';')
		name, value, _ := strings.Cut(strings.Trim(param, " \t"), "=")
		switch {
		case name == "":
		case strings.EqualFold(name, "q"):
			r.q = weight(value)
		default:
			r.params = true
		}
	}
	return r, true
}

// weight is the quality that a text says. RFC 9110 section 12.4.2 has
//
//	qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
//
// More digits than that, and none before the point, as Java sends it, are
// understood. What is no number, or too large a one, is as if it were not there:
// the client has named the type.
func weight(text string) float64 {
	if strings.Trim(text, "0123456789.") != "" {
		return 1 // "NaN", "1e-1" and more that ParseFloat takes
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q > 1 {
		return 1
	}
	return q
}

// cutUnquoted cuts a list at the first separator that is in no quoted string
// (RFC 9110 section 5.6.4).
func cutUnquoted(list string, sep byte) (first, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == sep && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

// How specific the range is that a media type is in. RFC 9110 section 12.5.1:
// "Media ranges can be overridden by more specific media ranges or specific media
// types. If more than one media range applies to a given type, the most specific
// reference has precedence." What we send has no parameters: a range with some
// speaks of the type in a version that is not ours, and is counted because
// clients mean the type by it; one without speaks of exactly that.
const (
	anyType = 1 + iota
	anySubtype
	withParams
	exactly
)

// best is the quality of a format that has these media types: that of the
// first, which is what will be sent, if the header names it; else the highest
// among it and those that a more specific range is about. For a range that all of
// them are in nobody meant the other names.
func (rs mediaRanges) best(types []string) float64 {
	best, rank := rs.match(types[0])
	if rank >= withParams {
		return best
	}
	for _, t := range types[1:] {
		if q, r := rs.match(t); r > rank {
			best = max(best, q)
		}
	}
	return best
}

// match is the quality of the most specific range that the media type is in, and
// the rank of that; 0 if it is in none. Of several equals the highest counts.
func (rs mediaRanges) match(media string) (q float64, rank int) {
	typ, subtype, _ := strings.Cut(media, "/")
	for i := range rs {
		r := &rs[i]
		switch n := r.rank(typ, subtype); {
		case n > rank:
			q, rank = r.q, n
		case n == rank && n > 0:
			q = max(q, r.q)
		}
	}
	return q, rank
}

// rank is how specific the range is about a media type, 0 if not at all.
func (r *mediaRange) rank(typ, subtype string) int {
	switch {
	case r.params && r.q == 0:
		return 0 // what is refused is not what we send
	case r.typ == "*" && r.subtype == "*":
		return anyType
	case !strings.EqualFold(r.typ, typ):
		return 0
	case r.subtype == "*":
		return anySubtype
	case !strings.EqualFold(r.subtype, subtype):
		return 0
	case r.params:
		return withParams
	}
	return exactly
}

// names reports whether a media type is asked for by name.
func (rs mediaRanges) names(media string) bool {
	q, rank := rs.match(media)
	return rank >= withParams && q > 0
}
