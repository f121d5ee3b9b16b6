package endpoint

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/resolve"
)

// Event is an item of a stream of server-sent events (HTML Living Standard
// section 9.2). iter.Seq[Event[T]], iter.Seq2[Event[T], error] and
// <-chan Event[T] are always sent as text/event-stream.
//
// Data of a string type is sent as it is, line by line; every line break in it
// reaches the client as "\n", and what is not UTF-8 as U+FFFD. Data of other
// types is sent as JSON.
//
// An ID or Name with a line break, a NUL or invalid UTF-8 would be read as
// something else, and ends the stream as an error does.
type Event[T any] struct {
	// ID is what a client that was cut off sends as Last-Event-ID when it comes
	// again, see [LastEventID]; "" leaves it as it was.
	ID string
	// Name is the event's type, which listeners are added for; "" is
	// "message". "error" is how a stream that fails ends.
	Name string
	Data T
	// Retry is how long the client waits before it comes again, in
	// milliseconds rounded up; 0 leaves it as it was.
	Retry time.Duration
}

// eventItem is implemented by [Event] alone: what embeds one is refused.
type eventItem interface {
	dataType() reflect.Type
	// text is the data of a string type, value that of others.
	text() string
	value() any
	// fields appends everything but the data.
	fields(b []byte) ([]byte, error)
}

var eventType = reflect.TypeFor[eventItem]()

func (Event[T]) dataType() reflect.Type { return reflect.TypeFor[T]() }
func (e Event[T]) text() string         { return *frame.At[string](frame.RefOf(&e.Data)) }
func (e Event[T]) value() any           { return e.Data }

func (e Event[T]) fields(b []byte) ([]byte, error) {
	for _, f := range [2]struct{ field, text string }{{"id", e.ID}, {"event", e.Name}} {
		if f.text == "" {
			continue
		}
		if strings.ContainsAny(f.text, "\r\n\x00") || !utf8.ValidString(f.text) {
			return nil, fmt.Errorf("endpoint: an event with the %s %q, which has a line break, a NUL or invalid UTF-8", f.field, f.text)
		}
		b = append(append(append(append(b, f.field...), ": "...), f.text...), '\n')
	}
	switch {
	case e.Retry < 0:
		return nil, fmt.Errorf("endpoint: an event that says to retry after %v", e.Retry)
	case e.Retry > 0:
		b = strconv.AppendInt(append(b, "retry: "...), int64((e.Retry-1)/time.Millisecond)+1, 10)
		b = append(b, '\n')
	}
	return b, nil
}

// compileEvents looks for events among the items of a stream. They are true if
// the items are events; the fault says what is wrong with them.
func compileEvents(t reflect.Type) (data reflect.Type, fault string) {
	if !t.Implements(eventType) {
		return nil, ""
	}
	if fault := notEvent(t); fault != "" {
		return nil, fault
	}
	data = reflect.Zero(t).Interface().(eventItem).dataType()
	if data.Implements(eventType) {
		return nil, fmt.Sprintf("the data of %s is an event itself; return a stream of %s", t, data)
	}
	return data, encodable(data)
}

// notEvent is the fault of a type that has an event's methods and is none.
func notEvent(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return fmt.Sprintf("an item of type %s could be nil; make it a stream of %s", t, t.Elem())
	case t.Kind() == reflect.Interface:
		return fmt.Sprintf("an item of type %s does not tell the type of its data; make it a stream of endpoint.Event[T]", t)
	case t.PkgPath() != eventType.PkgPath() || !strings.HasPrefix(t.Name(), "Event["):
		return fmt.Sprintf("%s embeds an endpoint.Event, and its other fields would be lost; put them into the event's data", t)
	}
	return ""
}

// strayEvent is the fault of an event that is no item of a stream over HTTP.
func strayEvent(t reflect.Type) string {
	return fmt.Sprintf("%s is an item of a stream of server-sent events, which answers HTTP requests; return iter.Seq[%s], iter.Seq2[%s, error] or <-chan %s", t, t, t, t)
}

// encoder appends an item to b as it is sent.
type encoder func(s *state, b []byte, item any) ([]byte, error)

// encodeEvent returns the encoder of events whose data is of a type.
func encodeEvent(data reflect.Type, codec resolve.Codec) encoder {
	text := isText(data)
	return func(s *state, b []byte, item any) ([]byte, error) {
		e := item.(eventItem)
		b, err := e.fields(b)
		if err != nil {
			return nil, err
		}
		if text {
			return appendData(b, []byte(strings.ToValidUTF8(e.text(), "\uFFFD"))), nil
		}
		if err := s.encodeItem(codec, e.value()); err != nil {
			return nil, err
		}
		return appendData(b, s.buf.Bytes()), nil
	}
}

// appendData appends the data of an event, a field for each of its lines, and
// the blank line that ends the event. The space behind the colon is not part of
// the value, so that a value may begin with one.
func appendData(b, data []byte) []byte {
	for {
		i := bytes.IndexAny(data, "\r\n")
		if i < 0 {
			break
		}
		b = append(append(append(b, "data: "...), data[:i]...), '\n')
		if data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n' {
			i++
		}
		data = data[i+1:]
	}
	return append(append(append(b, "data: "...), data...), "\n\n"...)
}

// LastEventID is the ID of the last [Event] that a client got before it was cut
// off, "" if it got none: the Last-Event-ID header, which an EventSource sends
// by itself. Take it as a parameter:
//
//	func Feed(last endpoint.LastEventID) iter.Seq[endpoint.Event[Tick]]
//
// It is text of the client, as every header is.
type LastEventID string

// Extract reads the header.
func (id *LastEventID) Extract(h http.Header) error {
	if text := h.Get("Last-Event-Id"); utf8.ValidString(text) {
		*id = LastEventID(text)
	}
	return nil
}
