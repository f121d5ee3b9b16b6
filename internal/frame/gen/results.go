package main

import (
	"bytes"
	"fmt"
	"strings"
)

const everywhere = "(amd64 || arm64 || ppc64le || riscv64 || loong64)"

// patterns are the results that calls by words have, as words: P a pointer, U
// anything else. They are all of up to five words; and, for a T of up to five,
// (T, error), which as words also is (T', func(error) error, error).
//
// A pattern stands for itself and for itself with any number of U behind it,
// see resultsOf, so that none ends in U.
func patterns() []string {
	all := []string{""}
	for n := range 5 {
		for _, t := range words(n) {
			all = append(all, t+"P")
		}
	}
	for n := 4; n <= 5; n++ {
		for _, t := range words(n) {
			all = append(all, t+"PP")
		}
	}
	return all
}

// words are all patterns of n words.
func words(n int) []string {
	if n == 0 {
		return []string{""}
	}
	var out []string
	for _, w := range words(n - 1) {
		out = append(out, w+"P", w+"U")
	}
	return out
}

var goType = map[rune]string{'P': "unsafe.Pointer", 'U': "uintptr"}

// writeResults writes the result types, and what calls functions that have
// such results and any arguments.
func writeResults() {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%spackage frame\n\nimport \"unsafe\"\n\n", header, constraint(everywhere))
	fmt.Fprintf(&b, "// resultWords is the number of words in each of the result types.\nconst resultWords = %d\n\n", resultWords)
	fmt.Fprintf(&b, "// blockSizes are the sizes in words of stack arguments.\nvar blockSizes = [...]int{%s}\n\n", ints(blocks))
	fmt.Fprintf(&b, "// generalOf returns the callers for results with a pattern: without a block,\n// then one for each of blockSizes; nil if there are none.\n")
	fmt.Fprintf(&b, "func generalOf(pattern string) []caller {\nswitch pattern {\n")
	for _, p := range patterns() {
		fmt.Fprintf(&b, "case %q:\nreturn []caller{all%s, %s}\n", p, p, names("block%d"+p, blocks))
	}
	fmt.Fprintf(&b, "}\nreturn nil\n}\n\n")
	for _, p := range patterns() {
		fmt.Fprintf(&b, "type r%s struct { %s }\n", p, fields(p))
	}
	write("words_results.go", b.Bytes())

	b.Reset()
	fmt.Fprintf(&b, "%s%spackage frame\n\nimport \"unsafe\"\n\n", header, constraint(everywhere))
	for _, p := range patterns() {
		fmt.Fprintf(&b, "func all%s(c *Call, b unsafe.Pointer) {\nvar w regs\nc.load(b, &w)\n", p)
		fmt.Fprintf(&b, "r := (*(*func(regs) r%s)(unsafe.Pointer(&c.code)))(w)\nc.store(b, unsafe.Pointer(&r))\n}\n\n", p)
	}
	write("words_all.go", b.Bytes())

	for _, n := range blocks {
		b.Reset()
		fmt.Fprintf(&b, "%s%spackage frame\n\nimport \"unsafe\"\n\n", header, constraint(everywhere))
		for _, p := range patterns() {
			fmt.Fprintf(&b, "func block%d%s(c *Call, b unsafe.Pointer) {\nvar w regs\na := (*[%d]uintptr)(c.loadAll(b, &w))\n", n, p, n)
			fmt.Fprintf(&b, "r := (*(*func(regs, [%d]uintptr) r%s)(unsafe.Pointer(&c.code)))(w, *a)\nc.store(b, unsafe.Pointer(&r))\n}\n\n", n, p)
		}
		write(fmt.Sprintf("words_block%d.go", n), b.Bytes())
	}
}

// blocks are the sizes in words of the stack arguments. Each is one more
// function for every pattern of results.
var blocks = []int{4, 32}

// resultWords is the length of the longest pattern.
const resultWords = 7

// fields writes one field for each run of a pattern, so that all words of a
// result stay apart: a, b, c unsafe.Pointer.
func fields(p string) string {
	p += strings.Repeat("U", resultWords-len(p))
	var runs []string
	for i := 0; i < len(p); {
		j := i
		var ns []string
		for j < len(p) && p[j] == p[i] {
			ns = append(ns, fmt.Sprintf("w%d", j))
			j++
		}
		runs = append(runs, strings.Join(ns, ", ")+" "+goType[rune(p[i])])
		i = j
	}
	return strings.Join(runs, "; ")
}
