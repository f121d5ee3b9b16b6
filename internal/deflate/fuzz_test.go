package deflate

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a client offers, the answer is one that it can only agree to, and
// saying the same again changes nothing.
func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "permessage-deflate", "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate",
		`foo; bar="b\"az"`, "permessage-deflate; server_no_context_takeover; client_no_context_takeover\nx, ,", "permessage-deflate; client_max_window_bits=\"9\""} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(37))
	}
	list := configs()
	f.Fuzz(func(t *testing.T, header string, n uint8) {
		cfg := list[int(n)%len(list)]
		lines := strings.Split(header, "\n")
		p, answer, ok := Accept(lines, cfg)
		joined := strings.Join(lines, ",")
		require.Equal(t, Valid(lines), Valid([]string{joined}))
		p2, answer2, ok2 := Accept([]string{joined}, cfg)
		require.Equal(t, []any{p, answer, ok}, []any{p2, answer2, ok2})
		if _, err := Agree(lines, cfg); err != nil {
			require.ErrorIs(t, err, ErrAnswer)
		}
		if !ok {
			require.Zero(t, p)
			require.Empty(t, answer)
			return
		}
		require.True(t, Valid(lines))
		require.Contains(t, header, extensionName)
		require.Equal(t, !cfg.Takeover || p.ServerNoContextTakeover, p.ServerNoContextTakeover)
		require.Equal(t, !cfg.PeerTakeover || p.ClientNoContextTakeover, p.ClientNoContextTakeover)
		for _, n := range []int{p.ServerMaxWindowBits, p.ClientMaxWindowBits} {
			require.True(t, minBits <= n && n <= maxBits)
		}
		q, err := Agree([]string{answer}, all)
		require.NoError(t, err)
		require.Equal(t, p, q)
		// Parameters left out of the answer were left out of the offer, too.
		require.Equal(t, strings.Contains(answer, "server_max_window_bits"), p.ServerMaxWindowBits < 15 || strings.Contains(answer, "=15"))
	})
}

// Arbitrary payloads, after a history, give what a bit-by-bit inflater and the
// standard library get out of them, or an error when those do.
func FuzzDecompressor(f *testing.F) {
	for _, s := range []string{"", "\x00", "\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x00\x11\x00\x00", "\x00\x05\x00\xfa\xffHello\x00", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
		"\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x00\x11\x00\x00", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "\x01\x0a\x00\xf5\xff", "\x00\x04\x00\xfb\xff"} {
		f.Add([]byte(s), []byte("Hello"), uint16(100))
	}
	for _, msg := range [][]byte{jsonText(700, 1), noise(50, 1), farRepeats(3000, 300, 1)} {
		for _, level := range []Level{1, 9, HuffmanOnly} {
			payload, err := Compress(nil, msg, 15, level)
			require.NoError(f, err)
			f.Add(payload, []byte{}, uint16(5000))
		}
	}
	f.Fuzz(func(t *testing.T, payload, history []byte, limit uint16) {
		d := Decompressor{history: bytes.Clone(history[:min(len(history), maxWindow)]), bits: maxBits, over: true}
		history = bytes.Clone(d.history)
		got, err := d.Append([]byte("prefix"), payload, int64(limit))
		want, _, oracle := inflate(payload, history)
		switch {
		case err == nil:
			require.LessOrEqual(t, len(got)-6, int(limit))
			require.LessOrEqual(t, cap(got), 6+max(int(limit), 64))
			if oracle != nil {
				// An open block without output may run through the trailer: the standard library must agree.
				want, oracle = stdInflate(append(bytes.Clone(payload), trailer...), history)
				require.NoError(t, oracle)
				want = bytes.TrimSuffix(want, []byte(marker))
			}
			require.Equal(t, "prefix"+string(want), string(got))
			joined := append(history, want...)
			require.Equal(t, string(joined[max(0, len(joined)-maxWindow):]), string(d.history))
		case errors.Is(err, ErrTooBig):
			require.True(t, oracle != nil || len(want) > int(limit))
		default:
			require.ErrorIs(t, err, ErrCorrupt)
			require.Error(t, oracle)
		}
		if err != nil {
			require.Equal(t, "prefix", string(got))
			require.Equal(t, string(history), string(d.history))
		}
	})
}

// What is compressed comes back, with any cut into messages. What is covered
// depends on what the pools hold, so minimizing takes long: -fuzzminimizetime=10x.
func FuzzRoundTrip(f *testing.F) {
	f.Add(jsonText(3000, 1), uint16(100), uint8(0))
	f.Add(farRepeats(3000, 256, 1), uint16(1000), uint8(9))
	f.Add(noise(600, 1), uint16(40), uint8(23))
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, how uint8) {
		windowBits, level, over := minBits+int(how%8), allLevels[int(how/8)%len(allLevels)], how < 88
		c, d := pair(over, windowBits, level)
		for size := int(cut)%4096 + 1; len(data) > 0; {
			msg := data[:min(size, len(data))]
			data = data[len(msg):]
			before := bytes.Clone(d.history)
			payload := mustCompress(t, c, msg)
			got, farthest, err := inflate(payload, before)
			require.NoError(t, err)
			require.LessOrEqual(t, farthest, 1<<windowBits)
			require.Equal(t, string(msg), string(got))
			require.Equal(t, string(msg), string(mustInflate(t, d, payload)))
		}
	})
}
