package debugpage

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
)

// frame is what is around a page.
type frame struct {
	title string
	// base leads from the page to the index, "./" or "../"; "" where there is
	// no index.
	base string
	// here is the section that the page is in.
	here section
	live bool
}

// section is a page that the bar leads to.
type section uint8

const (
	nowhere section = iota
	inRoutes
	inProviders
	inSockets
	inState
)

var sections = [...]struct {
	of   section
	path markup
	name markup
}{
	{inRoutes, "", "Routes"},
	{inProviders, "providers", "Providers"},
	{inSockets, "sockets", "WebSockets"},
	{inState, "state", "State"},
}

// write writes a page: everything but its main part.
func (f *frame) write(main func(*page)) []byte {
	p := &page{}
	p.put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" +
		"<meta name=\"robots\" content=\"noindex,nofollow\">\n<link rel=\"icon\" href=\"data:,\">\n")
	p.in("<title>", clip(f.title, 200), "</title>\n")
	p.put("<style>", style, "</style>\n</head>\n<body>\n")
	f.bar(p)
	p.put("<main>\n")
	main(p)
	p.put("</main>\n<footer><p>Debug mode of Fogo. Such pages are for whoever writes the program; never turn it on where others are served.</p></footer>\n")
	if f.live {
		p.put("<script>", script, "</script>\n")
	}
	p.put("</body>\n</html>\n")
	return []byte(p.b.String())
}

func (f *frame) bar(p *page) {
	p.put("<header class=\"bar\"><div><span class=\"brand\">Fogo<small>debug mode</small></span>")
	if f.base != "" {
		p.put("\n<nav aria-label=\"Debug mode\">")
		for _, s := range sections {
			p.in("<a href=\"", f.base, "")
			p.put(s.path, "\"")
			if s.of == f.here {
				p.put(" aria-current=\"page\"")
			}
			p.put(">", s.name, "</a>")
		}
		p.put("</nav>")
	}
	p.put("</div></header>\n")
}

// policy allows the style and the script above, and nothing else.
var policy = sync.OnceValue(func() string {
	hash := func(m markup) string {
		sum := sha256.Sum256([]byte(m))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

// Harden sets the header fields that keep a page, or its JSON, out of frames,
// caches, other sites and search engines.
func Harden(h http.Header) {
	h.Set("Content-Security-Policy", policy())
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}
