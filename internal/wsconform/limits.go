package wsconform

import "slices"

// limits: a message beyond the server's limit is refused with 1009, as soon as it
// shows, however it is cut.
func limits(o Options) []Case {
	if o.MaxMessage == 0 {
		return nil
	}
	const section = "RFC 6455 10.4"
	most := o.MaxMessage
	whole, half := pattern(most), pattern(most/2)
	pieces := func(p string) []string {
		var list []string
		size := 1000
		if o.MaxFrame > 0 {
			size = min(size, o.MaxFrame)
		}
		for c := range slices.Chunk([]byte(p), size) {
			list = append(list, string(c))
		}
		return list
	}
	rows := []row{
		{name: "message at the limit, in fragments", section: section, send: []string{chain(opBinary, pieces(whole)...)}, then: echoesBinary(whole)},
		{name: "message at the limit, and an empty fragment", section: section, send: []string{chain(opBinary, append(pieces(whole), "")...)}, then: echoesBinary(whole)},
		{name: "one byte above", section: section, send: []string{bin(whole + "x")}, then: fails(1009)},
		{name: "one byte above, text", section: section, send: []string{text(whole + "x")}, then: fails(1009)},
		{name: "far above", section: section, send: []string{bin(whole + whole + whole)}, then: fails(1009)},
		{name: "one byte above, in fragments", section: section, send: []string{chain(opBinary, append(pieces(whole), "x")...)}, then: fails(1009)},
		{name: "above in the second fragment", section: section, send: []string{frame(opBinary, pattern(10)) + frame(opCont, whole)}, then: fails(1009)},
		{name: "above by fragments, one by one", section: section, send: []string{frame(opText, half), frame(opCont, half), frame(opCont, "xy")}, then: fails(1009)},
		{name: "header above", section: section, send: []string{begin(fin|opBinary, uint64(most)+1, "")}, then: fails(1009)},
		{name: "header far above", section: section, send: []string{begin(fin|opBinary, 1<<62, "")}, then: fails(1009)},
		{name: "header with every bit but the top", section: section, send: []string{begin(fin|opText, 1<<63-1, "")}, then: fails(1009)},
		{name: "continuation's header above", section: section, send: []string{frame(opBinary, "abc") + begin(fin|opCont, uint64(most)-2, "")}, then: fails(1009)},
		{name: "sum beyond 64 bits", section: section, send: []string{frame(opBinary, "abc") + begin(fin|opCont, 1<<63-1, "")}, then: fails(1009)},
		{name: "above behind a message", section: section, send: []string{text("a") + begin(fin|opBinary, uint64(most)+1, "abc")}, then: after("a", 1009)},
		{name: "each message is counted anew", section: section, send: []string{chain(opBinary, pieces(whole)...), chain(opBinary, pieces(whole)...)}, then: echoesBinary(whole, whole)},
		{name: "control frames are not counted", section: section, send: []string{frame(opBinary, pattern(10)), frame(fin|opPong, pattern(125)), chain(opCont, pieces(whole[10:])...)}, then: echoesBinary(whole)},
	}
	if o.MaxFrame == 0 {
		rows = append(rows,
			row{name: "message at the limit", section: section, send: []string{bin(whole)}, then: echoesBinary(whole)},
			row{name: "text at the limit", section: section, send: []string{text(whole)}, then: echoesText(whole)},
		)
		return cases("limits", rows)
	}
	frames := pattern(o.MaxFrame)
	rows = append(rows,
		row{name: "frame at the limit", section: section, send: []string{bin(frames)}, then: echoesBinary(frames)},
		row{name: "frame above the limit", section: section, send: []string{bin(frames + "x")}, then: fails(1009)},
		row{name: "frame's header above the limit", section: section, send: []string{begin(fin|opBinary, uint64(o.MaxFrame)+1, "")}, then: fails(1009)},
		row{name: "continuation above the limit of frames", section: section, send: []string{frame(opBinary, "a") + begin(fin|opCont, uint64(o.MaxFrame)+1, "")}, then: fails(1009)},
	)
	return cases("limits", rows)
}
