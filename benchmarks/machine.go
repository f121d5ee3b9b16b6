package main

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// Machine is where and with what a run was made.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	System     string `json:"system"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
}

func machine() Machine {
	return Machine{
		CPU: cpuModel(), Cores: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		System: runtime.GOOS + "/" + runtime.GOARCH, Kernel: kernel(), Go: runtime.Version(),
	}
}

// cpuModel is the model as Linux tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if name, value, ok := strings.Cut(sc.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func kernel() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// peers are the modules whose versions a report tells.
var peers = []string{
	"github.com/codegangsta/inject",
	"github.com/coder/websocket",
	"github.com/danielgtaylor/huma/v2",
	"github.com/flamego/binding",
	"github.com/flamego/flamego",
	"github.com/gin-gonic/gin",
	"github.com/go-chi/chi/v5",
	"github.com/go-fuego/fuego",
	"github.com/go-macaron/binding",
	"github.com/go-martini/martini",
	"github.com/go-playground/validator/v10",
	"github.com/gobwas/ws",
	"github.com/goccy/go-json",
	"github.com/gofiber/fiber/v3",
	"github.com/gofogo/fogo",
	"github.com/gorilla/websocket",
	"github.com/kataras/iris/v12",
	"github.com/labstack/echo/v5",
	"github.com/lesismal/nbio",
	"github.com/lxzan/gws",
	"github.com/martini-contrib/binding",
	"github.com/martini-contrib/render",
	"github.com/valyala/fasthttp",
	"go.uber.org/dig",
	"gopkg.in/macaron.v1",
}

// versions are those of the peers that this program was built with.
func versions() map[string]string {
	out := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	built := map[string]string{}
	for _, m := range info.Deps {
		built[m.Path] = m.Version
	}
	for _, p := range peers {
		if v, ok := built[p]; ok {
			out[p] = v
		}
	}
	out["github.com/gofogo/fogo"] = "of this checkout"
	return out
}
