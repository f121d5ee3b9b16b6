package wsconform

import (
	"fmt"
	"slices"
	"strings"
)

// framing: how lengths are written, and how frames lie in the stream.
func framing(o Options) []Case {
	var rows []row
	for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 18, 1 << 20} {
		if o.fits(n) && (n <= 1<<16 || o.MaxMessage > 0) {
			p := pattern(n)
			rows = append(rows,
				row{name: fmt.Sprintf("text of %d", n), section: "RFC 6455 5.2", send: []string{text(p)}, then: echoesText(p)},
				row{name: fmt.Sprintf("binary of %d", n), section: "RFC 6455 5.2", send: []string{bin(p)}, then: echoesBinary(p)})
		}
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	rows = append(rows, row{name: "binary of every byte", section: "RFC 6455 5.6", send: []string{bin(string(every))}, then: echoesBinary(string(every))})
	return slices.Concat(cases("framing", rows), lengths(), pieces())
}

// lengths not in their shortest form, and such that cannot be.
func lengths() []Case {
	var rows []row
	add := func(name string, f spec) {
		rows = append(rows, row{name: name, section: "RFC 6455 5.2", send: []string{f.build()}, then: fails(1002)})
	}
	for _, op := range []byte{opText, opBinary} {
		for _, n := range []int{0, 1, 125} {
			add(fmt.Sprintf("opcode %d, 16 bits for %d", op, n), spec{first: fin | op, payload: pattern(n), form: 16})
		}
		for _, n := range []int{0, 125, 126, 65535} {
			add(fmt.Sprintf("opcode %d, 64 bits for %d", op, n), spec{first: fin | op, payload: pattern(n), form: 64})
		}
		add(fmt.Sprintf("opcode %d, top bit of 64", op), spec{first: fin | op, payload: "x", form: 64, declare: 1<<63 | 1})
	}
	add("ping, 16 bits for 5", spec{first: fin | opPing, payload: "12345", form: 16})
	add("ping, 64 bits for 5", spec{first: fin | opPing, payload: "12345", form: 64})
	add("close, 16 bits for 2", spec{first: fin | opClose, payload: closeBody(1000, ""), form: 16})
	rows = append(rows, row{
		name: "continuation, 16 bits for 5", section: "RFC 6455 5.2",
		send: []string{frame(opText, "a") + spec{first: fin | opCont, payload: "12345", form: 16}.build()},
		then: fails(1002),
	})
	return cases("framing", rows)
}

// pieces: frames need not come as they were made.
func pieces() []Case {
	const section = "RFC 6455 5"
	short, long := pattern(11), pattern(300)
	return []Case{
		{Name: "framing/byte by byte", Section: section, run: func(s *session) {
			s.write(bytewise(text(long) + bin(short))...)
			s.text(long)
			s.bin(short)
			s.bye()
		}},
		{Name: "framing/byte by byte, slowly", Section: section, run: func(s *session) {
			s.drip(moment, bytewise(text(short)+frame(fin|opPing, "p"))...)
			s.text(short)
			s.pong("p")
			s.bye()
		}},
		{Name: "framing/split at every offset", Section: section, run: func(s *session) {
			raw := text(short)
			for i := 1; i < len(raw); i++ {
				s.drip(moment, raw[:i], raw[i:])
				s.text(short)
			}
			s.bye()
		}},
		{Name: "framing/split in a long header", Section: section, run: func(s *session) {
			raw := bin(long)
			for i := 1; i < 12; i++ {
				s.drip(moment, raw[:i], raw[i:])
				s.bin(long)
			}
			s.bye()
		}},
		{Name: "framing/one write ends within the next frame", Section: section, run: func(s *session) {
			raw := text(short)
			for i := 1; i < len(raw); i++ {
				s.drip(moment, raw+raw[:i], raw[i:])
				s.text(short)
				s.text(short)
			}
			s.bye()
		}},
		{Name: "framing/many frames in one write", Section: section, run: func(s *session) {
			var raw strings.Builder
			for i := range 200 {
				raw.WriteString(text(pattern(i)))
			}
			s.write(raw.String())
			for i := range 200 {
				s.text(pattern(i))
			}
			s.bye()
		}},
		{Name: "framing/sizes around a buffer's end", Section: section, run: func(s *session) {
			for n := 4080; n <= 4104; n++ {
				s.write(bin(pattern(n)) + text(short))
				s.bin(pattern(n))
				s.text(short)
			}
			s.bye()
		}},
		{Name: "framing/kinds in turn", Section: "RFC 6455 5.6", run: func(s *session) {
			for range 20 {
				s.write(text(short) + bin(long))
				s.text(short)
				s.bin(long)
			}
			s.bye()
		}},
	}
}

// masks: a client's frames have one, any one.
func masks() []Case {
	const section = "RFC 6455 5.1"
	bare := func(first byte, p string) string { return spec{first: first, payload: p, bare: true}.build() }
	rows := []row{
		{name: "text without", section: section, send: []string{bare(fin|opText, "hello")}, then: fails(1002)},
		{name: "empty text without", section: section, send: []string{bare(fin|opText, "")}, then: fails(1002)},
		{name: "binary without", section: section, send: []string{bare(fin|opBinary, "hello")}, then: fails(1002)},
		{name: "long binary without", section: section, send: []string{bare(fin|opBinary, pattern(300))}, then: fails(1002)},
		{name: "ping without", section: section, send: []string{bare(fin|opPing, "p")}, then: fails(1002)},
		{name: "pong without", section: section, send: []string{bare(fin|opPong, "")}, then: fails(1002)},
		{name: "close without", section: section, send: []string{bare(fin|opClose, closeBody(1000, ""))}, then: fails(1002)},
		{name: "continuation without", section: section, send: []string{frame(opText, "a") + bare(fin|opCont, "b")}, then: fails(1002)},
		{name: "second frame without", section: section, send: []string{text("a") + bare(fin|opText, "b")}, then: after("a", 1002)},
	}
	keys := [][4]byte{{}, {0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0}, {0, 0, 0, 1}, {0x80, 0x7f, 0, 0xff}}
	list := cases("masks", rows)
	return append(list, Case{Name: "masks/any key, any length", Section: "RFC 6455 5.3", run: func(s *session) {
		for _, k := range keys {
			for n := range 70 {
				s.write(spec{first: fin | opText, payload: pattern(n), key: k}.build())
				s.text(pattern(n))
			}
		}
		s.bye()
	}})
}

// after expects a text, then a failed connection.
func after(echo string, codes ...int) func(*session) {
	return func(s *session) {
		s.text(echo)
		s.fails(codes...)
	}
}

// reserved bits and opcodes.
func reserved() []Case {
	const section = "RFC 6455 5.2"
	var rows []row
	for bits := byte(1); bits < 8; bits++ {
		rsv := bits << 4
		for _, f := range []struct {
			name  string
			first byte
		}{{"text", fin | opText}, {"binary", fin | opBinary}, {"ping", fin | opPing}, {"pong", fin | opPong}, {"close", fin | opClose}, {"first fragment", opText}} {
			p := "hello"
			if f.first == fin|opClose {
				p = closeBody(1000, "")
			}
			rows = append(rows, row{
				name: fmt.Sprintf("RSV %03b on %s", bits, f.name), section: section, once: rsv == rsv1 && f.first&8 == 0,
				send: []string{frame(f.first|rsv, p)}, then: fails(1002),
			})
		}
		rows = append(rows, row{
			name: fmt.Sprintf("RSV %03b on continuation", bits), section: section,
			send: []string{frame(opText, "a") + frame(fin|rsv|opCont, "b")}, then: fails(1002),
		})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rows = append(rows,
			row{name: fmt.Sprintf("opcode %d", op), section: section, send: []string{frame(fin|op, "")}, then: fails(1002)},
			row{name: fmt.Sprintf("opcode %d with payload", op), section: section, send: []string{frame(fin|op, "hello")}, then: fails(1002)},
			row{name: fmt.Sprintf("opcode %d unfinished", op), section: section, send: []string{frame(op, "")}, then: fails(1002)},
			row{name: fmt.Sprintf("opcode %d after a message", op), section: section, send: []string{text("a") + frame(fin|op, "x")}, then: after("a", 1002)},
			row{name: fmt.Sprintf("opcode %d within a message", op), section: section, send: []string{frame(opText, "a") + frame(fin|op, "")}, then: fails(1002)},
		)
	}
	return cases("reserved", rows)
}
