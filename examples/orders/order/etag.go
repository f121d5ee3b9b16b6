package order

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/endpoint"
)

// etag is the entity tag of a version (RFC 9110 section 8.8.3).
func etag(version int64) string { return `"v` + strconv.FormatInt(version, 10) + `"` }

// Match is the If-Match of a request (RFC 9110 section 13.1.1): which versions
// the client is willing to change. It extracts itself, and a view that takes one
// cannot be called without: who hasn't seen an order doesn't overwrite it.
type Match struct {
	any  bool
	tags []string
}

// Extract reads the header.
func (m *Match) Extract(h http.Header) (err error) {
	m.any, m.tags, err = parseTags(h.Values("If-Match"))
	if err == nil && !m.any && len(m.tags) == 0 {
		err = endpoint.NewError(http.StatusPreconditionRequired, "Say with If-Match which version you have seen; it is the ETag of the order.")
	}
	return err
}

// check compares strongly: a weak tag says that something like it was seen.
func (m Match) check(version int64) error {
	if m.any {
		return nil
	}
	for _, t := range m.tags {
		if t == etag(version) {
			return nil
		}
	}
	return errChanged(version)
}

// errChanged tells the version that there is, 0 if it isn't known.
func errChanged(version int64) error {
	e := endpoint.NewError(http.StatusPreconditionFailed, "The order was changed meanwhile.")
	if version != 0 {
		e.Header = http.Header{"Etag": {etag(version)}}
	}
	return e
}

// NoneMatch is the If-None-Match of a request (RFC 9110 section 13.1.2): which
// version the client has already.
type NoneMatch struct{ Match }

// Extract reads the header, which may be missing.
func (m *NoneMatch) Extract(h http.Header) (err error) {
	m.any, m.tags, err = parseTags(h.Values("If-None-Match"))
	return err
}

// has compares weakly.
func (m NoneMatch) has(version int64) bool {
	for _, t := range m.tags {
		if strings.TrimPrefix(t, "W/") == etag(version) {
			return true
		}
	}
	return m.any
}

const maxTags = 20

// parseTags reads a list of entity tags. Ours have no commas in them, and what
// does is nobody's.
func parseTags(lines []string) (star bool, tags []string, err error) {
	for _, t := range strings.Split(strings.Join(lines, ","), ",") {
		switch t = strings.TrimSpace(t); {
		case t == "":
		case t == "*":
			star = true
		case len(tags) < maxTags && len(t) < 64 && quoted(strings.TrimPrefix(t, "W/")):
			tags = append(tags, t)
		default:
			return false, nil, endpoint.NewError(http.StatusBadRequest, fmt.Sprintf("%.64q is no entity tag.", t))
		}
	}
	return star, tags, nil
}

func quoted(s string) bool {
	return len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' && !strings.Contains(s[1:len(s)-1], `"`)
}
