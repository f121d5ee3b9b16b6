package wsconform

import (
	"fmt"
	"slices"
	"strings"
)

// control: pings, pongs, and what no control frame may be.
func control() []Case {
	const section = "RFC 6455 5.5"
	var rows []row
	for _, op := range []byte{opPing, opPong, opClose} {
		name := map[byte]string{opPing: "ping", opPong: "pong", opClose: "close"}[op]
		rows = append(rows,
			row{name: name + " of 126", section: section, send: []string{frame(fin|op, closeBody(1000, pattern(124)))}, then: fails(1002)},
			row{name: name + " of 65536", section: section, send: []string{frame(fin|op, closeBody(1000, pattern(65534)))}, then: fails(1002)},
			row{name: name + " of 126, its header alone", section: section, send: []string{begin(fin|op, 126, "")}, then: fails(1002)},
			row{name: name + " unfinished", section: section, send: []string{frame(op, "")}, then: fails(1002)},
			row{name: name + " in fragments", section: section, send: []string{frame(op, "a") + frame(fin|opCont, "b")}, then: fails(1002)},
			row{name: name + " unfinished within a message", section: section, send: []string{frame(opText, "a") + frame(op, "")}, then: fails(1002)},
			row{name: name + " of 126 within a message", section: section, send: []string{frame(opText, "a") + frame(fin|op, pattern(126))}, then: fails(1002)},
		)
	}
	return slices.Concat(cases("control", rows), pings(), pongs())
}

func pings() []Case {
	const section = "RFC 6455 5.5.2"
	payloads := []string{"", "p", "hello", "\x00\xff\xfe\xfd\xfc\xfb", "\xff", pattern(124), pattern(125), noise(125, 7)}
	list := []Case{
		{Name: "ping/payloads come back", Section: section, run: func(s *session) {
			for _, p := range payloads {
				s.write(frame(fin|opPing, p))
				s.pong(p)
			}
			s.bye()
		}},
		{Name: "ping/byte by byte", Section: section, run: func(s *session) {
			s.drip(moment, bytewise(frame(fin|opPing, pattern(20)))...)
			s.pong(pattern(20))
			s.bye()
		}},
		{Name: "ping/split at every offset", Section: section, run: func(s *session) {
			raw := frame(fin|opPing, "hello")
			for i := 1; i < len(raw); i++ {
				s.drip(moment, raw[:i], raw[i:])
				s.pong("hello")
			}
			s.bye()
		}},
		{Name: "ping/between fragments", Section: "RFC 6455 5.4", run: func(s *session) {
			s.write(frame(opText, "he"), frame(fin|opPing, "1"))
			s.pong("1") // before the message is whole
			s.write(frame(opCont, "l"), frame(fin|opPing, "2"))
			s.pong("2")
			s.write(frame(fin|opCont, "lo"))
			s.text("hello")
			s.bye()
		}},
		{Name: "ping/between fragments in one write", Section: "RFC 6455 5.4", run: func(s *session) {
			s.write(frame(opText, "he") + frame(fin|opPing, "1") + frame(fin|opCont, "llo"))
			s.flood([]string{"1"}, "hello")
		}},
		{Name: "ping/within a rune", Section: "RFC 6455 5.4", run: func(s *session) {
			s.write(frame(opText, "\xe2\x82") + frame(fin|opPing, "\xff") + frame(fin|opCont, "\xac"))
			s.flood([]string{"\xff"}, "€")
		}},
		{Name: "ping/after the last message", Section: section, run: func(s *session) {
			s.write(text("a") + frame(fin|opPing, "p") + text("b"))
			s.flood([]string{"p"}, "a", "b")
		}},
	}
	for _, n := range []int{2, 10, 100} {
		list = append(list, Case{Name: fmt.Sprintf("ping/%d at once", n), Section: "RFC 6455 5.5.3", run: func(s *session) {
			var raw strings.Builder
			var sent []string
			for i := range n {
				sent = append(sent, fmt.Sprintf("ping %d", i))
				raw.WriteString(frame(fin|opPing, sent[i]))
			}
			s.write(raw.String() + text("end"))
			s.flood(sent, "end")
		}})
	}
	return list
}

// flood expects these messages in order, and pongs: to the last ping one, to the others at most one
// each, in order. Section 5.5.3 lets a server answer "only the most recently processed Ping frame".
func (s *session) flood(pings []string, texts ...string) {
	for len(pings) > 0 || len(texts) > 0 {
		e := s.next()
		switch {
		case e.op == opPong && slices.Contains(pings, e.payload):
			pings = pings[slices.Index(pings, e.payload)+1:]
		case e.op == opText && len(texts) > 0 && e.payload == texts[0]:
			texts = texts[1:]
		default:
			s.failf("want the texts %.60q in order and pongs to some of %d pings up to the last, got %v", texts, len(pings), e)
		}
	}
	s.bye()
}

func pongs() []Case {
	const section = "RFC 6455 5.5.3"
	unasked := func(p string) []string { return []string{frame(fin|opPong, p) + text("a")} }
	return cases("pong", []row{
		{name: "unasked", section: section, send: unasked(""), then: echoesText("a")},
		{name: "unasked with payload", section: section, send: unasked("hello"), then: echoesText("a")},
		{name: "unasked of 125 bytes", section: section, send: unasked(pattern(125)), then: echoesText("a")},
		{name: "unasked of 8 bytes", section: section, send: unasked("\x00\x00\x00\x00\x00\x00\x00\x01"), then: echoesText("a")},
		{name: "unasked between fragments", section: section, send: []string{frame(opText, "a") + frame(fin|opPong, "x") + frame(fin|opCont, "b")}, then: echoesText("ab")},
		{name: "many", section: section, send: []string{strings.Repeat(frame(fin|opPong, "x"), 20) + text("a")}, then: echoesText("a")},
		{name: "then ping", section: section, send: []string{frame(fin|opPong, "x") + frame(fin|opPing, "y")}, then: func(s *session) {
			s.pong("y")
			s.bye()
		}},
	})
}

// fragments of messages.
func fragments() []Case {
	const section = "RFC 6455 5.4"
	many := bytewise(pattern(1000))
	rows := []row{
		{name: "two", section: section, send: []string{chain(opText, "hel", "lo")}, then: echoesText("hello")},
		{name: "two, binary", section: section, send: []string{chain(opBinary, "\xff", "\xfe")}, then: echoesBinary("\xff\xfe")},
		{name: "all empty", section: section, send: []string{chain(opText, "", "", "")}, then: echoesText("")},
		{name: "first empty", section: section, send: []string{chain(opText, "", "a", "b")}, then: echoesText("ab")},
		{name: "middle empty", section: section, send: []string{chain(opText, "a", "", "b")}, then: echoesText("ab")},
		{name: "last empty", section: section, send: []string{chain(opText, "a", "b", "")}, then: echoesText("ab")},
		{name: "thousand of one byte", section: section, send: []string{chain(opText, many...)}, then: echoesText(pattern(1000))},
		{name: "each in its write", section: section, send: []string{frame(opBinary, "a"), frame(opCont, "b"), frame(opCont, ""), frame(fin|opCont, "c")}, then: echoesBinary("abc")},
		{name: "growing", section: section, send: []string{chain(opBinary, pattern(1), pattern(125), pattern(126), pattern(5000), "")}, then: echoesBinary(pattern(1) + pattern(125) + pattern(126) + pattern(5000))},
		{name: "two messages", section: section, send: []string{chain(opText, "a", "b") + chain(opText, "c", "d")}, then: echoesText("ab", "cd")},
		{name: "whole after fragments", section: section, send: []string{chain(opText, "a", "b") + text("c")}, then: echoesText("ab", "c")},

		{name: "continuation of nothing", section: section, send: []string{frame(fin|opCont, "a")}, then: fails(1002)},
		{name: "empty continuation of nothing", section: section, send: []string{frame(fin|opCont, "")}, then: fails(1002)},
		{name: "unfinished continuation of nothing", section: section, send: []string{frame(opCont, "a")}, then: fails(1002)},
		{name: "continuation after a whole message", section: section, send: []string{text("a") + frame(fin|opCont, "b")}, then: after("a", 1002)},
		{name: "continuation after the last", section: section, send: []string{chain(opText, "a", "b") + frame(opCont, "c")}, then: after("ab", 1002)},
		{name: "text within text", section: section, send: []string{frame(opText, "a") + frame(fin|opText, "b")}, then: fails(1002)},
		{name: "unfinished text within text", section: section, send: []string{frame(opText, "a") + frame(opText, "b")}, then: fails(1002)},
		{name: "binary within text", section: section, send: []string{frame(opText, "a") + frame(fin|opBinary, "b")}, then: fails(1002)},
		{name: "text within binary", section: section, send: []string{frame(opBinary, "a") + frame(opCont, "b") + frame(fin|opText, "c")}, then: fails(1002)},
		{name: "empty text within an empty fragment", section: section, send: []string{frame(opText, "") + frame(fin|opText, "")}, then: fails(1002)},
		{name: "text within text, its header alone", section: section, send: []string{frame(opText, "a") + begin(fin|opText, 100, "")}, then: fails(1002)},
	}
	return cases("fragments", rows)
}

// silence: nothing may be said of half a frame.
func silence() []Case {
	var list []Case
	raw := frame(fin|opText, pattern(200))
	for _, n := range []int{1, 2, 3, 7, 8, 9, len(raw) - 1} {
		list = append(list, Case{Name: fmt.Sprintf("silence/%d bytes of a frame", n), Section: "RFC 6455 5", run: func(s *session) {
			s.write(raw[:n])
			s.silent()
			s.write(raw[n:])
			s.text(pattern(200))
			s.bye()
		}})
	}
	return append(list,
		Case{Name: "silence/an unfinished message", Section: "RFC 6455 5.4", run: func(s *session) {
			s.write(frame(opText, "a"))
			s.silent()
			s.write(frame(fin|opCont, "b"))
			s.text("ab")
			s.bye()
		}},
		Case{Name: "silence/an unfinished rune", Section: "RFC 6455 5.6", run: func(s *session) {
			s.write(frame(opText, "\xf0\x9f\x98"))
			s.silent()
			s.write(frame(fin|opCont, "\x80"))
			s.text("😀")
			s.bye()
		}},
		Case{Name: "silence/no message at all", Section: "RFC 6455 5", run: func(s *session) {
			s.silent()
			s.bye()
		}},
		Case{Name: "silence/the client drops", Section: "RFC 6455 7.1.5", run: func(s *session) {
			s.write(text("a") + raw[:9])
			s.text("a")
			if half, ok := s.conn.(interface{ CloseWrite() error }); ok {
				s.silent() // the half frame has arrived
				_ = half.CloseWrite()
				if e := s.next(); e.op == opText || e.op == nothing {
					s.failf("want the server to hang up on a client that has gone, got %v", e)
				}
			}
		}})
}
