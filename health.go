package fogo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/router"
)

// WithHealth answers two paths, such as "/healthz" and "/readyz", for whoever
// supervises the application; "" leaves one away. They are answered before
// middleware and routes, to GET and HEAD, and a route for either path is an
// error of the build.
//
// The first is about life: it is 200 whenever requests are answered at all.
// What doesn't answer it should be restarted.
//
// The second is about readiness: it is 200 when the application is started and
// all checks of [router.Router.Ready] succeed, and else 503, from the beginning
// of a drain too. What isn't ready should get no requests for now. The checks
// run at once, each with its timeout; what they found is told for a second
// without asking them again. A check that a previous time left behind is not
// run a second time beside itself.
//
// The body is JSON that says what is wrong, without the text of errors, which
// is logged when the result of a check changes:
//
//	{"status":"unready","checks":[{"name":"database","status":"failed"},{"name":"queue","status":"ok"}]}
//
// The status is "ready", "unready", "starting", "draining" or "failed" (the
// application cannot start); that of a check "ok", "failed" or "timeout".
func WithHealth(live, ready string) Option {
	return option(func(s *settings) { s.health = health{on: true, live: live, ready: ready} })
}

// health are the paths of WithHealth.
type health struct {
	on          bool
	live, ready string
}

// check adds to the error of a build what is wrong with the paths.
func (h health) check(b *router.Built, err error) error {
	var faults []string
	for _, p := range []string{h.live, h.ready} {
		if p != "" && (!strings.HasPrefix(p, "/") || path.Clean(p) != p || strings.ContainsAny(p, "{}?#%")) {
			faults = append(faults, fmt.Sprintf("%q is not a plain path; write it as \"/healthz\"", p))
		}
	}
	if h.on && h.live == h.ready {
		faults = append(faults, fmt.Sprintf("%q cannot be both; choose two paths, or \"\" for the one that is not needed", h.live))
	}
	if h.on && b != nil {
		faults = append(faults, h.taken(b.Routes())...)
	}
	if len(faults) == 0 {
		return err
	}
	problem := &router.Problem{What: "WithHealth", Faults: faults}
	if e, ok := errors.AsType[*router.BuildError](err); ok {
		return &router.BuildError{Problems: append([]error{problem}, e.Problems...)}
	}
	return &router.BuildError{Problems: []error{problem}}
}

// taken finds routes for the paths.
func (h health) taken(routes []router.RouteInfo) (faults []string) {
	for _, r := range routes {
		_, p, _ := strings.Cut(r.Pattern, "/") // behind the host
		if p = "/" + p; p == h.live || p == h.ready {
			faults = append(faults, fmt.Sprintf("%s %s (%s) has the path already; choose another for one of them", r.Method, r.Pattern, r.Registered))
		}
	}
	return faults
}

// healthReport is the body of an answer.
type healthReport struct {
	Status string        `json:"status"`
	Checks []checkReport `json:"checks,omitempty"`
}

type checkReport struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// answerHealth answers a request for one of the paths, and reports whether it
// was one.
func (a *App) answerHealth(w http.ResponseWriter, r *http.Request) bool {
	h := a.settings.health
	switch p := r.URL.Path; {
	case p == "" || p != h.live && p != h.ready:
		return false
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a.settings.config().Answer(w, r, &endpoint.Error{
			Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET, HEAD"}},
		})
	case p == h.live:
		writeHealth(w, r, http.StatusOK, healthReport{Status: "alive"})
	default:
		report := a.readiness(r)
		status := http.StatusServiceUnavailable
		if report.Status == "ready" {
			status = http.StatusOK
		}
		writeHealth(w, r, status, report)
	}
	return true
}

func writeHealth(w http.ResponseWriter, r *http.Request, status int, report healthReport) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	body, err := json.Marshal(report)
	if err == nil {
		_, _ = w.Write(append(body, '\n')) // a supervisor that left asks again
	}
}

// readiness finds out whether the application is ready. An application that
// nobody started is started, as by any other request: who waits for it to be
// ready sends none.
func (a *App) readiness(r *http.Request) healthReport {
	l := &a.life
	switch {
	case l.stopping.Load() || l.draining.Load():
		return healthReport{Status: "draining"}
	case l.running.Load() != nil:
	case l.starting.Load():
		return healthReport{Status: "starting"}
	default:
		if _, err := a.startForRequest(); err != nil {
			return healthReport{Status: "failed"}
		}
	}
	return l.checks.Load().report(r.Context())
}
