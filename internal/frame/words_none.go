//go:build !(gc && goexperiment.regabiargs && (amd64 || arm64 || ppc64le || riscv64 || loong64) && !fogo_reflect && !go1.28)

package frame

import "reflect"

// words is empty where calls are not made by words.
type words struct{}

func (b *Builder) reserve(reflect.Type, []int) int { return -1 }

func (c *Call) compile(*Layout, int) {}

// Run is the loop over calls of words_run.go without those by words.
func (c *Call) Run(f *Frame) (failed *Call) {
	for ; c != nil; c = c.next {
		o := &f.calls[c.id]
		for i, v := range c.reflect(o.in) {
			o.out[i].Set(v)
		}
		if c.failed(f.base) {
			return c
		}
	}
	return nil
}

func (c *Call) byWords() bool { return false }
