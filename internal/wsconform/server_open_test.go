package wsconform

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// handshake answers the request and reports whether the connection is open.
func (l *link) handshake() bool {
	r, err := http.ReadRequest(l.br)
	switch {
	case l.has("any handshake") && err != nil:
		r = &http.Request{Header: http.Header{}}
	case err != nil || l.has("no handshake"):
		l.respond(400, nil)
		return false
	}
	if status, header := l.judge(r); status != 101 && !l.has("any handshake") {
		l.respond(status, header)
		return false
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + guid))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	if l.has("another accept key") {
		accept = base64.StdEncoding.EncodeToString(sum[1:])
	}
	answer := []string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + accept}
	if sub := l.choose(items(r.Header["Sec-Websocket-Protocol"])); sub != "" {
		answer = append(answer, "Sec-WebSocket-Protocol: "+sub)
	}
	if ext, bad := l.negotiate(items(r.Header["Sec-Websocket-Extensions"])); bad {
		l.respond(400, nil)
		return false
	} else if ext != "" {
		answer = append(answer, "Sec-WebSocket-Extensions: "+ext)
	}
	if l.has("a header is injected") && r.Header.Get("X-Evil") != "" {
		answer = append(answer, "X-Injected: 1")
	}
	_, err = io.WriteString(l.conn, strings.Join(answer, "\r\n")+"\r\n\r\n")
	return err == nil
}

func (l *link) respond(status int, header http.Header) {
	resp := http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: 2, Close: true,
		Body: io.NopCloser(strings.NewReader("no")),
	}
	_ = resp.Write(l.conn)
	l.hangUp()
}

// items are those of a list header.
func items(lines []string) []string {
	var list []string
	for _, l := range lines {
		for item := range strings.SplitSeq(l, ",") {
			list = append(list, strings.Trim(item, " \t"))
		}
	}
	return list
}

// judge returns 101 for a proper handshake.
func (l *link) judge(r *http.Request) (int, http.Header) {
	connection, upgrade := r.Header["Connection"], r.Header["Upgrade"]
	if l.has("reads the first line of a field") {
		connection, upgrade = connection[:min(1, len(connection))], upgrade[:min(1, len(upgrade))]
	}
	if l.has("fields have one token") {
		connection = slices.DeleteFunc(slices.Clone(connection), func(s string) bool { return strings.Contains(s, ",") })
	}
	token := hasToken
	if l.has("tokens are found within words") {
		token = func(lines []string, t string) bool {
			return strings.Contains(strings.ToLower(strings.Join(lines, ",")), t)
		}
	}
	versions := r.Header["Sec-Websocket-Version"]
	switch {
	case r.Method != http.MethodGet && !l.has("any method"):
		return 405, nil
	case !r.ProtoAtLeast(1, 1) && !l.has("HTTP 1.0 will do"):
		return 400, nil
	case r.Host == "" && !l.has("no Host needed"):
		return 400, nil
	case !token(connection, "upgrade") && !l.has("no Connection needed"), !token(upgrade, "websocket"):
		return 400, nil
	case l.has("case of tokens matters") && connection[0] != strings.ToLower(connection[0]) && connection[0] != "Upgrade":
		return 400, nil
	case !slices.Equal(versions, []string{"13"}) && !l.has("any version"):
		header := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}}
		if l.has("does not say which version") {
			header.Del("Sec-Websocket-Version")
		}
		return 426, header
	case !l.validKey(r.Header["Sec-Websocket-Key"]):
		return 400, nil
	case (r.ContentLength != 0 || len(r.TransferEncoding) > 0) && !l.has("bodies are frames"):
		return 400, nil
	case !l.origin(r):
		return 403, nil
	}
	return 101, nil
}

func (l *link) validKey(keys []string) bool {
	switch {
	case l.has("any key"):
		return true
	case l.has("any key of 24 characters"):
		return len(keys) == 1 && len(keys[0]) == 24
	case l.has("the first key"):
		keys = keys[:min(1, len(keys))]
	}
	if len(keys) != 1 {
		return false
	}
	b, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(b) == 16
}

func (l *link) origin(r *http.Request) bool {
	list := r.Header["Origin"]
	if len(list) == 0 || l.has("any origin") {
		return true
	}
	want := "http://" + strings.ToLower(r.Host)
	got := strings.ToLower(list[0])
	switch l.bug {
	case "origins by prefix":
		return strings.HasPrefix(got, want)
	case "origins by suffix":
		return strings.HasSuffix(got, r.Host)
	case "null is an origin":
		return got == "null" || got == want
	}
	return len(list) == 1 && got == want
}

func (l *link) choose(offered []string) string {
	if l.has("the client's first subprotocol") && len(offered) > 0 {
		return offered[0]
	}
	if l.has("its subprotocol in any case") {
		return l.subs[0]
	}
	for _, s := range l.subs {
		if slices.Contains(offered, s) {
			return s
		}
	}
	return ""
}

const compressFrom = 300

// negotiate agrees to the first offer that it can; bad means that the handshake shall fail.
func (l *link) negotiate(offers []string) (answer string, bad bool) {
	if !l.deflate {
		return "", false
	}
	if l.has("considers the first offer alone") {
		offers = offers[:min(1, len(offers))]
	}
	for _, offer := range offers {
		a, ok := l.take(offer)
		if !ok {
			if l.has("bad offers fail the handshake") {
				return "", true
			}
			continue
		}
		l.ext = a
		l.in = inflater{fresh: a.clientFresh}
		l.pack = compressor{fresh: a.serverFresh, narrow: a.serverBits < 15}
		l.spoil()
		return l.answer(a), false
	}
	return "", false
}

// take parses an offer. Unlike an answer it may have a parameter without value.
func (l *link) take(offer string) (*agreement, bool) {
	parts := strings.Split(offer, ";")
	for i, p := range parts {
		name, value, has := strings.Cut(strings.Trim(p, " \t"), "=")
		parts[i] = strings.Trim(name, " \t")
		if has {
			parts[i] += "=" + strings.Trim(value, " \t")
		}
		if parts[i] == "client_max_window_bits" {
			parts[i] += "=15"
		}
	}
	if l.has("unknown parameters are ignored") {
		parts = slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "unknown") })
	}
	if l.has("repeated parameters are ignored") {
		parts = slices.Compact(parts)
	}
	if l.has("any number of window bits") {
		for i, p := range parts {
			if strings.Contains(p, "window_bits=") && !strings.Contains(p, "=15") {
				parts[i] = "client_max_window_bits=14"
			}
		}
	}
	a, err := parseAnswer(strings.Join(parts, ";"))
	if err != nil {
		return nil, false
	}
	return a, true
}

// answer writes an agreement.
func (l *link) answer(a *agreement) string {
	s := extension
	if a.serverFresh && !l.has("does not confirm server_no_context_takeover") {
		s += "; server_no_context_takeover"
	}
	if a.clientFresh {
		s += "; client_no_context_takeover"
	}
	switch {
	case a.named["server_max_window_bits"] && l.has("answers with a wider window"):
		s += "; server_max_window_bits=15"
	case a.named["server_max_window_bits"]:
		s += fmt.Sprintf("; server_max_window_bits=%d", a.serverBits)
	}
	switch {
	case l.has("limits a client that did not offer it"):
		s += "; client_max_window_bits=12"
	case a.named["client_max_window_bits"] && l.has("answers client_max_window_bits without value"):
		s += "; client_max_window_bits"
	case a.named["client_max_window_bits"]:
		s += fmt.Sprintf("; client_max_window_bits=%d", a.clientBits)
	}
	return s
}

// spoil changes what was agreed on, for some faults.
func (l *link) spoil() {
	switch l.bug {
	case "forgets what the client said":
		l.in.fresh = true
	case "takes over what it must not":
		l.pack.fresh = false
	case "looks back too far":
		l.pack.narrow = false
	}
}

// unpack inflates a message.
func (l *link) unpack(p string) (string, error) {
	plain, err := l.in.message(p)
	switch {
	case err != nil && l.has("broken data is its own fault"):
		return "", fault{1011}
	case err != nil && l.has("broken data ends the connection"):
		return "", io.EOF
	case err != nil && l.has("broken data is no message"):
		return "", nil
	case err != nil:
		return "", fault{1007}
	case len(plain) > l.max && !l.has("the limit is for what comes"):
		return "", fault{1009}
	}
	if l.has("remembers 4 KiB") {
		l.in.window = l.in.window[max(0, len(l.in.window)-4<<10):]
	}
	return plain, nil
}

func (l *link) deflated(p string) string {
	data := l.pack.message(p)
	if l.has("leaves the tail on") {
		data += tail
	}
	if l.has("cuts off too much") {
		data = data[:len(data)-1]
	}
	return data
}
