package fogo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/debugpage"
	"github.com/gofogo/fogo/router"
	"github.com/gofogo/fogo/ws"
)

// debugPage is data that can be shown as a page.
type debugPage interface{ HTML() []byte }

// servePages answers a request for a page about the application.
func (d *debugMode) servePages(a *App, b *router.Built, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		b.Answer(w, r, &endpoint.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET, HEAD"}}})
		return
	}
	path := strings.TrimPrefix(r.URL.Path, d.prefix)
	if path == "" {
		// Links are relative, for there may be a prefix before ours.
		debugpage.Harden(w.Header())
		w.Header().Set("Location", d.prefix[strings.LastIndexByte(d.prefix, '/')+1:]+"/")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	page := d.page(b, path)
	if page == nil {
		b.Answer(w, r, &endpoint.Error{Status: http.StatusNotFound})
		return
	}
	if endpoint.WantsPage(r) {
		sendDebug(w, r, http.StatusOK, "text/html; charset=utf-8", page.HTML())
		return
	}
	body, err := json.MarshalIndent(page, "", "  ")
	if err != nil {
		b.Answer(w, r, err)
		return
	}
	sendDebug(w, r, http.StatusOK, "application/json", append(body, '\n'))
}

// page makes a page, nil if there is none of that path.
func (d *debugMode) page(b *router.Built, path string) debugPage {
	switch path {
	case "/":
		return d.index(b)
	case "/providers":
		return providersPage(b)
	case "/sockets":
		return d.socketsPage(b)
	case "/state":
		return debugpage.StateSince(d.since)
	}
	if number, ok := strings.CutPrefix(path, "/routes/"); ok {
		n, err := strconv.Atoi(number)
		routes := b.Routes()
		if err == nil && n >= 1 && n <= len(routes) && strconv.Itoa(n) == number {
			return routePage(n, routes[n-1])
		}
	}
	return nil
}

func (d *debugMode) index(b *router.Built) *debugpage.Index {
	x := &debugpage.Index{
		Warnings: b.Warnings(), Sockets: b.Tracker().Len(), Go: runtime.Version(), Uptime: debugpage.Duration(time.Since(d.since)),
	}
	for i, info := range b.Routes() {
		route := routePage(i+1, info)
		route.Plan, route.Explain = nil, ""
		x.Routes = append(x.Routes, *route)
		if d.owns(info.Pattern) {
			x.Warnings = append(x.Warnings, fmt.Sprintf("%s cannot be reached in debug mode, whose pages are at %s; move them with fogo.DebugPrefix", info.Pattern, d.prefix))
		}
	}
	return x
}

func routePage(number int, info router.RouteInfo) *debugpage.Route {
	r := &debugpage.Route{
		Number: number, Method: info.Method, Pattern: info.Pattern, Name: info.Name, Handler: info.Handler, Position: info.Position,
		Registered: info.Registered, View: fmt.Sprintf("%T", info.View), Middleware: info.Middleware(), Plan: debugpage.PlanOf(info.Program),
	}
	r.Guards = debugpage.Guards(r.Plan)
	if info.Program != nil {
		r.Explain = info.Program.Explain()
	}
	return r
}

func providersPage(b *router.Built) *debugpage.Providers {
	page := &debugpage.Providers{Providers: []debugpage.Provider{}}
	for i, info := range b.Providers() {
		p := debugpage.Provider{
			Number: i + 1, Type: info.Type, By: info.Func, Position: info.Position, Lifetime: info.Lifetime.String(), Used: info.Used, CleanUp: info.CleanUp,
		}
		if p.By == "" {
			p.By = "an existing value"
		}
		if info.Replaced {
			p.By, p.Position, p.Used = "replaced for a test", "", true
		}
		for _, n := range info.Needs {
			p.Needs = append(p.Needs, n+1)
		}
		page.Providers = append(page.Providers, p)
	}
	return page
}

// maxSockets is how many WebSockets are listed.
const maxSockets = 200

func (d *debugMode) socketsPage(b *router.Built) *debugpage.Sockets {
	t := b.Tracker()
	page := &debugpage.Sockets{Open: t.Len(), Parked: t.Parked(), List: []debugpage.Socket{}}
	for _, s := range d.errors.Sockets() {
		if len(page.List) == maxSockets {
			break
		}
		messages, bytes := s.Conn.Queued()
		page.List = append(page.List, debugpage.Socket{
			Route: s.Route, Peer: s.Peer, UserAgent: s.UserAgent, Age: debugpage.Duration(time.Since(s.Since)), Subprotocol: s.Conn.Subprotocol(),
			State: socketState(s.Conn), Messages: s.Messages(), Dropped: s.Conn.Dropped(), Queued: messages, QueuedBytes: bytes,
		})
	}
	return page
}

func socketState(c *ws.WebSocket) string {
	_, _, closing := c.CloseCode()
	switch {
	case closing:
		return "closing"
	case !c.Accepted():
		return "handshake"
	}
	return "open"
}
