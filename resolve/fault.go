package resolve

import (
	"net/http"
	"strings"
)

// Fault is one thing wrong with what the client sent.
type Fault struct {
	// Location says where, from the outside in: "path.id", "query.limit",
	// "header.X-Token", "body.items[3].name", "message".
	Location string `json:"location"`
	// Message says what is wrong there, in words for the client.
	Message string `json:"message"`
	// Status is the HTTP status the fault alone would have: 400 for what is
	// missing or malformed, 413, 415, or 422 for what is well-formed but
	// fails validation.
	Status int `json:"-"`

	accept string // the media types that would do, for a body of another
	method string // of the request
}

// Error is the location and the message.
func (f Fault) Error() string { return f.Location + " " + f.Message }

// Faults are all faults found in one request or message. It is the error of a
// call that did not get as far as its handler. Get at it with
//
//	var faults resolve.Faults
//	if errors.As(err, &faults) { … }
type Faults []Fault

// Error joins the faults.
func (fs Faults) Error() string {
	texts := make([]string, len(fs))
	for i, f := range fs {
		texts[i] = f.Error()
	}
	return "resolve: " + strings.Join(texts, "; ")
}

// Header returns the header fields that the answer should have, nil if none: with
// 415 those that say what is accepted. RFC 9110 section 15.5.16: "If the request
// used an unsupported media type, the Accept response header field [ought to] be
// used to indicate which media types would have been accepted". For PATCH RFC
// 5789 has Accept-Patch, and for POST there is Accept-Post. "If the problem was
// caused by an unsupported content coding", it is Accept-Encoding.
func (fs Faults) Header() http.Header {
	for _, f := range fs {
		if f.Location == atContentEncoding && f.Status == http.StatusUnsupportedMediaType {
			return http.Header{"Accept-Encoding": {"identity"}}
		}
		if f.accept == "" {
			continue
		}
		h := http.Header{"Accept": {f.accept}}
		switch f.method {
		case http.MethodPost:
			h["Accept-Post"] = []string{f.accept}
		case http.MethodPatch:
			h["Accept-Patch"] = []string{f.accept}
		}
		return h
	}
	return nil
}

// StatusCode is the status of the whole: what could not be read at all counts
// before what was malformed, and that before what failed validation.
func (fs Faults) StatusCode() int {
	status := http.StatusUnprocessableEntity
	for _, f := range fs {
		switch f.Status {
		case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusRequestTimeout:
			return f.Status
		case http.StatusBadRequest:
			status = f.Status
		}
	}
	return status
}
