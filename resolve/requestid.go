package resolve

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// maxRequestID is the length up to which a request's own id is taken over.
const maxRequestID = 128

// RequestID is the id under which the call is logged, see [RequestID]. It is
// found or made when something first asks for it. There must be a request.
func (c *Call) RequestID() string {
	if c.id == "" {
		c.id = RequestID(c.Request)
	}
	return c.id
}

// RequestID is the X-Request-Id that a proxy or middleware gave the request, if
// it is a sane one, else a new id.
func RequestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); saneID(id) {
		return id
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// saneID refuses what could be taken for something else in a log: a client may
// have written it.
func saneID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxRequestID
}
