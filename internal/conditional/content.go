package conditional

import (
	"net/http"
	"strings"
	"time"
)

// maxRanges is how many ranges of a representation a request may ask for. Each
// is sent with a header of its own, so that many small ones cost more than they
// bring; RFC 9110 section 14.2 lets a server ignore them.
const maxRanges = 100

// Evaluated returns a request as [http.ServeContent] is to see it once its
// conditions were looked at: without them, for it has ideas of its own, such as
// to refuse a POST that was done already. What is left is a Range that can be
// answered for a representation of that size.
func Evaluated(r *http.Request, size int64) *http.Request {
	ranges := r.Header["Range"]
	if len(ranges) == 0 && !Any(r.Header) {
		return r
	}
	rest := *r
	rest.Header = http.Header{}
	// Ranges are defined for GET alone (RFC 9110 section 14.2).
	if r.Method == http.MethodGet && len(ranges) == 1 && size > 0 && isRanges(ranges[0]) {
		rest.Header["Range"] = ranges
		if v := r.Header["If-Range"]; len(v) > 0 {
			rest.Header["If-Range"] = v
		}
	}
	return &rest
}

// isRanges reports whether a Range header is one that is not to be ignored. One
// of bytes that is malformed is left to net/http, which refuses it.
func isRanges(text string) bool {
	list, ok := strings.CutPrefix(text, "bytes=")
	if !ok || strings.Count(list, ",") >= maxRanges {
		return false // RFC 9110 section 14.2: an unknown unit must be ignored
	}
	for part := range strings.SplitSeq(list, ",") {
		// The last no bytes can be sent in no Content-Range, but net/http does.
		if n, suffix := strings.CutPrefix(strings.Trim(part, " \t"), "-"); suffix && n != "" && strings.Trim(n, "0") == "" {
			return false
		}
	}
	return true
}

// FileTime is the time of a file's last change, zero if that is not known. Some
// file systems have none, and others give all files the first second of Unix
// time, or the one after it, so that builds can be repeated.
func FileTime(at time.Time) time.Time {
	if at.Unix() <= 1 {
		return time.Time{}
	}
	return at
}
