package debugpage

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Request is what is shown of a request, without its secrets.
type Request struct {
	Method string `json:"method"`
	// Target is the path with the query.
	Target string  `json:"target"`
	Proto  string  `json:"proto"`
	Host   string  `json:"host"`
	Peer   string  `json:"peer"`
	Path   []Value `json:"path_values,omitempty"`
	Query  []Value `json:"query,omitempty"`
	Header []Value `json:"header,omitempty"`
	Body   *Body   `json:"body,omitempty"`
}

// Value is a value with its name.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Body is the beginning of a body, as far as it was read.
type Body struct {
	// Text is "" if it isn't text.
	Text string `json:"text,omitempty"`
	// Read counts the bytes that were read of it.
	Read int64 `json:"read"`
}

// RequestOf describes a request. The values of its pattern's variables are
// vars, head is the beginning of its body, of which that many bytes were read.
func RequestOf(r *http.Request, vars []Value, head []byte, read int64, mask *Mask) Request {
	q := Request{Method: clip(r.Method, 40), Proto: r.Proto, Host: clip(r.Host, maxValue), Peer: clip(r.RemoteAddr, maxValue)}
	path := r.URL.EscapedPath()
	for _, v := range vars {
		if mask.secret(v.Name) && v.Value != "" {
			path = strings.ReplaceAll(strings.ReplaceAll(path, url.PathEscape(v.Value), masked), v.Value, masked)
			v.Value = masked
		}
		q.Path = append(q.Path, v.clipped())
	}
	q.Target = path
	if r.URL.RawQuery != "" {
		q.Target += "?" + mask.query(r.URL.RawQuery)
	}
	q.Target = clip(q.Target, maxValue)
	q.Query = values(r.URL.Query(), func(name, value string) string {
		if mask.secret(name) {
			return masked
		}
		return value
	})
	q.Header = values(r.Header, mask.header)
	if read > 0 {
		q.Body = &Body{Read: read, Text: bodyText(head, read, r.Header.Get("Content-Type"), mask)}
	}
	return q
}

// maxValues is how many values of a kind are shown.
const maxValues = 100

// values lists values by name.
func values(from map[string][]string, show func(name, value string) string) []Value {
	var list []Value
	names := make([]string, 0, len(from))
	for name := range from {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range from[name] {
			if len(list) == maxValues {
				return append(list, Value{"…", "there are more"})
			}
			list = append(list, Value{name, show(name, v)}.clipped())
		}
	}
	return list
}

func (v Value) clipped() Value { return Value{clip(v.Name, 200), clip(v.Value, maxValue)} }

// bodyText is a body as it may be shown, "" if it isn't text. Of multipart forms
// nothing is shown: their secrets aren't found by name.
func bodyText(head []byte, read int64, contentType string, mask *Mask) string {
	media, _, _ := mime.ParseMediaType(contentType)
	// The end of what was kept may be in the middle of a rune.
	for n := 0; n < utf8.UTFMax && int64(len(head)) < read && !utf8.Valid(head); n++ {
		head = head[:len(head)-1]
	}
	if !utf8.Valid(head) || strings.HasPrefix(media, "multipart/") {
		return ""
	}
	text := string(head)
	switch {
	case media == "application/x-www-form-urlencoded":
		text = mask.query(text)
	case media == "application/json" || strings.HasSuffix(media, "+json") || looksLikeJSON(text):
		text = mask.json(text)
	}
	if int64(len(head)) < read {
		text += "\n…"
	}
	return text
}

func looksLikeJSON(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")
}

// request writes a request.
func (p *page) request(q *Request) {
	p.put("<section>\n<h2>Request</h2>\n<p>")
	p.code(q.Method + " " + q.Target + " " + q.Proto)
	p.put("</p>\n<p class=\"soft small\">to ")
	p.code(q.Host)
	p.put(" from ")
	p.code(q.Peer)
	p.put("</p>\n")
	p.values("Path values", q.Path)
	p.values("Query", q.Query)
	p.values("Headers", q.Header)
	p.body(q.Body)
	p.put("</section>\n")
}

func (p *page) values(title string, list []Value) {
	if len(list) == 0 {
		return
	}
	p.in("<h3>", title, "</h3>\n<dl>\n")
	for _, v := range list {
		p.in("<dt>", v.Name, "</dt><dd>")
		if v.Value == "" {
			p.put("<span class=\"soft\">empty</span>")
		} else {
			p.code(v.Value)
		}
		p.put("</dd>\n")
	}
	p.put("</dl>\n")
}

func (p *page) body(b *Body) {
	if b == nil {
		return
	}
	p.put("<h3>Body, as far as it was read</h3>\n")
	if b.Text == "" {
		p.in("<p class=\"soft\">", bytesOf(uint64(b.Read)), " that are not shown: they are no text, or a multipart form.</p>\n")
		return
	}
	p.in("<pre class=\"text\" tabindex=\"0\">", b.Text, "</pre>\n")
}
