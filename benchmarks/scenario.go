package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
)

// scenario is one thing to be measured, with all who take part in it.
type scenario struct {
	id    string // "http/path-ints": what -run matches, and the name of the chart
	title string
	// about states the properties: what is done, and what is the same for all.
	about string
	// baseline is the contender that ratios are relative to.
	baseline string
	// axis names what varies within the scenario; "" for a scenario of one point.
	axis string
	// rounds bounds the rounds of a scenario that takes long, with -quick to one;
	// 0 does not.
	rounds int
	// open makes the contenders ready and compares their answers.
	open func(*session) (*field, error)
}

// field is a scenario made ready: its starters, and those that stay away.
type field struct {
	starters []starter
	absent   []Absence
	notes    []string // that concern the figures, below the table
	close    func()
}

// starter is one contender at one point of the axis.
type starter struct {
	contender string
	x         int
	// run measures once and returns one value for each metric. Most come from
	// timed.
	run func(*session) (sample, error)
}

// sample is what one round of one starter yields.
type sample map[unit]float64

// unit names a metric and is its unit: "ns/op".
type unit string

const (
	nsPerOp     unit = "ns/op"
	bytesPerOp  unit = "B/op"
	allocsPerOp unit = "allocs/op"
	perSecond   unit = "requests/s"
	p50         unit = "µs-p50"
	p99         unit = "µs-p99"
	nsPerRoute  unit = "ns/route"
	bPerRoute   unit = "B/route"
	toBaseline  unit = "x-baseline"

	// Of WebSockets.
	cpuPerMessage unit = "µs-CPU/message" // of the server's process, user and system
	messagesPerS  unit = "messages/s"
	toRate        unit = "x-messages/s" // to the baseline
	msUntilLast   unit = "ms-until-last"
	rssPerConn    unit = "B-RSS/conn" // after a collection of garbage
	rssEchoed     unit = "B-RSS/conn-echoed"
	rawPerConn    unit = "B-RSS/conn-raw" // before it
	rawEchoed     unit = "B-RSS/conn-echoed-raw"
	heapPerConn   unit = "B-heap/conn"
	stackPerConn  unit = "B-stack/conn"
	kernelPerConn unit = "B-kernel/conn" // of both ends
	goPerConn     unit = "goroutines/conn"
	msPerGC       unit = "ms/GC"
)

// bestPeer is the baseline of scenarios that are related to whoever is best,
// Fogo left aside.
const bestPeer = "the best peer"

// units is the order in which metrics are told. The first one present is what
// ratios and charts are about.
var units = []unit{
	nsPerOp, perSecond, nsPerRoute, cpuPerMessage, rssPerConn, toBaseline,
	messagesPerS, toRate, msUntilLast, p50, p99, bytesPerOp, allocsPerOp, bPerRoute,
	rssEchoed, rawPerConn, rawEchoed, heapPerConn, stackPerConn, kernelPerConn, goPerConn, msPerGC,
}

// session is how this run measures.
type session struct {
	quick     bool
	rounds    int
	contender *regexp.Regexp // who takes part beside the baseline; nil for all
	tell      *progress
}

// takesPart reports whether a contender is to be measured.
func (s *session) takesPart(name, baseline string) bool {
	return s.contender == nil || name == baseline || s.contender.MatchString(name)
}

// measure runs all rounds of a scenario.
func (s *session) measure(sc *scenario) (*Result, error) {
	f, err := sc.open(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sc.id, err)
	}
	if f.close != nil {
		defer f.close()
	}
	f.starters = slices.DeleteFunc(f.starters, func(st starter) bool { return !s.takesPart(st.contender, sc.baseline) })
	if most := pick(s.quick, min(sc.rounds, 1), sc.rounds); most > 0 && most < s.rounds {
		fewer := *s
		fewer.rounds = most
		s = &fewer
	}
	samples, err := s.alternate(sc.id, f.starters)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sc.id, err)
	}
	r := &Result{
		ID: sc.id, Title: sc.title, About: sc.about, Baseline: sc.baseline,
		Axis: sc.axis, Rounds: s.rounds, Absent: f.absent, Notes: f.notes,
	}
	for i, st := range f.starters {
		r.Points = append(r.Points, pointOf(st, samples[i], sc.axis != ""))
	}
	r.relate()
	return r, nil
}

// pointOf summarises the rounds of a starter.
func pointOf(st starter, rounds []sample, hasX bool) Point {
	p := Point{Contender: st.contender}
	if hasX {
		p.X = &st.x
	}
	for _, u := range units {
		var vs []float64
		for _, s := range rounds {
			if v, ok := s[u]; ok {
				vs = append(vs, v)
			}
		}
		if len(vs) > 0 {
			p.Metrics = append(p.Metrics, Metric{Unit: u, Value: quantile(vs, 0.5), Low: quantile(vs, 0.25), High: quantile(vs, 0.75)})
		}
	}
	return p
}

// quantile sorts vs and interpolates between its two values around q.
func quantile(vs []float64, q float64) float64 {
	slices.Sort(vs)
	at := q * float64(len(vs)-1)
	lo := int(math.Floor(at))
	hi := min(lo+1, len(vs)-1)
	return vs[lo] + (vs[hi]-vs[lo])*(at-float64(lo))
}

// scenarios is everything that can be measured, in the order of the report.
func scenarios() []*scenario {
	return slices.Concat(injectionScenarios(), httpScenarios(), loopbackScenarios(), websocketScenarios(), socketScenarios(), growthScenarios())
}
