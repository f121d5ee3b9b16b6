package frame

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// place is where the specification puts one argument: its parts in registers,
// numbered from 0, or the whole on the stack.
type place struct {
	regs   []int
	offset uintptr // on the stack, or in the spill area
}

// sequence is a type sequence of the specification: fields that follow each
// other, each at its alignment.
type sequence struct{ end uintptr }

func (s *sequence) add(size, align uintptr) uintptr {
	for s.end%align != 0 {
		s.end++
	}
	at := s.end
	s.end += size
	return at
}

// specification follows "Function call argument and result passing" of the ABI
// document step by step, for the arguments alone and any number of registers.
type specification struct {
	ni, nfp    int
	i, fp      int
	regs       []int // of the value that is being assigned; floats are negative
	stack      sequence
	stackEnd   uintptr
	spill      sequence
	spillEnd   uintptr
	registered []reflect.Type
}

func (s *specification) assignAll(ts []reflect.Type) []place {
	places := make([]place, len(ts))
	for n, t := range ts {
		places[n] = s.assign(t)
	}
	s.stack.add(0, 8)
	s.stackEnd = s.stack.end
	next := 0
	for n := range places {
		if places[n].regs != nil {
			t := s.registered[next]
			next++
			places[n].offset = s.spill.add(t.Size(), uintptr(t.Align()))
		}
	}
	s.spill.add(0, 8)
	s.spillEnd = s.spill.end
	return places
}

func (s *specification) assign(t reflect.Type) place {
	i, fp := s.i, s.fp
	if t.Size() == 0 {
		return place{offset: s.stack.add(0, uintptr(t.Align()))}
	}
	s.regs = nil
	if s.register(t) {
		s.registered = append(s.registered, t)
		return place{regs: slices.Clone(s.regs)}
	}
	s.i, s.fp = i, fp
	return place{offset: s.stack.add(t.Size(), uintptr(t.Align()))}
}

func (s *specification) register(t reflect.Type) bool {
	integer := func(n int) bool {
		for range n {
			s.regs = append(s.regs, s.i)
			s.i++
		}
		return s.i <= s.ni
	}
	float := func(n int) bool {
		for range n {
			s.fp++
			s.regs = append(s.regs, -s.fp)
		}
		return s.fp <= s.nfp
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return float(1)
	case reflect.Complex64, reflect.Complex128:
		return float(2)
	case reflect.String, reflect.Interface:
		return integer(2)
	case reflect.Slice:
		return integer(3)
	case reflect.Struct:
		for n := range t.NumField() {
			if !s.register(t.Field(n).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return t.Len() == 0 || t.Len() == 1 && s.register(t.Elem())
	}
	return integer(1)
}

// agree compares assign with the specification, for values that stand one after
// the other.
func agree(t *testing.T, ts []reflect.Type, regs int) {
	t.Helper()
	var where sequence
	offsets := make([]uintptr, len(ts))
	for i, typ := range ts {
		offsets[i] = where.add(typ.Size(), uintptr(typ.Align()))
	}
	a := assign(ts, offsets, regs)
	spec := specification{ni: regs, nfp: 15}
	places := spec.assignAll(ts)
	assert.Equal(t, spec.fp > 0, a.floats, "floats in registers: %v", ts)
	if a.floats {
		return // never called by words
	}
	var stack []stackArg
	var words []int
	for i, p := range places {
		if p.regs == nil && ts[i].Size() > 0 {
			stack = append(stack, stackArg{from: offsets[i], to: p.offset, size: ts[i].Size()})
		}
		words = append(words, p.regs...)
	}
	assert.Equal(t, stack, a.stack, "stack: %v", ts)
	assert.Equal(t, spec.stackEnd, a.stackSize, "size of the stack arguments: %v", ts)
	assert.Equal(t, spec.spillEnd, a.spill, "spill area: %v", ts)
	assert.Len(t, a.words, len(words), "words: %v", ts)
	for i := range words {
		assert.Equal(t, i, words[i], "registers are taken in order: %v", ts)
	}
	for i := range a.words {
		assert.Zero(t, a.words[i].off%uintptr(a.words[i].size), "a word is aligned: %v", ts)
		assert.True(t, i == 0 || a.words[i-1].off+uintptr(a.words[i-1].size) <= a.words[i].off, "words are in the order of memory: %v", ts)
	}
}

func TestAssignFollowsTheSpecification(t *testing.T) {
	only64(t)
	rd := rand.New(rand.NewSource(1))
	for range 5000 {
		ts := make([]reflect.Type, rd.Intn(9))
		for i := range ts {
			ts[i] = randomType(rd, 3)
		}
		for _, regs := range []int{0, 1, 9, 12, 16} {
			agree(t, ts, regs)
		}
		if t.Failed() {
			return
		}
	}
}

var basic = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uintptr](), reflect.TypeFor[*int](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[any](),
	reflect.TypeFor[error](), reflect.TypeFor[map[int]int](), reflect.TypeFor[chan int](), reflect.TypeFor[func()](),
	reflect.TypeFor[unsafe.Pointer](), reflect.TypeFor[time.Time](), reflect.TypeFor[struct{}](), reflect.TypeFor[[2]struct{}](),
}

func randomType(rd *rand.Rand, depth int) reflect.Type {
	switch n := rd.Intn(20); {
	case n == 0:
		return []reflect.Type{reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128]()}[rd.Intn(4)]
	case n < 3 && depth > 0:
		return reflect.ArrayOf(rd.Intn(3), randomType(rd, depth-1))
	case n < 7 && depth > 0:
		fields := make([]reflect.StructField, rd.Intn(6))
		for i := range fields {
			fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: randomType(rd, depth-1)}
		}
		return reflect.StructOf(fields)
	}
	return basic[rd.Intn(len(basic))]
}

func TestAssignByHand(t *testing.T) {
	only64(t)
	types := func(fn any) []reflect.Type { return typesIn(reflect.TypeOf(fn)) }
	for _, c := range []struct {
		name      string
		fn        any // of whose parameters the slots stand at 100, 200 and so on
		regs      int
		words     []word
		stack     []stackArg
		stackSize uintptr
		spill     uintptr
		mixed     bool
	}{
		{
			name: "the example of the specification", fn: func(a1 uint8, a2 [2]uintptr, a3 uint8) {}, regs: 10,
			words: []word{{100, 1, false}, {300, 1, false}},
			stack: []stackArg{{from: 200, to: 0, size: 16}}, stackSize: 16, spill: 8,
		},
		{
			name: "what does not fit as a whole leaves the registers to others", fn: func(string, []byte, string) {}, regs: 4,
			words: []word{{100, 8, true}, {108, 8, false}, {300, 8, true}, {308, 8, false}},
			stack: []stackArg{{from: 200, to: 0, size: 24}}, stackSize: 24, spill: 32,
		},
		{
			name: "one word, but sixteen bytes to store", fn: func(struct {
				p *int
				_ struct{}
			}) {
			}, regs: 9,
			words: []word{{100, 8, true}}, spill: 16,
		},
		{
			name: "narrow fields take a register each", fn: func(struct {
				a int8
				b uint16
				c bool
				d int32
			}) {
			}, regs: 9,
			words: []word{{100, 1, false}, {102, 2, false}, {104, 1, false}, {108, 4, false}}, spill: 16, mixed: true,
		},
		{
			name: "spill slots are aligned", fn: func(int8, int64, int8) {}, regs: 9,
			words: []word{{100, 1, false}, {200, 8, false}, {300, 1, false}}, spill: 24,
		},
		{
			name: "the alignment of nothing counts on the stack", fn: func([3]byte, [0]int64, [3]byte) {}, regs: 9,
			stack: []stackArg{{from: 100, to: 0, size: 3}, {from: 300, to: 8, size: 3}}, stackSize: 16,
		},
		{
			name: "an array of one is its element, of two empty ones it is an array", fn: func([1]string, struct {
				n int
				_ [2]struct{}
			}) {
			}, regs: 9,
			words: []word{{100, 8, true}, {108, 8, false}},
			stack: []stackArg{{from: 200, to: 0, size: 16}}, stackSize: 16, spill: 16,
		},
		{
			name: "blank fields take registers", fn: func(struct {
				_ *int
				n int
			}) {
			}, regs: 9,
			words: []word{{100, 8, true}, {108, 8, false}}, spill: 16,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := types(c.fn)
			offsets := []uintptr{100, 200, 300}[:len(ts)]
			assert.Equal(t, assignment{words: c.words, stack: c.stack, stackSize: c.stackSize, spill: c.spill, mixed: c.mixed}, assign(ts, offsets, c.regs))
			agree(t, ts, c.regs)
		})
	}
}

func typesIn(fn reflect.Type) []reflect.Type {
	var ts []reflect.Type
	for i := range fn.NumIn() {
		ts = append(ts, fn.In(i))
	}
	return ts
}

// only64 skips a test of words of eight bytes.
func only64(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != wordSize {
		t.Skip("a word has another size here")
	}
}

func TestPattern(t *testing.T) {
	only64(t)
	ts := []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[error](), reflect.TypeFor[[]byte](), reflect.TypeFor[int8]()}
	assert.Equal(t, "PUPPPUUU", pattern(assign(ts, make([]uintptr, 4), 9).words))
}
