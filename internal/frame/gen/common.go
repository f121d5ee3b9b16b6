package main

import (
	"bytes"
	"fmt"
	"strings"
)

// values are the results of most handlers and providers, besides an error:
// none, or a T that is a scalar, a pointer, an interface, a string or a slice.
// All their words are whole.
var values = []string{"", "P", "U", "PP", "PU", "PUU"}

// shapePatterns are those results alone, and with an error behind them, E.
func shapePatterns() []string {
	var all []string
	for _, v := range values {
		all = append(all, v, v+"E")
	}
	return all
}

// counts are the numbers of whole words that calls with such results are made
// with.
var counts = []int{0, 1, 2, 3, 4, 6, 9}

// commonBlocks are the sizes in words of the stack arguments of calls with such
// results.
var commonBlocks = []int{4, 8, 16}

// writeRun writes the loop over calls, with a case for every common shape.
func writeRun() {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%spackage frame\n\nimport (\n\"runtime\"\n\"unsafe\"\n)\n\n", header, constraint(everywhere))
	fmt.Fprintf(&b, "// wordCounts are the numbers of words that calls of a common shape are made with.\nvar wordCounts = [...]int{%s}\n\n", ints(counts))
	fmt.Fprintf(&b, "// shapePatterns are the results of the common shapes, with E for an error. Shapes are numbered\n"+
		"// by pattern and then by wordCounts.\nvar shapePatterns = [...]string{%s}\n\n", quoted(shapePatterns()))
	b.WriteString(`// Run calls the function on the values in f, and then those that follow it. It
// stops at a call whose last result is an error other than nil, and returns
// that call; nil if there is none. A panic passes through.
//
// A call that does not fail need not write its nil to the slot of the error:
// the slot must be clear before.
func (c *Call) Run(f *Frame) (failed *Call) {
	b := f.base
	for {
		switch c.shape {
		case shapeReflect:
			o := &f.calls[c.id]
			for i, v := range c.reflect(o.in) {
				o.out[i].Set(v)
			}
			if c.failed(b) {
				return c
			}
		case shapeOther:
			c.call(c, b)
			if c.failed(b) {
				return c
			}
`)
	for i, p := range shapePatterns() {
		for j, n := range counts {
			fmt.Fprintf(&b, "case firstShape + %d: // %q, %d words\n", i*len(counts)+j, p, n)
			writeShape(&b, p, n)
		}
	}
	b.WriteString(`}
		// The words were loaded as numbers; what they point to is held by f.
		runtime.KeepAlive(f)
		if c = c.next; c == nil {
			return nil
		}
	}
}
`)
	write("words_run.go", b.Bytes())
}

// writeShape writes one call with all words of the results in variables.
func writeShape(b *bytes.Buffer, p string, n int) {
	value, fails := strings.CutSuffix(p, "E")
	words := value
	if fails {
		words += "PP"
	}
	writeCall(b, words, repeat("uintptr", n), each("c.whole(b, %d)", n))
	writeStores(b, value)
	if fails {
		fmt.Fprintf(b, "if w%d != nil {\nreturn c.storeError(b, w%d, w%d)\n}\n", len(value), len(value), len(value)+1)
	}
}

func writeCall(b *bytes.Buffer, words, params, args string) {
	fmt.Fprintf(b, "%s(*(*func(%s)%s)(unsafe.Pointer(&c.code)))(%s)\n", assigned(words), params, returned(words), args)
}

func writeStores(b *bytes.Buffer, words string) {
	for i, w := range words {
		fmt.Fprintf(b, "c.%s(b, %d, w%d)\n", map[rune]string{'P': "storePointer", 'U': "storeWord"}[w], i, i)
	}
}

// writeCommonBlocks writes the callers of functions with whole words, common
// results and stack arguments.
func writeCommonBlocks() {
	var all []string
	for _, v := range values {
		all = append(all, v)
		if v != "" && v != "PP" {
			all = append(all, v+"PP")
		}
	}
	all = append(all, "PPPP")
	most := counts[len(counts)-1]
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%spackage frame\n\nimport \"unsafe\"\n\n", header, constraint(everywhere))
	fmt.Fprintf(&b, "// commonBlockWords is the number of words in registers that they take.\nconst commonBlockWords = %d\n\n", most)
	fmt.Fprintf(&b, "// commonBlockSizes are the sizes in words of the stack arguments of calls with common results.\nvar commonBlockSizes = [...]int{%s}\n\n", ints(commonBlocks))
	fmt.Fprintf(&b, "// commonBlocksOf returns the callers for a pattern of results, one for each of commonBlockSizes; nil if there are none.\n")
	fmt.Fprintf(&b, "func commonBlocksOf(pattern string) []caller {\nswitch pattern {\n")
	for _, p := range all {
		fmt.Fprintf(&b, "case %q:\nreturn []caller{%s}\n", p, names("common%d"+p, commonBlocks))
	}
	fmt.Fprintf(&b, "}\nreturn nil\n}\n\n")
	for _, p := range all {
		for _, n := range commonBlocks {
			fmt.Fprintf(&b, "func common%d%s(c *Call, b unsafe.Pointer) {\na := (*[%d]uintptr)(c.stacked(b))\n", n, p, n)
			writeCall(&b, p, fmt.Sprintf("%s, [%d]uintptr", repeat("uintptr", most), n), each("c.whole(b, %d)", most)+", *a")
			writeStores(&b, p)
			fmt.Fprintf(&b, "}\n\n")
		}
	}
	write("words_common.go", b.Bytes())
}

func quoted(ps []string) string {
	var s []string
	for _, p := range ps {
		s = append(s, fmt.Sprintf("%q", p))
	}
	return strings.Join(s, ", ")
}

func assigned(p string) string {
	if p == "" {
		return ""
	}
	return each("w%d", len(p)) + " := "
}

func returned(p string) string {
	if p == "" {
		return ""
	}
	var ts []string
	for _, w := range p {
		ts = append(ts, goType[w])
	}
	return " (" + strings.Join(ts, ", ") + ")"
}
