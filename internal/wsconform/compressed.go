package wsconform

import (
	"compress/flate"
	"fmt"
	"slices"
	"strings"
)

const (
	// plainOffer and freshOffer are the offers of most cases: with context
	// takeover, if the server likes, and without.
	plainOffer = extension
	freshOffer = extension + "; server_no_context_takeover; client_no_context_takeover"

	// helloDeflated is the first example of RFC 7692 section 7.2.3.1.
	helloDeflated = "\xf2\x48\xcd\xc9\xc9\x07\x00"
)

// over makes cases of rows that run over connections with deflate.
func over(group, offer string, rows []row) []Case {
	list := cases(group, rows)
	for i := range list {
		list[i].offer = offer
	}
	return list
}

func conversation(group, name, section, offer string, run func(*session)) Case {
	return Case{Name: group + "/" + name, Section: section, offer: offer, run: run}
}

// compressed messages, in the forms that RFC 7692 section 7.2.3 shows.
func compressed(o Options) []Case {
	const section = "RFC 7692 7.2.3"
	z := func(first byte, p string) string { return frame(rsv1|first, p) }
	rows := []row{
		{name: "one block", section: section, send: []string{z(fin|opText, helloDeflated)}, then: echoesText("Hello")},
		{name: "binary", section: section, send: []string{z(fin|opBinary, helloDeflated)}, then: echoesBinary("Hello")},
		{name: "two fragments", section: section, send: []string{z(opText, helloDeflated[:3]) + frame(fin|opCont, helloDeflated[3:])}, then: echoesText("Hello")},
		{name: "stored block", section: section, send: []string{z(fin|opText, "\x00\x05\x00\xfa\xffHello\x00")}, then: echoesText("Hello")},
		{name: "final block", section: section, send: []string{z(fin|opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, then: echoesText("Hello")},
		{name: "two blocks", section: section, send: []string{z(fin|opText, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, then: echoesText("Hello")},
		{name: "empty message", section: "RFC 7692 7.2.3.6", send: []string{z(fin|opText, "\x00")}, then: echoesText("")},
		{name: "no data at all", section: "RFC 7692 7.2.3.6", send: []string{z(fin|opText, "")}, then: func(s *session) {
			// An empty message is the byte 0. Without it the tail is half a block, which zlib overlooks.
			if e := s.next(); e.op != opText && e.op != opClose || e.op == opText && e.payload != "" {
				s.failf("want an empty text or a Close frame, got %v", e)
			}
		}},
		{name: "empty first fragment", section: "RFC 7692 6.1", send: []string{z(opText, "") + frame(fin|opCont, helloDeflated)}, then: echoesText("Hello")},
		{name: "empty last fragment", section: "RFC 7692 6.1", send: []string{z(opText, helloDeflated) + frame(fin|opCont, "")}, then: echoesText("Hello")},
		{name: "fragment for each byte", section: "RFC 7692 6.1", send: []string{"\x41" + chain(opText, bytewise(helloDeflated)...)[1:]}, then: echoesText("Hello")},
		{name: "uncompressed after compressed", section: "RFC 7692 6", send: []string{z(fin|opText, helloDeflated) + text("plain")}, then: echoesText("Hello", "plain")},
		{name: "uncompressed before compressed", section: "RFC 7692 6", send: []string{text("plain") + z(fin|opText, helloDeflated)}, then: echoesText("plain", "Hello")},

		{name: "RSV1 on a continuation", section: "RFC 7692 6.1", send: []string{z(opText, helloDeflated[:3]) + z(fin|opCont, helloDeflated[3:])}, then: fails(1002)},
		{name: "RSV1 on a middle continuation", section: "RFC 7692 6.1", send: []string{z(opText, helloDeflated[:3]) + z(opCont, helloDeflated[3:])}, then: fails(1002)},
		{name: "RSV1 on an uncompressed message's continuation", section: "RFC 7692 6.1", send: []string{frame(opText, "a") + z(fin|opCont, helloDeflated)}, then: fails(1002)},
		{name: "RSV1 on a ping", section: "RFC 7692 6", send: []string{z(fin|opPing, "p")}, then: fails(1002)},
		{name: "RSV1 on a ping between fragments", section: "RFC 7692 6", send: []string{z(opText, helloDeflated[:3]) + z(fin|opPing, "p")}, then: fails(1002)},
		{name: "RSV1 on a pong", section: "RFC 7692 6", send: []string{z(fin|opPong, "")}, then: fails(1002)},
		{name: "RSV1 on a Close", section: "RFC 7692 6", send: []string{z(fin|opClose, closeBody(1000, ""))}, then: fails(1002)},
		{name: "RSV1 and RSV2", section: "RFC 6455 5.2", send: []string{frame(fin|rsv1|rsv2|opText, helloDeflated)}, then: fails(1002)},
		{name: "RSV1 and RSV3", section: "RFC 6455 5.2", send: []string{frame(fin|rsv1|rsv3|opText, helloDeflated)}, then: fails(1002)},
		{name: "RSV2 on a continuation", section: "RFC 6455 5.2", send: []string{z(opText, helloDeflated[:3]) + frame(fin|rsv2|opCont, helloDeflated[3:])}, then: fails(1002)},
		{name: "RSV1 on a reserved opcode", section: "RFC 6455 5.2", send: []string{frame(fin|rsv1|3, helloDeflated)}, then: fails(1002)},
		{name: "RSV1 on a continuation of nothing", section: "RFC 6455 5.4", send: []string{z(fin|opCont, helloDeflated)}, then: fails(1002)},
		{name: "no mask", section: "RFC 6455 5.1", send: []string{spec{first: fin | rsv1 | opText, payload: helloDeflated, bare: true}.build()}, then: fails(1002)},
		{name: "text within compressed text", section: "RFC 6455 5.4", send: []string{z(opText, helloDeflated[:3]) + z(fin|opText, helloDeflated)}, then: fails(1002)},
	}
	return slices.Concat(over("compressed", plainOffer, rows), compressedTalk(o), compressedText())
}

func compressedTalk(o Options) []Case {
	var list []Case
	for _, offer := range []string{plainOffer, freshOffer} {
		suffix := ""
		if offer == freshOffer {
			suffix = ", no takeover"
		}
		add := func(name, section string, run func(*session)) {
			list = append(list, conversation("compressed", name+suffix, section, offer, func(s *session) {
				run(s)
				s.bye()
			}))
		}
		add("all sorts", "RFC 7692 7.2", func(s *session) { s.talk(o) })
		add("fragments of every size", "RFC 7692 6.1", func(s *session) {
			p := pattern(300)
			for n := 1; n < 40; n++ {
				s.write(strings.Join(s.fragmented(opText, p, n), ""))
				s.text(p)
			}
		})
		add("fragments cut anywhere", "RFC 7692 6.1", func(s *session) {
			for i := range len(helloDeflated) + 1 {
				p := s.pack.message("Hello")
				i := min(i, len(p))
				s.write(frame(rsv1|opText, p[:i]), frame(fin|opCont, p[i:]))
				s.text("Hello")
			}
		})
		add("control frames between fragments", "RFC 7692 6", func(s *session) {
			for _, f := range s.fragmented(opText, pattern(300), 20) {
				s.write(f + frame(fin|opPing, "p") + frame(fin|opPong, "unasked"))
			}
			pong, message := false, false
			for !pong || !message {
				switch e := s.next(); {
				case e.op == opPong && e.payload == "p":
					pong = true
				case e.op == opText && e.payload == pattern(300):
					message = true
				default:
					s.failf("want pongs and the message, got %v", e)
				}
			}
			s.write(text("end"))
			for e := s.next(); e.op != opText; e = s.next() {
				if e.op != opPong {
					s.failf("want a pong or the text, got %v", e)
				}
			}
		})
		add("written byte by byte", "RFC 7692 6", func(s *session) {
			s.write(bytewise(s.packed(opText, pattern(500)))...)
			s.text(pattern(500))
		})
		add("many in one write", "RFC 7692 6", func(s *session) {
			var raw strings.Builder
			for i := range 100 {
				raw.WriteString(s.packed(opText, pattern(i*7)))
			}
			s.write(raw.String())
			for i := range 100 {
				s.text(pattern(i * 7))
			}
		})
		if o.fits(50_000) {
			add("long", "RFC 7692 7.2", func(s *session) {
				for _, p := range []string{noise(49_000, 3), pattern(50_000), strings.Repeat("\x00", 50_000)} {
					s.write(s.packed(opBinary, p))
					s.bin(p)
				}
			})
		}
	}
	if n := o.CompressFrom; n > 0 {
		list = append(list, conversation("compressed", "answers are", "RFC 7692 7.2.1", plainOffer, func(s *session) {
			p := strings.Repeat("abcd", (n+3)/4+100)
			s.write(text(p))
			if e := s.next(); e.payload != p || !e.deflate || e.wire >= len(p) {
				s.failf("want %d bytes compressed, got %d of them (compressed: %v)", len(p), e.wire, e.deflate)
			}
			s.bye()
		}))
	}
	return list
}

// compressedText: what inflates to bad text is bad text (RFC 6455 section 8.1).
// That the compressed bytes are no text means nothing.
func compressedText() []Case {
	const section = "RFC 6455 8.1"
	var list []Case
	for _, v := range invalid {
		list = append(list, conversation("compressed bad text", v.name, section, plainOffer, func(s *session) {
			s.write(s.packed(opText, "ok"))
			s.text("ok")
			s.write(s.packed(opText, "a"+v.bytes))
			s.fails(1007)
		}))
	}
	list = append(list,
		conversation("compressed bad text", "in fragments", section, plainOffer, func(s *session) {
			s.write(s.fragmented(opText, pattern(300)+"\xff"+pattern(300), 50)...)
			s.fails(1007)
		}),
		conversation("compressed bad text", "binary is not checked", "RFC 6455 5.6", plainOffer, func(s *session) {
			for _, v := range invalid {
				s.write(s.packed(opBinary, v.bytes))
				s.bin(v.bytes)
			}
			s.bye()
		}),
		conversation("compressed bad text", "good text passes", "RFC 6455 5.6", plainOffer, func(s *session) {
			for _, v := range valid {
				for n := 1; n < 4; n++ {
					s.write(strings.Join(s.fragmented(opText, v.text, n), ""))
					s.text(v.text)
				}
			}
			s.bye()
		}),
		conversation("compressed bad text", "uncompressed", section, plainOffer, func(s *session) {
			s.write(s.packed(opText, "ok"))
			s.text("ok")
			s.write(text("\xff"))
			s.fails(1007)
		}))
	return list
}

// broken data: see "What is demanded" in the package's documentation for the codes.
func broken() []Case {
	const section = "RFC 7692 7.2.2"
	codes := fails(1007, 1002)
	z := func(p string) []string { return []string{frame(fin|rsv1|opBinary, p)} }
	rows := []row{
		{name: "reserved block type", section: section, send: z("\x06\xff\xff"), then: codes},
		{name: "all ones", section: section, send: z("\xff\xff\xff\xff\xff"), then: codes},
		{name: "stored block with a wrong check", section: section, send: z("\x00\x05\x00\x00\x00Hello\x00"), then: codes},
		{name: "stored block that is cut off", section: section, send: z("\x00\x40\x00\xbf\xffHello"), then: codes},
		{name: "distance into nothing", section: section, send: z("\xf2\x00\x11\x00\x00"), then: codes},
		{name: "distance beyond what was said", section: section, send: z("\xf2\x48\xcd\xc9\xc9\x07\x43\x19\x00"), then: codes},
		{name: "codes over-subscribed", section: section, send: z("\x04\x00\xfe\xff\xff\xff\xff\xff\xff\xff"), then: codes},
		{name: "in the second fragment", section: section, send: []string{frame(rsv1|opBinary, "\x00\x05\x00\xfa\xffHello") + frame(fin|opCont, "\x06\xff\xff")}, then: codes},
		{name: "text", section: section, send: []string{frame(fin|rsv1|opText, "\x06\xff\xff")}, then: codes},
		{name: "plain text with RSV1", section: section, send: []string{frame(fin|rsv1|opText, "\x07 no deflate data at all, \xff\xff")}, then: codes},
	}
	list := over("broken", plainOffer, rows)
	list = append(list, conversation("broken", "after good messages", section, plainOffer, func(s *session) {
		s.write(s.packed(opText, "a") + frame(fin|opPing, "p"))
		s.text("a")
		s.pong("p")
		s.write(frame(fin|rsv1|opText, "\x06\xff\xff") + text("late"))
		s.fails(1007, 1002)
	}))
	return list
}

// compressedLimits: the limit holds for what a message inflates to.
func compressedLimits(o Options) []Case {
	if o.MaxMessage == 0 {
		return nil
	}
	const section = "RFC 7692 8"
	whole := strings.Repeat("abcdefgh", o.MaxMessage/8+1)[:o.MaxMessage]
	row := func(name string, run func(*session)) Case {
		return conversation("compressed limits", name, section, plainOffer, run)
	}
	bomb := func(op byte) string {
		var b strings.Builder
		w := writers.Get().(*flate.Writer)
		defer writers.Put(w)
		w.Reset(&b)
		for range 128 {
			_, _ = w.Write(make([]byte, 64<<10))
		}
		_ = w.Flush()
		return frame(fin|rsv1|op, strings.TrimSuffix(b.String(), tail))
	}
	list := []Case{
		row("at the limit", func(s *session) {
			s.write(s.packed(opText, whole))
			s.text(whole)
			s.bye()
		}),
		row("at the limit, twice", func(s *session) {
			s.write(s.packed(opText, whole), s.packed(opText, whole))
			s.text(whole)
			s.text(whole)
			s.bye()
		}),
		row("one byte above", func(s *session) {
			s.write(s.packed(opText, whole+"x"))
			s.fails(1009)
		}),
		row("one byte above, in fragments", func(s *session) {
			s.write(s.fragmented(opBinary, whole+"x", 50)...)
			s.fails(1009)
		}),
		row("text that is bad above the limit", func(s *session) {
			s.write(s.packed(opText, whole+"\xff"))
			s.fails(1009, 1007)
		}),
		row("uncompressed above", func(s *session) {
			s.write(begin(fin|opBinary, uint64(o.MaxMessage)+1, ""))
			s.fails(1009)
		}),
		row("header far above", func(s *session) {
			s.write(begin(fin|rsv1|opBinary, 1<<62, ""))
			s.fails(1009)
		}),
	}
	if o.MaxMessage <= 4<<20 && o.fits(9000) {
		for _, op := range []byte{opText, opBinary} {
			list = append(list, row(fmt.Sprintf("8 MiB of zeros in 8 KiB, opcode %d", op), func(s *session) {
				s.write(bomb(op))
				s.fails(1009)
			}))
		}
	}
	return list
}
