package compress

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// verdict says whether an answer will be compressed.
type verdict uint8

const (
	no verdict = iota
	yes
	later // its size or type isn't known
)

// judge decides from status and header fields.
func (w *writer) judge() verdict {
	h := w.header()
	if w.status == http.StatusNotModified {
		w.notModified(h)
		return no
	}
	if !hasContent(w.status) || fixed(h) {
		return no
	}
	known := w.declared >= 0
	small := known && w.declared < int64(w.c.minSize)
	if _, typed := h["Content-Type"]; !typed {
		// It is guessed from the first bytes, if any come, and if there is no
		// Content-Encoding, as net/http does.
		if small || h.Get("Content-Encoding") != "" {
			return no
		}
		return later
	}
	if !w.eligible() || small {
		return no
	}
	if known {
		return yes
	}
	return later
}

// eligible reports whether the answer is compressed if it is long enough, going by its
// type and by the request. Where only the request forbids it, another client may get it
// compressed: caches learn that from Vary.
func (w *writer) eligible() bool {
	h := w.header()
	t := ""
	if v := h["Content-Type"]; len(v) > 0 {
		t = v[0]
	}
	if !w.c.types.match(t) || !w.c.streams && mediaType(t) == "text/event-stream" {
		return false
	}
	addVary(h)
	return w.accepted && len(w.r.Header["Range"]) == 0
}

func hasContent(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusPartialContent
}

// fixed reports whether the answer says that its bytes must stay.
func fixed(h http.Header) bool {
	if hasToken(h["Cache-Control"], "no-transform") {
		return true
	}
	// Digests are of the content as it is sent (RFC 9530).
	for _, name := range [...]string{"Content-Range", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	v := h["Content-Encoding"]
	return len(v) > 0 && !(len(v) == 1 && (v[0] == "" || strings.EqualFold(v[0], "identity")))
}

// contentLength is -1 if it is not known.
func contentLength(h http.Header) int64 {
	v := h["Content-Length"]
	if len(v) == 0 {
		return -1
	}
	n, err := strconv.ParseInt(v[0], 10, 64)
	if err != nil || n < 0 {
		return -1 // net/http drops it
	}
	return n
}

// Shared between answers: nobody writes to them, and they have no room to grow.
var (
	varyEncoding = []string{"Accept-Encoding"}
	encodingIs   = [encodings][]string{{names[Gzip]}, {names[Zstd]}, {names[Brotli]}}
)

// transform changes header fields for an answer that will be compressed.
func transform(h http.Header, e Encoding) {
	h["Content-Encoding"] = encodingIs[e]
	delete(h, "Content-Length")
	delete(h, "Accept-Ranges") // they would be of other bytes
	// RFC 9110 section 8.8.1: a strong validator changes with the bytes.
	if v := h["Etag"]; len(v) == 1 && !strings.HasPrefix(v[0], "W/") {
		h["Etag"] = []string{"W/" + v[0]}
	}
}

// notModified repairs a 304 to a client that has the weakened tag: the answer
// must have the fields that a 200 would have had (RFC 9110 section 15.4.5), and
// a cache does not find what it stored by a strong one.
func (w *writer) notModified(h http.Header) {
	v := h["Etag"]
	if len(v) != 1 || strings.HasPrefix(v[0], "W/") {
		return
	}
	for _, line := range w.r.Header["If-None-Match"] {
		if strings.Contains(line, "W/"+v[0]) {
			h["Etag"] = []string{"W/" + v[0]}
			addVary(h)
			return
		}
	}
}

func addVary(h http.Header) {
	v := h["Vary"]
	switch {
	case len(v) == 0:
		h["Vary"] = varyEncoding
	case !hasToken(v, "accept-encoding") && !hasToken(v, "*"):
		h["Vary"] = append(slices.Clip(v), varyEncoding[0])
	}
}
