package debugpage

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// State is that of the process.
type State struct {
	Uptime     Duration `json:"uptime_seconds"`
	Started    string   `json:"started"`
	Process    int      `json:"process"`
	Goroutines int      `json:"goroutines"`
	CPUs       int      `json:"cpus"`
	Threads    int      `json:"gomaxprocs"`
	Memory     Memory   `json:"memory"`
	Go         string   `json:"go"`
	System     string   `json:"system"`
	Path       string   `json:"path,omitempty"`
	Version    string   `json:"version,omitempty"`
	Built      []Value  `json:"built,omitempty"`
	Modules    []Value  `json:"modules,omitempty"`
}

// Memory is what the runtime says of it, in bytes.
type Memory struct {
	Heap      uint64   `json:"heap"`
	Objects   uint64   `json:"objects"`
	System    uint64   `json:"system"`
	Allocated uint64   `json:"allocated"`
	Cycles    uint32   `json:"gc_cycles"`
	LastPause Duration `json:"gc_last_pause_seconds"`
}

// StateSince reads the state of the process, of an application that was
// started at a time.
func StateSince(started time.Time) *State {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := &State{
		Uptime: Duration(time.Since(started)), Started: started.Format(time.RFC3339), Process: os.Getpid(),
		Goroutines: runtime.NumGoroutine(), CPUs: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0),
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Memory: Memory{
			Heap: m.HeapAlloc, Objects: m.HeapObjects, System: m.Sys, Allocated: m.TotalAlloc,
			Cycles: m.NumGC, LastPause: Duration(m.PauseNs[(m.NumGC+255)%256]),
		},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		s.build(info)
	}
	return s
}

// build takes from the build info what is worth reading.
func (s *State) build(info *debug.BuildInfo) {
	s.Path, s.Version = info.Path, info.Main.Version
	for _, kv := range info.Settings {
		// Flags may have paths and more in them; what the program was built from
		// is what is asked for.
		if strings.HasPrefix(kv.Key, "vcs") || kv.Key == "-race" || kv.Key == "-tags" || kv.Key == "-trimpath" || kv.Key == "CGO_ENABLED" {
			s.Built = append(s.Built, Value{kv.Key, kv.Value})
		}
	}
	for _, d := range info.Deps {
		if d.Replace != nil {
			s.Modules = append(s.Modules, Value{d.Path, d.Version + " replaced by " + d.Replace.Path + " " + d.Replace.Version})
			continue
		}
		s.Modules = append(s.Modules, Value{d.Path, d.Version})
	}
}

// bytesOf writes a size as people read it.
func bytesOf(n uint64) string {
	if n < 1<<10 {
		return strconv.FormatUint(n, 10) + " bytes"
	}
	f, unit := float64(n)/1024, "KiB"
	for _, next := range []string{"MiB", "GiB", "TiB"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, next
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

// HTML writes the page.
func (s *State) HTML() []byte {
	f := frame{title: "State", base: "./", here: inState, live: true}
	return f.write(s.main)
}

func (s *State) main(p *page) {
	p.put("<div class=\"head\"><h1>State</h1>", tools, "<ul class=\"tiles\">")
	p.tile(s.Uptime.String(), "since the start")
	p.tile(strconv.Itoa(s.Goroutines), "goroutines")
	p.tile(bytesOf(s.Memory.Heap), "in "+strconv.FormatUint(s.Memory.Objects, 10)+" objects")
	p.tile(strconv.FormatUint(uint64(s.Memory.Cycles), 10), "garbage collections")
	p.put("</ul>\n<section>\n<h2>Process</h2>\n<dl>\n")
	p.fact("Started", s.Started)
	p.fact("Process id", strconv.Itoa(s.Process))
	p.fact("Processors", strconv.Itoa(s.CPUs)+", of which "+strconv.Itoa(s.Threads)+" are used")
	p.fact("Memory from the system", bytesOf(s.Memory.System))
	p.fact("Allocated in total", bytesOf(s.Memory.Allocated))
	p.fact("Last pause of the collector", time.Duration(s.Memory.LastPause).String())
	p.put("</dl>\n</section>\n</div>\n<section>\n<h2>Program</h2>\n<dl>\n")
	p.fact("Go", s.Go+" on "+s.System)
	p.fact("Package", s.Path)
	p.fact("Version", s.Version)
	for _, v := range s.Built {
		p.in("<dt><code>", v.Name, "</code></dt>")
		p.in("<dd><code>", v.Value, "</code></dd>\n")
	}
	p.put("</dl>\n</section>\n")
	if len(s.Modules) == 0 {
		return
	}
	p.put("<details><summary>")
	p.number(len(s.Modules))
	p.put(" modules</summary><div class=\"body\"><dl>\n")
	for _, v := range s.Modules {
		p.in("<dt><code>", v.Name, "</code></dt>")
		p.in("<dd><code>", v.Value, "</code></dd>\n")
	}
	p.put("</dl></div></details>\n")
}

func (p *page) fact(what markup, value string) {
	if value != "" {
		p.put("<dt>", what, "</dt>")
		p.in("<dd>", value, "</dd>\n")
	}
}
