package wsconform

import (
	"fmt"
	"slices"
)

// closing handshakes.
func closing() []Case {
	const section = "RFC 6455 5.5.1"
	shut := func(p string) string { return frame(fin|opClose, p) }
	normal := shut(closeBody(1000, ""))
	ends := func(codes ...int) func(*session) { return func(s *session) { s.answered(codes...) } }
	rows := []row{
		{name: "empty", section: section, send: []string{shut("")}, then: ends(0, 1000)},
		{name: "half a code", section: section, send: []string{shut("\x03")}, then: fails(1002)},
		{name: "reason", section: section, send: []string{shut(closeBody(1000, "bye"))}, then: ends(1000)},
		{name: "reason of 123 bytes", section: section, send: []string{shut(closeBody(1000, pattern(123)))}, then: ends(1000)},
		{name: "reason of 124 bytes", section: section, send: []string{shut(closeBody(1000, pattern(124)))}, then: fails(1002)},
		{name: "reason of runes", section: section, send: []string{shut(closeBody(4000, "bye ü€😀"))}, then: ends(4000)},
		{name: "byte by byte", section: section, send: bytewise(shut(closeBody(1001, "bye"))), then: ends(1001)},
		{name: "behind a message", section: section, send: []string{text("a") + normal}, then: func(s *session) {
			s.text("a")
			s.answered(1000)
		}},
		{name: "within a message", section: "RFC 6455 5.4", send: []string{frame(opText, "a") + normal}, then: ends(1000)},
		{name: "within a rune", section: "RFC 6455 5.4", send: []string{frame(opText, "\xe2\x82") + normal}, then: ends(1000)},
		{name: "ping behind", section: section, send: []string{normal + frame(fin|opPing, "p")}, then: ends(1000)},
		{name: "text behind", section: section, send: []string{normal + text("late")}, then: ends(1000)},
		{name: "second Close behind", section: section, send: []string{normal + shut(closeBody(1001, ""))}, then: ends(1000)},
		{name: "nonsense behind", section: section, send: []string{normal + "\xff\xff\xff\xff\xff"}, then: ends(1000)},
		{name: "rest of a message behind", section: section, send: []string{frame(opText, "a") + normal + frame(fin|opCont, "b")}, then: ends(1000)},
		{name: "many messages behind", section: section, send: []string{normal, bin(pattern(60_000)), text("b")}, then: func(s *session) { s.replied(1000) }},
	}
	for _, v := range invalid {
		rows = append(rows, row{
			name: "bad reason, " + v.name, section: "RFC 6455 8.1",
			send: []string{shut(closeBody(1000, "a"+v.bytes))}, then: fails(1007),
		})
	}
	list := cases("close", rows)
	return append(list,
		Case{Name: "close/the server ends TCP first", Section: "RFC 6455 7.1.1", run: func(s *session) {
			s.write(normal)
			s.answered(1000) // the client keeps its side open
		}},
		Case{Name: "close/failing doesn't wait for the client's Close", Section: "RFC 6455 7.1.7", run: func(s *session) {
			s.write(frame(fin|3, ""))
			if e := s.next(); e.op != opClose || e.code != 1002 {
				s.failf("want a Close frame with 1002, got %v", e)
			}
			s.end() // though nothing was answered
		}},
		Case{Name: "close/failing sends one Close frame", Section: "RFC 6455 7.1.7", run: func(s *session) {
			bad := frame(fin|3, "")
			s.write(bad + bad + text("\xff") + frame(fin|opClose, "\x03"))
			s.fails(1002)
		}},
		Case{Name: "close/failing takes no more messages", Section: "RFC 6455 7.1.7", run: func(s *session) {
			s.write(frame(fin|3, "") + text("late") + frame(fin|opPing, "late"))
			s.fails(1002)
		}},
		Case{Name: "close/failing amid a flood", Section: "RFC 6455 7.1.7", run: func(s *session) {
			// Unread bytes in a socket that is closed make the kernel reset the connection, and that
			// can destroy the Close frame.
			s.write(frame(fin|3, ""))
			for range 20 {
				s.write(bin(pattern(8000)))
			}
			s.fails(1002)
		}})
}

// answered expects the closing handshake to be completed: a Close frame with
// one of the codes, 0 for none, and the end.
func (s *session) answered(codes ...int) {
	s.replied(codes...)
	s.end()
}

func (s *session) replied(codes ...int) {
	e := s.next()
	if e.op != opClose || !slices.Contains(codes, e.code) {
		s.failf("want the Close frame to be answered with %v, got %v", codes, e)
	}
}

// closeCodes: those that may stand in a Close frame are echoed, others are a fault.
func closeCodes() []Case {
	var rows []row
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999} {
		raw := frame(fin|opClose, closeBody(code, "because"))
		rows = append(rows, row{
			name: fmt.Sprint(code), section: "RFC 6455 7.4", send: []string{raw},
			then: func(s *session) { s.answered(code) },
		})
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2999, 5000, 9999, 32768, 65535} {
		for _, reason := range []string{"", "because"} {
			name := fmt.Sprintf("%d, refused", code)
			if reason != "" {
				name += ", with a reason"
			}
			rows = append(rows, row{
				name: name, section: "RFC 6455 7.4.2", send: []string{frame(fin|opClose, closeBody(code, reason))}, then: fails(1002),
			})
		}
	}
	return cases("close code", rows)
}
