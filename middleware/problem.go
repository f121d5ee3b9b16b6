package middleware

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is the answer in place of a handler's, as application/problem+json
// (RFC 9457). Its form is that of package endpoint.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// RequestID is the id under which the server logged the cause of a 5xx.
	RequestID string `json:"request_id,omitempty"`
}

// describing are the header fields of the answer that was meant to be sent and
// that would be wrong for the problem in its place.
var describing = []string{
	"Content-Length", "Content-Encoding", "Content-Range", "Content-Disposition",
	"Content-Language", "Content-Location", "Etag", "Last-Modified", "Cache-Control", "Expires",
	"Accept-Ranges", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5", "Trailer",
}

// Shared between answers: nobody writes to them.
var (
	problemJSON = []string{"application/problem+json"}
	noSniff     = []string{"nosniff"}
)

// answer writes a problem. Nothing may have been written to w before.
func answer(w http.ResponseWriter, r *http.Request, status int, detail string) {
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
	if status >= http.StatusInternalServerError {
		p.RequestID = idOf(r)
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic("middleware: bug: " + err.Error()) // strings and an int
	}
	h := w.Header()
	for _, name := range describing {
		delete(h, name)
	}
	h["Content-Type"] = problemJSON
	h["X-Content-Type-Options"] = noSniff
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // there is nobody to tell
	}
}
