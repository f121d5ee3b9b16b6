package router

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
)

// base is where a client sees an application.
type base struct {
	scheme, host string
	path         string // escaped, without a slash at its end
}

// parseBase parses a base URL: a scheme, http or https, and a host, with a port
// or without; a path may follow, which goes before those of all routes.
func parseBase(s string) (base, error) {
	fail := func(why string) (base, error) {
		return base{}, fmt.Errorf("router: the base URL %q %s; write it as in \"https://example.com\"", s, why)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fail("does not parse")
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("has no scheme http or https")
	case !isAuthority(u.Host):
		return fail("has no host that is a name or an address")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#"):
		return fail("has more than scheme, host and path")
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if path != "" && pattern.Clean(path) != path {
		return fail("has a path that is not clean")
	}
	return base{scheme: u.Scheme, host: u.Host, path: path}, nil
}

// absolute makes a URL with scheme and host.
func (l *link) absolute(r *http.Request, values []any) (string, error) {
	path, query, err := l.expand(values)
	if err != nil {
		return "", err
	}
	b, err := l.baseFor(r)
	if err != nil {
		return "", err
	}
	if l.full.Method() == pattern.Socket {
		b.scheme = "ws" + strings.TrimPrefix(b.scheme, "http")
	}
	return b.scheme + "://" + b.host + b.path + path + query, nil
}

// baseFor is where the client of a request sees the route.
func (l *link) baseFor(r *http.Request) (base, error) {
	var b base
	var err error
	switch {
	case l.base != nil:
		b, err = parseBase(l.base(r))
	case r == nil:
		err = fmt.Errorf("router: an absolute URL of %s needs a request or a base URL", l.full)
	default:
		b, err = l.said(r)
	}
	own := l.full.Host()
	if err != nil || own == "" {
		return b, err
	}
	switch port := portOf(b.host); {
	case l.base != nil || cleanHost(b.host) == own:
		b.host = own + port
	default: // the port of another host is the client's word
		b.host = own
	}
	return b, nil
}

// said is what a request says of where it was sent. A route with a host of its
// own doesn't need it to be good.
func (l *link) said(r *http.Request) (base, error) {
	b := base{scheme: "http", host: r.Host}
	if r.TLS != nil {
		b.scheme = "https"
	}
	if isAuthority(r.Host) {
		return b, nil
	}
	if l.full.Host() != "" {
		b.host = ""
		return b, nil
	}
	return base{}, fmt.Errorf("router: the request's Host %q is no host and port, so no absolute URL is made of it", r.Host)
}
