package middleware

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
)

// requestIDHeader is the canonical name of the header field.
const requestIDHeader = "X-Request-Id"

// maxRequestID is the length up to which a request's own id is taken over.
const maxRequestID = 128

// RequestIDOptions are for [RequestID]. The zero value generates every id.
type RequestIDOptions struct {
	// Trusted are the networks whose hosts may choose ids: those of the proxies
	// directly in front of the server. What counts is the address of the
	// connection, see [Peer].
	Trusted []netip.Prefix
	// TrustAll takes ids over from everybody.
	TrustAll bool
	// Generate makes an id; by default it is 96 random bits in hexadecimal. It
	// must be safe for concurrent use, and its ids must be printable ASCII
	// without spaces, up to 128 bytes: others are not logged.
	Generate func() string
}

// RequestID gives every request an id. It takes over the X-Request-Id of a
// trusted sender if that is printable ASCII without spaces and at most 128 bytes
// long, and makes one in every other case, so that nobody outside can write
// into the log or confuse two requests. Of several lines the last counts: some
// proxies add theirs behind that of the client.
//
// The id is set as X-Request-Id on the request, where Fogo, proxies and
// [AccessLog] look for it, and on the answer; [RequestIDOf] reads it from a
// context.
func RequestID(opts RequestIDOptions) func(http.Handler) http.Handler {
	trusted := networks(opts.Trusted)
	generate := opts.Generate
	if generate == nil {
		generate = randomID
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := ""
			if opts.TrustAll || len(trusted) > 0 && trusted.sent(r) {
				id = lastID(r)
			}
			if id == "" {
				id = generate()
			}
			ctx := &identified{Context: r.Context(), id: id, fields: [2]string{id, id}}
			// One array, two slices that cannot grow into each other.
			r.Header[requestIDHeader] = ctx.fields[0:1:1]
			w.Header()[requestIDHeader] = ctx.fields[1:2:2]
			serveCopy(next, w, r, r.WithContext(ctx))
		})
	}
}

// RequestIDOf is the id that [RequestID] gave the request of a context, "" if
// there is none.
func RequestIDOf(ctx context.Context) string {
	if c, ok := ctx.Value(identifiedKey{}).(*identified); ok {
		return c.id
	}
	return ""
}

type identifiedKey struct{}

// identified is the context of a request with an id. It has room for the values
// of the two header fields, so that one allocation holds all.
type identified struct {
	context.Context
	id     string
	fields [2]string
}

// Value implements context.Context.
func (c *identified) Value(key any) any {
	if key == (identifiedKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// idOf is the X-Request-Id of a request if it is a sane one, else "".
func idOf(r *http.Request) string {
	if v := r.Header[requestIDHeader]; len(v) > 0 && saneID(v[0]) {
		return v[0]
	}
	return ""
}

// lastID is the id in the last line, which the sender of the request wrote.
func lastID(r *http.Request) string {
	if v := r.Header[requestIDHeader]; len(v) > 0 && saneID(v[len(v)-1]) {
		return v[len(v)-1]
	}
	return ""
}

// saneID refuses what could be taken for something else in a log. It is the
// rule of Fogo's package resolve.
func saneID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxRequestID
}

func randomID() string {
	var raw [12]byte
	_, _ = rand.Read(raw[:]) // never fails
	var text [2 * len(raw)]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
