package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Redirect answers with a Location.
type Redirect struct {
	// URL is where to go: an absolute http or https URL, or a path. One that does
	// not begin with a slash, such as "next", "../" or "?page=2", is sent as it
	// is, and seen from where the client sees the request (RFC 3986 section 5),
	// also behind a proxy and below a mount. Blanks and what is not ASCII are
	// escaped.
	//
	// What could be something else, such as "javascript:…" or "//host", is
	// answered with 500. That does not make a client's text safe to put there:
	// where it leads is checked by nobody. That is for [RedirectLocal].
	URL string
	// Code is 301, 302, 303, 307 or 308; 303 See Other if 0, which is right
	// after a form was handled.
	Code int
}

func (v Redirect) respond(s *state) error {
	if !isRedirectTarget(v.URL) {
		return fmt.Errorf("endpoint: redirect to %q, which is no path and no http or https URL", v.URL)
	}
	return s.redirect(v.URL, v.Code)
}

func (Redirect) body() reflect.Type { return nil }
func (Redirect) usual() int         { return http.StatusSeeOther }

// isRedirectTarget refuses what may be no path and no http URL.
func isRedirectTarget(text string) bool {
	// What stands around a field's value is cut off, and with it blanks.
	if !isPrintable(text) || strings.Trim(text, " ") != text {
		return false
	}
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return false
	}
	if u.Scheme == "" {
		return u.Host == "" && !strings.HasPrefix(text, "//")
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// redirect makes the answer of a redirect whose target was checked.
func (s *state) redirect(target string, code int) error {
	switch code {
	case 0:
		code = http.StatusSeeOther
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return fmt.Errorf("endpoint: redirect with the status %d, which is none of 301, 302, 303, 307 and 308", code)
	}
	s.out.status, s.out.header = code, http.Header{"Location": {location(target)}}
	return nil
}

// location is a URL as it can stand in a header: with blanks, control characters
// and what is not ASCII escaped.
func location(target string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// RedirectLocal is a redirect to where a client said, such as the page that it
// came to the login from, and never to another site: what is not surely a path
// of this one leads to Fallback.
type RedirectLocal struct {
	// URL begins with a single slash, and may have a query and a fragment.
	// "//host", "https://host", "/\\host", control characters and everything
	// else that some browser reads as another site lead to Fallback.
	URL string
	// Fallback is a path that the program chose, "/" if "". One that is not local
	// is answered with 500.
	Fallback string
	// Code is as in [Redirect].
	Code int
}

func (v RedirectLocal) respond(s *state) error {
	target := v.URL
	if !IsLocal(target) {
		target = v.Fallback
		if target == "" {
			target = "/"
		}
	}
	if !IsLocal(target) {
		return fmt.Errorf("endpoint: redirect with the fallback %q, which is no path that begins with a single slash", target)
	}
	return s.redirect(target, v.Code)
}

func (RedirectLocal) body() reflect.Type { return nil }
func (RedirectLocal) usual() int         { return http.StatusSeeOther }

// IsLocal reports whether every browser takes a text, in a Location or a link,
// for a path of the site that it is on: it begins with a slash, no second slash
// or backslash follows, and it has no backslash and no control character at all,
// since browsers take the former for slashes and drop some of the latter.
func IsLocal(target string) bool {
	if !strings.HasPrefix(target, "/") || !isPrintable(target) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return false
	}
	// Where dots are resolved as text, "/.//host" becomes another site.
	path, _, _ := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, "#")
	return !strings.Contains(path, "//")
}

// isPrintable refuses what browsers read differently than it looks: they take a
// backslash for a slash and drop tabs and line breaks.
func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f || text[i] == '\\' {
			return false
		}
	}
	return true
}
