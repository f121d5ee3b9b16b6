package proc

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/limits"
)

// Usage is what a process has used and holds.
type Usage struct {
	CPU        time.Duration `json:"cpu"` // user and system
	User       time.Duration `json:"user"`
	Mallocs    uint64        `json:"mallocs"`
	Allocated  uint64        `json:"allocated"` // bytes, ever
	RSS        int64         `json:"rss"`
	Heap       uint64        `json:"heap"`
	Stack      uint64        `json:"stack"`
	Objects    uint64        `json:"objects"`
	Goroutines int           `json:"goroutines"`
	GC         time.Duration `json:"gc,omitempty"` // of a whole collection, by Collect
}

// Measure tells what this process uses, as it is.
func Measure() Usage {
	u := Work()
	u.RSS = limits.RSS(os.Getpid())
	return u
}

// Work is Measure without RSS, whose reading takes time that would be in the
// figures when the work of a fraction of a second is measured.
func Work() Usage {
	var u Usage
	user, system := cpu()
	u.User, u.CPU = user, user+system
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Mallocs, u.Allocated = m.Mallocs, m.TotalAlloc
	u.Heap, u.Stack, u.Objects = m.HeapAlloc, m.StackInuse, m.HeapObjects
	u.Goroutines = runtime.NumGoroutine()
	return u
}

// Collect measures after a whole collection of garbage, whose time it tells,
// and after what is free was given back to the system.
func Collect() Usage {
	runtime.GC() // what finalizers and pools held goes with the second
	start := time.Now()
	runtime.GC()
	took := time.Since(start)
	debug.FreeOSMemory()
	u := Measure()
	u.GC = took
	return u
}
