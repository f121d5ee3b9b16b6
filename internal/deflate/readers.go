package deflate

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

const (
	maxWindow = 1 << maxBits

	// trailer goes behind every payload: the tail that the sender left out, and a
	// last block of one stored byte. That block tells a message that is
	// complete from one whose open block goes on into the trailer: only then does the output end in
	// exactly this byte.
	trailer = tail + "\x01\x01\x00\xfe\xff" + marker
	marker  = "*"
)

// errTrailer says that a block of the payload goes on behind its end.
var errTrailer = errors.New("deflate: data ends within a block")

// source is a payload with the trailer behind it.
type source struct {
	payload []byte
	pos     int
}

func (s *source) Read(p []byte) (int, error) {
	n := 0
	if s.pos < len(s.payload) {
		n = copy(p, s.payload[s.pos:])
	}
	if at := s.pos + n - len(s.payload); at >= 0 && at < len(trailer) {
		n += copy(p[n:], trailer[at:])
	}
	s.pos += n
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// inflater is what can be used for all connections in turn: 45 KB, in a pool.
type inflater struct {
	src   source
	input *bufio.Reader // of src; flate has a fast path for it
	flate io.ReadCloser // of input

	// The output: so much of dst was there before, and so much may come.
	dst    []byte
	base   int
	limit  int64
	marked bool // the marker was read

	joined []byte // history and output in one piece, when a final block needs it
}

var inflaters = sync.Pool{New: func() any {
	i := &inflater{}
	i.input = bufio.NewReader(&i.src)
	i.flate = flate.NewReader(i.input)
	return i
}}

// begin sets up the inflater for a message.
func (i *inflater) begin(dst, payload []byte, limit int64) {
	i.src = source{payload: payload}
	i.input.Reset(&i.src)
	i.dst, i.base, i.limit, i.marked = dst, len(dst), limit, false
}

// end lets go of the caller's memory.
func (i *inflater) end() { i.src, i.dst = source{}, nil }

// run inflates up to the end of the payload, with the bytes of history before it.
func (i *inflater) run(history []byte) error {
	size := len(i.src.payload)
	for dict := history; ; dict = i.join(history) {
		if err := i.flate.(flate.Resetter).Reset(i.input, dict); err != nil {
			return err
		}
		if _, err := i.flate.(io.WriterTo).WriteTo(i); err != nil {
			return err
		}
		// A block with BFINAL was the last thing read.
		switch at := i.at(); {
		case at == size+len(trailer) && i.marked, at == size:
			// Ours, or one right at the end of the payload. RFC 7692 section 7.2.3.4
			// wants a block without BFINAL behind that one, which some senders leave out.
			return nil
		case at > size:
			return errTrailer
		}
		// RFC 7692 section 7.2.1: blocks with BFINAL may come anywhere, padded to a byte. The window goes on.
	}
}

// at returns how much of payload and trailer was consumed.
func (i *inflater) at() int { return i.src.pos - i.input.Buffered() }

// Write takes output: at most a window at a time, and all there is when an empty stored block or the end was read.
func (i *inflater) Write(p []byte) (int, error) {
	if i.at() > len(i.src.payload)+len(tail) {
		if i.marked || string(p) != marker {
			return 0, errTrailer
		}
		i.marked = true
		return len(p), nil
	}
	if have := len(i.dst) - i.base; int64(have)+int64(len(p)) > i.limit {
		return 0, ErrTooBig
	}
	i.reserve(len(p))
	i.dst = append(i.dst, p...)
	return len(p), nil
}

// reserve makes room for n more bytes of output, which are there: nothing is
// allocated because a payload claims it. Big outputs double, up to the limit.
func (i *inflater) reserve(n int) {
	if cap(i.dst)-len(i.dst) >= n {
		return
	}
	have := len(i.dst) - i.base
	room := max(have+n, int(min(2*int64(have), i.limit)))
	dst := make([]byte, len(i.dst), i.base+room)
	copy(dst, i.dst)
	i.dst = dst
}

// join returns the last window of history and output.
func (i *inflater) join(history []byte) []byte {
	out := i.dst[i.base:]
	if len(out) >= maxWindow {
		return out[len(out)-maxWindow:]
	}
	history = history[max(0, len(history)+len(out)-maxWindow):]
	i.joined = append(append(i.joined[:0], history...), out...)
	return i.joined
}
