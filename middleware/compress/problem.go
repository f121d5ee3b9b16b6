package compress

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is an application/problem+json (RFC 9457), of the form that Fogo's
// own errors have.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// describing are the header fields of the answer that was meant to be sent and
// that would be wrong for the problem in its place.
var describing = []string{
	"Content-Length", "Content-Encoding", "Content-Range", "Content-Disposition",
	"Content-Language", "Content-Location", "Etag", "Last-Modified", "Cache-Control", "Expires",
	"Accept-Ranges", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5", "Trailer",
}

// answer writes a problem. Nothing may have been written to w before.
func answer(w http.ResponseWriter, r *http.Request, status int, detail string) {
	body, err := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil {
		panic("compress: bug: " + err.Error()) // strings and an int
	}
	h := w.Header()
	for _, name := range describing {
		delete(h, name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // there is nobody to tell
	}
}
