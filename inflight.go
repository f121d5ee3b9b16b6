package fogo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// inflight knows the requests that a server is answering, for the one time when
// somebody asks: the end. It is in parts, so that requests don't wait for each
// other.
type inflight struct {
	parts [32]struct {
		mu    sync.Mutex
		first *call
		_     [48]byte // a cache line for each
	}
}

// call is one request under way. The method and the path are copies of what
// middleware may change.
type call struct {
	method, path string
	since        time.Time
	part         uint32
	linked       bool
	next, prev   *call
}

func (f *inflight) add(c *call) {
	c.part = rand.Uint32() % uint32(len(f.parts)) //nolint:gosec // any will do
	p := &f.parts[c.part]
	p.mu.Lock()
	defer p.mu.Unlock()
	c.linked = true
	if c.next = p.first; c.next != nil {
		c.next.prev = c
	}
	p.first = c
}

// remove forgets a request; again does nothing.
func (f *inflight) remove(c *call) {
	p := &f.parts[c.part]
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.linked {
		return
	}
	c.linked = false
	if c.prev == nil {
		p.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
}

// list returns the requests under way, the oldest first.
func (f *inflight) list() []call {
	var list []call
	for i := range f.parts {
		p := &f.parts[i]
		p.mu.Lock()
		for c := p.first; c != nil; c = c.next {
			list = append(list, call{method: c.method, path: c.path, since: c.since})
		}
		p.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b call) int { return a.since.Compare(b.since) })
	return list
}

// wait waits until none is under way, or reports false when ctx is done.
func (f *inflight) wait(ctx context.Context) bool {
	for pause := time.Millisecond; len(f.list()) > 0; pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	return true
}

// describe names requests for a message: the oldest, and how many more.
func describe(calls []call) string {
	const most = 10
	var names []string
	for i, c := range calls {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(calls)-most))
			break
		}
		names = append(names, fmt.Sprintf("%s %q (%v)", c.method, c.path, time.Since(c.since).Round(time.Millisecond)))
	}
	return strings.Join(names, ", ")
}
