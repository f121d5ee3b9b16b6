package router

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
)

// cleanHost returns a host as patterns have it: in lower case, without its port
// and the dot of a fully qualified name, and an IPv6 address in its short form.
// It does not allocate for what most clients send.
func cleanHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		if a, err := netip.ParseAddr(host[1 : len(host)-1]); err == nil {
			return "[" + a.String() + "]"
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// checkHost refuses a host that no request has.
func checkHost(p *pattern.Pattern) error {
	h := p.Host()
	if h == "" {
		return nil
	}
	if clean := cleanHost(h); clean != h {
		return fmt.Errorf("the host %q never matches, because hosts are compared in lower case, without port and without a dot at the end; write %q", h, clean)
	}
	if strings.IndexFunc(h, func(r rune) bool { return r > '~' }) >= 0 {
		return fmt.Errorf("the host %q never matches, because clients send names in ASCII; write the punycode of it, \"xn--…\"", h)
	}
	if !isHostname(h) {
		return fmt.Errorf("the host %q is neither a name nor an address; write it as in \"example.com/path\" or \"[::1]/path\"", h)
	}
	return nil
}

// isAuthority reports whether s is a host, with a port or without, that can
// stand in a URL and mean there what it means in a Host header. RFC 3986 allows
// more, and it is what more allows that attacks are made of.
func isAuthority(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i:], ']') < 0 {
		host = s[:i]
		if n, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return isHostname(host)
}

// isHostname reports whether s is a name in ASCII, an IPv4 address, or an IPv6
// address in brackets.
func isHostname(s string) bool {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		a, err := netip.ParseAddr(s[1 : len(s)-1])
		return err == nil && a.Is6() && a.Zone() == ""
	}
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.IndexFunc(label, notInLabel) >= 0 {
			return false
		}
	}
	return true
}

// notInLabel allows the underscore, which names of services have.
func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// portOf is the port of an authority with its colon, "" if it has none.
func portOf(authority string) string {
	if _, port, err := net.SplitHostPort(authority); err == nil {
		return ":" + port
	}
	return ""
}
