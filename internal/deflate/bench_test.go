package deflate

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkCompress(b *testing.B) {
	for _, n := range []int{64, 512, 4096, 65536} {
		for _, level := range []Level{HuffmanOnly, 1, 6, 9} {
			for _, windowBits := range []int{10, 15} {
				b.Run(fmt.Sprintf("%dB/level%d/bits%d", n, level, windowBits), func(b *testing.B) {
					c, _ := pair(false, windowBits, level)
					benchCompress(b, c, n)
				})
			}
		}
	}
}

func BenchmarkCompressTakeover(b *testing.B) {
	for _, n := range []int{512, 4096} {
		for _, keep := range []int{10, 12, 13, 15} {
			for _, level := range []Level{1, 6, 9} {
				b.Run(fmt.Sprintf("%dB/keep%d/level%d", n, keep, level), func(b *testing.B) {
					c := NewCompressor(Direction{Takeover: true}, Config{Takeover: true, WindowBits: keep, Level: level})
					benchCompress(b, &c, n)
				})
			}
		}
	}
}

func benchCompress(b *testing.B, c *Compressor, n int) {
	b.ReportAllocs()
	var list [512][]byte // more than a window
	for i := range list {
		list[i] = jsonText(n, uint64(i))
	}
	var out []byte
	total, i := 0, 0
	for b.Loop() {
		var err error
		if out, err = c.Append(out[:0], list[i%512]); err != nil {
			b.Fatal(err)
		}
		total += len(out)
		i++
	}
	b.ReportMetric(float64(total)/float64(i), "B/msg")
}

func BenchmarkDecompress(b *testing.B) {
	for _, n := range []int{64, 512, 4096, 65536} {
		for _, over := range []bool{false, true} {
			b.Run(fmt.Sprintf("%dB/takeover=%v", n, over), func(b *testing.B) {
				payload, err := Compress(nil, jsonText(n, 1), 15, Fastest)
				if err != nil {
					b.Fatal(err)
				}
				_, d := pair(over, 15, 0)
				var out []byte
				b.ReportAllocs()
				for b.Loop() {
					if out, err = d.Append(out[:0], payload, 1<<20); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Payloads of about 64 KiB that are made to cost time.
func BenchmarkAttack(b *testing.B) {
	window := strings.TrimSuffix("\x00\x00\x80\xff\x7f"+string(noise(maxWindow, 1)), tail)
	for _, tt := range []struct{ name, payload string }{
		{"none: text", compressedText(64 << 10)},
		{"final blocks", strings.Repeat("\x03\x00", 32<<10) + "\x00"},
		{"final blocks after a window", window + strings.Repeat("\x03\x00", 32<<10) + "\x00"},
		{"stored blocks", strings.Repeat("\x00\x00\x00\xff\xff", 13<<10) + "\x00"},
		{"stored blocks of one byte", strings.Repeat("\x00\x01\x00\xfe\xff.", 11<<10) + "\x00"},
		{"trees without data", emptyTrees(64 << 10)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			payload := []byte(tt.payload)
			var d Decompressor
			var out []byte
			for b.Loop() {
				var err error
				if out, err = d.Append(out[:0], payload, 1<<20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// compressedText returns about n bytes, for comparison.
func compressedText(n int) string {
	payload, _ := Compress(nil, jsonText(4*n, 1), 15, Fastest)
	return string(payload)
}

// emptyTrees returns about n bytes of blocks of nothing but their Huffman trees,
// in the shortest form, 90 bits each.
func emptyTrees(n int) string {
	var b []byte
	bit := 0
	put := func(v, n int) {
		for range n {
			if bit%8 == 0 {
				b = append(b, 0)
			}
			b[bit/8] |= byte(v&1) << (bit % 8)
			v >>= 1
			bit++
		}
	}
	for len(b) < n {
		put(0b100, 3) // not final, dynamic
		put(0, 10)    // 257 literals, 1 distance
		put(14, 4)    // 18 lengths of code lengths, in the order of the format:
		put(0, 2*3)   // 16 and 17
		put(1, 3)     // 18
		put(0, 14*3)  // 0 to 14 but for
		put(1, 3)     // 1
		put(1, 1)     // 18:
		put(127, 7)   // 138 zeros
		put(1, 1)     // 18:
		put(107, 7)   // 118 zeros
		put(0b00, 2)  // the end of the block and a distance have 1 bit
		put(0, 1)     // the end of the block
	}
	put(0, 3) // the empty stored block
	return string(b)
}
