package deflate

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/flate"
)

// Level is how hard a [Compressor] tries. Levels above 6 look for matches in
// chains, at several times the price, and profit from the history in messages below 128 bytes, too.
type Level int

const (
	Fastest     Level = 1 // what 0 stands for, too
	Best        Level = 9
	HuffmanOnly Level = -2 // no references back: nothing a side channel could measure but the frequency of bytes
)

func (l Level) check() error {
	if l == HuffmanOnly || 0 <= l && l <= Best {
		return nil
	}
	return fmt.Errorf("deflate: Level is %d: want 1 to 9, 0 for 1, or HuffmanOnly", int(l))
}

// Writers are big (0.8 to 1.4 MB, HuffmanOnly 0.3 MB), so nothing keeps one beyond a call. There is one pool
// for each level, and one for each window that a level cannot be limited to.
var (
	levelWriters  [Best + 1]sync.Pool // of *writer; [0] is HuffmanOnly
	windowWriters [maxBits]sync.Pool  // of *writer, by bits
)

// writer is a flate.Writer that appends to out.
type writer struct {
	flate *flate.Writer
	out   []byte
}

func (w *writer) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// takeWriter gets a writer whose matches go back at most 1<<bits bytes, if those that
// it will be given, dictionary and message, are reach bytes.
func takeWriter(bits int, level Level, reach int) (*writer, *sync.Pool, error) {
	var pool *sync.Pool
	makeFlate := func(w *writer) (*flate.Writer, error) { return flate.NewWriter(w, int(level)) }
	switch {
	case level == HuffmanOnly:
		pool = &levelWriters[0]
	case bits == maxBits || reach <= 1<<bits:
		// Nothing is further away than the window: the faster writers and all levels will do.
		pool = &levelWriters[level]
	default:
		// The library has one algorithm for windows, that of level 5.
		pool = &windowWriters[bits]
		makeFlate = func(w *writer) (*flate.Writer, error) { return flate.NewWriterWindow(w, 1<<bits) }
	}
	if w, ok := pool.Get().(*writer); ok {
		return w, pool, nil
	}
	w := &writer{}
	var err error
	w.flate, err = makeFlate(w)
	return w, pool, err
}
