// The query of a request is mostly read by a few names, for which a map of
// everything in it is more than is needed: a name is looked up by scanning the
// text. What a name then has is what url.ParseQuery gives it.
//
// The surprise is how little is scanned for: a query with an error, or with
// many parameters, is parsed into the map after all. So the scan has no errors,
// and the time that it takes for each name is bounded.

package resolve

import (
	"net/url"
	"strings"
)

// maxScanned is the number of parameters up to which a query is scanned.
const maxScanned = 24

// query is the state of a request's query: parsed once, or scanned.
type query struct {
	parsed  url.Values // nil until somebody needs it
	raw     string     // the text, if it can be scanned
	scanned bool       // raw can be scanned
	escaped bool       // raw has something to unescape
}

// queryValues parses the query once. What cannot be parsed is a fault of its
// own, reported once.
func (c *Call) queryValues() url.Values {
	if c.query.parsed == nil {
		raw := c.query.raw
		if !c.query.scanned {
			raw = c.Request.URL.RawQuery
		}
		q, err := url.ParseQuery(raw)
		if err != nil {
			c.malformed("query", "is not a valid query string")
		}
		c.query.parsed = q
	}
	return c.query.parsed
}

// queryValue returns the first value of a name.
func (c *Call) queryValue(name string) (string, bool) {
	if !c.scansQuery() {
		texts := c.query.parsed[name]
		if len(texts) == 0 {
			return "", false
		}
		return texts[0], true
	}
	value, _, ok := c.query.next(c.query.raw, name)
	return value, ok
}

// queryList returns all values of a name in their order. They are good until
// the next list.
func (c *Call) queryList(name string) []string {
	if !c.scansQuery() {
		return c.query.parsed[name]
	}
	clear(c.texts)
	c.texts = c.texts[:0]
	for rest := c.query.raw; ; {
		value, after, ok := c.query.next(rest, name)
		if !ok {
			return c.texts
		}
		c.texts, rest = append(c.texts, value), after
	}
}

// scansQuery reports whether the query can be scanned. If not it is parsed.
func (c *Call) scansQuery() bool {
	q := &c.query
	if q.parsed != nil {
		return false
	}
	if !q.scanned {
		q.raw = c.Request.URL.RawQuery
		q.scanned, q.escaped = scannable(q.raw)
	}
	if !q.scanned {
		c.queryValues()
	}
	return q.scanned
}

// scannable reports whether a query has no error and few parameters, and
// whether there is something to unescape.
func scannable(raw string) (ok, escaped bool) {
	params := 1
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '&':
			if params++; params > maxScanned {
				return false, false
			}
		case ';':
			return false, false
		case '+':
			escaped = true
		case '%':
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return false, false
			}
			escaped = true
		}
	}
	return true, escaped
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// next returns the value of the first parameter of that name in the text, and
// the text behind it.
func (q *query) next(text, name string) (value, rest string, ok bool) {
	for text != "" {
		var param string
		param, text = text, ""
		if i := strings.IndexByte(param, '&'); i >= 0 {
			param, text = param[:i], param[i+1:]
		}
		if param == "" {
			continue // "&&" is not a parameter without name and value
		}
		if !q.escaped && !strings.HasPrefix(param, name) {
			continue
		}
		key, value, _ := strings.Cut(param, "=")
		if q.escaped {
			key = unescapeQuery(key)
		}
		if key == name {
			return unescapeQuery(value), text, true
		}
	}
	return "", "", false
}

// unescapeQuery unescapes a part of a query that can be scanned, which has no
// bad escapes. It allocates only if there is something to unescape.
func unescapeQuery(s string) string {
	u, _ := url.QueryUnescape(s)
	return u
}
