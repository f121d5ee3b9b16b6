package endpoint

import (
	"net/http"
	"reflect"
)

// AnswerInfo says what a view answers when nothing goes wrong, for documents.
type AnswerInfo struct {
	// Status is the status, unless the result says another. It is 0 for a view
	// whose answer is known to itself only: one that takes http.ResponseWriter
	// or returns an http.Handler.
	Status int
	// MediaTypes are what it can be sent as, the preferred one first; nil if
	// that is known per call only, or there is no body.
	MediaTypes []string
	// Body is the type of the value that is sent, or of the items of a stream;
	// of server-sent events that of their data. It is nil if there is none.
	Body reflect.Type
	// Stream is true for a stream of items, Events if these are an [Event].
	Stream, Events bool
	// Headers are the header fields and cookies of a [Response].
	Headers []HeaderInfo
	// Conditional is true if the answer may be 304 or 412.
	Conditional bool
}

// HeaderInfo is one header field or cookie of a [Response].
type HeaderInfo struct {
	Name   string
	Cookie bool
	Type   reflect.Type // of the field
	// Optional is true if it may be absent, List if it may be there repeatedly.
	Optional, List bool
}

// Answer says what the view answers.
func (v *HTTPView) Answer() AnswerInfo {
	info := v.result.info
	info.MediaTypes = append([]string(nil), info.MediaTypes...)
	info.Headers = append([]HeaderInfo(nil), info.Headers...)
	return info
}

// describe makes the info of a result that was compiled. t is the type of the
// value, nil if there is none.
func (res *result) describe(t reflect.Type, method string) {
	info := &res.info
	info.Conditional = res.etag && res.tags(method)
	switch {
	case res.owner || res.handler:
	case t == nil:
		info.Status = http.StatusNoContent
	case res.items:
		res.describeItems(t)
	case res.reader:
		info.Status, info.MediaTypes = http.StatusOK, octetStream
	case t.Implements(answerType):
		res.describeResponder(reflect.Zero(t).Interface().(responder))
	default:
		info.Status, info.Body, info.MediaTypes = http.StatusOK, t, res.mediaTypes()
	}
}

func (res *result) describeItems(t reflect.Type) {
	info := &res.info
	it, _ := itemsOf(t)
	info.Status, info.Stream, info.Events = http.StatusOK, true, res.onlyEvents
	info.Body, info.MediaTypes = it.elem, []string{ndjson.types[0], events.types[0]}
	if res.onlyEvents {
		info.Body, _ = compileEvents(it.elem)
		info.MediaTypes = events.types
	}
}

func (res *result) describeResponder(zero responder) {
	info := &res.info
	info.Status, info.Body = zero.usual(), zero.body()
	switch zero.(type) {
	case HTML, Template:
		info.MediaTypes = textHTML
	case File, versioned:
		info.Conditional = true
	}
	if info.Body != nil {
		info.MediaTypes = res.mediaTypes()
	}
	if res.head != nil {
		for _, f := range res.head.fields {
			info.Headers = append(info.Headers, f.HeaderInfo)
		}
	}
}

// mediaTypes are those of the values that the result has a form for.
func (res *result) mediaTypes() []string {
	switch {
	case res.form.kind == plainText:
		return textPlain
	case res.form.kind == plainData:
		return octetStream
	}
	var list []string
	for _, o := range res.offers.list {
		list = append(list, o.types[0])
	}
	return list
}
