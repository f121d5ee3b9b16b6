package endpoint

import (
	"net/http"

	"github.com/goccy/go-json"
	"github.com/gofogo/fogo/internal/debugpage"
	"github.com/gofogo/fogo/internal/pattern"
)

// debugProblem is a problem object in debug mode.
type debugProblem struct {
	Problem
	Debug any `json:"debug"`
}

// tells reports whether debug mode is on, and has something to say to whoever
// sent the request.
func (d *Debug) tells(p *Problem, r *http.Request) bool {
	return d != nil && p.Status >= 400 && d.Refusal(r) == ""
}

// describe describes a failure as a page, or as a problem object.
func (d *Debug) describe(f *failure, p *Problem, h http.Header) []byte {
	debugpage.Harden(h)
	addVary(h)
	e := d.errorOf(f, p)
	if WantsPage(f.r) {
		debugpage.AddSource(e.Stack)
		h["Content-Type"] = textHTML
		return e.HTML()
	}
	body, err := json.Marshal(debugProblem{*p, e})
	if err != nil {
		return nil // the plain one will be sent
	}
	return body
}

// errorOf collects what is known about a failure.
func (d *Debug) errorOf(f *failure, p *Problem) *debugpage.Error {
	e := &debugpage.Error{Status: p.Status, Title: p.Title, RequestID: p.RequestID, Index: d.opts.Index, Route: f.r.Pattern}
	for _, fault := range p.Errors {
		e.Faults = append(e.Faults, debugpage.Value{Name: fault.Location, Value: fault.Message})
	}
	e.Describe(f.err)
	if p.Status == http.StatusNotFound && f.program == nil && f.r.Pattern == "" {
		e.Message = "No route matches this path"
	}
	e.Plan = debugpage.PlanOf(f.program)
	var head []byte
	var read int64
	if v, ok := f.r.Context().Value(visitKey{}).(*visit); ok {
		head, read = v.body.seen()
	}
	e.Request = debugpage.RequestOf(f.r, f.vars(), head, read, &d.mask)
	return e
}

// vars are the values of the variables of the route's pattern.
func (f *failure) vars() []debugpage.Value {
	if f.call == nil || f.call.Vars == nil || f.call.Route.Pattern == "" {
		return nil
	}
	p, err := pattern.Parse(f.call.Route.Pattern)
	if err != nil || len(p.Vars()) != f.call.Vars.Len() {
		return nil
	}
	var list []debugpage.Value
	for i, v := range p.Vars() {
		list = append(list, debugpage.Value{Name: v.Name, Value: f.call.Vars.At(i)})
	}
	return list
}

// WantsPage reports whether a request prefers HTML to JSON, as those of a
// browser's address bar do.
func WantsPage(r *http.Request) bool {
	ranges := parseAccept(r.Header["Accept"])
	html, rank := ranges.match("text/html")
	return rank >= withParams && html > max(ranges.best([]string{"application/problem+json"}), ranges.best([]string{"application/json"}))
}
