package fogo

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/debugpage"
	"github.com/gofogo/fogo/router"
)

// serveProblems answers a request to an application that cannot start with
// everything that is wrong.
func serveProblems(w http.ResponseWriter, r *http.Request, cause error) {
	page := &debugpage.Build{Problems: problemsOf(cause)}
	if endpoint.WantsPage(r) {
		sendDebug(w, r, http.StatusInternalServerError, "text/html; charset=utf-8", page.HTML())
		return
	}
	p := struct {
		endpoint.Problem
		Debug *debugpage.Build `json:"debug"`
	}{endpoint.Problem{Type: "about:blank", Title: "The application cannot start", Status: http.StatusInternalServerError}, page}
	body, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sendDebug(w, r, http.StatusInternalServerError, "application/problem+json", append(body, '\n'))
}

// sendDebug sends a page, or its JSON.
func sendDebug(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	debugpage.Harden(h)
	h.Set("Content-Type", contentType)
	h.Add("Vary", "Accept")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // there is nobody else to tell
	}
}

// problemsOf are the problems that an error joins.
func problemsOf(err error) []debugpage.Problem {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []debugpage.Problem
		for _, e := range joined.Unwrap() {
			list = append(list, problemsOf(e)...)
		}
		return list
	}
	if p, ok := errors.AsType[*inject.Problem](err); ok {
		return []debugpage.Problem{{Title: p.Route, Func: p.Func, Needed: p.Needed, Rows: debugpage.RowsOf(p.Rows), Faults: p.Faults}}
	}
	if p, ok := errors.AsType[*router.Problem](err); ok {
		title := p.What
		if p.Position != "" {
			title += " (" + p.Position + ")"
		}
		return []debugpage.Problem{{Title: title, Faults: p.Faults}}
	}
	p := debugpage.Problem{Text: err.Error()}
	if panicked, ok := errors.AsType[*inject.Panic](err); ok {
		p.Stack = debugpage.Stack(panicked.Stack)
		debugpage.AddSource(p.Stack)
	}
	return []debugpage.Problem{p}
}
