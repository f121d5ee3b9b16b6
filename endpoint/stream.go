package endpoint

import (
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"time"

	"github.com/gofogo/fogo/resolve"
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
	types          []string // media types; the first is what is sent
	prefix, suffix string
}

var (
	// ndjson is one JSON value per line.
	ndjson = framing{[]string{"application/x-ndjson", "application/ndjson", "application/jsonl"}, "", "\n"}
	// events are server-sent events (HTML Living Standard section 9.2).
	events = framing{[]string{"text/event-stream"}, "data: ", "\n\n"}
	// errorEvents are how an event stream tells of the error that ends it.
	errorEvents = framing{prefix: "event: error\ndata: ", suffix: "\n\n"}
)

// itemCodec is what items are encoded with: the application's JSON codec if it
// has one, since both framings are made for JSON.
func itemCodec(codecs resolve.Codecs) resolve.Codec {
	if c, ok := codecs.ByName("json"); ok {
		return c
	}
	return resolve.JSON()
}

// stream sends items as they come. Each is flushed, and has a deadline of its
// own.
//
// After the first byte an error of the iterator becomes an event of its own in
// an event stream, see fail. In NDJSON there is no place for that: it aborts
// the connection, so that nobody takes the stream for complete.
func (s *state) stream(v reflect.Value, it items, codec resolve.Codec) error {
	h := s.w.Header()
	h.Set("Content-Type", s.framing.types[0])
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // asks nginx to pass items on as they come
	addVary(h)
	s.events = s.framing == &events
	s.begin()
	if s.headOnly() {
		return nil // a stream is never started for HEAD
	}
	rc := http.NewResponseController(s.w)
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	// The client learns that the stream is open before its first item.
	_ = rc.Flush()
	for item, err := range it.all(v, s.r.Context().Done()) {
		if err == nil {
			err = s.item(rc, codec, item)
		}
		if err != nil {
			return err
		}
	}
	// The client may be why the items ended: then the call did not succeed,
	// which the finishers should know.
	return s.r.Context().Err()
}

// item sends one item.
func (s *state) item(rc *http.ResponseController, codec resolve.Codec, item any) error {
	if err := s.r.Context().Err(); err != nil {
		return err
	}
	s.buf.Reset()
	s.buf.WriteString(s.framing.prefix)
	if err := codec.Encode(&s.buf, item); err != nil {
		return fmt.Errorf("endpoint: item of type %T: %w", item, err)
	}
	s.buf.WriteString(s.framing.suffix)
	return s.chunk(rc, s.buf.Bytes(), true)
}

// errorEvent ends an event stream with what a problem would have said.
func (s *state) errorEvent(err error) {
	_, _, body := s.view.cfg.problemAs(s.r, err, s.RequestID)
	s.buf.Reset()
	s.buf.WriteString(errorEvents.prefix)
	s.buf.Write(body)
	s.buf.WriteString(errorEvents.suffix)
	_ = s.chunk(http.NewResponseController(s.w), s.buf.Bytes(), true)
}
