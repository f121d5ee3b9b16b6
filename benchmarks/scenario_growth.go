package main

// How costs grow with the number of routes.
//
//   - Routes are "GET /api/resource<i>/items/{id}" with a handler that answers
//     the integer as JSON, written as in path-ints.
//   - "build" is the time from nothing to a handler that is ready to serve, and
//     the memory that is still in use after a collection, per route. Fogo
//     analyses and checks every handler in it.
//   - "match" is a whole request in process, for another route each time, so
//     that caches hold no single one. The handler is part of every figure; what
//     is of interest is how it changes with the number of routes.
//   - Some take ten seconds for 10,000 routes, and with all the routes of all of
//     them alive a collection of garbage takes long: so there are few rounds.
//   - huma and fuego make a document of all routes while they build, the others
//     don't.
//
// Call time by number of parameters is injection/parameters.

import (
	"fmt"
	"runtime"
	"time"
)

const routePattern = "/api/resource%d/items/{id}"

func growthSizes(quick bool) []int {
	if quick {
		return []int{10, 100, 1000}
	}
	return []int{10, 100, 1000, 10000}
}

func growthScenarios() []*scenario {
	return []*scenario{
		{
			id: "growth/build", title: "Building an application, by number of routes",
			about:    "Time and memory per route, from nothing to ready to serve, with handlers of one path integer.",
			baseline: netHTTP{}.name(), axis: "routes", rounds: 3, open: openBuild,
		},
		{
			id: "growth/match", title: "A request, by number of routes",
			about:    "GET with one integer of the path, in process, for a different route each time.",
			baseline: netHTTP{}.name(), axis: "routes", rounds: 5, open: openMatch,
		},
	}
}

// growing are the contenders with routes, one variant of each.
func growing() []contender {
	var out []contender
	for _, c := range frameworks() {
		switch c {
		case netHTTP{stdJSON: true}, ginEngine{goJSON: true}, echoServer{goJSON: true}, fiberApp{goJSON: true}:
		default:
			out = append(out, c)
		}
	}
	return out
}

func openBuild(s *session) (*field, error) {
	f := &field{}
	for _, c := range growing() {
		r, ok := c.(routeServer)
		if !ok {
			f.absentee(c, "growth/build")
			continue
		}
		for _, n := range growthSizes(s.quick) {
			f.starters = append(f.starters, starter{contender: c.name(), x: n, run: func(*session) (sample, error) { return build(r, n) }})
		}
	}
	f.notes = []string{"huma and fuego make a document of all routes while they build; Fogo checks every handler and keeps its plan; the others do neither."}
	return f, nil
}

// built keeps what was built alive while its memory is measured.
var built server

func build(r routeServer, n int) (sample, error) {
	var before, after runtime.MemStats
	built = server{}
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	runtime.ReadMemStats(&before)
	start := time.Now()
	s, err := r.routes(n)
	took := time.Since(start)
	if err != nil {
		return nil, err
	}
	built = s
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	built = server{}
	return sample{
		nsPerRoute: float64(took.Nanoseconds()) / float64(n),
		bPerRoute:  max(0, float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(n)),
	}, nil
}

func openMatch(s *session) (*field, error) {
	f := &field{}
	for _, c := range growing() {
		if !s.takesPart(c.name(), netHTTP{}.name()) {
			continue
		}
		r, ok := c.(routeServer)
		if !ok {
			f.absentee(c, "growth/match")
			continue
		}
		for _, n := range growthSizes(s.quick) {
			srv, err := r.routes(n)
			if err != nil {
				return nil, err
			}
			run, check, err := matchOp(srv, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
			f.starters = append(f.starters, starter{contender: c.name(), x: n, run: timed(run, check)})
		}
	}
	return f, nil
}

// matchOp asks for many routes in turn, in no order that a tree would like.
func matchOp(s server, n int) (op, func() error, error) {
	const different = 64
	xs := make([]exchange, min(n, different))
	for i := range xs {
		k := (i*7919 + n/2) % n
		q := request{method: "GET", target: fmt.Sprintf("/api/resource%d/items/%d", k, k+1)}
		e := expectation{q, 200, fmt.Sprintf(`{"id":%d}`, k+1)}
		if err := checkServer(s, []expectation{e}); err != nil {
			return nil, nil, err
		}
		xs[i] = newExchange(s, q)
	}
	run := func(count int) {
		for i := range count {
			xs[i%len(xs)].do(1)
		}
	}
	check := func() error {
		if got := xs[0].last(); got.status != 200 {
			return fmt.Errorf("status %d", got.status)
		}
		return nil
	}
	return run, check, nil
}
