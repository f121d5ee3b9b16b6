package wsconform

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	sampleKey = "dGhlIHNhbXBsZSBub25jZQ==" // of RFC 6455 section 1.3
	guid      = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// request is a handshake to be changed and sent.
type request struct {
	line  string // "GET / HTTP/1.1"
	lines []string
	body  string
}

// request returns a proper handshake.
func (s *session) request(more ...string) *request {
	return &request{
		line: "GET " + s.o.Path + " HTTP/1.1",
		lines: slices.Concat([]string{
			"Host: " + s.o.Host,
			"Upgrade: websocket",
			"Connection: Upgrade",
			"Sec-WebSocket-Key: " + sampleKey,
			"Sec-WebSocket-Version: 13",
		}, s.o.Header, more),
	}
}

// set replaces all lines of a field by these values, at the end.
func (r *request) set(name string, values ...string) {
	r.lines = slices.DeleteFunc(r.lines, func(l string) bool {
		n, _, _ := strings.Cut(l, ":")
		return strings.EqualFold(n, name)
	})
	for _, v := range values {
		r.lines = append(r.lines, name+": "+v)
	}
}

func (r *request) String() string {
	return r.line + "\r\n" + strings.Join(r.lines, "\r\n") + "\r\n\r\n" + r.body
}

// open does a handshake, offering an extension unless that is "".
func (s *session) open(offer string) {
	r := s.request()
	if offer != "" {
		r.set("Sec-WebSocket-Extensions", offer)
	}
	s.write(r.String())
	s.accepted(r)
	if offer != "" && s.deflate == nil {
		s.failf("the server declined the offer %q", offer)
	}
}

// answer is what came upon a request, of which the body has been read.
type answer struct {
	http.Response
	body string
}

// response reads the answer to a handshake.
func (s *session) response(method string) *answer {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.o.Patience))
	resp, err := http.ReadResponse(s.br, &http.Request{Method: method})
	if err != nil {
		s.failf("reading the answer to the handshake: %v", err)
	}
	s.log = append(s.log, fmt.Sprintf("< %s %v", resp.Status, resp.Header))
	a := &answer{Response: *resp}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			s.failf("the body of %s: %v", resp.Status, err)
		}
		a.body = string(body)
	}
	return a
}

// accepted expects a proper answer with 101 (RFC 6455 section 4.2.2, item 5, and section 4.1's checks of it).
func (s *session) accepted(r *request) *answer {
	resp := s.response(http.MethodGet)
	h := resp.Header
	sum := sha1.Sum([]byte(r.key() + guid))
	want := base64.StdEncoding.EncodeToString(sum[:])
	switch {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		s.failf("want 101, got %s: %.200s", resp.Status, resp.body)
	case resp.Proto != "HTTP/1.1":
		s.failf("101 under %s", resp.Proto)
	case len(h["Upgrade"]) != 1 || !strings.EqualFold(h.Get("Upgrade"), "websocket"):
		s.failf("want Upgrade: websocket, got %q", h["Upgrade"])
	case !hasToken(h["Connection"], "upgrade"):
		s.failf("want Connection: Upgrade, got %q", h["Connection"])
	case !slices.Equal(h["Sec-Websocket-Accept"], []string{want}):
		s.failf("want Sec-WebSocket-Accept: %s, got %q", want, h["Sec-Websocket-Accept"])
	case len(resp.TransferEncoding) > 0 || h.Get("Content-Length") != "":
		s.failf("101 with a body (RFC 9110 section 15.2)")
	case len(h["Sec-Websocket-Protocol"]) > 1:
		s.failf("several subprotocols: %q", h["Sec-Websocket-Protocol"])
	case h.Get("Sec-Websocket-Protocol") != "" && !slices.Contains(r.list("Sec-WebSocket-Protocol"), h.Get("Sec-Websocket-Protocol")):
		s.failf("the subprotocol %q, which was not offered", h.Get("Sec-Websocket-Protocol"))
	}
	s.extension(r, h.Values("Sec-Websocket-Extensions"))
	return resp
}

// extension takes note of what the server agreed to.
func (s *session) extension(r *request, answers []string) {
	switch {
	case len(answers) == 0:
		return
	case len(answers) > 1 || strings.Contains(answers[0], ","):
		s.failf("several extensions: %q", answers)
	}
	a, err := parseAnswer(answers[0])
	if err != nil {
		s.failf("the server agreed to %v", err)
	}
	if !strings.Contains(strings.Join(r.list("Sec-WebSocket-Extensions"), ","), extension) {
		s.failf("the server agreed to %q, which was not offered", answers[0])
	}
	s.use(a)
}

// refused expects another status than 101, well formed, and returns the response.
func (s *session) refused(status ...int) *answer {
	resp := s.response(http.MethodGet)
	switch {
	case len(status) == 0 && (resp.StatusCode < 400 || resp.StatusCode > 505):
		s.failf("want the handshake to be refused with 4xx, got %s", resp.Status)
	case len(status) > 0 && !slices.Contains(status, resp.StatusCode):
		s.failf("want the handshake to be refused with %v, got %s", status, resp.Status)
	}
	if resp.Header.Get("Sec-Websocket-Accept") != "" {
		s.failf("a refusal with Sec-WebSocket-Accept")
	}
	return resp
}

// key is the value of the request's only key.
func (r *request) key() string {
	if l := r.list("Sec-WebSocket-Key"); len(l) > 0 {
		return l[0]
	}
	return ""
}

// list returns the items of a list field.
func (r *request) list(name string) []string {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(r.String())))
	if err != nil {
		return nil
	}
	var items []string
	for _, line := range req.Header.Values(name) {
		for item := range strings.SplitSeq(line, ",") {
			items = append(items, strings.Trim(item, " \t"))
		}
	}
	return items
}

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
