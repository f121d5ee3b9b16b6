package ws_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestViolations(t *testing.T) {
	m := func(first byte, payload string) string { return rawFrame(first, payload, true) }
	rows := []struct {
		name string
		raw  string
		code ws.Code
	}{
		{"RSV1", m(fin|0x40|opText, "x"), ws.CodeProtocolError},
		{"RSV2", m(fin|0x20|opText, "x"), ws.CodeProtocolError},
		{"RSV3", m(fin|0x10|opPing, ""), ws.CodeProtocolError},
		{"reserved data opcode 3", m(fin|0x3, ""), ws.CodeProtocolError},
		{"reserved data opcode 7", m(fin|0x7, ""), ws.CodeProtocolError},
		{"reserved control opcode 11", m(fin|0xb, ""), ws.CodeProtocolError},
		{"reserved control opcode 15", m(fin|0xf, ""), ws.CodeProtocolError},
		{"ping of 126", m(fin|opPing, strings.Repeat("x", 126)), ws.CodeProtocolError},
		{"close of 126", m(fin|opClose, strings.Repeat("x", 126)), ws.CodeProtocolError},
		{"fragmented ping", m(opPing, ""), ws.CodeProtocolError},
		{"fragmented close", m(opClose, ""), ws.CodeProtocolError},
		{"continuation of nothing", m(fin|opCont, "x"), ws.CodeProtocolError},
		{"unfinished continuation of nothing", m(opCont, "x"), ws.CodeProtocolError},
		{"text within text", m(opText, "x") + m(fin|opText, "y"), ws.CodeProtocolError},
		{"continuation after the end", m(opText, "x") + m(fin|opCont, "y") + m(fin|opCont, "z"), ws.CodeProtocolError},
		{"no mask", rawFrame(fin|opText, "x", false), ws.CodeProtocolError},
		{"16 bits for a short length", string([]byte{fin | opText, maskIt | 126, 0, 5, 1, 2, 3, 4}), ws.CodeProtocolError},
		{"64 bits for a short length", string([]byte{fin | opText, maskIt | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}), ws.CodeProtocolError},
		{"top bit of the length", string([]byte{fin | opText, maskIt | 127, 0x80, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}), ws.CodeProtocolError},
		{"text not UTF-8", m(fin|opText, "a\xffb"), ws.CodeInvalidPayload},
		{"text ends in a rune", m(fin|opText, "a\xe2\x82"), ws.CodeInvalidPayload},
		{"surrogate", m(fin|opText, "\xed\xa0\x80"), ws.CodeInvalidPayload},
		{"above U+10FFFF", m(fin|opText, "\xf4\x90\x80\x80"), ws.CodeInvalidPayload},
		{"overlong", m(fin|opText, "\xc0\xaf"), ws.CodeInvalidPayload},
		{"bad text in the first fragment", m(opText, "\xff"), ws.CodeInvalidPayload},
		{"hopeless rune in the first fragment", m(opText, "\xf4\x90"), ws.CodeInvalidPayload},
		{"rune broken by a fragment", m(opText, "\xe2\x82") + m(opCont, "x"), ws.CodeInvalidPayload},
		{"rune open at the last fragment", m(opText, "\xe2\x82") + m(fin|opCont, ""), ws.CodeInvalidPayload},
		{"message too big", m(fin|opBinary, strings.Repeat("x", 1001)), ws.CodeMessageTooBig},
		{"message too big by its fragments", m(opBinary, strings.Repeat("x", 600)) + m(fin|opCont, strings.Repeat("x", 401)), ws.CodeMessageTooBig},
		{"huge declared length", string([]byte{fin | opText, maskIt | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}), ws.CodeMessageTooBig},
		{"close with half a code", m(fin|opClose, "\x03"), ws.CodeProtocolError},
		{"close reason not UTF-8", m(fin|opClose, closeBody(1000, "\xff")), ws.CodeInvalidPayload},
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		rows = append(rows, struct {
			name string
			raw  string
			code ws.Code
		}{"close code " + ws.Code(code).String(), m(fin|opClose, closeBody(code, "")), ws.CodeProtocolError})
	}
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				c, p := open(t, &ws.Options{MaxMessage: 1000})
				got := receive(soon(t), c)
				p.write(row.raw)
				m := <-got
				if m.err == nil { // a message before the fault
					m = <-receive(soon(t), c)
				}
				requireClosed(t, m.err, row.code)
				require.NotEmpty(t, p.expectClose(row.code), "a reason helps the peer's author")
				p.expectEOF()
				requireClosed(t, c.SendText("x"), row.code)
				require.NoError(t, p.conn.Close())
			})
		}
	})
}

func TestFrameLimit(t *testing.T) {
	c, p := open(t, &ws.Options{MaxFrame: 10})
	got := receive(soon(t), c)
	p.send(opBinary, "0123456789")
	p.send(opCont, "0123456789")
	p.send(fin|opCont, "")
	m := <-got
	require.NoError(t, m.err)
	require.Len(t, m.Data, 20, "the limit of frames is not one of messages")
	p.send(fin|opBinary, "0123456789a")
	_, err := c.Receive(soon(t))
	requireClosed(t, err, ws.CodeMessageTooBig)
}

func TestValidCloseCodesAreEchoed(t *testing.T) {
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		c, p := open(t, nil)
		p.send(fin|opClose, closeBody(code, "bye ü"))
		_, err := c.Receive(soon(t))
		requireClosed(t, err, ws.Code(code))
		require.Empty(t, p.expectClose(ws.Code(code)))
		p.expectEOF()
		got, reason, ok := c.CloseCode()
		require.True(t, ok)
		require.Equal(t, ws.Code(code), got)
		require.Equal(t, ws.Reason("bye ü"), reason)
	}
}

func TestEmptyClose(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		p.send(fin|opClose, "")
		_, err := c.Receive(soon(t))
		requireClosed(t, err, ws.CodeNoStatus)
		p.expectClose(ws.CodeNoStatus)
		p.expectEOF()
	})
}

func TestDropIs1006(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		got := receive(soon(t), c)
		p.write(p.frame(fin|opText, "hello")[:4])
		require.NoError(t, p.conn.Close())
		m := <-got
		requireClosed(t, m.err, ws.CodeAbnormal)
		require.ErrorIs(t, m.err, io.EOF)
	})
}

func TestMessages(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<14) // 256 KiB
	euro := "x\xe2\x82\xac"
	rows := []struct {
		name string
		raw  []string
		want string
	}{
		{"empty", []string{rawFrame(fin|opText, "", true)}, ""},
		{"short", []string{rawFrame(fin|opText, "hello", true)}, "hello"},
		{"125", []string{rawFrame(fin|opText, long[:125], true)}, long[:125]},
		{"126", []string{rawFrame(fin|opText, long[:126], true)}, long[:126]},
		{"65535", []string{rawFrame(fin|opText, long[:65535], true)}, long[:65535]},
		{"65536", []string{rawFrame(fin|opText, long[:65536], true)}, long[:65536]},
		{"256 KiB", []string{rawFrame(fin|opText, long, true)}, long},
		{"fragments", []string{rawFrame(opText, "he", true), rawFrame(opCont, "ll", true), rawFrame(fin|opCont, "o", true)}, "hello"},
		{"empty fragments", []string{rawFrame(opText, "", true), rawFrame(opCont, "", true), rawFrame(fin|opCont, "", true)}, ""},
		{"rune over fragments", []string{rawFrame(opText, euro[:2], true), rawFrame(opCont, euro[2:3], true), rawFrame(opCont, "", true), rawFrame(fin|opCont, euro[3:], true)}, euro},
		{"big fragments", []string{rawFrame(opText, long[:100000], true), rawFrame(fin|opCont, long[100000:], true)}, long},
	}
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				c, p := open(t, nil)
				got := receive(soon(t), c)
				go func() { _, _ = io.WriteString(p.conn, strings.Join(row.raw, "")) }()
				m := <-got
				require.NoError(t, m.err)
				require.Equal(t, ws.KindText, m.Kind)
				require.NotNil(t, m.Data)
				require.Equal(t, row.want, string(m.Data))
			})
		}
	})
}

func TestPingBetweenFragments(t *testing.T) {
	c, p := open(t, nil)
	got := receive(soon(t), c)
	p.send(opText, "he")
	p.send(fin|opPing, "one")
	p.expect(fin|opPong, "one")
	p.send(fin|opPong, "unasked for")
	p.send(opCont, "ll")
	p.send(fin|opPing, strings.Repeat("p", 125))
	p.expect(fin|opPong, strings.Repeat("p", 125))
	p.send(fin|opCont, "o")
	m := <-got
	require.NoError(t, m.err)
	require.Equal(t, "hello", string(m.Data))
}

func TestOneByteWrites(t *testing.T) {
	text := "grüße " + strings.Repeat("ö", 200)
	raw := rawFrame(opText, text[:9], true) + rawFrame(fin|opPing, "pi", true) + rawFrame(fin|opCont, text[9:], true)
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		got := receive(soon(t), c)
		for i := range len(raw) {
			p.write(raw[i : i+1])
		}
		m := <-got
		require.NoError(t, m.err)
		require.Equal(t, text, string(m.Data))
		p.expect(fin|opPong, "pi")
	})
}

func TestFailsFastInsideAFrame(t *testing.T) {
	// The frame is not finished, but nothing can make its text valid any more.
	c, p := open(t, nil)
	got := receive(soon(t), c)
	raw := p.frame(fin|opText, "abc\xff"+strings.Repeat("x", 100))
	p.write(raw[:6+4])
	requireClosed(t, (<-got).err, ws.CodeInvalidPayload)
	p.expectClose(ws.CodeInvalidPayload)
}

func TestManyMessagesInOnePacket(t *testing.T) {
	c, p := open(t, nil)
	var raw strings.Builder
	for range 100 {
		raw.WriteString(p.frame(fin|opBinary, "0123456789"))
	}
	p.write(raw.String())
	var all [][]byte
	for range 100 {
		b, err := c.ReceiveBytes(soon(t))
		require.NoError(t, err)
		all = append(all, b)
	}
	for _, b := range all { // no byte is reused
		require.Equal(t, "0123456789", string(b))
	}
}

func TestDeclaredLengthIsNotAllocated(t *testing.T) {
	c, p := open(t, &ws.Options{MaxMessage: -1})
	got := receive(soon(t), c)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := append([]byte{fin | opBinary, maskIt | 127}, binary.BigEndian.AppendUint64(nil, 1<<40)...)
	p.write(string(b) + "\x00\x00\x00\x00" + strings.Repeat("x", 1000))
	require.NoError(t, p.conn.Close())
	requireClosed(t, (<-got).err, ws.CodeAbnormal)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestTinyFragmentsAreNotQuadratic(t *testing.T) {
	c, p := open(t, nil)
	got := receive(soon(t), c)
	const n = 100_000
	var before, after runtime.MemStats
	raw := strings.Repeat(p.frame(opCont, "x"), 100)
	runtime.ReadMemStats(&before)
	p.send(opBinary, "")
	for range n / 100 {
		p.write(raw)
	}
	p.send(fin|opCont, "")
	m := <-got
	runtime.ReadMemStats(&after)
	require.NoError(t, m.err)
	require.Len(t, m.Data, n)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

func TestCancelledReceive(t *testing.T) {
	networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
		c, p := open(t, nil)
		raw := p.frame(fin|opText, "hello")
		for cut := 0; cut <= len(raw); cut++ { // also in the middle of a header or payload
			ctx, cancel := context.WithCancel(context.Background())
			got := receive(ctx, c)
			p.write(raw[:cut])
			cancel()
			m := <-got
			if m.err != nil {
				require.ErrorIs(t, m.err, context.Canceled)
				require.NotErrorIs(t, m.err, ws.ErrClosed)
				got = receive(soon(t), c)
			} else {
				require.Equal(t, len(raw), cut)
				continue
			}
			p.write(raw[cut:])
			m = <-got
			require.NoError(t, m.err)
			require.Equal(t, "hello", string(m.Data))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, err := c.Receive(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, c.SendText("alive"))
		p.expect(fin|opText, "alive")
	})
}

func TestReceiveWrongKind(t *testing.T) {
	c, p := open(t, nil)
	p.send(fin|opBinary, "x")
	_, err := c.ReceiveText(soon(t))
	requireClosed(t, err, ws.CodeUnsupportedData)
	p.expectClose(ws.CodeUnsupportedData)

	c, p = open(t, nil)
	p.send(fin|opText, "x")
	_, err = c.ReceiveBytes(soon(t))
	requireClosed(t, err, ws.CodeUnsupportedData)
	p.expectClose(ws.CodeUnsupportedData)
}

func TestReceiveJSON(t *testing.T) {
	type point struct{ X, Y int }
	c, p := open(t, nil)
	p.send(fin|opText, `{"X":1,"Y":2}`)
	p.send(fin|opBinary, `{"X":3}`)
	var v point
	require.NoError(t, c.ReceiveJSON(soon(t), &v))
	require.Equal(t, point{1, 2}, v)
	require.NoError(t, c.ReceiveJSON(soon(t), &v))
	require.Equal(t, 3, v.X)
	p.send(fin|opText, `{}`)
	require.Error(t, c.ReceiveJSON(soon(t), v), "no pointer")
	require.NoError(t, c.SendJSON(v))
	p.expect(fin|opText, `{"X":3,"Y":2}`)
	p.send(fin|opText, `{"X":"three"}`)
	requireClosed(t, c.ReceiveJSON(soon(t), &v), ws.CodeInvalidPayload)
	p.expectClose(ws.CodeInvalidPayload)

	c, p = open(t, nil)
	p.send(fin|opBinary, "\"\xff\"")
	var s string
	requireClosed(t, c.ReceiveJSON(soon(t), &s), ws.CodeInvalidPayload)
}

func TestMessagesIterator(t *testing.T) {
	rows := []struct {
		name   string
		end    func(*peer)
		silent bool
	}{
		{"1000", func(p *peer) { p.send(fin|opClose, closeBody(1000, "")) }, true},
		{"1001", func(p *peer) { p.send(fin|opClose, closeBody(1001, "")) }, true},
		{"empty", func(p *peer) { p.send(fin|opClose, "") }, true},
		{"4000", func(p *peer) { p.send(fin|opClose, closeBody(4000, "")) }, false},
		{"drop", func(p *peer) { _ = p.conn.Close() }, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, p := open(t, nil)
			p.send(fin|opText, "a")
			p.send(fin|opBinary, "b")
			row.end(p)
			var all string
			var errs []error
			for m, err := range c.Messages(c.Context()) {
				if err != nil {
					errs = append(errs, err)
					continue
				}
				all += string(m.Data)
			}
			require.Equal(t, "ab", all)
			require.Equal(t, row.silent, len(errs) == 0)
			if !row.silent {
				require.Len(t, errs, 1)
				require.ErrorIs(t, errs[0], ws.ErrClosed)
			}
		})
	}
	c, p := open(t, nil)
	p.send(fin|opText, "a")
	for m, err := range c.Messages(soon(t)) {
		require.NoError(t, err)
		require.Equal(t, "a", string(m.Data))
		break
	}
	require.NoError(t, c.SendText("alive"))
}

func TestSendReaderFailing(t *testing.T) {
	boom := errors.New("boom")
	c, p := open(t, nil)
	require.ErrorIs(t, c.SendReader(soon(t), ws.KindText, iotest.ErrReader(boom)), boom)
	require.NoError(t, c.SendText("nothing was sent of it"))
	p.expect(fin|opText, "nothing was sent of it")

	begun := io.MultiReader(strings.NewReader(strings.Repeat("x", 20<<10)), iotest.ErrReader(boom))
	require.ErrorIs(t, c.SendReader(soon(t), ws.KindText, begun), boom)
	p.expect(opText, strings.Repeat("x", 16<<10))
	p.expectClose(ws.CodeInternalError)
	requireClosed(t, c.SendText("x"), ws.CodeInternalError)
}
