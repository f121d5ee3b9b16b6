package wsconform

import (
	"fmt"
	"strings"
)

// valid texts: every edge of the encoding.
var valid = []struct{ name, text string }{
	{"ASCII", "hello"},
	{"NUL", "\x00"},
	{"U+007F", "\x7f"},
	{"U+0080", "\u0080"},
	{"U+07FF", "\u07ff"},
	{"U+0800", "\u0800"},
	{"U+0FFF", "\u0fff"},
	{"U+1000", "\u1000"},
	{"U+D7FF, before the surrogates", "\ud7ff"},
	{"U+E000, behind them", "\ue000"},
	{"U+FEFF, the byte order mark", "\ufeffa"},
	{"U+FDD0, no character", "\ufdd0"},
	{"U+FFFD, the replacement", "\ufffd"},
	{"U+FFFE, no character", "\ufffe"},
	{"U+FFFF, no character", "\uffff"},
	{"U+10000", "\U00010000"},
	{"U+1FFFF, no character", "\U0001ffff"},
	{"U+3FFFF", "\U0003ffff"},
	{"U+40000", "\U00040000"},
	{"U+FFFFF", "\U000fffff"},
	{"U+100000", "\U00100000"},
	{"U+10FFFF, the last", "\U0010ffff"},
	{"mixed lengths", "a\u00fc\u20ac\U0001f600z\u00e9\u0939\U00010348"},
}

func validText(o Options) []Case {
	const section = "RFC 6455 5.6"
	var rows []row
	for _, v := range valid {
		rows = append(rows, row{name: v.name, section: section, send: []string{text(v.text)}, then: echoesText(v.text)})
	}
	list := cases("text", rows)
	mixed := valid[len(valid)-1].text
	return append(list,
		Case{Name: "text/fragments cut anywhere", Section: section, run: func(s *session) {
			for _, v := range valid {
				for i := range len(v.text) + 1 {
					s.write(chain(opText, v.text[:i], v.text[i:]))
					s.text(v.text)
				}
			}
			s.bye()
		}},
		Case{Name: "text/a fragment for each byte", Section: section, run: func(s *session) {
			s.write(chain(opText, bytewise(mixed)...))
			s.text(mixed)
			s.bye()
		}},
		Case{Name: "text/writes cut anywhere", Section: section, run: func(s *session) {
			raw := text(mixed)
			for i := 1; i < len(raw); i++ {
				s.drip(moment, raw[:i], raw[i:])
				s.text(mixed)
			}
			s.bye()
		}},
		Case{Name: "text/long, of runes", Section: section, run: func(s *session) {
			size := 12_000
			if o.fits(50_000) { // more than a server may put into one fragment
				size = 49_000
			}
			p := strings.Repeat(mixed, size/len(mixed))
			for shift := range 4 {
				q := "abc"[:min(shift, 3)] + p
				s.write(text(q))
				s.text(q)
			}
			s.bye()
		}},
		Case{Name: "text/empty ones around another", Section: section, run: func(s *session) {
			s.write(text("") + text("ü") + text(""))
			s.text("")
			s.text("ü")
			s.text("")
			s.bye()
		}},
		Case{Name: "text/binary is not checked", Section: section, run: func(s *session) {
			for _, v := range invalid {
				s.write(bin(v.bytes))
				s.bin(v.bytes)
			}
			s.bye()
		}})
}

// invalid sequences. Those that are hopeless need no further byte to be known as wrong.
var invalid = []struct {
	name, bytes string
	hopeless    bool
}{
	{"continuation 80", "\x80", true},
	{"continuation BF", "\xbf", true},
	{"continuation after a rune", "\xc3\xbc\x80", true},
	{"continuations", "\x80\x81\x82\x83\x84\x85\xbe\xbf", true},
	{"byte C0", "\xc0", true},
	{"byte C1", "\xc1", true},
	{"byte F5", "\xf5", true},
	{"byte F8", "\xf8", true},
	{"byte FC", "\xfc", true},
	{"byte FE", "\xfe", true},
	{"byte FF", "\xff", true},
	{"start without continuation, 2 bytes", "\xc3(", true},
	{"start without continuation, 3 bytes", "\xe2(\xa1", true},
	{"start without second continuation, 3 bytes", "\xe2\x82(", true},
	{"start without continuation, 4 bytes", "\xf0(\x8c\xbc", true},
	{"start without second continuation, 4 bytes", "\xf0\x90(\xbc", true},
	{"start without third continuation, 4 bytes", "\xf0\x90\x8c(", true},
	{"start after start", "\xe2\xe2\x82\xac", true},
	{"overlong slash, 2 bytes", "\xc0\xaf", true},
	{"overlong U+007F", "\xc1\xbf", true},
	{"overlong slash, 3 bytes", "\xe0\x80\xaf", true},
	{"overlong, begun", "\xe0\x80", true},
	{"overlong U+07FF", "\xe0\x9f\xbf", true},
	{"overlong slash, 4 bytes", "\xf0\x80\x80\xaf", true},
	{"overlong, 4 bytes, begun", "\xf0\x80", true},
	{"overlong U+FFFF", "\xf0\x8f\xbf\xbf", true},
	{"overlong NUL", "\xc0\x80", true},
	{"five bytes", "\xf8\x88\x80\x80\x80", true},
	{"six bytes", "\xfc\x84\x80\x80\x80\x80", true},
	{"surrogate D800", "\xed\xa0\x80", true},
	{"surrogate begun", "\xed\xa0", true},
	{"surrogate DBFF", "\xed\xaf\xbf", true},
	{"surrogate DC00", "\xed\xb0\x80", true},
	{"surrogate DFFF", "\xed\xbf\xbf", true},
	{"surrogate pair", "\xed\xa0\x80\xed\xb0\x80", true},
	{"U+110000", "\xf4\x90\x80\x80", true},
	{"U+110000 begun", "\xf4\x90", true},
	{"U+13FFFF", "\xf4\xbf\xbf\xbf", true},
	{"Latin-1", "gr\xfc\xdfe", true},
	{"ends after 1 of 2 bytes", "\xc3", false},
	{"ends after 1 of 3 bytes", "\xe2", false},
	{"ends after 2 of 3 bytes", "\xe2\x82", false},
	{"ends after 1 of 4 bytes", "\xf0", false},
	{"ends after 2 of 4 bytes", "\xf0\x9f", false},
	{"ends after 3 of 4 bytes", "\xf0\x9f\x98", false},
}

// invalidText: whole messages, in one frame and in several.
func invalidText() []Case {
	const section = "RFC 6455 8.1"
	var rows []row
	add := func(name string, send ...string) {
		rows = append(rows, row{name: name, section: section, send: send, then: fails(1007)})
	}
	for _, v := range invalid {
		add(v.name, text(v.bytes))
		add(v.name+", behind good text", text(pattern(300)+"\u00fc"+v.bytes))
		add(v.name+", a fragment for each byte", chain(opText, bytewise("\u00fc"+v.bytes)...))
		if v.hopeless {
			add(v.name+", before good text", text(v.bytes+pattern(300)))
		}
	}
	add("rune completed by the next message", text("\xe2\x82"), text("\xac"))
	add("rune open at an empty last fragment", chain(opText, "\xe2\x82", ""))
	return cases("bad text", rows)
}

// failFast: text that cannot become valid is refused as it comes. The message never ends here.
func failFast() []Case {
	const section = "RFC 6455 8.1"
	var rows []row
	for _, v := range invalid {
		if !v.hopeless {
			continue
		}
		rows = append(rows,
			row{name: v.name + ", first fragment", section: section, send: []string{frame(opText, "a"+v.bytes)}, then: fails(1007)},
			row{name: v.name + ", second fragment", section: section, send: []string{frame(opText, "ü") + frame(opCont, v.bytes)}, then: fails(1007)},
			row{name: v.name + ", frame of which more is to come", section: section, send: []string{begin(fin|opText, 1000, "a"+v.bytes)}, then: fails(1007)},
		)
	}
	split := func(p string, i int) string { return frame(opText, p[:i]) + frame(opCont, p[i:]) }
	for _, p := range []string{"\xe2\x82(", "\xed\xa0", "\xf4\x90", "\xe0\x80", "\xf0\x80", "\xf0\x90\x8c("} {
		for i := 1; i < len(p); i++ {
			rows = append(rows, row{name: fmt.Sprintf("%+q cut at %d", p, i), section: section, send: []string{split(p, i)}, then: fails(1007)})
		}
	}
	rows = append(rows,
		row{name: "early in a long frame", section: section, send: []string{begin(fin|opText, 16_000, pattern(5000)+"\xff"+pattern(100))}, then: fails(1007)},
		row{name: "early in a long frame, written apart", section: section, send: []string{begin(fin|opText, 16_000, pattern(500)), "\xff\xff\xff\xff"}, then: fails(1007)},
		row{name: "pings come through before", section: section, send: []string{frame(opText, "\xe2\x82") + frame(fin|opPing, "p")}, then: func(s *session) {
			s.pong("p")
			s.write(frame(opCont, "x"))
			s.fails(1007)
		}},
	)
	return cases("fail fast", rows)
}
