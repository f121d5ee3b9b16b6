package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
)

// leak is what a server loses on purpose with every tenth request of a user, to
// show that it would be found; "" is nothing.
type leak string

// leaks are what there is to choose from.
var leaks = []leak{"memory", "goroutines", "descriptors", "files", "answers", "all"}

func (l leak) check() error {
	if l != "" && !slices.Contains(leaks, l) {
		return fmt.Errorf("-leak %q is none of %q", l, leaks)
	}
	return nil
}

func (l leak) has(what leak) bool { return l == what || l == "all" }

// middleware loses something.
func (l leak) middleware(next http.Handler) http.Handler {
	if l == "" {
		return next
	}
	hole := &hole{kind: l}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Pattern == "GET /users/{user_id}" && hole.tenth() && l.has("answers") {
			return // 200 without a body
		}
		next.ServeHTTP(w, r)
	})
}

// hole is where what is lost remains.
type hole struct {
	kind  leak
	mu    sync.Mutex
	count int
	lost  []any
}

// tenth reports whether this is a request that something is lost with, and loses
// it.
func (h *hole) tenth() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count++; h.count%10 != 0 {
		return false
	}
	if h.kind.has("memory") {
		h.lost = append(h.lost, make([]byte, 256<<10))
	}
	if h.kind.has("goroutines") {
		go func() { select {} }()
	}
	if h.kind.has("descriptors") {
		if f, err := os.Open(os.DevNull); err == nil {
			h.lost = append(h.lost, f)
		}
	}
	if h.kind.has("files") {
		if f, err := os.CreateTemp("", "lost"); err == nil {
			_ = f.Close()
		}
	}
	return true
}
