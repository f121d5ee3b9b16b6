package wsconform

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// attempt is a case about the opening handshake.
func attempt(name, section string, change func(*request), then func(*session, *request)) Case {
	return Case{Name: "handshake/" + name, Section: section, raw: true, run: func(s *session) {
		r := s.request()
		change(r)
		s.write(r.String())
		then(s, r)
	}}
}

// works expects an open connection.
func works(s *session, r *request) {
	s.accepted(r)
	s.write(text("hello"))
	s.text("hello")
	s.bye()
}

// rejects expects one of these statuses, or any 4xx (and 505).
func rejects(status ...int) func(*session, *request) {
	return func(s *session, _ *request) { s.refused(status...) }
}

func setting(name string, values ...string) func(*request) {
	return func(r *request) { r.set(name, values...) }
}

// handshakes that are proper, in all their forms (RFC 6455 section 4.2.1).
func handshakes(o Options) []Case {
	const section = "RFC 6455 4.2.1"
	list := []Case{
		attempt("plain", section, func(*request) {}, works),
		attempt("Connection with more tokens", section, setting("Connection", "keep-alive, Upgrade"), works),
		attempt("Connection over two lines", section, setting("Connection", "keep-alive", "Upgrade"), works),
		attempt("Connection in other case", section, setting("Connection", "uPGRADE"), works),
		attempt("Connection with empty items", section, setting("Connection", " , Upgrade ,,\tclosed"), works),
		attempt("Upgrade in other case", section, setting("Upgrade", "WebSocket"), works),
		attempt("Upgrade with more tokens", section, setting("Upgrade", "h2c, websocket"), works),
		attempt("Upgrade over two lines", section, setting("Upgrade", "h2c", "websocket"), works),
		attempt("names of fields in lower case", section, func(r *request) {
			for i, l := range r.lines {
				n, v, _ := strings.Cut(l, ":")
				r.lines[i] = strings.ToLower(n) + ":" + v
			}
		}, works),
		attempt("blanks around values", section, func(r *request) {
			r.set("Sec-WebSocket-Version", "\t 13 \t")
			r.set("Upgrade", "  websocket\t")
		}, works),
		attempt("another key", section, setting("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), works),
		attempt("key of high bytes", section, setting("Sec-WebSocket-Key", "/////////////////////w=="), works),
		attempt("Content-Length 0", section, setting("Content-Length", "0"), works),
		attempt("long fields", section, setting("X-Long", strings.Repeat("x", 3000), strings.Repeat("y", 3000)), works),
		attempt("a query", section, func(r *request) { r.line = "GET " + o.Path + "?a=b%20c HTTP/1.1" }, works),
		attempt("unknown extension", "RFC 6455 9.1", setting("Sec-WebSocket-Extensions", "x-foo; bar=1", "x-baz"), func(s *session, r *request) {
			s.accepted(r)
			if s.deflate != nil {
				s.failf("the server agreed to an extension that was not offered")
			}
			s.bye()
		}),
		attempt("nothing of the request comes back", "RFC 9112 11.1", func(r *request) {
			r.line = "GET " + o.Path + "?a=%0d%0aX-Injected:%201 HTTP/1.1"
			r.set("X-Evil", "%0d%0aX-Injected: 1")
			r.set("Sec-WebSocket-Protocol", "a%0d%0aX-Injected: 1", `b"c`, "d e", "f;g")
		}, func(s *session, r *request) {
			if resp := s.accepted(r); resp.Header.Get("X-Injected") != "" {
				s.failf("a header was injected")
			}
			s.bye()
		}),
	}
	return append(list, early()...)
}

// early: frames right behind the request are not lost.
func early() []Case {
	const section = "RFC 6455 4.1"
	row := func(name string, frames []string, then func(*session)) Case {
		return Case{Name: "handshake/" + name, Section: section, raw: true, run: func(s *session) {
			r := s.request()
			s.drip(moment, append([]string{r.String() + frames[0]}, frames[1:]...)...)
			s.accepted(r)
			then(s)
		}}
	}
	hello := text("hello")
	return []Case{
		row("a frame in the same write", []string{hello}, echoesText("hello")),
		row("half a frame in the same write", []string{hello[:5], hello[5:]}, echoesText("hello")),
		row("one byte in the same write", []string{hello[:1], hello[1:]}, echoesText("hello")),
		row("many frames in the same write", []string{strings.Repeat(hello, 10)}, echoesText(slices.Repeat([]string{"hello"}, 10)...)),
		row("a long frame in the same write", []string{bin(pattern(9000))}, echoesBinary(pattern(9000))),
		row("a Close in the same write", []string{hello + frame(fin|opClose, closeBody(1001, ""))}, func(s *session) {
			s.text("hello")
			s.answered(1001)
		}),
		row("a fault in the same write", []string{frame(fin|3, "")}, fails(1002)),
		{Name: "handshake/byte by byte", Section: section, raw: true, run: func(s *session) {
			r := s.request()
			s.write(bytewise(r.String() + hello)...)
			s.accepted(r)
			s.text("hello")
			s.bye()
		}},
	}
}

// refusals: what is not a handshake.
func refusals(o Options) []Case {
	const section = "RFC 6455 4.2.1"
	list := []Case{
		attempt("version 8", "RFC 6455 4.4", setting("Sec-WebSocket-Version", "8"), needs13),
		attempt("version 14", "RFC 6455 4.4", setting("Sec-WebSocket-Version", "14"), needs13),
		attempt("version 013", "RFC 6455 4.4", setting("Sec-WebSocket-Version", "013"), needs13),
		attempt("version in words", "RFC 6455 4.4", setting("Sec-WebSocket-Version", "thirteen"), needs13),
		attempt("versions in a list", "RFC 6455 4.4", setting("Sec-WebSocket-Version", "8, 13"), needs13),
		attempt("versions over two lines", "RFC 6455 11.3.5", setting("Sec-WebSocket-Version", "13", "8"), needs13),
		attempt("version missing", section, setting("Sec-WebSocket-Version"), needs13),
		attempt("version empty", section, setting("Sec-WebSocket-Version", ""), needs13),
		attempt("POST", section, func(r *request) { r.line = "POST " + o.Path + " HTTP/1.1" }, rejects()),
		attempt("POST with a body", section, func(r *request) {
			r.line = "POST " + o.Path + " HTTP/1.1"
			r.set("Content-Length", "5")
			r.body = "hello"
		}, rejects()),
		attempt("HEAD", section, func(r *request) { r.line = "HEAD " + o.Path + " HTTP/1.1" }, func(s *session, _ *request) {
			if resp := s.response(http.MethodHead); resp.StatusCode == http.StatusSwitchingProtocols {
				s.failf("want the handshake to be refused, got %s", resp.Status)
			}
		}),
		attempt("HTTP 1.0", section, func(r *request) { r.line = "GET " + o.Path + " HTTP/1.0" }, rejects()),
		attempt("no Host", section, setting("Host"), rejects()),
		attempt("two Hosts", "RFC 9112 3.2", setting("Host", o.Host, o.Host), rejects()),
		attempt("a body", "RFC 6455 4.1", func(r *request) {
			r.set("Content-Length", "5")
			r.body = "hello"
		}, rejects()),
		attempt("a body that is a frame", "RFC 6455 4.1", func(r *request) {
			r.body = text("hello")
			r.set("Content-Length", fmt.Sprint(len(r.body)))
		}, rejects()),
		attempt("a chunked body", "RFC 6455 4.1", func(r *request) {
			r.set("Transfer-Encoding", "chunked")
			r.body = "5\r\nhello\r\n0\r\n\r\n"
		}, rejects()),
		attempt("an empty chunked body", "RFC 6455 4.1", func(r *request) {
			r.set("Transfer-Encoding", "chunked")
			r.body = "0\r\n\r\n"
		}, rejects()),
		attempt("line break in a value", "RFC 9112 2.2", setting("X-A", "a\rX-Injected: 1"), rejects()),
	}
	if o.AnyRequest {
		return list
	}
	return append(list,
		attempt("no Upgrade", section, setting("Upgrade"), rejects()),
		attempt("Upgrade to something else", section, setting("Upgrade", "h2c"), rejects()),
		attempt("Upgrade within a word", section, setting("Upgrade", "websockets"), rejects()),
		attempt("no Connection", section, setting("Connection"), rejects()),
		attempt("Connection to something else", section, setting("Connection", "keep-alive"), rejects()),
		attempt("Connection within a word", section, setting("Connection", "upgraded"), rejects()),
		attempt("a plain request", section, func(r *request) { r.lines = r.lines[:1] }, rejects()),
	)
}

// needs13 expects 426 and the version that would do (RFC 6455 section 4.4, RFC 9110 section 15.5.22).
func needs13(s *session, _ *request) {
	resp := s.refused(http.StatusUpgradeRequired)
	if got := resp.Header["Sec-Websocket-Version"]; !slices.Equal(got, []string{"13"}) {
		s.failf("want Sec-WebSocket-Version: 13 in the refusal, got %q", got)
	}
	named := resp.Close || hasToken(resp.Header["Connection"], "upgrade") // net/http drops the line if "close" is in it
	if !hasToken(resp.Header["Upgrade"], "websocket") || !named {
		s.failf("want Upgrade: websocket in the 426, got %q, Connection %q", resp.Header["Upgrade"], resp.Header["Connection"])
	}
}

// keys: 16 bytes in base64, once.
func keys() []Case {
	var list []Case
	for _, k := range []struct {
		name   string
		values []string
	}{
		{"missing", nil},
		{"empty", []string{""}},
		{"of 15 bytes", []string{"AAAAAAAAAAAAAAAAAAAA"}},
		{"of 17 bytes", []string{"AAAAAAAAAAAAAAAAAAAAAAA="}},
		{"of 18 bytes", []string{"AAAAAAAAAAAAAAAAAAAAAAAA"}},
		{"without padding", []string{"dGhlIHNhbXBsZSBub25jZQ"}},
		{"of 24 characters that are not base64", []string{"!!!!!!!!!!!!!!!!!!!!!!!!"}},
		{"of the URL alphabet", []string{"_____________________w=="}},
		{"with a blank inside", []string{"dGhlIHNhbXBs ZSBub25jZQ=="}},
		{"twice", []string{sampleKey, "AAAAAAAAAAAAAAAAAAAAAA=="}},
		{"twice the same", []string{sampleKey, sampleKey}},
		{"a list", []string{sampleKey + ", " + sampleKey}},
	} {
		list = append(list, attempt("key "+k.name, "RFC 6455 4.2.1", setting("Sec-WebSocket-Key", k.values...), rejects(http.StatusBadRequest)))
	}
	return list
}

// origins: a page of another one is refused (RFC 6455 section 10.2).
func origins(o Options) []Case {
	if !o.SameOrigin {
		return nil
	}
	const section = "RFC 6455 10.2"
	scheme := "http://"
	if o.TLS {
		scheme = "https://"
	}
	refused := rejects(http.StatusForbidden)
	list := []Case{
		attempt("no origin", "RFC 6455 4.2.1", setting("Origin"), works),
		attempt("own origin", section, setting("Origin", scheme+o.Host), works),
		attempt("own origin in capitals", "RFC 6454 4", setting("Origin", scheme+strings.ToUpper(o.Host)), works),
		attempt("other origin", section, setting("Origin", scheme+"evil.test"), refused),
		attempt("other port", section, setting("Origin", scheme+o.Host+":1"), refused),
		attempt("own host as a prefix", section, setting("Origin", scheme+o.Host+".evil.test"), refused),
		attempt("own host as a suffix", section, setting("Origin", scheme+"evil"+o.Host), refused),
		attempt("own host as a user", section, setting("Origin", scheme+o.Host+"@evil.test"), refused),
		attempt("null origin", section, setting("Origin", "null"), refused),
		attempt("origin of another scheme", section, setting("Origin", "ftp://"+o.Host), refused),
		attempt("two origins", section, setting("Origin", scheme+o.Host, scheme+"evil.test"), refused),
	}
	if o.TLS {
		list = append(list, attempt("own origin without TLS", section, setting("Origin", "http://"+o.Host), refused))
	}
	return list
}

// subprotocols: one of those offered, or none (RFC 6455 section 4.2.2, item 5.5).
func subprotocols(o Options) []Case {
	const section = "RFC 6455 4.2.2"
	gets := func(want string) func(*session, *request) {
		return func(s *session, r *request) {
			resp := s.accepted(r)
			if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != want {
				s.failf("want the subprotocol %q, got %q", want, got)
			}
			s.bye()
		}
	}
	offer := func(values ...string) func(*request) { return setting("Sec-WebSocket-Protocol", values...) }
	list := []Case{
		attempt("no subprotocol", section, func(*request) {}, gets("")),
		attempt("unknown subprotocols", section, offer("x-unknown, y-unknown"), gets("")),
	}
	if len(o.Subprotocols) == 0 {
		return list
	}
	first, last := o.Subprotocols[0], o.Subprotocols[len(o.Subprotocols)-1]
	list = append(list,
		attempt("a subprotocol", section, offer(first), gets(first)),
		attempt("a subprotocol among others", section, offer("x-unknown, "+last+", y-unknown"), gets(last)),
		attempt("a subprotocol over two lines", "RFC 6455 11.3.4", offer("x-unknown", last), gets(last)),
		attempt("the better subprotocol", section, offer(last+", "+first), gets(first)),
		attempt("a subprotocol within a word", section, offer(first+"x"), gets("")),
	)
	if other := strings.ToUpper(first); other != first {
		list = append(list, attempt("a subprotocol in other case", section, offer(other), gets("")))
	}
	return list
}

// noDeflate: a server without it declines.
func noDeflate() []Case {
	var list []Case
	for _, offer := range []string{extension, extension + "; client_max_window_bits", extension + "; server_no_context_takeover; client_no_context_takeover"} {
		list = append(list, attempt("offer declined, "+offer, "RFC 7692 5.1", setting("Sec-WebSocket-Extensions", offer), func(s *session, r *request) {
			s.accepted(r)
			if s.deflate != nil {
				s.failf("the server agreed to deflate")
			}
			s.write(text("plain"))
			s.text("plain")
			s.write(frame(fin|rsv1|opText, "\xf2\x48\xcd\xc9\xc9\x07\x00"))
			s.fails(1002)
		}))
	}
	return list
}
