package router

import (
	"net/http"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/pattern"
)

// observation is what a router does for those who observe calls.
type observation uint8

const (
	unobserved observation = iota
	observed               // it begins and ends them
	rerouted               // it is mounted in one that does, and knows better routes
)

// observation is that of a router, which may be mounted.
func (s *sharedBuild) observation(mounted bool) observation {
	switch {
	case !s.cfg.Observed():
		return unobserved
	case mounted:
		return rerouted
	}
	return observed
}

// serveObserved serves a request that was matched, and tells the observers.
func (b *Built) serveObserved(w http.ResponseWriter, r *http.Request, e *entry, vals *pattern.Values) {
	if b.observed == rerouted {
		if e != nil {
			endpoint.Reroute(w, r, e.label(), e.socket != nil)
		}
		b.dispatch(w, r, e, vals)
		return
	}
	x, r := b.cfg.Observe(w, r, e.label(), e != nil && e.socket != nil)
	defer x.End()
	b.dispatch(x, r, e, vals)
	x.Returned()
}

// label is the pattern of an entry without the method, "" of none.
func (e *entry) label() string {
	if e == nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(e.pattern, e.method), " ")
}
