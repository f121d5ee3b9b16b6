package wsconform

import (
	"fmt"
	"strings"
)

// takeover: a sender may refer to what earlier compressed messages said (RFC 7692
// section 7.2.1). Where the server's answer forbids it the client here doesn't, so what is left of a case still has to work.
func takeover(o Options) []Case {
	const section = "RFC 7692 7.2.2"
	row := func(name string, run func(*session)) Case {
		return conversation("takeover", name, section, plainOffer, func(s *session) {
			run(s)
			s.bye()
		})
	}
	say := func(s *session, op byte, payloads ...string) {
		for _, p := range payloads {
			s.write(s.packed(op, p))
			s.message(op, p)
		}
	}
	block := noise(500, 4)
	list := []Case{
		row("the same again", func(s *session) { say(s, opBinary, block, block, block) }),
		row("the example's second message", func(s *session) {
			say(s, opText, "Hello")
			if !s.deflate.clientFresh {
				s.write(frame(fin|rsv1|opText, "\xf2\x00\x11\x00\x00")) // RFC 7692 section 7.2.3.2
				s.text("Hello")
			}
		}),
		row("past an empty message", func(s *session) { say(s, opBinary, block, "", block) }),
		row("from a text to a binary message", func(s *session) {
			say(s, opText, pattern(500))
			say(s, opBinary, pattern(500))
		}),
		row("past an uncompressed message", func(s *session) {
			// Only compressed messages are in the window.
			say(s, opBinary, block)
			s.write(bin(noise(700, 5)))
			s.bin(noise(700, 5))
			say(s, opBinary, block)
			s.write(chain(opText, "un", "compressed"))
			s.text("uncompressed")
			say(s, opBinary, block)
		}),
		row("past control frames", func(s *session) {
			say(s, opBinary, block)
			s.write(frame(fin|opPing, pattern(100)))
			s.pong(pattern(100))
			say(s, opBinary, block)
		}),
		row("past a final block", func(s *session) {
			s.write(frame(fin|rsv1|opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"))
			s.text("Hello")
			if !s.deflate.clientFresh {
				s.write(frame(fin|rsv1|opText, "\xf2\x00\x11\x00\x00"))
				s.text("Hello")
			}
		}),
		row("in fragments", func(s *session) {
			for range 5 {
				s.write(s.fragmented(opBinary, block, 100)...)
				s.bin(block)
			}
		}),
		row("answers of all sizes", func(s *session) {
			// Short answers may come uncompressed: they must not move the server's window.
			long := strings.Repeat(pattern(200), 10)
			for i := range 20 {
				s.write(text(long) + text(pattern(i)) + s.packed(opText, pattern(3*i)))
				s.text(long)
				s.text(pattern(i))
				s.text(pattern(3 * i))
			}
		}),
		row("many messages", func(s *session) {
			for i := range 60 {
				say(s, opBinary, noise(900, uint64(i%11))+fmt.Sprint(i))
			}
		}),
	}
	for _, far := range []int{1 << 10, 4 << 10, 8 << 10, 16 << 10, 30 << 10, 1<<15 - 600, 1<<15 - 1, 1 << 15, 1<<15 + 1, 40 << 10} {
		if !o.fits(far + 1000) {
			continue
		}
		list = append(list, row(fmt.Sprintf("from %d bytes back", far), func(s *session) {
			p := block + noise(far-len(block), 6)
			say(s, opBinary, p, block)
		}), row(fmt.Sprintf("from %d bytes back, over many messages", far), func(s *session) {
			say(s, opBinary, block)
			for n := far - len(block); n > 0; n -= 1000 {
				say(s, opBinary, noise(min(n, 1000), uint64(n)))
			}
			say(s, opBinary, block)
		}))
	}
	return list
}
