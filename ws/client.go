package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofogo/fogo/internal/deflate"
)

// ClientOptions are the options of a client. Of the embedded [Options] a client uses limits, timers and
// Subprotocols, which are offered in this order.
type ClientOptions struct {
	Options
	// Header is added to the request: Authorization, Cookie, Origin and the like. The handshake's own fields are errors.
	Header http.Header
}

// maxAnswer limits what is read of a server's answer to the handshake.
const maxAnswer = 1 << 20

// Client performs the client's opening handshake over conn (RFC 6455 section 4.1) and returns the
// connection. The URL's scheme is ws or wss; conn is connected already, with TLS if need be: [Dial] makes the connection, too. ctx and
// HandshakeTimeout limit the handshake; of ctx only the values live on, in [WebSocket.Context].
//
// After an error conn is closed. If the server answered something else than 101
// the error is a [*HandshakeError] and the response is returned with its body, up to 1 MiB, in memory.
func Client(
	ctx context.Context, conn net.Conn, rawURL string, opts *ClientOptions,
) (*WebSocket, *http.Response, error) {
	if opts == nil {
		opts = &ClientOptions{}
	}
	req, err := newRequest(ctx, rawURL, opts)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return connect(ctx, ctx, conn, req, opts)
}

// connect is Client with the request made. The values of the connection's context are those of base.
func connect(
	ctx, base context.Context, conn net.Conn, req *http.Request, opts *ClientOptions,
) (*WebSocket, *http.Response, error) {
	c, resp, err := agree(ctx, base, conn, req, opts)
	if err != nil {
		_ = conn.Close()
		return nil, resp, err
	}
	c.watch()
	return c, resp, nil
}

// agree exchanges the handshake.
func agree(
	ctx, base context.Context, conn net.Conn, req *http.Request, opts *ClientOptions,
) (*WebSocket, *http.Response, error) {
	limited, cancel := context.WithTimeout(ctx, opts.handshakeTimeout())
	defer cancel()
	// Not stopped on return: waited for. A deadline set late would hit the first read.
	fired := make(chan struct{})
	stop := context.AfterFunc(limited, func() {
		_ = conn.SetDeadline(past)
		close(fired)
	})
	br := bufio.NewReaderSize(conn, readSize)
	resp, err := exchange(conn, br, req)
	if !stop() {
		<-fired
	}
	if err != nil {
		if limited.Err() != nil {
			err = limited.Err()
		}
		return nil, nil, &HandshakeError{Detail: "no answer", Err: err}
	}
	if err := checkAnswer(req, resp, opts); err != nil {
		return nil, resp, err
	}
	compression, err := checkExtensions(resp, opts)
	if err != nil {
		return nil, resp, err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, resp, &HandshakeError{Detail: "the connection broke", Err: err}
	}
	c := newConn(conn, &opts.Options, valuesOf(base), compression)
	c.sub = resp.Header.Get("Sec-Websocket-Protocol")
	p, _ := br.Peek(br.Buffered())
	c.in.preload(p) // the server may send at once
	resp.Body = http.NoBody
	return c, resp, nil
}

// newRequest makes the request of RFC 6455 section 4.1.
func newRequest(ctx context.Context, rawURL string, opts *ClientOptions) (*http.Request, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range opts.Header {
		if err := checkField(name, values); err != nil {
			return nil, err
		}
		if strings.EqualFold(name, "Host") && len(values) > 0 {
			req.Host = values[0]
			continue
		}
		name = http.CanonicalHeaderKey(name)
		if _, twice := req.Header[name]; twice {
			return nil, fmt.Errorf("ws: header %s is given twice, in different spellings", name)
		}
		req.Header[name] = slices.Clone(values)
	}
	if u.User != nil && req.Header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString(nonce[:]))
	if o := opts.Compression; o != nil {
		req.Header.Set("Sec-WebSocket-Extensions", deflate.Offer(o.config(opts.Overflow)))
	}
	if subs := opts.Subprotocols; len(subs) > 0 {
		for _, p := range subs {
			if !isToken(p) {
				return nil, fmt.Errorf("ws: subprotocol %q is not a token (RFC 6455 section 4.1)", p)
			}
		}
		req.Header.Set("Sec-WebSocket-Protocol", strings.Join(subs, ", "))
	}
	return req, nil
}

// parseURL reads a ws or wss URL (RFC 6455 section 3) into its http form.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("ws: %w", err)
	}
	switch u.Scheme {
	case "ws", "http":
		u.Scheme = "http"
	case "wss", "https":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("ws: URL %q: the scheme has to be ws or wss", u.Redacted())
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("ws: URL %q has no host", u.Redacted())
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		// RFC 6455 section 3: "Fragment identifiers are meaningless [...] and MUST NOT be used".
		return nil, fmt.Errorf("ws: URL %q has a fragment", u.Redacted())
	}
	return u, nil
}

// exchange writes the request and reads the response; the body of a refusal into memory.
func exchange(conn net.Conn, br *bufio.Reader, req *http.Request) (*http.Response, error) {
	var out bytes.Buffer
	if err := req.Write(&out); err != nil {
		return nil, err
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: maxAnswer}
	br.Reset(limited)
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		if limited.N <= 0 {
			return nil, errors.New("the answer is too long")
		}
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // as much as there is
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// checkExtensions returns the compression that the server has agreed to, if it was offered any.
func checkExtensions(resp *http.Response, opts *ClientOptions) (p deflate.Params, err error) {
	lines := resp.Header["Sec-Websocket-Extensions"]
	switch o := opts.Compression; {
	case o != nil:
		if p, err = deflate.Agree(lines, o.config(opts.Overflow)); err == nil {
			return p, nil
		}
	case len(lines) == 0:
		return p, nil
	}
	return p, &HandshakeError{
		Status: resp.StatusCode, Header: resp.Header, Err: err, Detail: "the answer has an extension that was not offered",
	}
}

// checkAnswer applies the rules of RFC 6455 section 4.1 for the server's response.
func checkAnswer(req *http.Request, resp *http.Response, opts *ClientOptions) error {
	fail := func(detail string) error {
		return &HandshakeError{Status: resp.StatusCode, Header: resp.Header, Detail: detail}
	}
	subs := resp.Header["Sec-Websocket-Protocol"]
	switch {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return fail("the server answered " + resp.Status)
	case !hasToken(resp.Header["Upgrade"], "websocket"):
		return fail("the answer has no Upgrade: websocket")
	case !hasToken(resp.Header["Connection"], "upgrade"):
		return fail("the answer has no Connection: Upgrade")
	case resp.Header.Get("Sec-Websocket-Accept") != acceptKey(req.Header.Get("Sec-Websocket-Key")):
		return fail("the answer's Sec-WebSocket-Accept doesn't fit the key")
	case len(subs) > 1 || len(subs) == 1 && !slices.Contains(opts.Subprotocols, subs[0]):
		return fail("the answer has a subprotocol that was not offered")
	}
	return nil
}
