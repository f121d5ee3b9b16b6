// Package page cuts lists into pages by their keys: a page begins after the key
// that the one before ended with. Unlike an offset this costs the same for every
// page, and a row that comes or goes meanwhile neither repeats nor hides another.
package page

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/database"
)

// Page is embedded in the params structs of lists: ?limit=50&after=….
type Page struct {
	Limit int     `query:"limit" default:"20" validate:"min=1,max=100"`
	After *Cursor `query:"after"`
}

// Key is where the page begins: all keys of it come after this one, and every
// key comes after "".
func (p Page) Key() string {
	if p.After == nil {
		return ""
	}
	return string(*p.After)
}

// Cursor is a key as clients see it. They are not to make any, so it doesn't
// look like something that could be made.
type Cursor string

// maxCursor is more than any key needs.
const maxCursor = 128

// UnmarshalText reads a cursor.
func (c *Cursor) UnmarshalText(text []byte) error {
	key, err := base64.RawURLEncoding.DecodeString(string(text))
	if err != nil || len(key) == 0 || len(key) > maxCursor || !plain(key) {
		return errors.New("is not a cursor that a list has given out")
	}
	*c = Cursor(key)
	return nil
}

// plain refuses what no key has, and PostgreSQL no text: NUL, invalid UTF-8.
func plain(key []byte) bool {
	for _, b := range key {
		if b < ' ' || b == 0x7f {
			return false
		}
	}
	return utf8.Valid(key)
}

// MarshalText writes a cursor.
func (c Cursor) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString([]byte(c))), nil
}

// List is one page as it is answered.
type List[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the next page; there is none after the last.
	Next *Cursor `json:"next,omitempty"`
}

// Answer is a List with a Link header (RFC 8288) to the next page.
type Answer[T any] = endpoint.Status[List[T]]

// Read runs a query and answers one page of its rows. The query's last argument
// is its LIMIT, which Read adds: it asks for one row more than the page has, to
// know whether another page follows.
func Read[T any](
	ctx context.Context, r database.Reader, u *url.URL, p Page,
	key func(T) string, scan func(*sql.Rows) (T, error), query string, args ...any,
) (Answer[T], error) {
	items, err := database.All(ctx, r, scan, query, append(args, p.Limit+1)...)
	if err != nil {
		return Answer[T]{}, err
	}
	if len(items) <= p.Limit {
		return Answer[T]{Body: List[T]{Items: items}}, nil
	}
	items = items[:p.Limit]
	next := Cursor(key(items[p.Limit-1]))
	return Answer[T]{
		Header: http.Header{"Link": {link(u, next)}},
		Body:   List[T]{Items: items, Next: &next},
	}, nil
}

// link keeps the other parameters of the request, escaped anew.
func link(u *url.URL, next Cursor) string {
	text, _ := next.MarshalText() // it never fails
	q := u.Query()
	q.Set("after", string(text))
	to := url.URL{Path: u.Path, RawQuery: q.Encode()}
	return "<" + to.String() + `>; rel="next"`
}
