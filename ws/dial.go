package ws

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// DialOptions are the options of [Dial]. The zero value, and a nil pointer, mean the defaults. One
// DialOptions may serve any number of connections, and must not be changed after the first use.
type DialOptions struct {
	// ClientOptions are what [Client] takes: limits, timers, subprotocols, header fields. Its
	// HandshakeTimeout limits all that Dial does, from the look-up of the name on. Default 10 s.
	ClientOptions

	// Proxy says through which proxy to go, nil for none. It is asked with the handshake's request, whose
	// URL has the scheme http for ws and https for wss. A proxy's URL is one of
	//
	//	http://host:3128             CONNECT (RFC 9110 section 9.3.6), for ws as for wss
	//	https://host                 the same, over TLS
	//	socks5://host, socks5h://…   SOCKS5 (RFC 1928); either way the proxy looks the server's name up
	//
	// with user:password@ for Basic or RFC 1929 authentication.
	// Default [http.ProxyFromEnvironment]: HTTP_PROXY counts for ws, HTTPS_PROXY for wss, and NO_PROXY for both.
	Proxy func(*http.Request) (*url.URL, error)

	// TLS is the configuration for wss. It is copied: NextProtos becomes http/1.1 alone, because
	// a handshake cannot be done over HTTP/2, and an empty ServerName the host of the URL. Default: the system's roots.
	TLS *tls.Config
	// ProxyTLS is the same for an https proxy, which never gets to see the certificates in TLS. Default: the system's roots.
	ProxyTLS *tls.Config

	// DialContext makes the connection to the proxy if there is one, else to the server; for wss Dial puts TLS
	// on it. The network is "tcp", the address host:port: one that leads elsewhere, as to a unix socket, ignores them
	// and wants a Proxy that returns nil. It has to return when its context is done, and connections whose deadlines
	// work. Default: a [net.Dialer], with keep-alive after 15 s and without Nagle's algorithm.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Jar holds cookies: those for the URL, in its http or https form, are sent behind those of Header,
	// and those of the answer are put into it, also of a refusal. Default: none.
	Jar http.CookieJar
}

// Dial connects to a server and performs the client's opening handshake (RFC 6455 section 4.1). The URL's
// scheme is ws or wss, http and https are taken for these; a user and password in it are sent as
// Basic authentication, unless Header has an Authorization of its own.
//
// ctx and HandshakeTimeout limit the handshake, in each of its stages; later ctx has no effect but for
// its values, which live on in [WebSocket.Context]. Nothing outlives the connection: there is no pool.
//
// Mistakes in the arguments are found before anything is sent. Other errors are a [*HandshakeError], whose
// Detail says which stage failed; it matches [context.DeadlineExceeded] or [context.Canceled] if that is why. With
// an answer other than a proper 101 its Status is the server's, and the response is returned with its body, up
// to 1 MiB, in memory. What a proxy answers is never taken for the server's: Status is 0 then, and there is no response.
//
// Redirects are such answers. They are not followed, as browsers don't: Authorization, cookies and
// Origin were meant for this server. Who trusts the other one dials again:
//
//	if to, e := resp.Location(); e == nil {
//		conn, resp, err = ws.Dial(ctx, to.String(), opts)
//	}
func Dial(ctx context.Context, rawURL string, opts *DialOptions) (*WebSocket, *http.Response, error) {
	if opts == nil {
		opts = &DialOptions{}
	}
	limited, cancel := context.WithTimeout(ctx, opts.handshakeTimeout())
	defer cancel()
	req, err := newRequest(limited, rawURL, &opts.ClientOptions)
	if err != nil {
		return nil, nil, err
	}
	r, err := newRoute(req, opts)
	if err != nil {
		return nil, nil, err
	}
	conn, err := r.open(limited)
	if err != nil {
		return nil, nil, err
	}
	opts.addCookies(req)
	c, resp, err := connect(limited, ctx, conn, req, &opts.ClientOptions)
	if resp == nil {
		return nil, nil, err
	}
	if t, ok := conn.(*tls.Conn); ok {
		state := t.ConnectionState()
		resp.TLS = &state
	}
	if cookies := resp.Cookies(); opts.Jar != nil && len(cookies) > 0 {
		opts.Jar.SetCookies(req.URL, cookies)
	}
	return c, resp, err
}

// addCookies adds the cookies that the jar has for a request.
func (o *DialOptions) addCookies(req *http.Request) {
	if o.Jar == nil {
		return
	}
	kept := http.Request{Header: http.Header{}}
	for _, c := range o.Jar.Cookies(req.URL) {
		kept.AddCookie(c)
	}
	// RFC 6265 section 5.4: "the user agent MUST NOT attach more than one Cookie header field".
	if all := slices.Concat(req.Header["Cookie"], kept.Header["Cookie"]); len(all) > 0 {
		req.Header["Cookie"] = []string{strings.Join(all, "; ")}
	}
}
