package compress

import (
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encoder is what *gzip.Writer, *zstd.Encoder and *brotli.Writer have in common.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// encoderPool has the encoders of one encoding and level. They are big, and
// nobody but this package sees them.
type encoderPool struct {
	encoding Encoding
	level    Level
	pool     sync.Pool
}

func (p *encoderPool) get(w io.Writer) encoder {
	if e, ok := p.pool.Get().(encoder); ok {
		e.Reset(w)
		return e
	}
	e, err := newEncoder(p.encoding, p.level, w)
	if err != nil {
		panic("compress: bug: " + err.Error()) // the options are ours
	}
	return e
}

// put takes an encoder back that was closed.
func (p *encoderPool) put(e encoder) {
	e.Reset(io.Discard) // it must not keep the answer
	p.pool.Put(e)
}

// The levels of each encoding: balanced, fastest, smallest.
var (
	gzipLevels   = [levels]int{5, gzip.BestSpeed, gzip.BestCompression}
	zstdLevels   = [levels]zstd.EncoderLevel{zstd.SpeedDefault, zstd.SpeedFastest, zstd.SpeedBetterCompression}
	brotliLevels = [levels]int{4, 1, 9}
)

// The windows are much smaller than what decoders must have (8 MiB for zstd,
// RFC 9659), because memory is per answer under way.
const (
	zstdWindow   = 256 << 10
	brotliWindow = 18 // 2^18 bytes
)

func newEncoder(e Encoding, l Level, w io.Writer) (encoder, error) {
	switch e {
	case Zstd:
		// A concurrency of 1 means that there are no goroutines.
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstdLevels[l]),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(zstdWindow), zstd.WithZeroFrames(true))
	case Brotli:
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotliLevels[l], LGWin: brotliWindow}), nil
	default:
		return gzip.NewWriterLevel(w, gzipLevels[l])
	}
}

// noEncoder is for answers that have no bytes.
type noEncoder struct{}

func (noEncoder) Write(b []byte) (int, error) { return len(b), nil }
func (noEncoder) Flush() error                { return nil }
func (noEncoder) Close() error                { return nil }
func (noEncoder) Reset(io.Writer)             {}
