package deflate

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// jsonText returns about n bytes that compress as chat and feeds do.
func jsonText(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	words := []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"}
	b := []byte("[")
	for len(b) < n {
		b = fmt.Appendf(b, `{"id":%d,"user":"%s","text":"%s %s %s","price":%.2f},`, r.IntN(1e6),
			words[r.IntN(10)], words[r.IntN(10)], words[r.IntN(10)], words[r.IntN(10)], r.Float64()*1000)
	}
	return b[:n]
}

// noise returns n bytes that don't compress.
func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// farRepeats returns n bytes in which everything comes again at the given
// distance and nowhere nearer.
func farRepeats(n, distance int, seed uint64) []byte {
	unit := noise(distance, seed)
	var b []byte
	for len(b) < n {
		b = append(b, unit...)
	}
	return b[:n]
}

// mixed returns a message of a random kind and size.
func mixed(r *rand.Rand, most int) []byte {
	n, seed := r.IntN(most+1), r.Uint64()
	if r.IntN(2) == 0 {
		n = r.IntN(300)
	}
	switch r.IntN(4) {
	case 0:
		return noise(n, seed)
	case 1:
		return farRepeats(n, 1<<r.IntN(16)+r.IntN(3), seed)
	default:
		return jsonText(n, seed%4)
	}
}

// pair returns both ends of one direction.
func pair(over bool, windowBits int, level Level) (*Compressor, *Decompressor) {
	d := Direction{Takeover: over, WindowBits: windowBits}
	c := NewCompressor(d, Config{Takeover: over, Level: level})
	r := NewDecompressor(d)
	return &c, &r
}

func mustCompress(t testing.TB, c *Compressor, msg []byte) []byte {
	t.Helper()
	payload, err := c.Append(nil, msg)
	require.NoError(t, err)
	require.NotEmpty(t, payload)
	return payload
}

func mustInflate(t testing.TB, d *Decompressor, payload []byte) []byte {
	t.Helper()
	msg, err := d.Append(nil, payload, 1<<30)
	require.NoError(t, err)
	return msg
}
