package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// EarlyHints tells a client what a page will need while the page is being made:
// 103 Early Hints (RFC 8297). Take it as a parameter:
//
//	func Page(hints endpoint.EarlyHints, store *Store) (endpoint.Template, error) {
//		_ = hints.Send(endpoint.Link{URL: "/app.css", Rel: "preload", As: "style"})
//		…
//	}
//
// The links are in the header of the answer too, for who did not get the hints:
// HTTP/1.0 clients, and those behind a middleware or a proxy that does not pass
// them on. Browsers follow them over HTTP/2 only. What middleware has set so far
// is sent with the hints.
type EarlyHints struct {
	w    http.ResponseWriter
	send bool
}

// Extract takes what the hints are sent with.
func (h *EarlyHints) Extract(w http.ResponseWriter, r *http.Request) error {
	// A client of HTTP/1.0 must not get any (RFC 9110 section 15.2).
	h.w, h.send = w, r.ProtoAtLeast(1, 1)
	return nil
}

// Link is one link of a Link header (RFC 8288).
type Link struct {
	// URL is what to fetch: a path, or an http or https URL.
	URL string
	// Rel is what it is: "preload", "preconnect", "modulepreload".
	Rel string
	// As is what a preload is used for: "style", "script", "font", "image".
	As string
	// CrossOrigin is "anonymous" or "use-credentials" for what is fetched so; a
	// font needs it.
	CrossOrigin string
	// Type is a media type.
	Type string
}

// Send sends hints at once; it may be called more than once. The error says that
// a link is none; nothing was sent then. It must not be called after the view
// returned, or in a stream.
func (h EarlyHints) Send(links ...Link) error {
	lines := make([]string, len(links))
	for i, l := range links {
		line, err := l.header()
		if err != nil {
			return err
		}
		lines[i] = line
	}
	if h.w == nil || len(lines) == 0 {
		return nil
	}
	header := h.w.Header()
	header["Link"] = append(header["Link"][:len(header["Link"]):len(header["Link"])], lines...)
	if h.send {
		h.w.WriteHeader(http.StatusEarlyHints)
	}
	return nil
}

// header is the link as an element of the header.
func (l Link) header() (string, error) {
	if _, err := url.Parse(l.URL); err != nil || !isLink(l.URL) {
		return "", fmt.Errorf("endpoint: a link to %q, which is no path and no http or https URL", l.URL)
	}
	if l.Rel == "" {
		return "", fmt.Errorf("endpoint: the link to %s does not say what it is, such as Rel: \"preload\"", l.URL)
	}
	line := "<" + l.URL + ">"
	for _, p := range [4]struct{ name, value string }{{"rel", l.Rel}, {"as", l.As}, {"crossorigin", l.CrossOrigin}, {"type", l.Type}} {
		switch {
		case p.value == "":
		case isToken(p.value):
			line += "; " + p.name + "=" + p.value
		case isFieldValue(p.value) && !strings.ContainsAny(p.value, `"\`):
			line += "; " + p.name + `="` + p.value + `"`
		default:
			return "", fmt.Errorf("endpoint: the link to %s has the %s %q, which cannot be in a header", l.URL, p.name, p.value)
		}
	}
	return line, nil
}

// isLink reports whether a URL can stand in a Link header. It is the program's
// own: "//cdn.example" is as good as any.
func isLink(text string) bool {
	return text != "" && isPrintable(text) && !strings.ContainsAny(text, "<> ,") &&
		(!strings.Contains(text, ":") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "/"))
}
