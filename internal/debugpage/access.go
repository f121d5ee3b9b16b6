package debugpage

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Access decides who may see the pages.
type Access struct {
	// Remote admits peers on other machines too.
	Remote bool
}

// Refusal says why a request may not see the pages, "" if it may. It must see
// the request before any middleware does.
//
// What counts is the connection: that the peer is on this machine. A request
// that was passed on is refused, because then the peer is a proxy and nobody
// knows whom it stands for; its headers are the client's word. That alone would
// let in pages of other sites in a browser on this machine, so the host must
// be a name of this machine (or a name whose owner points it here could read
// the pages: DNS rebinding), and so must the origin.
//
// A proxy that adds no field is known by what no browser sends: nginx, as long as
// it is told nothing, names its upstream as the host, speaks HTTP/1.0, and asks
// for the connection to be closed. One that does nothing of all that cannot be
// told from a client here.
func (a Access) Refusal(r *http.Request) string {
	if !a.Remote {
		switch {
		case !loopbackPeer(r):
			return "the peer is on another machine"
		case forwarded(r.Header):
			return "the request came through a proxy"
		case r.Close || r.ProtoMajor == 1 && r.ProtoMinor == 0:
			return "the request ends its connection or is of HTTP/1.0, as those of proxies are"
		case !loopbackHost(r.Host):
			return "the host is not a name of this machine, such as localhost"
		}
	}
	return foreign(r)
}

// loopbackPeer goes by the connection. Where the server tells the address that
// the connection came in on, that must be of this machine too: something around
// the application may have put another RemoteAddr in place.
func loopbackPeer(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && !loopbackAddr(local.String()) {
		return false
	}
	return loopbackAddr(r.RemoteAddr)
}

func loopbackAddr(s string) bool {
	ap, err := netip.ParseAddrPort(s)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// passedOn are what the names of fields begin with that proxies add, whatever
// their values.
var passedOn = []string{
	"Forwarded", "Via", "X-Forwarded", "X-Real-", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-", "X-Proxy", "X-Envoy-", "X-Amzn-", "X-Arr-",
	"X-Appengine-", "X-Azure-", "Cdn-Loop", "Cf-", "True-Client-Ip", "Fastly-", "Fly-",
}

func forwarded(h http.Header) bool {
	for name := range h {
		for _, begin := range passedOn {
			if strings.HasPrefix(name, begin) {
				return true
			}
		}
	}
	return false
}

// loopbackHost reports whether a host, with or without a port, is a name of
// this machine whoever resolves it (RFC 6761 section 6.3).
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// foreign refuses what a page of another site asks a browser for, unless
// somebody follows a link, which that page learns nothing from.
func foreign(r *http.Request) string {
	for _, origin := range r.Header["Origin"] {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Host != r.Host && !loopbackHost(u.Host) {
			return "a page of another site asks"
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin", "same-site":
		return ""
	}
	if r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
		return ""
	}
	if len(r.Header["Origin"]) > 0 {
		return "" // which was looked at above
	}
	return "a page of another site asks"
}
