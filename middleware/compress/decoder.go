package compress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decoder is what *gzip.Reader, *zstd.Decoder and *brotli.Reader have in common.
type decoder interface {
	io.Reader
	Reset(io.Reader) error
}

// decoderPool has the decoders of one encoding. They are big, and nobody but
// this package sees them.
type decoderPool struct {
	encoding Encoding
	pool     sync.Pool
}

// maxWindow is what a decoder of zstd has to have (RFC 9659), and no more: the
// window is allocated because a client said so.
const maxWindow = 8 << 20

// get returns a decoder that reads from r. That of gzip reads the header at
// once, and so may fail.
func (p *decoderPool) get(r io.Reader) (decoder, error) {
	if d, ok := p.pool.Get().(decoder); ok {
		return d, d.Reset(r)
	}
	switch p.encoding {
	case Zstd:
		// A concurrency of 1 means that there are no goroutines.
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
	case Brotli:
		return brotli.NewReader(r), nil
	default:
		d := new(gzip.Reader)
		return d, d.Reset(r)
	}
}

// put takes a decoder back. It must not keep the body, nor what that held.
func (p *decoderPool) put(d decoder) {
	_ = d.Reset(nothing{}) // gzip says EOF
	p.pool.Put(d)
}

// nothing is an empty reader without state.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) ReadByte() (byte, error)  { return 0, io.EOF }

// failure is why a body could not be read to its end.
type failure int32

const (
	none     failure = iota
	tooLarge         // after decompression
	tooLong          // before, by a limit outside
	malformed
)

// body is the body of a request, decompressed as it is read.
//
// A handler may leave a goroutine behind that reads on. The decoder goes back to
// its pool only when that is over.
type body struct {
	in       counter
	pool     *decoderPool
	maxSize  int64
	maxRatio int64
	failed   atomic.Int32 // a failure
	outside  atomic.Int64 // the limit that a body was too long for

	mu      sync.Mutex // guards what follows
	decoder decoder
	out     int64
	err     error // for every read from now on
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.decoder == nil {
		d, err := b.pool.get(&b.in)
		b.decoder = d
		if err != nil {
			return 0, b.fail(err)
		}
	}
	// One byte more than may come tells a body that ends from one that doesn't.
	if left := b.maxSize - b.out + 1; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := b.decoder.Read(p)
	b.out += int64(n)
	switch {
	case b.out > b.maxSize:
		over := int(b.out - b.maxSize)
		return n - over, b.fail(&http.MaxBytesError{Limit: b.maxSize})
	case b.out > ratioFrom && b.out/b.maxRatio > b.in.n:
		return 0, b.fail(fmt.Errorf("compress: a body that becomes more than %d times larger: %w",
			b.maxRatio, &http.MaxBytesError{Limit: b.in.n * b.maxRatio}))
	case err != nil:
		return n, b.fail(err)
	}
	return n, nil
}

// fail remembers the error for the next read. That of the connection, or of a
// limit outside, is passed on as it is.
func (b *body) fail(err error) error {
	limit, limited := errors.AsType[*http.MaxBytesError](err)
	outside, _ := errors.AsType[*http.MaxBytesError](b.in.err)
	switch {
	case limited && limit == outside:
		b.outside.Store(limit.Limit)
		b.failed.Store(int32(tooLong))
	case limited:
		b.failed.Store(int32(tooLarge))
	case err != io.EOF && (b.in.err == nil || b.in.err == io.EOF):
		b.failed.Store(int32(malformed))
		err = fmt.Errorf("compress: malformed %v: %w", b.pool.encoding, err)
	}
	b.err = err
	return err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.mu.Lock()
	b.err = http.ErrBodyReadAfterClose
	b.mu.Unlock()
	return b.in.r.Close()
}

// retire is run when the handler is over. If somebody reads at this moment, the
// decoder is theirs.
func (b *body) retire() {
	if !b.mu.TryLock() {
		return
	}
	defer b.mu.Unlock()
	b.err = http.ErrBodyReadAfterClose
	if b.decoder != nil {
		b.pool.put(b.decoder)
		b.decoder = nil
	}
}

// counter counts the compressed bytes, and remembers how they ended.
type counter struct {
	r   io.ReadCloser
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}
