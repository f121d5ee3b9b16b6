package wsconform

import (
	"fmt"
	"strings"
)

// fits reports what is wrong with an answer to one offer (RFC 7692 sections 7.1.1 and 7.1.2).
func (a *agreement) fits(offer string) error {
	asked := map[string]string{}
	for _, item := range strings.Split(offer, ";")[1:] {
		name, value, _ := strings.Cut(strings.Trim(item, " "), "=")
		asked[name] = strings.Trim(value, `"`)
	}
	bits := func(name string) int {
		n := 15
		_, _ = fmt.Sscan(asked[name], &n)
		return n
	}
	_, fresh := asked["server_no_context_takeover"]
	_, window := asked["server_max_window_bits"]
	_, theirs := asked["client_max_window_bits"]
	switch {
	case fresh && !a.serverFresh:
		return fmt.Errorf("without server_no_context_takeover, which was asked for")
	case window && !a.named["server_max_window_bits"]:
		return fmt.Errorf("without server_max_window_bits, which was asked for")
	case window && a.serverBits > bits("server_max_window_bits"):
		return fmt.Errorf("with server_max_window_bits=%d, which is more than was asked for", a.serverBits)
	case a.named["client_max_window_bits"] && !theirs:
		return fmt.Errorf("with client_max_window_bits, which the client did not offer")
	case a.clientBits > bits("client_max_window_bits"):
		return fmt.Errorf("with client_max_window_bits=%d, which is more than was offered", a.clientBits)
	}
	return nil
}

// negotiation of offers that are in order. A server may decline a window below 32 KiB (RFC 7692 section 5.1), the rest it has to take.
func negotiation(o Options) []Case {
	const section = "RFC 7692 7.1"
	var list []Case
	for _, params := range []string{
		"",
		"client_max_window_bits",
		"client_max_window_bits=15",
		"client_max_window_bits=10",
		"client_max_window_bits=8",
		"server_no_context_takeover",
		"client_no_context_takeover",
		"server_no_context_takeover; client_no_context_takeover",
		"client_no_context_takeover; client_max_window_bits",
		"server_max_window_bits=15",
		`server_max_window_bits="15"`,
		"server_max_window_bits=15; client_max_window_bits=15",
	} {
		list = append(list, negotiated(params, section, true, func(s *session) { s.talk(o) }))
	}
	for bits := 8; bits < 15; bits++ {
		for _, more := range []string{"", "; server_no_context_takeover", "; client_max_window_bits"} {
			params := fmt.Sprintf("server_max_window_bits=%d%s", bits, more)
			list = append(list, negotiated(params, "RFC 7692 7.1.2.1", false, func(s *session) {
				s.talk(o)
				s.farther(o)
			}))
		}
	}
	return append(list, several(o)...)
}

func join(params string) string {
	if params == "" {
		return extension
	}
	return extension + "; " + params
}

// negotiated is a case about one offer. must: declining is a fault.
func negotiated(params, section string, must bool, then func(*session)) Case {
	return Case{Name: "negotiation/" + join(params), Section: section, raw: true, run: func(s *session) {
		r := s.request("Sec-WebSocket-Extensions: " + join(params))
		s.write(r.String())
		s.accepted(r)
		switch {
		case s.deflate != nil:
			if err := s.deflate.fits(join(params)); err != nil {
				s.failf("the server agreed to %q %v", params, err)
			}
			then(s)
		case must:
			s.failf("the server declined %q", params)
		default:
			s.write(text("plain"))
			s.text("plain")
		}
		s.bye()
	}}
}

// talk exchanges compressed messages of many sorts, each twice, so that a context that was taken over shows.
func (s *session) talk(o Options) {
	for _, p := range []string{"hello", pattern(2000), strings.Repeat("a", 5000), "", pattern(100), strings.Repeat("abc ü ", 2000)} {
		if !o.fits(len(p)) {
			continue
		}
		for range 2 {
			s.write(s.packed(opText, p))
			s.text(p)
		}
	}
	p := noise(3000, 1)
	for range 2 {
		if o.fits(len(p) + 100) {
			s.write(s.packed(opBinary, p))
			s.bin(p)
		}
	}
}

// farther proves that the server looks no farther back than it agreed to: what
// repeats beyond the window cannot have been shortened.
func (s *session) farther(o Options) {
	window := 1 << s.deflate.serverBits
	p := noise(window+400, 2)
	again := p[:500]
	if !o.fits(len(p) + 1000) {
		return
	}
	s.write(s.packed(opBinary, p+again))
	e := s.next()
	if e.op != opBinary || e.payload != p+again {
		s.failf("want the message of %d bytes, got %v", len(p+again), e)
	}
	if e.deflate && e.wire < len(p)+450 {
		s.failf("%d incompressible bytes that repeat only beyond a window of %d came in %d: the window is wider", len(p+again), window, e.wire)
	}
	s.write(s.packed(opBinary, p), s.packed(opBinary, again))
	s.bin(p)
	e = s.next()
	if e.op != opBinary || e.payload != again {
		s.failf("want the message of %d bytes, got %v", len(again), e)
	}
	if e.deflate && e.wire < 450 {
		s.failf("%d incompressible bytes, seen before only beyond a window of %d, came in %d: the window is wider", len(again), window, e.wire)
	}
}

// several offers: the first that will do.
func several(o Options) []Case {
	const section = "RFC 7692 5.1"
	agrees := func(want string) func(*session, *request) {
		return func(s *session, r *request) {
			s.accepted(r)
			if s.deflate == nil {
				s.failf("the server declined, but could have agreed to %q", want)
			}
			if err := s.deflate.fits(want); err != nil {
				s.failf("the server agreed %v", err)
			}
			s.talk(o)
			s.bye()
		}
	}
	ext := func(values ...string) func(*request) { return setting("Sec-WebSocket-Extensions", values...) }
	rows := []Case{
		attempt("preferred offer first", section, ext("permessage-deflate; server_no_context_takeover, permessage-deflate"), agrees("permessage-deflate; server_no_context_takeover")),
		attempt("bad offer, good offer", section, ext("permessage-deflate; unknown, permessage-deflate"), agrees("permessage-deflate")),
		attempt("bad window, good offer", section, ext("permessage-deflate; server_max_window_bits=7, permessage-deflate; client_max_window_bits"), agrees("permessage-deflate; client_max_window_bits")),
		attempt("good offer, bad offer", section, ext("permessage-deflate, permessage-deflate; unknown"), agrees("permessage-deflate")),
		attempt("offers over two lines", "RFC 6455 9.1", ext("permessage-deflate; unknown", "permessage-deflate; client_max_window_bits"), agrees("permessage-deflate; client_max_window_bits")),
		attempt("behind other extensions", "RFC 6455 9.1", ext("x-foo; a=1; b, permessage-bzip2, permessage-deflate"), agrees("permessage-deflate")),
		attempt("before other extensions", "RFC 6455 9.1", ext("permessage-deflate, x-foo"), agrees("permessage-deflate")),
		attempt("blanks around everything", "RFC 6455 9.1", ext(" permessage-deflate ;\tclient_max_window_bits = 15 "), agrees("permessage-deflate; client_max_window_bits")),
		attempt("a comma in quotes", "RFC 6455 9.1", ext(`x-foo; a="1", permessage-deflate`), agrees("permessage-deflate")),
	}
	for i := range rows {
		rows[i].Name = strings.Replace(rows[i].Name, "handshake/", "negotiation/", 1)
	}
	return rows
}

// declined: a bad offer is passed over, and does not fail the handshake (RFC 7692 section 7.1).
func declined() []Case {
	var list []Case
	for _, params := range []string{
		"unknown",
		"unknown=1",
		"server_max_window_bits",
		"server_max_window_bits=7",
		"server_max_window_bits=16",
		"server_max_window_bits=0",
		"server_max_window_bits=-9",
		"server_max_window_bits=+9",
		"server_max_window_bits=010",
		"server_max_window_bits=08",
		"server_max_window_bits=1000",
		"server_max_window_bits=9.0",
		"server_max_window_bits=abc",
		"client_max_window_bits=7",
		"client_max_window_bits=16",
		"client_max_window_bits=09",
		"client_max_window_bits=abc",
		"server_no_context_takeover=1",
		"client_no_context_takeover=true",
		"server_no_context_takeover; server_no_context_takeover",
		"client_no_context_takeover; client_no_context_takeover",
		"client_max_window_bits; client_max_window_bits",
		"client_max_window_bits=10; client_max_window_bits=11",
		"server_max_window_bits=10; server_max_window_bits=10",
		"client_max_window_bits; unknown",
		"Server_No_Context_Takeover_",
	} {
		list = append(list, Case{Name: "declined/" + params, Section: "RFC 7692 7.1", raw: true, run: func(s *session) {
			r := s.request("Sec-WebSocket-Extensions: " + join(params))
			s.write(r.String())
			s.accepted(r)
			if s.deflate != nil {
				s.failf("the server agreed to %q", params)
			}
			s.write(text("plain"))
			s.text("plain")
			s.write(frame(fin|rsv1|opText, "\xf2\x48\xcd\xc9\xc9\x07\x00"))
			s.fails(1002)
		}})
	}
	for _, value := range []string{"permessage-deflat", "permessage-deflates", "x-webkit-deflate-frame", "x-foo; permessage-deflate", "permessage_deflate", `x-foo; a="permessage-deflate"`} {
		c := attempt("another extension, "+value, "RFC 7692 7", setting("Sec-WebSocket-Extensions", value), func(s *session, r *request) {
			s.accepted(r)
			if s.deflate != nil {
				s.failf("the server agreed to deflate, which was not offered")
			}
			s.bye()
		})
		c.Name = strings.Replace(c.Name, "handshake/", "declined/", 1)
		list = append(list, c)
	}
	return list
}
