// Two constraints in one place must be disjoint, or nobody could tell which of
// their patterns a request belongs to. This file decides whether some segment
// satisfies both, and finds a shortest one.
//
// Both expressions are compiled to the NFA programs of regexp/syntax. A
// breadth-first search runs the two side by side from their starts, on sets of
// threads, as if it determinised them and took the product on the way: a state
// is the pair of sets, a step is one character, and a state in which both
// programs may stop is reached by a common string. Searched breadth first, the
// first such state is reached by a shortest one.
//
// Characters are tried by class: the alphabet is cut wherever any instruction
// of either program changes its mind, pieces that no instruction tells apart
// are joined, and one pleasant character stands for each.
//
// The surprise is the empty-width assertions (^, $, \b): whether a thread may
// pass one depends on the characters on both sides. So a state holds its
// threads before they follow empty transitions, together with the class of the
// character before, and the closure is taken anew for each character after.
//
// Determinising may need exponentially many states. The search therefore
// counts its work, and gives up at a budget that honest constraints don't
// come near.

package pattern

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// searchBudget bounds the work of one search, in visits of an instruction. It
// is some ten milliseconds.
const searchBudget = 1 << 20

// stateCost is what a new state counts, in the same unit.
const stateCost = 16

// A shared says whether two constraints share a segment.
type shared struct {
	found   bool   // some segment satisfies both
	costly  bool   // the budget was exceeded before that was known
	witness string // if found: a shortest one, without '/' if there is such
}

// search decides whether some segment satisfies both c and d. Neither may be of
// kind None. With c and d the same it finds an example for c.
func search(c, d Constraint) shared {
	var s searcher
	for i, con := range []Constraint{c, d} {
		prog, err := con.compile()
		if err != nil {
			return shared{costly: true} // it compiled when it was parsed
		}
		s.m[i] = newMachine(prog)
	}
	s.budget = searchBudget
	s.makeAlphabet()
	found, witness := s.run(false)
	if !found && s.hasSlash && s.budget >= 0 {
		found, witness = s.run(true) // as %2F a slash can be in a segment
	}
	return shared{found: found, costly: !found && s.budget < 0, witness: witness}
}

// A searcher holds one search.
type searcher struct {
	m        [2]machine
	context  bool // an instruction looks at the characters around it
	alphabet []symbol
	hasSlash bool // the last symbol is the slash
	budget   int
}

// A symbol is a class of characters that no instruction tells apart.
type symbol struct {
	r     rune // stands for all of them
	rank  int  // how readable r is, 0 is best
	class string
}

// A state is a node of the search.
type state struct {
	prev    int  // index of the state it was reached from, -1 for the start
	r       rune // by this character
	context rune // what the next empty-width assertions see before them
	threads [2][]uint32
}

// noRune is the context at the start and at the end of the text.
const noRune = -1

// run searches from the start. It reports whether there is a common string and
// returns a shortest.
func (s *searcher) run(withSlash bool) (bool, string) {
	alphabet := s.alphabet
	if s.hasSlash && !withSlash {
		alphabet = alphabet[:len(alphabet)-1]
	}
	states := []state{{prev: -1, context: noRune, threads: [2][]uint32{{s.m[0].start()}, {s.m[1].start()}}}}
	seen := map[string]bool{}
	for i := 0; i < len(states); i++ {
		if i > 0 && s.accepts(&states[i]) { // the empty string is not a segment
			return true, spell(states, i)
		}
		for _, sym := range alphabet {
			next, ok := s.step(&states[i], sym.r)
			if s.budget < 0 {
				return false, ""
			}
			if !ok {
				continue
			}
			if key := next.key(); !seen[key] {
				seen[key] = true
				next.prev = i
				states = append(states, next)
				s.budget -= stateCost
			}
		}
	}
	return false, ""
}

// accepts reports whether both programs may stop in st.
func (s *searcher) accepts(st *state) bool {
	flags := syntax.EmptyOpContext(st.context, noRune)
	for i := range s.m {
		if !s.m[i].accepts(st.threads[i], flags, &s.budget) {
			return false
		}
	}
	return true
}

// step returns the state after st and r, and whether both programs can go there.
func (s *searcher) step(st *state, r rune) (next state, ok bool) {
	next.r, next.context = r, s.contextOf(r)
	flags := syntax.EmptyOpContext(st.context, r)
	for i := range s.m {
		next.threads[i] = s.m[i].step(st.threads[i], flags, r, &s.budget)
		if len(next.threads[i]) == 0 {
			return next, false
		}
	}
	return next, true
}

// contextOf returns the representative of all characters that empty-width
// assertions cannot tell from r.
func (s *searcher) contextOf(r rune) rune {
	switch {
	case !s.context, syntax.IsWordChar(r):
		return 'a'
	case r == '\n':
		return r
	default:
		return '-'
	}
}

// key returns a string that tells st from states that behave differently.
func (st *state) key() string {
	b := binary.AppendVarint(nil, int64(st.context))
	for _, threads := range st.threads {
		b = binary.AppendUvarint(b, uint64(len(threads)))
		for _, pc := range threads {
			b = binary.AppendUvarint(b, uint64(pc))
		}
	}
	return string(b)
}

// spell returns the string that leads to states[i].
func spell(states []state, i int) string {
	var rs []rune
	for ; states[i].prev >= 0; i = states[i].prev {
		rs = append(rs, states[i].r)
	}
	slices.Reverse(rs)
	return string(rs)
}

// makeAlphabet sets the alphabet, best symbols first, the slash last.
func (s *searcher) makeAlphabet() {
	cuts := []rune{0, 0xD800, 0xE000, unicode.MaxRune + 1, '/', '/' + 1}
	var classes []*syntax.Inst
	for i := range s.m {
		s.context = s.context || s.m[i].looksAround()
		classes = append(classes, s.m[i].classes()...)
	}
	if s.context {
		cuts = append(cuts, '\n', '\n'+1, '0', '9'+1, 'A', 'Z'+1, '_', '_'+1, 'a', 'z'+1)
	}
	for _, inst := range classes {
		cuts = appendCuts(cuts, inst)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	if s.budget -= len(cuts) * len(classes); s.budget < 0 {
		return
	}
	best := map[string]symbol{}
	for i, lo := range cuts[:len(cuts)-1] {
		if 0xD800 <= lo && lo < 0xE000 {
			continue // surrogates are not in strings
		}
		sym := s.makeSymbol(lo, cuts[i+1]-1, classes)
		if old, ok := best[sym.class]; sym.class != "" && (!ok || sym.rank < old.rank) {
			best[sym.class] = sym
		}
	}
	for _, sym := range best {
		s.alphabet = append(s.alphabet, sym)
	}
	slices.SortFunc(s.alphabet, cmpSymbols)
	n := len(s.alphabet)
	s.hasSlash = n > 0 && s.alphabet[n-1].r == '/'
}

func cmpSymbols(a, b symbol) int {
	if a.rank != b.rank {
		return a.rank - b.rank
	}
	return int(a.r - b.r)
}

// makeSymbol returns the symbol for lo to hi. Its class is empty if no
// instruction matches it.
func (s *searcher) makeSymbol(lo, hi rune, classes []*syntax.Inst) symbol {
	var class strings.Builder
	matched := false
	for _, inst := range classes {
		if inst.MatchRune(lo) {
			class.WriteByte('1')
			matched = true
		} else {
			class.WriteByte('0')
		}
	}
	if !matched {
		return symbol{}
	}
	if lo == '/' {
		class.WriteByte('/')
	}
	class.WriteRune(s.contextOf(lo))
	r, rank := pleasant(lo, hi)
	return symbol{r: r, rank: rank, class: class.String()}
}

// niceRanges are the characters for a readable witness, best first. The slash
// has a rank of its own after all others.
var niceRanges = [...][2]rune{{'a', 'z'}, {'0', '9'}, {'A', 'Z'}, {'-', '-'}, {'_', '_'}, {'!', '.'}, {':', '~'}, {0xA1, 0xD7FF}, {0xE000, unicode.MaxRune}, {0, ' '}, {0x7f, 0xA0}}

// pleasant returns a readable character from lo to hi, and its rank.
func pleasant(lo, hi rune) (rune, int) {
	for rank, nice := range niceRanges {
		if r := max(lo, nice[0]); r <= min(hi, nice[1]) {
			return r, rank
		}
	}
	return lo, len(niceRanges)
}
