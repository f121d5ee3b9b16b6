package debugpage

// Providers are the providers of an application, dependencies first.
type Providers struct {
	Providers []Provider `json:"providers"`
}

// Provider is a provider.
type Provider struct {
	// Number is its place in the order in which all of them would be made, from
	// 1.
	Number   int    `json:"number"`
	Type     string `json:"type"`
	By       string `json:"by"`
	Position string `json:"position,omitempty"`
	Lifetime string `json:"lifetime"`
	// Needs are the numbers of the providers that it needs.
	Needs []int `json:"needs,omitempty"`
	// Used is true if a route, a hook or a provider that is used needs it.
	Used    bool   `json:"used"`
	CleanUp string `json:"clean_up,omitempty"`
}

// HTML writes the page.
func (l *Providers) HTML() []byte {
	f := frame{title: "Providers", base: "./", here: inProviders}
	return f.write(l.main)
}

func (l *Providers) main(p *page) {
	p.put("<h1>Providers</h1>\n")
	if len(l.Providers) == 0 {
		p.put("<p class=\"empty\">Nothing is provided.</p>\n")
		return
	}
	p.put("<p class=\"soft\">What a provider needs stands before it.</p>\n" +
		"<table><thead><tr><th scope=\"col\" class=\"narrow\">#</th><th scope=\"col\">Provides</th><th scope=\"col\">Lives</th>" +
		"<th scope=\"col\">Made by</th><th scope=\"col\">Needs</th></tr></thead>\n<tbody>\n")
	for i := range l.Providers {
		l.Providers[i].row(p)
	}
	p.put("</tbody></table>\n")
}

func (v *Provider) row(p *page) {
	p.put("<tr id=\"p")
	p.number(v.Number)
	p.put("\"><td class=\"narrow soft\">")
	p.number(v.Number)
	p.in("</td><td><code>", v.Type, "</code>")
	if !v.Used {
		p.put(" <span class=\"badge on\">unused</span>")
	}
	p.in("</td><td class=\"narrow\">", v.Lifetime, "")
	if v.CleanUp != "" {
		p.in("<br><span class=\"small soft\">", v.CleanUp, "</span>")
	}
	p.put("</td><td>")
	if v.Position == "" {
		p.text(v.By)
	} else {
		p.code(v.By)
	}
	if v.Position != "" {
		p.in(" <code class=\"soft\">", v.Position, "</code>")
	}
	p.put("</td><td data-l=\"needs\" class=\"narrow\">")
	for i, n := range v.Needs {
		if i > 0 {
			p.put(", ")
		}
		p.put("<a href=\"#p")
		p.number(n)
		p.put("\">")
		p.number(n)
		p.put("</a>")
	}
	if len(v.Needs) == 0 {
		p.put("<span class=\"soft\">nothing</span>")
	}
	p.put("</td></tr>\n")
}
