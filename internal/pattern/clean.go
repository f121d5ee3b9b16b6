package pattern

import "path"

// Clean returns p without empty, "." and ".." segments and with a leading
// slash, as [net/http.ServeMux] cleans paths: a trailing slash stays, except
// after a final "." or "..". It returns p itself if there is nothing to do.
// An escaped path stays escaped: "%2e" is not a dot.
func Clean(p string) string {
	if isClean(p) {
		return p
	}
	c := path.Clean("/" + p)
	if c != "/" && p[len(p)-1] == '/' {
		c += "/"
	}
	return c
}

// isClean reports whether Clean would not change p.
func isClean(p string) bool {
	if p == "" || p[0] != '/' {
		return false
	}
	for i := 0; i < len(p); i++ {
		if p[i] == '/' && !cleanSegment(p[i+1:]) {
			return false
		}
	}
	return true
}

// cleanSegment reports whether s, which comes after a slash, begins with a
// segment that may stay. At the end an empty one may: it is a trailing slash.
func cleanSegment(s string) bool {
	switch {
	case s == "":
		return true
	case s[0] == '/':
		return false
	case s[0] != '.':
		return true
	case len(s) == 1 || s[1] == '/':
		return false
	}
	return s[1] != '.' || len(s) > 2 && s[2] != '/'
}
