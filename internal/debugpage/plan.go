package debugpage

import (
	"strings"

	"github.com/gofogo/fogo/inject"
)

// Call is one call of a route's plan.
type Call struct {
	Name      string     `json:"name,omitempty"`
	Functions []Function `json:"functions"`
	// Makes are the providers that run, in order.
	Makes      []string `json:"makes,omitempty"`
	Steps      int      `json:"steps"`
	FrameBytes int      `json:"frame_bytes"`
}

// Function is a function of a plan with the sources of its parameters.
type Function struct {
	Name     string `json:"name"`
	Position string `json:"position,omitempty"`
	Role     string `json:"role"`
	Way      string `json:"called_by,omitempty"`
	Rows     []Row  `json:"parameters"`
}

// Row is a parameter.
type Row struct {
	Index  string `json:"index"`
	Type   string `json:"type"`
	Source string `json:"source"`
}

var roles = map[inject.Role]string{
	inject.RoleHandler: "handler", inject.RoleHook: "hook", inject.RoleGuard: "guard",
	inject.RoleProvider: "provider", inject.RoleExtract: "extract",
}

// PlanOf describes the plan of a route, nil if it has none.
func PlanOf(p *inject.Program) []Call {
	if p == nil {
		return nil
	}
	var calls []Call
	for _, t := range p.Tables() {
		c := Call{Name: t.Call, Makes: t.Providers, Steps: t.Steps, FrameBytes: t.FrameBytes}
		for _, f := range t.Functions {
			c.Functions = append(c.Functions, Function{Name: f.Name, Position: f.Position, Role: roles[f.Role], Way: f.Way, Rows: RowsOf(f.Rows)})
		}
		calls = append(calls, c)
	}
	return calls
}

// RowsOf are the rows of a table.
func RowsOf(rows []inject.Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = Row(r)
	}
	return out
}

// Guards names the guards of a plan.
func Guards(plan []Call) []string {
	var names []string
	for _, c := range plan {
		for _, f := range c.Functions {
			if f.Role == roles[inject.RoleGuard] {
				names = append(names, at(f.Name, f.Position))
			}
		}
	}
	return names
}

// at is a name with its position.
func at(name, position string) string {
	if position == "" {
		return name
	}
	return name + " (" + position + ")"
}

// plan writes a plan.
func (p *page) plan(calls []Call) {
	for _, c := range calls {
		if c.Name != "" {
			p.in("<h3>On ", c.Name, "</h3>\n")
		}
		for _, f := range c.Functions {
			p.function(&f)
		}
		if len(c.Makes) > 0 {
			p.put("<p class=\"small soft\">Makes, in this order:</p>\n<ol class=\"fixes small\">\n")
			for _, m := range c.Makes {
				p.in("<li><code>", m, "</code></li>\n")
			}
			p.put("</ol>\n")
		}
		if len(c.Functions) == 0 && len(c.Makes) == 0 {
			p.put("<p class=\"soft\">Nothing runs.</p>\n")
		}
		p.put("<p class=\"small soft\">")
		p.number(c.Steps)
		if c.Steps == 1 {
			p.put(" step")
		} else {
			p.put(" steps")
		}
		p.in(" over a frame of ", bytesOf(uint64(c.FrameBytes)), "</p>\n")
	}
}

func (p *page) function(f *Function) {
	p.put("<div class=\"panel\">\n")
	p.in("<h3 class=\"fn\">", f.Name, "</h3>\n<ul class=\"facts small\">")
	p.in("<li>", f.Role, "</li>")
	if f.Position != "" {
		p.in("<li><code>", f.Position, "</code></li>")
	}
	if f.Way != "" {
		p.in("<li>called by ", f.Way, "</li>")
	}
	p.put("</ul>\n")
	if len(f.Rows) == 0 {
		p.put("<p class=\"soft small\">It takes no parameters.</p>\n")
	}
	p.rows(f.Rows)
	p.put("</div>\n")
}

// rows writes a table of parameters.
func (p *page) rows(rows []Row) {
	if len(rows) == 0 {
		return
	}
	p.put("<table><thead><tr><th scope=\"col\" class=\"narrow\">#</th><th scope=\"col\">Type</th><th scope=\"col\">Source</th></tr></thead>\n<tbody>\n")
	for _, r := range rows {
		p.in("<tr><td class=\"narrow soft\">", r.Index, "</td>")
		p.in("<td><code>", r.Type, "</code></td>")
		if strings.TrimSpace(r.Source) == "???" || r.Source == "" {
			p.put("<td><span class=\"missing\">nothing found</span></td></tr>\n")
			continue
		}
		p.in("<td>", r.Source, "</td></tr>\n")
	}
	p.put("</tbody></table>\n")
}
