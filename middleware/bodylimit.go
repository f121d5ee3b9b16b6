package middleware

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// BodyLimit limits the bodies of requests to n bytes. One that says its length
// and is longer is answered with 413, as a problem object, before anything is
// read of it. Others fail while they are read, with an *http.MaxBytesError,
// and the server closes the connection: Fogo answers that with 413, and if
// another handler returns without having answered, BodyLimit does.
//
// A body of unknown length passes up to n bytes, so a handler that acts on what
// it has read so far acts on a part. Requests without a body, WebSocket
// handshakes among them, cost nothing.
func BodyLimit(n int64) func(http.Handler) http.Handler {
	n = max(n, 0)
	detail := "The body is larger than " + strconv.FormatInt(n, 10) + " bytes."
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body == nil || r.Body == http.NoBody {
				next.ServeHTTP(w, r)
				return
			}
			if r.ContentLength > n {
				answer(w, r, http.StatusRequestEntityTooLarge, detail)
				return
			}
			own := watch(w)
			body := &limitedBody{limit: n}
			// The server's own writer is what can close the connection.
			body.ReadCloser = http.MaxBytesReader(innermost(w), r.Body, n)
			c := new(http.Request)
			*c = *r
			c.Body = body
			serveCopy(next, own, r, c)
			if body.exceeded.Load() && !own.watched().began() {
				answer(own, r, http.StatusRequestEntityTooLarge, detail)
			}
		})
	}
}

// limitedBody remembers whether the limit was hit.
type limitedBody struct {
	io.ReadCloser
	limit    int64
	exceeded atomic.Bool // a handler may read elsewhere
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	// Another limit may be hit outside, which has its own answer.
	if e, ok := err.(*http.MaxBytesError); ok && e.Limit == b.limit {
		b.exceeded.Store(true)
	}
	return n, err
}
