package debugpage

import (
	"net/url"
	"strings"
)

// masked stands in the place of a secret. It says nothing about its length.
const masked = "••••••"

// Mask takes secrets out of what is shown of a request. The zero value knows
// the usual names.
type Mask struct {
	// Names are further ones: of headers, cookies, and fields of queries, forms
	// and JSON objects. Case and the separators - and _ don't count.
	Names []string
}

// telling are parts of names whose values are secrets.
var telling = []string{
	"authorization", "authentication", "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey",
	"session", "credential", "signature", "cookie", "jwt", "csrf", "xsrf", "otp",
}

// secret reports whether a value of that name is masked.
func (m *Mask) secret(name string) bool {
	name = plain(name)
	if name == "auth" || name == "pwd" || name == "pin" || name == "sid" || name == "code" {
		return true
	}
	for _, t := range telling {
		if strings.Contains(name, t) {
			return true
		}
	}
	for _, n := range m.Names {
		if plain(n) == name {
			return true
		}
	}
	return false
}

func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(name))
}

// header is the value of a header field as it may be shown. Of credentials the
// scheme stays, of cookies the names.
func (m *Mask) header(name, value string) string {
	switch name {
	case "Cookie":
		return maskCookies(value)
	case "Authorization", "Proxy-Authorization":
		scheme, _, ok := strings.Cut(value, " ")
		if ok && isWord(scheme) {
			return scheme + " " + masked
		}
		return masked
	case "Referer":
		if u, err := url.Parse(value); err == nil {
			u.User = nil
			u.RawQuery = m.query(u.RawQuery)
			return u.String()
		}
		return masked
	case "Sec-Websocket-Key", "Sec-Websocket-Accept":
		return value // names of no secret
	}
	if m.secret(name) {
		return masked
	}
	return value
}

// isWord is true for the name of a scheme; a token that somebody sent without
// one isn't taken for it.
func isWord(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 20
}

func maskCookies(value string) string {
	var names []string
	for part := range strings.SplitSeq(value, ";") {
		name, _, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			name = "?"
		}
		names = append(names, name+"="+masked)
	}
	return strings.Join(names, "; ")
}

// query masks the values of a query or a form, in the order that they have.
func (m *Mask) query(raw string) string {
	parts := strings.Split(raw, "&")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || ok && m.secret(plain) {
			parts[i] = name + "=" + masked
		}
	}
	return strings.Join(parts, "&")
}

// json masks the values of fields in JSON, of which there may be only the
// beginning: strings, numbers and whatever else follows a name that tells, up to
// the end of it.
func (m *Mask) json(text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			break
		}
		n := stringEnd(text[i:])
		token := text[i : i+n]
		b.WriteString(text[:i+n])
		text = text[i+n:]
		rest := strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(rest, ":") || !m.secret(strings.Trim(token, `"`)) {
			continue
		}
		b.WriteString(`: "` + masked + `"`)
		rest = strings.TrimLeft(rest[1:], " \t\r\n")
		text = rest[valueEnd(rest):]
	}
	return b.String() + text
}

// stringEnd is the length of the JSON string that s begins with.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// valueEnd is the length of the JSON value that s begins with.
func valueEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(s)
}
