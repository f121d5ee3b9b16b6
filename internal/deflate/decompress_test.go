package deflate

import (
	"bytes"
	stdflate "compress/flate"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The examples of RFC 7692 section 7.2.3, and what else ends a message.
func TestDecompressorForms(t *testing.T) {
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	const final = "\xf3\x48\xcd\xc9\xc9\x07\x00"
	for _, tt := range []struct{ name, payload, want string }{
		{"7.2.3.1: one block", hello, "Hello"},
		{"7.2.3.3: a stored block", "\x00\x05\x00\xfa\xffHello\x00", "Hello"},
		{"7.2.3.4: BFINAL, and a block to complete", final + "\x00", "Hello"},
		{"7.2.3.5: two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello"},
		{"7.2.3.6: nothing", "\x00", ""},
		{"no byte at all, as from a second flush of zlib", "", ""},
		{"nothing in a fixed block", "\x02\x00", ""},
		{"BFINAL, and nothing behind it", final, "Hello"},
		{"BFINAL twice", final + final + "\x00", "HelloHello"},
		{"BFINAL twice, and nothing behind it", final + final, "HelloHello"},
		{"BFINAL, then a block without", final + hello, "HelloHello"},
		{"BFINAL, then a block that refers to what was before it", final + "\xf2\x00\x11\x00\x00", "HelloHello"},
		{"BFINAL three times with references back", final + "\xf3\x00\x11\x00\xf3\x00\x11\x00\x00", "HelloHelloHello"},
		{"a stored block with BFINAL", "\x01\x05\x00\xfa\xffHello", "Hello"},
		{"a stored block that holds the trailer", "\x00\x0a\x00\xf5\xff" + trailer + "\x00", trailer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, over := range []bool{false, true} {
				_, d := pair(over, 15, 0)
				for range 3 {
					require.Equal(t, tt.want, string(mustInflate(t, d, []byte(tt.payload))))
				}
				got, _, err := inflate([]byte(tt.payload), nil)
				require.NoError(t, err, "oracle")
				require.Equal(t, tt.want, string(got), "oracle")
			}
		})
	}
}

// Blocks with BFINAL between pieces that refer to all that was before them, also
// to earlier messages and over more than a window.
func TestDecompressorFinalBlocks(t *testing.T) {
	for _, size := range []int{50, 3000, 20_000, 50_000} {
		_, d := pair(true, 15, 0)
		var sent []byte
		for m := range 4 {
			var payload bytes.Buffer
			start := len(sent)
			for i := range 6 {
				piece := jsonText(size, uint64(i%3))
				w, err := stdflate.NewWriterDict(&payload, 9, sent[max(0, len(sent)-maxWindow):])
				require.NoError(t, err)
				_, err = w.Write(piece)
				require.NoError(t, err)
				require.NoError(t, w.Close())
				sent = append(sent, piece...)
			}
			if m%2 == 0 {
				payload.WriteByte(0)
			}
			require.Equal(t, string(sent[start:]), string(mustInflate(t, d, payload.Bytes())))
		}
	}
}

// RFC 7692 section 7.2.3.2: the second Hello refers to the first.
func TestDecompressorSharesWindow(t *testing.T) {
	first, second := []byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), []byte("\xf2\x00\x11\x00\x00")

	_, d := pair(true, 8, 0)
	require.Equal(t, "Hello", string(mustInflate(t, d, first)))
	require.Equal(t, "Hello", string(mustInflate(t, d, second)))
	require.Equal(t, "Hello", string(mustInflate(t, d, second)))

	// Without takeover there is nothing to refer to: not what this connection sent, nor another one.
	_, d = pair(false, 15, 0)
	require.Equal(t, "Hello", string(mustInflate(t, d, first)))
	_, err := d.Append(nil, second, 100)
	require.ErrorIs(t, err, ErrCorrupt)
}

// What was pushed out of the agreed window is gone.
func TestDecompressorForgets(t *testing.T) {
	for windowBits := minBits; windowBits <= 14; windowBits++ {
		wide, _ := pair(true, 15, Best)
		_, d := pair(true, windowBits, 0)
		secret := noise(200, 1)
		for _, msg := range [][]byte{secret, noise(1<<windowBits-100, 2)} {
			mustInflate(t, d, mustCompress(t, wide, msg))
		}
		_, err := d.Append(nil, mustCompress(t, wide, secret), 1000)
		require.ErrorIs(t, err, ErrCorrupt, windowBits)
	}
}

// Every payload cut short, and with something behind its end, is refused.
func TestDecompressorCorrupt(t *testing.T) {
	std := func(msg []byte) []byte {
		var b bytes.Buffer
		w, err := stdflate.NewWriter(&b, 6)
		require.NoError(t, err)
		_, err = w.Write(msg)
		require.NoError(t, err)
		require.NoError(t, w.Close()) // a last block with BFINAL
		return b.Bytes()
	}
	stored := append([]byte("\x00\x40\x00\xbf\xff"), append(noise(64, 5), 0)...)
	storedFinal := append([]byte("\x01\x40\x00\xbf\xff"), noise(64, 5)...)
	for name, payload := range map[string][]byte{
		"dynamic": mustCompress(t, &Compressor{}, jsonText(2000, 1)), "noise": mustCompress(t, &Compressor{}, noise(300, 1)),
		"stored": stored, "final": std(jsonText(2000, 1)), "stored final": storedFinal,
	} {
		var d Decompressor
		whole := mustInflate(t, &d, payload)
		for n := 1; n < len(payload); n++ {
			prefix := []byte("prefix")
			out, err := d.Append(prefix, payload[:n], 1<<20)
			want, _, oracle := inflate(payload[:n], nil)
			if oracle == nil {
				// The cut left out no more than what the trailer completes.
				require.NoError(t, err, "%s cut to %d", name, n)
				require.Equal(t, string(want), string(out[6:]))
				require.True(t, bytes.HasPrefix(whole, want))
				continue
			}
			require.ErrorIs(t, err, ErrCorrupt, "%s cut to %d", name, n)
			require.Equal(t, "prefix", string(out))
		}
	}
}

func TestDecompressorGarbage(t *testing.T) {
	const hello, final = "\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf3\x48\xcd\xc9\xc9\x07\x00"
	for _, tt := range []struct{ name, payload string }{
		{"reserved block type", "\x06\x00"},
		{"stored length without its complement", "\x00\x05\x00\x00\x00Hello\x00"},
		{"distance without history", "\xf2\x00\x11\x00\x00"},
		{"text", "this is not compressed"},
		{"the tail was not left out", hello + "\x00\x00\xff"},
		{"behind BFINAL", final + "\x07"},
		{"behind BFINAL, a byte of padding too much", final + "\x00\x00"},
		{"a stored block over the tail", "\x00\x04\x00\xfb\xff"},
		{"a stored block over the whole trailer", "\x01\x0a\x00\xf5\xff"},
		{"a stored block into the trailer", "\x00\x09\x00\xf6\xff"},
		{"behind the empty stored block", hello + "\x00\x00\x00"},
		{"an empty dynamic tree", "\x04\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := new(Decompressor).Append([]byte("prefix"), []byte(tt.payload), 1000)
			require.ErrorIs(t, err, ErrCorrupt)
			require.NotErrorIs(t, err, ErrTooBig)
			require.Equal(t, "prefix", string(out))
			_, _, err = inflate([]byte(tt.payload), nil)
			require.Error(t, err, "oracle")
		})
	}
}

func TestDecompressorLimit(t *testing.T) {
	for _, n := range []int{0, 1, 500, 32 << 10, 32<<10 + 1, 200_000} {
		payload, err := Compress(nil, jsonText(max(n, 1), 1)[:n], 15, Fastest)
		require.NoError(t, err)
		for _, tt := range []struct {
			limit int64
			ok    bool
		}{{math.MinInt64, n == 0}, {0, n == 0}, {int64(n) - 1, n == 0}, {int64(n), true}, {math.MaxInt64, true}} {
			var d Decompressor
			out, err := d.Append([]byte("prefix"), payload, tt.limit)
			if !tt.ok {
				require.ErrorIs(t, err, ErrTooBig, "%d bytes, limit %d", n, tt.limit)
				require.Equal(t, "prefix", string(out))
				continue
			}
			require.NoError(t, err, "%d bytes, limit %d", n, tt.limit)
			require.Len(t, out, 6+n)
			require.LessOrEqual(t, int64(cap(out)-6), max(0, tt.limit))
		}
	}
}

// 64 KiB that unfold to 64 MiB cost no more than the limit.
func TestDecompressorBomb(t *testing.T) {
	bomb, err := Compress(nil, make([]byte, 64<<20), 15, Best)
	require.NoError(t, err)
	require.Less(t, len(bomb), 70<<10)

	const limit = 1 << 20
	var d Decompressor
	attack := func() {
		out, err := d.Append(nil, bomb, limit)
		require.ErrorIs(t, err, ErrTooBig)
		require.Nil(t, out)
	}
	attack()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	attack()
	runtime.ReadMemStats(&after)
	// All buffers of the doubling together are below twice the limit. The race detector drops pooled readers.
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*limit+100<<10))
	assert.Zero(t, d.Size())
}

// A small message is put into a buffer of its size.
func TestDecompressorAllocatesWhatComesOut(t *testing.T) {
	for _, n := range []int{1, 100, 4096, 32 << 10} {
		var d Decompressor
		got := mustInflate(t, &d, mustCompress(t, &Compressor{}, jsonText(n, 1)))
		require.Equal(t, n, cap(got))
	}
}

func TestDecompressorAfterError(t *testing.T) {
	var d Decompressor
	for _, bad := range []string{"\x06", "\xf2\x48", strings.Repeat("\xff", 100)} {
		_, err := d.Append(nil, []byte(bad), 100)
		require.ErrorIs(t, err, ErrCorrupt)
		// The pooled reader is as good as new.
		require.Equal(t, "Hello", string(mustInflate(t, &d, []byte("\xf2\x48\xcd\xc9\xc9\x07\x00"))))
	}
}
