package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// route is the way to a server: TCP, perhaps TLS and a tunnel through a proxy, perhaps TLS. net/http's
// Transport is not used for it: of an HTTP proxy it would ask a GET for ws, not the CONNECT that RFC 6455
// section 4.1 wants, and it goes on dialling in a goroutine of its own when its request was cancelled.
type route struct {
	server hop
	proxy  *hop // nil: none
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
}

// hop is one of the parties that a connection is made with.
type hop struct {
	scheme string
	host   string // in ASCII, without brackets
	port   uint16
	user   *url.Userinfo // of a proxy
	tls    *tls.Config   // nil: none
}

func (h *hop) addr() string { return net.JoinHostPort(h.host, strconv.Itoa(int(h.port))) }

// defaultPorts are those of the schemes, in the form that parseURL gives to ws and wss.
var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// newRoute finds the way for a request.
func newRoute(req *http.Request, opts *DialOptions) (*route, error) {
	r := &route{dial: opts.DialContext}
	if r.dial == nil {
		r.dial = (&net.Dialer{}).DialContext
	}
	var err error
	if r.server, err = newHop(req.URL, opts.TLS); err != nil {
		return nil, err
	}
	ask := opts.Proxy
	if ask == nil {
		ask = http.ProxyFromEnvironment
	}
	u, err := ask(req)
	if err != nil {
		return nil, fmt.Errorf("ws: finding the proxy for %s: %w", r.server.addr(), err)
	}
	if u == nil {
		return r, nil
	}
	proxy, err := newHop(u, opts.ProxyTLS)
	if err != nil {
		return nil, fmt.Errorf("ws: the proxy for %s: %w", r.server.addr(), err)
	}
	proxy.user = u.User
	r.proxy = &proxy
	return r, nil
}

// newHop reads a party's address from a URL. The TLS configuration is used for https only.
func newHop(u *url.URL, config *tls.Config) (hop, error) {
	h := hop{scheme: u.Scheme}
	port, ok := defaultPorts[u.Scheme]
	if !ok {
		return h, fmt.Errorf("ws: URL %q: the scheme of a proxy has to be http, https, socks5 or socks5h", u.Redacted())
	}
	if p := u.Port(); p != "" {
		port = p
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return h, fmt.Errorf("ws: host %q: port %s is not between 0 and 65535", u.Host, port)
	}
	h.port = uint16(n)
	if h.host, err = asciiHost(u.Hostname()); err != nil || h.host == "" {
		return h, fmt.Errorf("ws: host %q has no name that can be looked up", u.Host)
	}
	if h.scheme == "https" {
		h.tls = tlsConfig(config, h.host)
	}
	return h, nil
}

// asciiHost returns a host name in the form that DNS, TLS and proxies know (RFC 5891). The standard
// library has that function only inside; it writes requests with their host in that form.
func asciiHost(host string) (string, error) {
	if !strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return host, nil
	}
	var b bytes.Buffer
	if err := (&http.Request{URL: &url.URL{Host: host}}).Write(&b); err != nil {
		return "", err
	}
	r, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		return "", err
	}
	return r.Host, nil
}

func tlsConfig(config *tls.Config, host string) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"} // a server of HTTP/2 alone ends the TLS handshake then
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// open goes the way. Errors are a *HandshakeError.
func (r *route) open(ctx context.Context) (net.Conn, error) {
	first := &r.server
	if r.proxy != nil {
		first = r.proxy
	}
	raw, err := r.dial(ctx, "tcp", first.addr())
	if err != nil {
		return nil, noRoute(ctx, "no connection to "+r.name(first), err)
	}
	// Closing breaks whatever is under way; nobody wants the connection any more.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, detail, err := r.climb(ctx, raw)
	if !stop() && err == nil {
		detail, err = "no time left for the request", ctx.Err() // it was closed just now
	}
	if err != nil {
		_ = raw.Close()
		return nil, noRoute(ctx, detail, err)
	}
	return conn, nil
}

// climb puts onto a TCP connection what is needed to reach the server. The string says what an error is about.
func (r *route) climb(ctx context.Context, conn net.Conn) (net.Conn, string, error) {
	var err error
	if r.proxy != nil {
		if conn, err = r.proxy.secure(ctx, conn); err != nil {
			return nil, "no TLS with " + r.name(r.proxy), err
		}
		if err := tunnel(conn, r.proxy, &r.server); err != nil {
			return nil, "no tunnel through " + r.name(r.proxy), err
		}
	}
	if conn, err = r.server.secure(ctx, conn); err != nil {
		return nil, "no TLS with " + r.name(&r.server), err
	}
	return conn, "", nil
}

// secure does the TLS handshake, if the party wants one.
func (h *hop) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if h.tls == nil {
		return conn, nil
	}
	c := tls.Client(conn, h.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// name is how errors call a party: without the user.
func (r *route) name(h *hop) string {
	if h == r.proxy {
		return "the proxy " + h.scheme + "://" + h.addr()
	}
	return h.addr()
}

// noRoute is the error of a stage. One that failed because time was up says so, whatever
// the stage made of it: a socket's deadline may come a little earlier than the context's.
func noRoute(ctx context.Context, detail string, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		err = context.DeadlineExceeded
	}
	return &HandshakeError{Detail: detail, Err: err}
}
