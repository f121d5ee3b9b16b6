package interop

import "strings"

// message is one that a client sends.
type message struct {
	name string
	text bool
	data string
}

// messages are sent by every client in Go to the one-line views.
var messages = []message{
	{"text", true, "hello"},
	{"binary", false, "hello"},
	{"empty text", true, ""},
	{"empty binary", false, ""},
	{"unicode", true, "héllo, wörld — 你好 🦊 \u0000\u202e"},
	{"any bytes", false, "\x00\xff\xfe\x80"},
	{"125 bytes", true, strings.Repeat("a", 125)},
	{"126 bytes", true, strings.Repeat("a", 126)},
	{"64 KiB", true, strings.Repeat("b", 1<<16)},
	{"1 MiB of text", true, strings.Repeat("é", 1<<19)},
	{"1 MiB of bytes", false, strings.Repeat("\xff", 1<<20)},
}
