package deflate

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var allLevels = []Level{HuffmanOnly, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// Whatever the level and window, what comes back is what was sent, no match goes
// beyond the window, and the independent inflater agrees.
func TestRoundTrip(t *testing.T) {
	for _, level := range allLevels {
		for windowBits := minBits; windowBits <= maxBits; windowBits++ {
			for _, over := range []bool{false, true} {
				t.Run(fmt.Sprintf("level %d, %d bits, takeover %v", level, windowBits, over), func(t *testing.T) {
					t.Parallel()
					roundTrip(t, level, windowBits, over)
				})
			}
		}
	}
}

func roundTrip(t *testing.T, level Level, windowBits int, over bool) {
	r := rand.New(rand.NewPCG(uint64(windowBits), uint64(level)))
	c, d := pair(over, windowBits, level)
	var history []byte
	rounds := 30
	if raceEnabled {
		rounds = 8 // the oracle is slow
	}
	for range rounds {
		msg := mixed(r, 1<<r.IntN(17))
		payload := mustCompress(t, c, msg)
		got, farthest, err := inflate(payload, history)
		require.NoError(t, err)
		require.Equal(t, string(msg), string(got))
		require.LessOrEqual(t, farthest, 1<<windowBits)
		require.Equal(t, string(msg), string(mustInflate(t, d, payload)))
		if over {
			history = append(history, msg...)
			history = history[max(0, len(history)-1<<windowBits):]
			require.LessOrEqual(t, c.Size(), 1<<windowBits)
			require.LessOrEqual(t, d.Size(), 1<<windowBits)
		} else {
			require.Zero(t, c.Size())
			require.Zero(t, d.Size())
		}
	}
}

// A match exactly as far as the window, and one byte farther, with the history
// and the message on either side of it.
func TestWindowEdge(t *testing.T) {
	for windowBits := minBits; windowBits <= maxBits; windowBits++ {
		size := 1 << windowBits
		for _, distance := range []int{size - 2, size - 1, size, size + 1, 2 * size} {
			for _, level := range []Level{1, 6, 9} {
				c, d := pair(true, windowBits, level)
				data := farRepeats(4*size+1000, distance, 7)
				for _, msg := range [][]byte{data[:size/2+3], data[size/2+3 : 3*size], data[3*size:]} {
					before := append([]byte(nil), d.history...)
					payload := mustCompress(t, c, msg)
					_, farthest, err := inflate(payload, before)
					require.NoError(t, err)
					require.LessOrEqual(t, farthest, size)
					require.Equal(t, string(msg), string(mustInflate(t, d, payload)))
				}
			}
		}
	}
}

// The examples of RFC 7692 section 7.2.3.2: the second message is shorter with takeover only.
func TestTakeoverShrinks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		level Level
		size  int
		keep  int
		less  bool
	}{
		{"fastest", Fastest, 1000, 0, true},
		{"best, short", Best, 60, 0, true},
		{"fastest, short: the library does not look back below 128 bytes", Fastest, 60, 0, false},
		{"a history shorter than the message", Fastest, 5000, 12, true},
		{"huffman only", HuffmanOnly, 1000, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			direction := Direction{Takeover: true, WindowBits: 15}
			c := NewCompressor(direction, Config{Takeover: true, Level: tt.level, WindowBits: tt.keep})
			d := NewDecompressor(direction)
			msg := noise(tt.size, 3)
			var sizes []int
			for range 3 {
				payload := mustCompress(t, &c, msg)
				sizes = append(sizes, len(payload))
				require.Equal(t, msg, mustInflate(t, &d, payload))
			}
			if tt.less {
				assert.Less(t, sizes[1], sizes[0]*3/4)
			} else {
				assert.InDelta(t, sizes[0], sizes[1], 2)
			}
		})
	}
}

// Messages that are sent plain, and prepared ones, between compressed ones.
func TestNoteAndPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for windowBits := minBits; windowBits <= maxBits; windowBits++ {
		c, d := pair(true, windowBits, Fastest)
		for range 200 {
			msg := mixed(r, 3000)
			switch r.IntN(4) {
			case 0: // sent plain: neither side is told
			case 1:
				payload, err := Compress(nil, msg, windowBits, Fastest)
				require.NoError(t, err)
				c.Note(msg)
				require.Equal(t, string(msg), string(mustInflate(t, d, payload)))
			case 2:
				c.Release()
				require.Zero(t, c.Size())
				fallthrough
			default:
				require.Equal(t, string(msg), string(mustInflate(t, d, mustCompress(t, c, msg))))
			}
		}
	}
}

func TestAppendKeepsPrefix(t *testing.T) {
	c, d := pair(true, 15, Fastest)
	for _, msg := range []string{"", "Hello", string(jsonText(3000, 1))} {
		payload, err := c.Append([]byte("before"), []byte(msg))
		require.NoError(t, err)
		require.Equal(t, "before", string(payload[:6]))
		out, err := d.Append([]byte("prefix"), payload[6:], 1<<20)
		require.NoError(t, err)
		require.Equal(t, "prefix"+msg, string(out))
	}
}

// What a connection keeps of messages: nothing before the first, then as much
// as there was, then the window.
func TestIdleCost(t *testing.T) {
	c, d := pair(true, 12, Fastest)
	require.Zero(t, c.Size()+d.Size())
	send := func(n int) {
		mustInflate(t, d, mustCompress(t, c, jsonText(n, 1)))
	}
	send(0)
	require.Zero(t, c.Size()+d.Size())
	send(10)
	require.Equal(t, 2*firstWindow, c.Size()+d.Size())
	send(1000)
	require.Equal(t, 2*1010, c.Size()+d.Size())
	for range 20 {
		send(3000)
	}
	require.Equal(t, 2*4096, c.Size()+d.Size())
	c.Release()
	require.Zero(t, c.Size())

	var zeroC Compressor
	var zeroD Decompressor
	mustInflate(t, &zeroD, mustCompress(t, &zeroC, jsonText(5000, 1)))
	require.Zero(t, zeroC.Size()+zeroD.Size())

	for _, tt := range []struct {
		name string
		d    Direction
		cfg  Config
		want int
	}{
		{"agreed, not wanted", Direction{Takeover: true, WindowBits: 15}, Config{}, 0},
		{"wanted, not agreed", Direction{WindowBits: 15}, Config{Takeover: true}, 0},
		{"Huffman codes refer to nothing", Direction{Takeover: true, WindowBits: 15}, Config{Takeover: true, Level: HuffmanOnly}, 0},
		{"less kept than agreed", Direction{Takeover: true, WindowBits: 15}, Config{Takeover: true, WindowBits: 10}, 1 << 10},
		{"less agreed than wanted", Direction{Takeover: true, WindowBits: 9}, Config{Takeover: true, WindowBits: 10}, 1 << 9},
		{"all", Direction{Takeover: true}, Config{Takeover: true}, 1 << 15},
	} {
		c := NewCompressor(tt.d, tt.cfg)
		mustCompress(t, &c, jsonText(50_000, 1))
		require.Equal(t, tt.want, c.Size(), tt.name)
	}
}

func TestCompressRefusesLevel(t *testing.T) {
	for _, level := range []Level{-1, -3, 10} {
		assert.Error(t, Config{Level: level}.Check())
	}
	for _, level := range allLevels {
		assert.NoError(t, Config{Level: level}.Check())
	}
}

func TestCompressDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops pooled values")
	}
	msg := jsonText(4096, 1)
	for _, over := range []bool{false, true} {
		for _, windowBits := range []int{8, 12, 15} {
			c, d := pair(over, windowBits, Fastest)
			payload, out := make([]byte, 0, 8192), make([]byte, 0, 8192)
			run := func() {
				var err error
				if payload, err = c.Append(payload[:0], msg); err != nil {
					t.Fatal(err)
				}
				if out, err = d.Append(out[:0], payload, 8192); err != nil {
					t.Fatal(err)
				}
			}
			for range 10 {
				run()
			}
			assert.Zero(t, testing.AllocsPerRun(100, run), "takeover %v, %d bits", over, windowBits)
		}
	}
}

// Connections in many goroutines share the pools.
func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			c, d := pair(g%2 == 0, minBits+g%8, allLevels[g%len(allLevels)])
			for range 40 {
				msg := mixed(r, 4000)
				payload, err := c.Append(nil, msg)
				if !assert.NoError(t, err) {
					return
				}
				got, err := d.Append(nil, payload, 1<<20)
				if !assert.NoError(t, err) || !assert.Equal(t, string(msg), string(got)) {
					return
				}
			}
		})
	}
	wg.Wait()
}
