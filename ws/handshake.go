package ws

import (
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 section 4.2.2 asks for it; nothing secret is hashed
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/deflate"
)

// handshake is an opening handshake that was found valid and is not answered yet.
type handshake struct {
	w       http.ResponseWriter
	r       *http.Request
	key     string
	offered []string
	stop    func() bool // of the watch over a handshake that was admitted, see New
}

// answered is called once.
func (h *handshake) answered() {
	if h.stop != nil {
		h.stop()
	}
}

// IsUpgrade reports whether a request asks for a WebSocket: "Upgrade" among
// the tokens of all Connection header lines and "websocket" among those of
// Upgrade, in any case (RFC 6455 section 4.2.1). Whether it does so properly is for [New] to say.
func IsUpgrade(r *http.Request) bool {
	upgrade := r.Header["Upgrade"]
	return len(upgrade) > 0 && hasToken(upgrade, "websocket") && hasToken(r.Header["Connection"], "upgrade")
}

// New checks an opening handshake (RFC 6455 section 4.2.1): the method is GET, the protocol HTTP/1.1,
// the tokens are there over however many header lines, the version is 13, the key is 16
// bytes in base64, there is no body, and the origin is allowed. It writes nothing and takes nothing over: a
// [HandshakeError] says what to answer, and the request may as well be served otherwise.
//
// An origin is by default allowed if it is the server's own: the same host and port as the
// Host header, and https if the request came over TLS. Without TLS a page of either scheme passes: the
// server cannot know what a proxy in front of it ended.
//
// The options may be nil, and are kept. The connection has to be answered before the handler of
// the request returns: by Accept, Reject, Close, a send or a receive.
func New(w http.ResponseWriter, r *http.Request, opts *Options) (*WebSocket, error) {
	key, err := checkHandshake(r, opts)
	if err != nil {
		return nil, err
	}
	leave, err := opts.admit(r)
	if err != nil {
		return nil, err
	}
	c := &WebSocket{opts: opts, base: r.Context(), left: leave}
	c.hs = &handshake{w: w, r: r, key: key, offered: tokens(r.Header["Sec-Websocket-Protocol"])}
	if leave != nil {
		c.answering.Lock()
		defer c.answering.Unlock()
		c.hs.stop = context.AfterFunc(r.Context(), c.abandoned)
	}
	return c, nil
}

// abandoned refuses a handshake whose request is over without an answer: what was admitted has to leave.
func (c *WebSocket) abandoned() {
	c.answering.Lock()
	over := !c.is(flagOpen | flagRejected)
	if over {
		c.refused()
	}
	c.answering.Unlock()
	if over {
		c.leave()
	}
}

// admit asks the application about a handshake that is in order.
func (o *Options) admit(r *http.Request) (leave func(), err error) {
	if o == nil || o.Admit == nil {
		return nil, nil
	}
	leave, err = o.Admit(r)
	if err == nil {
		return leave, nil
	}
	if leave != nil {
		leave()
	}
	var he *HandshakeError
	if errors.As(err, &he) {
		return nil, err
	}
	return nil, &HandshakeError{Status: http.StatusTooManyRequests, Detail: "not admitted", Err: err}
}

func checkHandshake(r *http.Request, opts *Options) (key string, err error) {
	if err := opts.tracker().refuses(opts.maxConnections()); err != nil {
		return "", err
	}
	if r.Method != http.MethodGet {
		return "", &HandshakeError{
			Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET"}},
			Detail: "a WebSocket handshake is a GET request",
		}
	}
	if !IsUpgrade(r) {
		return "", &HandshakeError{
			Status: http.StatusUpgradeRequired,
			Header: upgradeHeader(r),
			Detail: "this address speaks WebSocket: Connection: Upgrade and Upgrade: websocket are missing",
		}
	}
	if r.ProtoMajor != 1 || r.ProtoMinor < 1 {
		return "", badRequest("a WebSocket handshake needs HTTP/1.1, this is " + r.Proto + " (a proxy in between?)")
	}
	if v := r.Header["Sec-Websocket-Version"]; len(v) != 1 || strings.TrimSpace(v[0]) != "13" {
		// RFC 6455 section 4.2.2, item 4: abort with a Sec-WebSocket-Version header.
		header := upgradeHeader(r)
		header.Set("Sec-WebSocket-Version", "13")
		return "", &HandshakeError{
			Status: http.StatusUpgradeRequired,
			Header: header,
			Detail: "Sec-WebSocket-Version has to be 13",
		}
	}
	keys := r.Header["Sec-Websocket-Key"]
	if len(keys) != 1 || !validKey(strings.TrimSpace(keys[0])) {
		return "", badRequest("Sec-WebSocket-Key has to be 16 bytes in base64")
	}
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		// Its bytes would be taken for frames.
		return "", badRequest("a WebSocket handshake has no body")
	}
	if !deflate.Valid(r.Header["Sec-Websocket-Extensions"]) {
		// RFC 6455 section 9.1: what doesn't conform to the grammar fails the connection.
		return "", badRequest("Sec-WebSocket-Extensions is malformed")
	}
	if !checkOrigin(r, opts) {
		return "", &HandshakeError{Status: http.StatusForbidden, Detail: "origin not allowed"}
	}
	return strings.TrimSpace(keys[0]), nil
}

// upgradeHeader is for 426, which must name the protocol (RFC 9110 section 15.5.22);
// but HTTP/2 has no Upgrade, and no fields of the connection (RFC 9113 section 8.2.2).
func upgradeHeader(r *http.Request) http.Header {
	if r.ProtoMajor != 1 {
		return http.Header{}
	}
	return http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
}

func badRequest(detail string) error {
	return &HandshakeError{Status: http.StatusBadRequest, Detail: detail}
}

// unavailable refuses a handshake that could succeed later.
func unavailable(detail string) *HandshakeError {
	return &HandshakeError{
		Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"5"}}, Detail: detail,
	}
}

func validKey(s string) bool {
	var b [18]byte // what 24 characters may decode to
	if len(s) != 24 {
		return false
	}
	n, err := base64.StdEncoding.Decode(b[:], []byte(s))
	return err == nil && n == 16
}

// acceptKey computes Sec-WebSocket-Accept (RFC 6455 section 4.2.2, item 5.4).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// hasToken looks for a token, given in lower case, in a list header.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(item, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// tokens returns the tokens of a list header; what is none is left out, and so are repetitions.
func tokens(lines []string) []string {
	var list []string
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			item = strings.Trim(item, " \t")
			if isToken(item) && !slices.Contains(list, item) {
				list = append(list, item)
			}
		}
	}
	return list
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
