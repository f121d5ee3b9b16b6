package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// kind is one kind of client. Its workers do the same again and again, at a
// rate of their own.
type kind struct {
	name    string
	workers int
	share   float64 // of the rate of all, in per cent; 0: as often as the workers can
	// do does it once, and returns an error if anything was not as it has to be.
	// ctx ends with the load; most don't look at it and finish.
	do func(ctx context.Context, c *client, rnd *rand.Rand) error
}

// kinds are all of them. Shares add up to 100.
var kinds = []kind{
	{"get", 2, 31, getUser},
	{"post", 1, 12, postOrder},
	{"params", 1, 8, getSearch},
	{"class", 1, 8, useNote},
	{"upload", 2, 4, sendFile},
	{"upload-cut", 1, 1, cutFile},
	{"events", 4, 3, readEvents},
	{"events-left", 4, 3, leaveEvents},
	{"lines", 1, 4, readLines},
	{"static", 1, 7, readFile},
	{"compressed", 1, 5, echoPacked},
	{"failing", 1, 5, failures},
	{"abandoned", 3, 2, abandon},
	{"bad-input", 2, 2, sendNonsense},
	{"slow", 4, 0, crawl},
	{"ws-echo", 2, 2, talkAndClose},
	{"ws-class", 2, 1, countUp},
	{"ws-park", 12, 0, parkAndWake},
	{"ws-reset", 2, 0.5, talkAndReset},
	{"ws-silent", 3, 0, fallSilent},
	{"ws-room", 2, 0.5, meet},
	{"ws-refused", 1, 0.5, beRefused},
	{"ws-bad-input", 1, 0.5, breakProtocol},
	{"ws-stay", 8, 0, stay},
}

// tally counts what clients of a kind did.
type tally struct {
	Done  atomic.Int64
	Wrong atomic.Int64
}

// load drives all kinds.
type load struct {
	client  *client
	rate    float64 // of what has a share, by second
	tallies map[string]*tally

	mu     sync.Mutex
	faults []string // the first of them
}

func newLoad(c *client, rate float64) *load {
	l := &load{client: c, rate: rate, tallies: map[string]*tally{}}
	for _, k := range kinds {
		l.tallies[k.name] = &tally{}
	}
	return l
}

// run drives them until ctx ends, and returns when the last has finished what it
// was at.
func (l *load) run(ctx context.Context) {
	var wg sync.WaitGroup
	for i, k := range kinds {
		for w := range k.workers {
			rnd := rand.New(rand.NewPCG(uint64(i), uint64(w)))
			wg.Go(func() { l.work(ctx, k, rnd) })
		}
	}
	wg.Wait()
}

// work is one worker. One who is late doesn't catch up: the rate is a bound.
func (l *load) work(ctx context.Context, k kind, rnd *rand.Rand) {
	var every time.Duration
	if k.share > 0 {
		every = time.Duration(float64(k.workers) * float64(time.Second) * 100 / (l.rate * k.share))
	}
	next := time.Now().Add(time.Duration(rnd.Float64() * float64(min(max(every, 100*time.Millisecond), time.Second))))
	for sleep(ctx, time.Until(next)) {
		if now := time.Now(); next.Add(every).After(now) {
			next = next.Add(every)
		} else {
			next = now
		}
		t := l.tallies[k.name]
		if err := k.do(ctx, l.client, rnd); err != nil {
			t.Wrong.Add(1)
			l.fault(k.name, err)
		}
		t.Done.Add(1)
	}
}

// mostFaults is how many are kept.
const mostFaults = 20

func (l *load) fault(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < mostFaults {
		l.faults = append(l.faults, fmt.Sprintf("%s: %v", name, err))
	}
}

// wrong counts what was wrong, and all that was done.
func (l *load) wrong() (wrong, done int64) {
	for _, t := range l.tallies {
		wrong += t.Wrong.Load()
		done += t.Done.Load()
	}
	return wrong, done
}

// sleep waits, and reports false if ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
