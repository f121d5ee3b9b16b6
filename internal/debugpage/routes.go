package debugpage

import (
	"strconv"
	"strings"
)

// Route is a route of an application.
type Route struct {
	// Number is its place in the order of registration, from 1.
	Number     int    `json:"number"`
	Method     string `json:"method,omitempty"` // "" for any
	Pattern    string `json:"pattern"`
	Name       string `json:"name,omitempty"`
	Handler    string `json:"handler"`
	Position   string `json:"position,omitempty"`
	Registered string `json:"registered,omitempty"`
	// View is the type of what was registered.
	View string `json:"view,omitempty"`
	// Middleware and Guards are those that run before it, outermost first.
	Middleware []string `json:"middleware,omitempty"`
	Guards     []string `json:"guards,omitempty"`
	// Plan and Explain are left out of lists.
	Plan    []Call `json:"plan,omitempty"`
	Explain string `json:"explain,omitempty"`
}

func (r *Route) method() string {
	if r.Method == "" {
		return "any"
	}
	return r.Method
}

// Index is the list of routes with a summary of the application.
type Index struct {
	Routes   []Route  `json:"routes"`
	Warnings []string `json:"warnings,omitempty"`
	Sockets  int      `json:"sockets"`
	Uptime   Duration `json:"uptime_seconds"`
	Go       string   `json:"go"`
}

// HTML writes the page.
func (x *Index) HTML() []byte {
	f := frame{title: "Routes", base: "./", here: inRoutes}
	return f.write(x.main)
}

func (x *Index) main(p *page) {
	p.put("<h1>Routes</h1>\n<ul class=\"tiles\">")
	p.tile(strconv.Itoa(len(x.Routes)), "routes")
	p.tile(strconv.Itoa(x.Sockets), "WebSockets open")
	p.tile(x.Uptime.String(), "since the start")
	p.tile(strings.TrimPrefix(x.Go, "go"), "version of Go")
	p.put("</ul>\n")
	if len(x.Warnings) > 0 {
		p.put("<div class=\"panel bad\"><p><b>Warnings</b></p>\n")
		p.faults(x.Warnings)
		p.put("</div>\n")
	}
	if len(x.Routes) == 0 {
		p.put("<p class=\"empty\">Nothing is registered.</p>\n")
		return
	}
	p.put("<table><thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Pattern</th><th scope=\"col\">Handler</th>" +
		"<th scope=\"col\">Before it</th></tr></thead>\n<tbody>\n")
	for i := range x.Routes {
		x.Routes[i].row(p)
	}
	p.put("</tbody></table>\n")
}

func (p *page) tile(value, what string) {
	p.in("<li><b>", value, "</b>")
	p.in("<span>", what, "</span></li>")
}

func (r *Route) row(p *page) {
	p.in("<tr><td class=\"narrow\"><span class=\"badge\">", r.method(), "</span></td>")
	p.put("<td><a href=\"routes/")
	p.number(r.Number)
	p.in("\"><code>", r.Pattern, "</code></a>")
	if r.Name != "" {
		p.in(" <span class=\"soft small\">", r.Name, "</span>")
	}
	p.in("</td><td><code>", r.Handler, "</code>")
	if r.Position != "" {
		p.in(" <code class=\"soft\">", r.Position, "</code>")
	}
	p.put("</td><td class=\"small soft\">")
	p.before(len(r.Middleware), "middleware")
	if len(r.Middleware) > 0 && len(r.Guards) > 0 {
		p.put(", ")
	}
	if len(r.Guards) == 1 {
		p.before(1, "guard")
	} else {
		p.before(len(r.Guards), "guards")
	}
	p.put("</td></tr>\n")
}

func (p *page) before(n int, what markup) {
	if n > 0 {
		p.number(n)
		p.put(" ", what)
	}
}

// HTML writes the page of one route.
func (r *Route) HTML() []byte {
	f := frame{title: r.method() + " " + r.Pattern, base: "../", here: inRoutes}
	return f.write(r.main)
}

func (r *Route) main(p *page) {
	p.in("<p class=\"status\">", r.method(), "</p>\n")
	p.in("<h1 class=\"fn\">", r.Pattern, "</h1>\n<dl>\n")
	for _, fact := range []struct {
		what  markup
		value string
	}{
		{"Name", r.Name}, {"Handler", at(r.Handler, r.Position)}, {"Registered at", r.Registered}, {"Type", r.View},
	} {
		if fact.value != "" {
			p.put("<dt>", fact.what, "</dt>")
			p.in("<dd><code>", clip(fact.value, maxValue), "</code></dd>\n")
		}
	}
	p.listed("Middleware, outermost first", r.Middleware)
	p.listed("Guards, in order", r.Guards)
	p.put("</dl>\n<section>\n<h2>Plan</h2>\n")
	if len(r.Plan) == 0 {
		p.put("<p class=\"soft\">It is served as it is: nothing is injected.</p>\n")
	}
	p.plan(r.Plan)
	p.put("</section>\n")
	if r.Explain != "" {
		p.in("<details><summary>As text</summary><div class=\"body\"><pre class=\"text\" tabindex=\"0\">", r.Explain, "</pre></div></details>\n")
	}
}

func (p *page) listed(what markup, names []string) {
	if len(names) == 0 {
		return
	}
	p.put("<dt>", what, "</dt><dd>")
	for i, n := range names {
		if i > 0 {
			p.put("<br>")
		}
		p.code(n)
	}
	p.put("</dd>\n")
}
