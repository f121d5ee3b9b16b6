package endpoint

import (
	"mime"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/resolve"
)

// negotiate chooses the codec for an answer by the Accept header (RFC 9110
// section 12.5.1): the highest quality, then the order of the codecs. It
// returns nil if none is acceptable.
//
// A header that lists text/html comes from a browser's address bar, which
// prefers XML to everything that is no page. Nobody who looks at an API with a
// browser means that, so there the default codec wins.
func negotiate(accept []string, codecs resolve.Codecs) resolve.Codec {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == "") {
		return codecs[0]
	}
	ranges := parseAccept(accept)
	var best resolve.Codec
	bestQ := 0.0
	for _, c := range codecs {
		q := 0.0
		for _, m := range c.MediaTypes() {
			q = max(q, quality(ranges, m))
		}
		if q > bestQ {
			best, bestQ = c, q
		}
	}
	if best != nil && hasRange(ranges, "text/html") {
		return codecs[0]
	}
	return best
}

// mediaRange is one element of an Accept header.
type mediaRange struct {
	typ, subtype string
	q            float64
}

func parseAccept(accept []string) []mediaRange {
	var ranges []mediaRange
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			media, params, err := mime.ParseMediaType(part)
			typ, subtype, ok := strings.Cut(media, "/")
			if err != nil || !ok {
				continue
			}
			r := mediaRange{typ, subtype, 1}
			if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q >= 0 && q <= 1 {
				r.q = q
			}
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// quality is that of the most specific range that the media type is in.
func quality(ranges []mediaRange, media string) float64 {
	typ, subtype, _ := strings.Cut(media, "/")
	q, specific := 0.0, 0
	for _, r := range ranges {
		rank := 0
		switch {
		case r.typ == typ && r.subtype == subtype:
			rank = 3
		case r.typ == typ && r.subtype == "*":
			rank = 2
		case r.typ == "*" && r.subtype == "*":
			rank = 1
		}
		if rank > specific {
			q, specific = r.q, rank
		}
	}
	return q
}

func hasRange(ranges []mediaRange, media string) bool {
	for _, r := range ranges {
		if r.typ+"/"+r.subtype == media && r.q > 0 {
			return true
		}
	}
	return false
}
