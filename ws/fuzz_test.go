package ws

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
)

// event is what a reader gives out, as text.
func eventsOf(src io.Reader, opts *Options) (list []string, end error) {
	r := reader{src: src, opts: opts, side: gobwas.StateServerSide, limit: min(opts.maxFrame(), opts.maxMessage())}
	for {
		op, payload, err := r.next()
		if isTimeout(err) {
			continue // as after a cancelled Receive
		}
		if err != nil {
			return list, err
		}
		list = append(list, fmt.Sprintf("%d %x", op, payload))
	}
}

// oracle parses a byte stream in the simplest way: everything is there already. It returns
// the events up to the first fault, and its code; 0 if the stream just ends.
func oracle(b []byte, opts *Options) (list []string, code Code) {
	var msg []byte
	var op byte
	for {
		if len(b) < 2 {
			return list, 0
		}
		first, second := b[0], b[1]
		n, head := uint64(second&0x7f), 2
		if ext := map[uint64]int{126: 2, 127: 8}[n]; ext > 0 {
			head += ext
		}
		masked := second&0x80 != 0
		if masked {
			head += 4
		}
		if len(b) < head {
			return list, 0
		}
		long := n
		switch n {
		case 126:
			n = uint64(binary.BigEndian.Uint16(b[2:]))
		case 127:
			n = binary.BigEndian.Uint64(b[2:])
		}
		this := first & 0x0f
		switch {
		case long == 126 && n < 126, long == 127 && (n < 65536 || n>>63 == 1),
			first&0x70 != 0, !masked, this > 2 && this < 8, this > 10,
			this >= 8 && (n > 125 || first&0x80 == 0),
			this == 0 && op == 0, (this == 1 || this == 2) && op != 0:
			return list, CodeProtocolError
		case this < 8 && (n > uint64(opts.MaxFrame) || n > uint64(opts.MaxMessage)-uint64(len(msg))):
			return list, CodeMessageTooBig
		}
		key := b[head-4 : head]
		payload := bytes.Clone(b[head:min(uint64(len(b)), uint64(head)+n)])
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		whole := uint64(len(payload)) == n
		if this >= 8 {
			if !whole {
				return list, 0
			}
			list = append(list, fmt.Sprintf("%d %x", this, payload))
		} else {
			if this != 0 {
				op = this
			}
			msg = append(msg, payload...)
			done := whole && first&0x80 != 0
			if op == 1 && !prefixOfText(msg, done) {
				return list, CodeInvalidPayload
			}
			if !whole {
				return list, 0
			}
			if done {
				list = append(list, fmt.Sprintf("%d %x", op, msg))
				msg, op = nil, 0
			}
		}
		b = b[uint64(head)+n:]
	}
}

// prefixOfText reports whether p is UTF-8, or can become it by more bytes unless done.
func prefixOfText(p []byte, done bool) bool {
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			return !done && !utf8.FullRune(p)
		}
		p = p[n:]
	}
	return true
}

// flaky times out before every read.
type flaky struct {
	r   io.Reader
	odd bool
}

func (f *flaky) Read(p []byte) (int, error) {
	if f.odd = !f.odd; f.odd {
		return 0, timeoutError()
	}
	return f.r.Read(p)
}

// FuzzReader holds the reader against the oracle, however the bytes are cut up.
func FuzzReader(f *testing.F) {
	mask := func(first byte, payload string) []byte {
		b := appendHeader(nil, framing{op: gobwas.OpCode(first & 0x0f), fin: first&0x80 != 0, masked: true}, len(payload), [4]byte{})
		return append(b, payload...)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	f.Add(mask(0x81, "hello"))
	f.Add(join(mask(0x01, "h\xc3"), mask(0x89, "ping"), mask(0x80, "\xbcllo")))
	f.Add(join(mask(0x82, string(make([]byte, 300))), mask(0x88, "\x03\xe8bye")))
	f.Add(mask(0x81, "\xed\xa0\x80"))
	f.Add([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
	f.Add(join(mask(0x02, "x"), mask(0x02, "y")))
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := &Options{MaxMessage: 4096, MaxFrame: 2048}
		want, code := oracle(b, opts)
		for name, src := range map[string]io.Reader{
			"whole":    bytes.NewReader(b),
			"one byte": iotest.OneByteReader(bytes.NewReader(b)),
			"with EOF": iotest.DataErrReader(bytes.NewReader(b)),
			"flaky":    &flaky{r: iotest.HalfReader(bytes.NewReader(b))},
		} {
			got, err := eventsOf(src, opts)
			require.Equal(t, want, got, name)
			var v *violation
			if errors.As(err, &v) {
				require.Equal(t, code, v.code, name)
			} else {
				require.Zero(t, code, "%s: %v", name, err)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("aä€😀"), uint8(3))
	f.Add([]byte("\xf0\x9f\x98"), uint8(1))
	f.Add([]byte("\xf4\x90"), uint8(1))
	f.Fuzz(func(t *testing.T, p []byte, at uint8) {
		cut := min(int(at), len(p))
		n, ok := validText(p[:cut], 0, false)
		require.Equal(t, prefixOfText(p[:cut], false), ok)
		if ok {
			require.LessOrEqual(t, cut-n, 3)
			_, ok = validText(p, n, true)
			require.Equal(t, utf8.Valid(p), ok)
		}
	})
}

func TestTextOfAllShortStrings(t *testing.T) {
	// Every string of up to four interesting bytes, cut everywhere.
	alphabet := []byte{0x00, 'a', 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff}
	var try func(p []byte)
	try = func(p []byte) {
		n, ok := validText(p, 0, false)
		if ok != prefixOfText(p, false) || ok && len(p)-n > 3 {
			t.Fatalf("%x: %d, %v", p, n, ok)
		}
		if _, ok := validText(p, 0, true); ok != utf8.Valid(p) {
			t.Fatalf("%x at the end: %v", p, ok)
		}
		if len(p) < 4 {
			for _, b := range alphabet {
				try(append(p, b))
			}
		}
	}
	try(make([]byte, 0, 4))
}
