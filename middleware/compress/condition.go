package compress

import (
	"maps"
	"net/http"
	"strings"
)

// strengthened is a request whose If-Match has strong tags in place of weak ones,
// and nil if there is nothing to do.
//
// If-Match is compared strongly (RFC 9110 section 13.1.1), so a client that was
// given the tag of a compressed answer could never change what it has seen: 412
// each time. If the handler's tag is strong, the weak one with the same text can
// only be the one that was made of it, of the same version; if it is weak, it
// still matches nothing. For GET and HEAD the strong comparison stays, because
// there it is about the bytes, of which a client may want the rest.
func strengthened(r *http.Request) *http.Request {
	lines := r.Header["If-Match"]
	if len(lines) == 0 || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	strong := make([]string, len(lines))
	changed := false
	for i, line := range lines {
		strong[i] = strongTags(line)
		changed = changed || strong[i] != line
	}
	if !changed {
		return nil
	}
	d := new(http.Request)
	*d = *r
	d.Header = maps.Clone(r.Header)
	d.Header["If-Match"] = strong
	return d
}

// strongTags takes the W/ from the tags of a list. What is malformed stays as
// it is, from there on.
func strongTags(list string) string {
	var b strings.Builder
	for rest := list; ; {
		start := strings.TrimLeft(rest, " \t,")
		b.WriteString(rest[:len(rest)-len(start)])
		tag := strings.TrimPrefix(start, "W/")
		if !strings.HasPrefix(tag, `"`) {
			b.WriteString(start)
			return b.String()
		}
		end := strings.IndexByte(tag[1:], '"')
		if end < 0 {
			b.WriteString(start)
			return b.String()
		}
		b.WriteString(tag[:end+2])
		rest = tag[end+2:]
	}
}

// serveCopy passes a copy of a request on, and hands back what is set on it: the
// pattern, for an access log outside, and a parsed form, for the server, which
// removes the files of the request that it made.
func serveCopy(next http.Handler, w http.ResponseWriter, r, c *http.Request) {
	defer func() {
		r.Pattern = c.Pattern
		if c.MultipartForm != nil {
			r.MultipartForm = c.MultipartForm
		}
	}()
	next.ServeHTTP(w, c)
}
