package endpoint

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/gofogo/fogo/resolve"
)

// offers are the formats in which a result can be sent, in the server's order
// of preference.
type offers struct {
	list []offer
	vary bool  // there is a choice, which the Accept header makes
	none error // the answer to who accepts none of them
}

// offer is one format.
type offer struct {
	codec       resolve.Codec
	types       []string
	contentType []string       // the first of types, as a header's value
	append      resolve.Append // encodes most values, without the codec; nil if it can't
}

// limited is implemented by codecs that cannot encode every type.
type limited interface {
	// Encodes reports whether values of the type can be encoded.
	Encodes(t reflect.Type) bool
}

// offersFor returns the codecs that can encode values of type t.
func offersFor(t reflect.Type, codecs resolve.Codecs) *offers {
	o := &offers{}
	var names []string
	for _, c := range codecs {
		if l, ok := c.(limited); ok && !l.Encodes(t) {
			continue
		}
		types := c.MediaTypes()
		o.list = append(o.list, offer{codec: c, types: types, contentType: types[:1:1], append: resolve.AppendOf(c, t)})
		names = append(names, types[0])
	}
	o.vary = len(o.list) > 1
	o.none = notAcceptable(names)
	return o
}

// notAcceptable is the error for an Accept header that allows none of what
// there is (RFC 9110 section 15.5.7).
func notAcceptable(types []string) error {
	return &Error{
		Status: http.StatusNotAcceptable, Header: http.Header{"Vary": {"Accept"}},
		Detail: "This can be sent as " + strings.Join(types, " or ") + ".",
	}
}

// choose picks a format by the Accept header (RFC 9110 section 12.5.1): the
// highest quality, then the order of the offers. It returns nil if none is
// acceptable. A header without a single valid range is taken as absent.
//
// A header that lists text/html comes from a browser's address bar, which
// prefers XML to everything that is no page. Nobody who looks at an API with a
// browser means that, so there the first offer wins if it is acceptable at
// all.
func (o *offers) choose(accept []string) *offer {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == o.list[0].types[0]) {
		return &o.list[0]
	}
	ranges := parseAccept(accept)
	if len(ranges) == 0 {
		return &o.list[0]
	}
	if ranges.names("text/html") && ranges.best(o.list[0].types) > 0 {
		return &o.list[0]
	}
	var best *offer
	bestQ := 0.0
	for i := range o.list {
		if q := ranges.best(o.list[i].types); q > bestQ {
			best, bestQ = &o.list[i], q
		}
	}
	return best
}

// chooseFraming picks how a stream of items is sent: as events to who asks for
// events by name and doesn't prefer lines, else as NDJSON. It returns nil if
// neither is acceptable.
func chooseFraming(accept []string) *framing {
	ranges := parseAccept(accept)
	if len(ranges) == 0 {
		return &ndjson
	}
	e, n := ranges.best(events.types), ranges.best(ndjson.types)
	switch {
	case e > 0 && (e > n || e == n && ranges.names(events.types[0])):
		return &events
	case n > 0:
		return &ndjson
	}
	return nil
}

// acceptsEvents reports whether a client takes a stream of events.
func acceptsEvents(accept []string) bool {
	ranges := parseAccept(accept)
	return len(ranges) == 0 || ranges.best(events.types) > 0
}
