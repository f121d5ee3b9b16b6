package endpoint

import (
	"bytes"
	"fmt"
	"iter"
	"log/slog"
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
	types []string // media types; the first is what is sent
	// frame appends an encoded item.
	frame func(b, item []byte) []byte
	// beat is what a silent stream sends now and then.
	beat []byte
}

var (
	// ndjson is one JSON value per line. A blank before a value belongs to its
	// JSON (RFC 8259 section 2).
	ndjson = framing{[]string{"application/x-ndjson", "application/ndjson", "application/jsonl"}, appendLine, []byte(" ")}
	// events are server-sent events (HTML Living Standard section 9.2). A line
	// that begins with a colon is a comment.
	events = framing{[]string{"text/event-stream"}, appendData, []byte(":\n\n")}
)

// appendLine appends JSON as one line. JSON has line breaks between its tokens
// only, where a blank means the same.
func appendLine(b, item []byte) []byte {
	start := len(b)
	b = append(b, item...)
	for i := start; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return append(b, '\n')
}

// itemCodec is what items are encoded with: the application's JSON codec if it
// has one, since both framings are made for JSON.
func itemCodec(codecs resolve.Codecs) resolve.Codec {
	if c, ok := codecs.ByName("json"); ok {
		return c
	}
	return resolve.JSON()
}

// encodePlain returns the encoder of items that are values, as the client wants
// them framed.
func encodePlain(codec resolve.Codec) encoder {
	return func(s *state, b []byte, item any) ([]byte, error) {
		if err := s.encodeItem(codec, item); err != nil {
			return nil, err
		}
		return s.framing.frame(b, s.buf.Bytes()), nil
	}
}

// encodeItem leaves an item in the buffer, without a line break behind it.
func (s *state) encodeItem(codec resolve.Codec, item any) error {
	s.buf.Reset()
	if err := codec.Encode(&s.buf, item); err != nil {
		return fmt.Errorf("endpoint: item of type %T: %w", item, err)
	}
	s.buf.Truncate(len(bytes.TrimRight(s.buf.Bytes(), "\r\n")))
	return nil
}

// stream sends items as they come, see flow.
//
// After the first byte an error of the iterator becomes an event of its own in
// an event stream, see fail. In NDJSON there is no place for that: it aborts
// the connection, so that nobody takes the stream for complete.
func (s *state) stream(v reflect.Value, it items, encode encoder) (err error) {
	res := s.view.result
	h := s.w.Header()
	h.Set("Content-Type", s.framing.types[0])
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no") // asks nginx to pass items on as they come
	delete(h, "Content-Length")
	if !res.onlyEvents {
		addVary(h)
	}
	s.events = s.framing == &events
	s.begin()
	if s.headOnly() {
		return nil // a stream is never started for HEAD
	}
	f := s.flow()
	f.start()
	defer func() {
		// Whatever ended the items, those before it are sent.
		if failed := f.end(); err == nil || isPanic(failed) {
			err = failed
		}
		if f.held {
			s.tellHeld()
		}
	}()
	for item, failure := range it.all(v, f.done) {
		if failure != nil {
			return failure
		}
		if s.text, err = encode(s, s.text[:0], item); err == nil {
			err = f.put(s.text)
		}
		if err != nil {
			return err
		}
		s.trim()
	}
	// The client may be why the items ended: then the call did not succeed,
	// which the finishers should know.
	return s.r.Context().Err()
}

// tellHeld says in the log, once for each view, that items don't arrive when they
// are sent, which nobody would find out otherwise.
func (s *state) tellHeld() {
	s.view.held.Do(func() {
		w := s.w
		for {
			u, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				break
			}
			w = u.Unwrap()
		}
		s.view.cfg.Logger.Warn("the items of a stream are held back: a middleware's http.ResponseWriter cannot flush and has no Unwrap() http.ResponseWriter, as http.ResponseController asks",
			slog.String("route", s.view.label), slog.String("type", fmt.Sprintf("%T", w)))
	})
}

// flow makes the flow of a stream of items.
func (s *state) flow() *flow {
	res := s.view.result
	f := &flow{
		w: s.w, ctx: s.r.Context(), timeout: res.timeout, http2: s.r.ProtoMajor >= 2,
		maxBytes: maxPending, beat: s.framing.beat,
	}
	switch {
	case res.heartbeat >= 0:
		f.every = res.heartbeat
	case s.events:
		f.every = defaultHeartbeat
	}
	return f
}

// errorEvent ends an event stream with what a problem would have said.
func (s *state) errorEvent(err error) {
	p := s.view.cfg.problemOf(&failure{r: s.r, err: err, id: s.RequestID})
	rc := http.NewResponseController(s.w)
	_ = s.chunk(rc, appendData([]byte("event: error\n"), p.json()), true)
	_ = rc.SetWriteDeadline(time.Time{})
}
