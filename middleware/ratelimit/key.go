package ratelimit

import (
	"net/http"
	"net/netip"
)

// ByIP is the key of a client's address: RemoteAddr without the port. Behind
// proxies put RealIP of package middleware outside, or all clients are one.
//
// Of IPv6 addresses the first 64 bits count, for every client has 2^64
// addresses of its own. A RemoteAddr that is no address, such as that of a Unix
// socket, is a key as it stands.
func ByIP(r *http.Request) string {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		a, err := netip.ParseAddr(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr
		}
		ap = netip.AddrPortFrom(a, 0)
	}
	a := ap.Addr().Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return r.RemoteAddr
	}
	return p.String()
}
