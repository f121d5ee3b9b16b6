package pattern

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
)

// A machine runs a program of regexp/syntax on sets of threads, for the search
// in disjoint.go. A thread is the index of an instruction that is yet to run.
type machine struct {
	prog *syntax.Prog

	// The scratch of closure: visited[pc] == round if it was there already.
	visited []uint32
	round   uint32
	stack   []uint32
	ready   []uint32
}

func newMachine(prog *syntax.Prog) machine {
	return machine{prog: prog, visited: make([]uint32, len(prog.Inst))}
}

func (m *machine) start() uint32 { return uint32(m.prog.Start) }

// accepts reports whether one of the threads reaches the end of the program
// without another character.
func (m *machine) accepts(threads []uint32, flags syntax.EmptyOp, budget *int) bool {
	for _, pc := range m.closure(threads, flags, budget) {
		if m.prog.Inst[pc].Op == syntax.InstMatch {
			return true
		}
	}
	return false
}

// step returns the threads after the character r, sorted.
func (m *machine) step(threads []uint32, flags syntax.EmptyOp, r rune, budget *int) []uint32 {
	var next []uint32
	for _, pc := range m.closure(threads, flags, budget) {
		inst := &m.prog.Inst[pc]
		if inst.Op != syntax.InstMatch && inst.MatchRune(r) {
			next = append(next, inst.Out)
		}
	}
	slices.Sort(next)
	return slices.Compact(next)
}

// closure follows empty transitions and returns the instructions that wait for
// a character or for the end. The slice is valid until the next call.
func (m *machine) closure(threads []uint32, flags syntax.EmptyOp, budget *int) []uint32 {
	m.round++
	m.ready = m.ready[:0]
	m.stack = append(m.stack[:0], threads...)
	for len(m.stack) > 0 {
		pc := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.visited[pc] == m.round {
			continue
		}
		m.visited[pc] = m.round
		*budget--
		switch inst := &m.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			m.stack = append(m.stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			m.stack = append(m.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^flags == 0 {
				m.stack = append(m.stack, inst.Out)
			}
		case syntax.InstFail:
		default:
			m.ready = append(m.ready, pc)
		}
	}
	return m.ready
}

// looksAround reports whether an assertion depends on more than the start and
// the end of the text.
func (m *machine) looksAround() bool {
	const ends = syntax.EmptyBeginText | syntax.EmptyEndText
	return slices.ContainsFunc(m.prog.Inst, func(inst syntax.Inst) bool {
		return inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg)&^ends != 0
	})
}

// classes returns the instructions that match a character, one of each kind.
func (m *machine) classes() []*syntax.Inst {
	var list []*syntax.Inst
	seen := map[string]bool{}
	for i := range m.prog.Inst {
		inst := &m.prog.Inst[i]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			key := fmt.Sprint(inst.Op, inst.Arg, inst.Rune)
			if !seen[key] {
				seen[key] = true
				list = append(list, inst)
			}
		}
	}
	return list
}

// appendCuts appends the characters at which inst begins or ends to match.
func appendCuts(cuts []rune, inst *syntax.Inst) []rune {
	if len(inst.Rune) != 1 { // ranges
		for i := 0; i < len(inst.Rune); i += 2 {
			cuts = append(cuts, inst.Rune[i], inst.Rune[i+1]+1)
		}
		return cuts
	}
	// A single character, which may stand for its other cases too.
	r := inst.Rune[0]
	cuts = append(cuts, r, r+1)
	if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			cuts = append(cuts, f, f+1)
		}
	}
	return cuts
}
