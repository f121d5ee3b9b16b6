package deflate

import (
	"bytes"
	stdflate "compress/flate"
	"errors"
	"io"
)

// stretch is an inflater in the simplest form: bit by bit, over a whole payload. It
// knows how far back matches went, and where blocks end.
type stretch struct {
	in       []byte
	bit      int    // position in in
	out      []byte // history, then output
	farthest int
}

// errOracle is any fault that stretch finds.
var errOracle = errors.New("oracle: corrupt")

// inflate is the oracle for Decompressor.Append: the message of a payload, and the
// farthest distance in it.
func inflate(payload, history []byte) (msg []byte, farthest int, err error) {
	if len(payload) == 0 {
		return nil, 0, nil
	}
	defer func() {
		if r := recover(); r != nil {
			if r != errOracle {
				panic(r)
			}
			err = errOracle
		}
	}()
	s := &stretch{in: append(bytes.Clone(payload), tail...), out: bytes.Clone(history)}
	for {
		final, empty := s.block()
		if final {
			s.align()
		}
		switch {
		case final && s.bit == 8*len(payload), !final && empty && s.bit == 8*len(s.in):
			return s.out[len(history):], s.farthest, nil
		case s.bit > 8*len(payload):
			return nil, 0, errOracle
		}
	}
}

func (s *stretch) check(ok bool) {
	if !ok {
		panic(errOracle)
	}
}

func (s *stretch) bits(n int) (v int) {
	for i := range n {
		s.check(s.bit < 8*len(s.in))
		v |= int(s.in[s.bit/8]>>(s.bit%8)&1) << i
		s.bit++
	}
	return v
}

func (s *stretch) align() { s.bit = (s.bit + 7) &^ 7 }

// block reads a block; empty is a stored block of length 0.
func (s *stretch) block() (final, empty bool) {
	final = s.bits(1) == 1
	switch s.bits(2) {
	case 0:
		s.align()
		n := s.bits(16)
		s.check(s.bits(16) == n^0xffff)
		for range n {
			s.out = append(s.out, byte(s.bits(8)))
		}
		return final, n == 0
	case 1:
		var lit [288]int
		for i := range lit {
			switch {
			case i < 144, i >= 280:
				lit[i] = 8
			case i < 256:
				lit[i] = 9
			default:
				lit[i] = 7
			}
		}
		dist := make([]int, 32)
		for i := range dist {
			dist[i] = 5
		}
		s.symbols(s.tree(lit[:]), s.tree(dist))
	case 2:
		s.symbols(s.trees())
	default:
		s.check(false)
	}
	return final, false
}

// tree maps codes, with a leading 1 bit, to symbols.
func (s *stretch) tree(lengths []int) map[int]int {
	tree := map[int]int{}
	code, left := 0, 1
	most := 0
	for n := 1; n <= 15; n++ {
		code <<= 1
		left <<= 1
		for sym, l := range lengths {
			if l == n {
				tree[1<<n|code] = sym
				code++
				left--
				most = n
			}
		}
		s.check(left >= 0)
	}
	// Complete, or one code of one bit, or none.
	s.check(left == 0 || most == 0 || most == 1 && len(tree) == 1)
	return tree
}

func (s *stretch) symbol(tree map[int]int) int {
	code := 1
	for range 15 {
		code = code<<1 | s.bits(1)
		if sym, ok := tree[code]; ok {
			return sym
		}
	}
	panic(errOracle)
}

func (s *stretch) trees() (lit, dist map[int]int) {
	nlit, ndist, nlen := s.bits(5)+257, s.bits(5)+1, s.bits(4)+4
	s.check(nlit <= 286 && ndist <= 30)
	var lengths [19]int
	for i := range nlen {
		lengths[[...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = s.bits(3)
	}
	tree := s.tree(lengths[:])
	var all []int
	for len(all) < nlit+ndist {
		sym, n := s.symbol(tree), 0
		switch sym {
		default:
			all = append(all, sym)
			continue
		case 16:
			s.check(len(all) > 0)
			sym, n = all[len(all)-1], 3+s.bits(2)
		case 17:
			sym, n = 0, 3+s.bits(3)
		case 18:
			sym, n = 0, 11+s.bits(7)
		}
		for range n {
			all = append(all, sym)
		}
	}
	s.check(len(all) == nlit+ndist)
	return s.tree(all[:nlit]), s.tree(all[nlit:])
}

func (s *stretch) symbols(lit, dist map[int]int) {
	for {
		sym := s.symbol(lit)
		switch {
		case sym < 256:
			s.out = append(s.out, byte(sym))
			continue
		case sym == 256:
			return
		}
		s.check(sym < 286)
		length := s.length(sym - 257)
		sym = s.symbol(dist)
		s.check(sym < 30)
		d := sym + 1
		if sym >= 4 {
			extra := sym/2 - 1
			d = (2+sym%2)<<extra + 1 + s.bits(extra)
		}
		s.check(d <= len(s.out) && d <= 32<<10)
		s.farthest = max(s.farthest, d)
		for range length {
			s.out = append(s.out, s.out[len(s.out)-d])
		}
	}
}

func (s *stretch) length(sym int) int {
	switch {
	case sym < 8:
		return 3 + sym
	case sym == 28:
		return 258
	}
	extra := sym/4 - 1
	return 3 + (4+sym%4)<<extra + s.bits(extra)
}

// stdInflate reads with the standard library up to the first final block, and
// returns the output, also what came before an error.
func stdInflate(data, history []byte) ([]byte, error) {
	return io.ReadAll(stdflate.NewReaderDict(bytes.NewReader(data), history))
}
