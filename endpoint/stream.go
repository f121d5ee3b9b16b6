package endpoint

import (
	"iter"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-json"
)

// items is a result type that yields a stream of values.
type items struct {
	elem reflect.Type
	// errs is true for iter.Seq2[T, error].
	errs bool
	// channel is true for <-chan T.
	channel bool
}

// itemsOf recognises iter.Seq[T], iter.Seq2[T, error] and <-chan T, and types
// declared over them.
func itemsOf(t reflect.Type) (items, bool) {
	if t.Kind() == reflect.Chan && t.ChanDir()&reflect.RecvDir != 0 {
		return items{elem: t.Elem(), channel: true}, true
	}
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 {
		return items{}, false
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumOut() != 1 || yield.Out(0).Kind() != reflect.Bool || yield.IsVariadic() {
		return items{}, false
	}
	switch {
	case yield.NumIn() == 1:
		return items{elem: yield.In(0)}, true
	case yield.NumIn() == 2 && yield.In(1) == errorType:
		return items{elem: yield.In(0), errs: true}, true
	}
	return items{}, false
}

// all ranges over the items of v. It ends when done is closed, for a channel
// nobody sends on would hold it for ever.
func (it items) all(v reflect.Value, done <-chan struct{}) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		switch {
		case v.IsNil():
		case it.channel:
			it.receive(v, done, yield)
		case it.errs:
			for item, failure := range v.Seq2() {
				err, _ := failure.Interface().(error)
				if !yield(item.Interface(), err) || err != nil {
					return
				}
			}
		default:
			for item := range v.Seq() {
				if !yield(item.Interface(), nil) {
					return
				}
			}
		}
	}
}

func (it items) receive(v reflect.Value, done <-chan struct{}, yield func(any, error) bool) {
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(done)},
		{Dir: reflect.SelectRecv, Chan: v},
	}
	for {
		chosen, item, ok := reflect.Select(cases)
		if chosen == 0 || !ok || !yield(item.Interface(), nil) {
			return
		}
	}
}

// framing is how items are told apart in a stream.
type framing struct {
	contentType    string
	prefix, suffix string
}

var (
	// ndjson is one JSON value per line.
	ndjson = framing{"application/x-ndjson", "", "\n"}
	// events are server-sent events (HTML Living Standard section 9.2).
	events = framing{"text/event-stream", "data: ", "\n\n"}
)

// stream sends items as they come: as server-sent events to who asks for
// those, else as NDJSON. Each is flushed, and has a deadline of its own.
func (s *state) stream(v reflect.Value, it items) error {
	f := ndjson
	if acceptsEvents(s.r.Header["Accept"]) {
		f = events
	}
	s.w.Header().Set("Cache-Control", "no-store")
	s.w.Header().Add("Vary", "Accept")
	s.begin(http.StatusOK, f.contentType)
	if s.headOnly() {
		return nil // a stream is never started for HEAD
	}
	rc := http.NewResponseController(s.w)
	// The client learns that the stream is open before its first item.
	_ = rc.Flush()
	for item, err := range it.all(v, s.r.Context().Done()) {
		if s.r.Context().Err() != nil {
			return nil
		}
		if err != nil {
			return s.streamError(rc, f, err)
		}
		b, err := json.Marshal(item)
		if err != nil {
			return s.streamError(rc, f, err)
		}
		if err := s.item(rc, f, b); err != nil {
			return s.lost(err)
		}
	}
	_ = rc.SetWriteDeadline(time.Time{})
	return nil
}

func (s *state) item(rc *http.ResponseController, f framing, b []byte) error {
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	s.buf.Reset()
	s.buf.WriteString(f.prefix)
	s.buf.Write(b)
	s.buf.WriteString(f.suffix)
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	return rc.Flush()
}

// streamError tells the reader of an event stream what a problem would have
// said. In NDJSON there is no place for that: the error aborts the connection,
// so that nobody takes the stream for complete.
func (s *state) streamError(rc *http.ResponseController, f framing, err error) error {
	if f == events {
		if b, merr := json.Marshal(problemOf(err)); merr == nil {
			_ = s.item(rc, framing{prefix: "event: error\ndata: ", suffix: "\n\n"}, b)
		}
	}
	return err
}

func acceptsEvents(accept []string) bool {
	for _, line := range accept {
		if strings.Contains(line, "text/event-stream") {
			return quality(parseAccept(accept), "text/event-stream") > 0
		}
	}
	return false
}
