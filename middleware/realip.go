package middleware

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// ProxyHeader is the header field in which proxies tell whom they forward for.
type ProxyHeader uint8

const (
	// XForwardedFor is X-Forwarded-For: 203.0.113.7, 10.0.0.2, with
	// X-Forwarded-Proto and, if that is wanted, X-Forwarded-Host beside it.
	XForwardedFor ProxyHeader = iota
	// Forwarded is RFC 7239: for=203.0.113.7;proto=https;host=example.com
	Forwarded
)

// RealIPOptions are for [RealIP]. Who is not named in them is not believed.
type RealIPOptions struct {
	// Trusted are the networks of the proxies, see [PrivateNetworks]. Without
	// any, and without Unix, RealIP does nothing.
	Trusted []netip.Prefix
	// Header is the field that these proxies set or append to. The other one is
	// ignored, for they may pass on what a client wrote there.
	Header ProxyHeader
	// Host takes the host from X-Forwarded-Host too. Many proxies pass on what
	// a client wrote there: set it only if yours overwrites the field. The host
	// of a Forwarded element needs no such care and is always taken.
	Host bool
	// Prefix takes from X-Forwarded-Prefix what a proxy took from the front of the
	// path: [BaseURL] has it. As with Host, set it only if yours overwrites the
	// field. RFC 7239 has nothing of the kind, so it counts beside Forwarded too.
	Prefix bool
	// Unix trusts a peer without an address, as those of Unix sockets are.
	Unix bool
}

// RealIP finds out who sent a request through proxies. If the connection comes
// from a trusted one, the field is read from its end, which that proxy wrote,
// towards its start, over all lines: the first address that is not trusted is
// the client's, and whatever stands before it is what the client claims and is
// not looked at. A malformed, hidden or unknown entry ends the search, and the
// proxy that passed it on stands for the client.
//
// Request.RemoteAddr becomes the client's address, with the port 0 if it is not
// known. [Scheme], [Host] and [BaseURL] tell how the client addressed the
// server, [Peer] who is at the other end of the connection. Request.Host and
// URL stay. The header fields stay too, so read them nowhere else.
//
// A request that comes from nobody trusted is passed on as it is.
func RealIP(opts RealIPOptions) func(http.Handler) http.Handler {
	opts.Trusted = networks(opts.Trusted)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if originOf(r) != nil || !opts.believe(r) {
				next.ServeHTTP(w, r)
				return
			}
			o := &origin{Context: r.Context(), peer: r.RemoteAddr}
			opts.find(r, o)
			c := r.WithContext(o)
			if o.client.IsValid() {
				c.RemoteAddr = o.client.String()
			}
			serveCopy(next, w, r, c)
		})
	}
}

// PrivateNetworks are the networks that never are on the internet: loopback,
// RFC 1918, link-local and unique local addresses. Trust them if everybody who
// can connect from there is yours.
func PrivateNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("fc00::/7"),
	}
}

// Peer is the address at the other end of the connection, as RemoteAddr was
// before [RealIP] changed it.
func Peer(r *http.Request) string {
	if o := originOf(r); o != nil {
		return o.peer
	}
	return r.RemoteAddr
}

// Scheme is "https" if the client used TLS, towards the server or, with
// [RealIP], towards the outermost trusted proxy; else "http".
func Scheme(r *http.Request) string {
	if o := originOf(r); o != nil && o.scheme != "" {
		return o.scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// Host is the host, with a port if one was given, that the client addressed:
// Request.Host, or what a trusted proxy says. It is not to be trusted any more
// than a Host header is; absolute URLs in mails need a configured one.
func Host(r *http.Request) string {
	if o := originOf(r); o != nil && o.host != "" {
		return o.host
	}
	return r.Host
}

// Prefix is what a trusted proxy took from the front of the path, escaped and
// without a slash at its end: "/app". It is "" unless [RealIPOptions].Prefix is set.
func Prefix(r *http.Request) string {
	if o := originOf(r); o != nil {
		return o.prefix
	}
	return ""
}

// BaseURL is scheme, host and prefix, "https://example.com/app", for absolute
// URLs.
func BaseURL(r *http.Request) string { return Scheme(r) + "://" + Host(r) + Prefix(r) }

// ClientIP is the address of Request.RemoteAddr without port, zone and
// IPv4-in-IPv6 form; the zero Addr if there is none.
func ClientIP(r *http.Request) netip.Addr { return addrOf(r.RemoteAddr).Addr().WithZone("") }

type originKey struct{}

// origin is the context of a request that a trusted proxy sent.
type origin struct {
	context.Context
	peer         string
	client       netip.AddrPort
	scheme, host string
	prefix       string
}

// Value implements context.Context.
func (o *origin) Value(key any) any {
	if key == (originKey{}) {
		return o
	}
	return o.Context.Value(key)
}

func originOf(r *http.Request) *origin {
	o, _ := r.Context().Value(originKey{}).(*origin)
	return o
}

// networkList are networks without IPv4-in-IPv6 forms.
type networkList []netip.Prefix

func networks(list []netip.Prefix) networkList {
	all := make(networkList, 0, len(list))
	for _, p := range list {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		all = append(all, p.Masked())
	}
	return all
}

func (l networkList) has(a netip.Addr) bool {
	a = a.WithZone("") // a prefix contains no address with a zone
	for _, p := range l {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// sent reports whether the connection of a request comes from the networks.
func (l networkList) sent(r *http.Request) bool { return l.has(addrOf(Peer(r)).Addr()) }

// addrOf parses a RemoteAddr, which may lack the port.
func addrOf(s string) netip.AddrPort {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 0)
	}
	return netip.AddrPort{}
}

// believe reports whether the connection comes from a trusted proxy.
func (o *RealIPOptions) believe(r *http.Request) bool {
	if a := addrOf(r.RemoteAddr).Addr(); a.IsValid() {
		return networkList(o.Trusted).has(a)
	}
	return o.Unix && (r.RemoteAddr == "" || r.RemoteAddr == "@" || strings.HasPrefix(r.RemoteAddr, "/"))
}

// find reads what the proxies say.
func (o *RealIPOptions) find(r *http.Request, to *origin) {
	if o.Header == Forwarded {
		hops := o.readForwarded(r.Header["Forwarded"], to)
		o.findPrefix(r, to, hops)
		return
	}
	hops := o.readForwardedFor(r.Header["X-Forwarded-For"], to)
	o.findPrefix(r, to, hops)
	if s := strings.ToLower(entryAt(r.Header["X-Forwarded-Proto"], hops)); isScheme(s) {
		to.scheme = s
	}
	if h := entryAt(r.Header["X-Forwarded-Host"], hops); o.Host && isHost(h) {
		to.host = h
	}
}

// findPrefix reads what the outermost trusted proxy took from the path.
func (o *RealIPOptions) findPrefix(r *http.Request, to *origin, hops int) {
	if !o.Prefix {
		return
	}
	if p := strings.TrimSuffix(entryAt(r.Header["X-Forwarded-Prefix"], hops), "/"); isPrefix(p) {
		to.prefix = p
	}
}

// readForwardedFor finds the client and counts the entries up to it: each was
// written by a trusted proxy.
func (o *RealIPOptions) readForwardedFor(lines []string, to *origin) (hops int) {
	list := backwards{lines: lines, cut: lastEntry}
	for {
		entry, _ := list.next()
		addr, ok := parseNode(entry) // "" is none
		if !ok {
			return hops
		}
		hops++
		to.client = addr
		if !networkList(o.Trusted).has(addr.Addr()) {
			return hops
		}
	}
}

// readForwarded finds the client, and what the outermost trusted proxy says of
// it: every element that is read was written by a trusted one. It counts them.
func (o *RealIPOptions) readForwarded(lines []string, to *origin) (hops int) {
	list := backwards{lines: lines, cut: lastElement}
	for {
		text, _ := list.next()
		e, ok := parseElement(text) // "" is none
		if !ok {
			return hops
		}
		hops++
		if s := strings.ToLower(e.proto); isScheme(s) {
			to.scheme = s
		}
		if isHost(e.host) {
			to.host = e.host
		}
		addr, ok := parseNode(e.node)
		if !ok {
			return hops
		}
		to.client = addr
		if !networkList(o.Trusted).has(addr.Addr()) {
			return hops
		}
	}
}
