//go:build !(gc && goexperiment.regabiargs && (amd64 || arm64 || ppc64le || riscv64 || loong64) && !fogo_reflect && !go1.28)

package frame

import "reflect"

// words is empty where calls are not made by words.
type words struct{}

func (b *Builder) reserve(reflect.Type) int { return -1 }

func (c *Call) compile(*Layout, int) {}

func (c *Call) runWords(*Frame) bool { return false }

func (c *Call) byWords() bool { return false }
