package ws

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A browser lets any page open a WebSocket to any server, with the user's
// cookies; the Origin header is the one thing that tells which page it was
// (RFC 6455 section 10.2).

// checkOrigin reports whether the request may open a connection.
func checkOrigin(r *http.Request, opts *Options) bool {
	if opts != nil && opts.CheckOrigin != nil {
		return opts.CheckOrigin(r)
	}
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true // not a browser: RFC 6455 section 4.2.1, item 7
	}
	if len(values) > 1 {
		return false
	}
	patterns := []string{"self"}
	if opts != nil && len(opts.Origins) > 0 {
		patterns = opts.Origins
	}
	from, ok := parseOrigin(values[0])
	for _, s := range patterns {
		p, valid := parseOriginPattern(s)
		switch {
		case !valid:
		case p.any, p.null && values[0] == "null":
			return true
		case p.self && ok && sameOrigin(r, from):
			return true
		case p.host != "" && ok && p.matches(from):
			return true
		}
	}
	return false
}

// origin is the triple of RFC 6454 section 4. The host is in lower case; the
// port is empty only for schemes that have no default.
type origin struct {
	scheme, host, port string
}

func parseOrigin(s string) (origin, bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery ||
		u.Fragment != "" || strings.HasSuffix(s, "#") {
		return origin{}, false
	}
	o := origin{u.Scheme, strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = defaultPort(o.scheme)
	}
	return o, o.host != ""
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}

// sameOrigin compares an origin with the server's own. Over TLS that is https and the Host
// header. Without TLS it is http; or https, because a browser's https page never reaches a plain server
// except through a proxy that ends TLS: then a Host without a port stands for the port of the page's scheme.
func sameOrigin(r *http.Request, from origin) bool {
	if from.scheme != "https" && (from.scheme != "http" || r.TLS != nil) {
		return false
	}
	self, ok := parseOrigin(from.scheme + "://" + r.Host)
	return ok && self == from
}

// originPattern is a pattern of Options.Origins.
type originPattern struct {
	any, null, self bool

	scheme     string // "": http and https
	subdomains bool   // host begins with a dot, and what comes before is free
	host       string
	port       string // "": the default, "*": any
}

func parseOriginPattern(s string) (originPattern, bool) {
	switch s {
	case "*":
		return originPattern{any: true}, true
	case "null":
		return originPattern{null: true}, true
	case "self":
		return originPattern{self: true}, true
	}
	var p originPattern
	scheme, rest, found := strings.Cut(s, "://")
	if found {
		p.scheme = strings.ToLower(scheme)
	} else {
		rest = s
	}
	if rest, p.subdomains = strings.CutPrefix(rest, "*."); p.subdomains {
		rest = "sub." + rest // for the parser
	}
	rest, anyPort := strings.CutSuffix(rest, ":*")
	if anyPort {
		p.port = "*"
	}
	probe := p.scheme
	if probe == "" {
		probe = "http"
	}
	u, err := url.Parse(probe + "://" + rest)
	if err != nil || u.Host != rest || u.Hostname() == "" || strings.ContainsAny(rest, "*@ ") || found && p.scheme == "" {
		return p, false
	}
	if !anyPort {
		p.port = u.Port()
	} else if u.Port() != "" {
		return p, false
	}
	p.host = strings.ToLower(u.Hostname())
	if p.subdomains {
		p.host = strings.TrimPrefix(p.host, "sub")
	}
	return p, true
}

func (p originPattern) matches(o origin) bool {
	switch {
	case p.scheme != "" && p.scheme != o.scheme:
		return false
	case p.scheme == "" && o.scheme != "http" && o.scheme != "https":
		return false
	}
	switch p.port {
	case "*":
	case "":
		if o.port != defaultPort(o.scheme) {
			return false
		}
	default:
		if o.port != p.port {
			return false
		}
	}
	if p.subdomains {
		return strings.HasSuffix(o.host, p.host) && len(o.host) > len(p.host) && net.ParseIP(o.host) == nil
	}
	return o.host == p.host
}
