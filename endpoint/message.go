package endpoint

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// messageResult is what the results of a WebSocket view become.
type messageResult struct {
	failure func(run *inject.Run) error                      // see result
	encode  func(s *session, run *inject.Run) (reply, error) // nil: nothing is sent
	send    func(s *session, run *inject.Run) error          // of a stream
	stream  bool
	why     string
}

// reply is one message to be sent; of no kind: nothing.
type reply struct {
	kind ws.Kind
	text string // unless there is data
	data []byte
}

// compileMessageResult decides what a view's results are sent as.
func compileMessageResult(fn *inject.Function, codec resolve.Codec) (*messageResult, []string) {
	t := fn.Type()
	out := make([]reflect.Type, t.NumOut())
	for i := range out {
		out[i] = t.Out(i)
	}
	if n := len(out); n > 2 || n == 2 && !slices.ContainsFunc(out, isError) {
		return nil, []string{fmt.Sprintf("the results %s are too many: a WebSocket view returns T, error or (T, error); "+
			"to send several messages return iter.Seq[T], or send them with *ws.WebSocket", resultList(t))}
	}
	split := &result{}
	value, fault := splitError(out, split)
	if fault != "" {
		return nil, []string{fault}
	}
	res := &messageResult{failure: split.failure}
	if value == nil {
		return res, nil
	}
	if fault := res.compileValue(value, codec); fault != "" {
		return nil, []string{fault}
	}
	return res, nil
}

func (res *messageResult) compileValue(t reflect.Type, codec resolve.Codec) string {
	switch {
	case t.Implements(answerType) || t.Implements(handlerType):
		return fmt.Sprintf("%s answers HTTP requests; a WebSocket view returns what is to be sent as a message", t)
	case t.Implements(readerType):
		res.stream, res.why = true, "its result is an io.Reader, which is streamed"
		res.send = func(s *session, run *inject.Run) error { return s.sendReader(run.Result(0).Value(t)) }
		return ""
	}
	if it, ok := itemsOf(t); ok {
		one := &messageResult{}
		if fault := one.compileValue(it.elem, codec); fault != "" {
			return fault
		}
		if one.stream {
			return fmt.Sprintf("%s is a stream of streams; an item is one message", t)
		}
		res.stream, res.why = true, fmt.Sprintf("its result %s is a stream of messages", t)
		res.send = func(s *session, run *inject.Run) error { return s.sendAll(run.Result(0).Value(t), it) }
		return ""
	}
	if t.Implements(errorType) {
		return fmt.Sprintf("%s implements error by value, so that it could never be absent; return error or *%s", t, t)
	}
	res.encode = encoderOf(t, codec)
	if isText(t) || isBytes(t) {
		return ""
	}
	if fault := encodable(t); fault != "" {
		return strings.Replace(fault, accepted, "return a value, iter.Seq[T], iter.Seq2[T, error], <-chan T or io.Reader", 1)
	}
	if l, ok := codec.(limited); ok && !l.Encodes(t) {
		return fmt.Sprintf("the encoding %q has no form for a result of type %s", codec.Name(), t)
	}
	return ""
}

// encoderOf decides how a value of type t becomes a message: of text and of
// encoded values a text frame, of bytes a binary one, of ws.Data what the
// message being handled is. A nil pointer or interface is nothing to send.
func encoderOf(t reflect.Type, codec resolve.Codec) func(s *session, run *inject.Run) (reply, error) {
	f := formOf(t)
	switch {
	case t == reflect.TypeFor[ws.Data]():
		return func(s *session, run *inject.Run) (reply, error) {
			return s.reply(*frame.At[ws.Data](run.Result(0))), nil
		}
	case t == reflect.TypeFor[ws.Message]():
		return func(_ *session, run *inject.Run) (reply, error) {
			m := frame.At[ws.Message](run.Result(0))
			return reply{kind: m.Kind, data: m.Data}, nil
		}
	case t.Kind() == reflect.Interface:
		return func(s *session, run *inject.Run) (reply, error) { return s.encode(run.Result(0).Box(t)) }
	case f.kind == plainText:
		return func(_ *session, run *inject.Run) (reply, error) {
			return reply{kind: ws.KindText, text: *frame.At[string](run.Result(0))}, nil
		}
	case f.kind == plainData:
		return func(_ *session, run *inject.Run) (reply, error) {
			return reply{kind: ws.KindBinary, data: *frame.At[[]byte](run.Result(0))}, nil
		}
	}
	pointer, plain := t.Kind() == reflect.Pointer, resolve.AppendOf(codec, t)
	return func(s *session, run *inject.Run) (reply, error) {
		at := run.Result(0)
		if pointer && at.Deref().IsNil() {
			return reply{}, nil
		}
		if plain != nil {
			if b, ok := plain(s.text[:0], at); ok {
				s.text = b
				return reply{kind: ws.KindText, data: b}, nil
			}
		}
		return s.encodeValue(f.of(at, s.view.codec))
	}
}

// isError reports whether t or, which is reported as a mistake, *t is an error.
func isError(t reflect.Type) bool { return t.Implements(errorType) || nearly(t, errorType) }

// sendAll sends a stream of values, each as a message of its own. It ends with
// the connection.
func (s *session) sendAll(v reflect.Value, it items) error {
	done := s.conn.Done()
	for item, err := range it.all(v, done) {
		if err != nil {
			return err
		}
		if err := s.send(item); err != nil {
			return err
		}
	}
	return nil
}

// sendReader sends what a reader yields as one binary message, in fragments,
// and closes it if it is an io.Closer. A nil one is nothing to send.
func (s *session) sendReader(v reflect.Value) (err error) {
	if isNil(v) {
		return nil
	}
	r := v.Interface().(io.Reader)
	if c, ok := r.(io.Closer); ok {
		defer func() {
			if cerr := c.Close(); err == nil {
				err = cerr
			}
		}()
	}
	return s.conn.SendReader(s.conn.Context(), ws.KindBinary, r)
}

// send sends one value as a message.
func (s *session) send(v any) error {
	out, err := s.encode(v)
	if err != nil {
		return err
	}
	return s.deliver(out)
}

func (s *session) deliver(out reply) error {
	switch {
	case out.kind == 0:
		return nil
	case out.kind == ws.KindText && out.data == nil:
		return s.conn.SendText(out.text)
	}
	return s.conn.Send(out.kind, out.data)
}

// reply is ws.Data as a message.
func (s *session) reply(data ws.Data) reply {
	kind := s.event.Message.Kind
	if s.view.message == nil {
		kind = ws.KindBinary
	}
	return reply{kind: kind, data: data}
}

// encode makes a message of a value whose type is known only now: an item of a
// stream, or what an interface holds. See encoderOf.
func (s *session) encode(v any) (reply, error) {
	switch v := v.(type) {
	case nil:
		return reply{}, nil
	case ws.Data:
		return s.reply(v), nil
	case ws.Message:
		return reply{kind: v.Kind, data: v.Data}, nil
	case string:
		return reply{kind: ws.KindText, text: v}, nil
	case []byte:
		return reply{kind: ws.KindBinary, data: v}, nil
	}
	rv := reflect.ValueOf(v)
	switch t := rv.Type(); {
	case t.Kind() == reflect.Pointer && rv.IsNil():
		return reply{}, nil
	case isText(t):
		return reply{kind: ws.KindText, text: rv.String()}, nil
	case isBytes(t):
		return reply{kind: ws.KindBinary, data: rv.Bytes()}, nil
	}
	return s.encodeValue(v)
}

// maxKeptReply is the size of an encoded reply over which its memory is not kept.
const maxKeptReply = 4 << 10

// encodeValue encodes a value with the view's codec. The reply is valid until
// the next one; sending keeps nothing of it.
func (s *session) encodeValue(v any) (reply, error) {
	s.buf.Reset()
	if err := s.view.codec.Encode(&s.buf, v); err != nil {
		return reply{}, fmt.Errorf("endpoint: message of type %T as %s: %w", v, s.view.codec.Name(), err)
	}
	kind := ws.KindText
	if resolve.IsBinary(s.view.codec) {
		kind = ws.KindBinary
	}
	return reply{kind: kind, data: s.buf.Bytes()}, nil
}
