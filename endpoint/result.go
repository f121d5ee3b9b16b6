package endpoint

import (
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/resolve"
)

// result is what a view's results become, decided from their types when the
// view is compiled.
type result struct {
	// form is that of the value, or of the body of a responder.
	form form

	// make turns the value that the handler returned into the answer to be
	// sent; or sends it, if stream is true.
	make func(s *state, run *inject.Run) error
	// plain is true if the result is nothing but a value for the form.
	plain bool
	// failure takes the error out of a result of a type other than error that
	// implements it; nil if there is none.
	failure func(run *inject.Run) error
	// offers are the formats to choose from, nil for an answer that has one.
	offers *offers
	// items is true for a stream of items, which has formats of its own;
	// onlyEvents if it has one only. reader is true for an io.Reader.
	items, onlyEvents, reader bool
	// whole is true if the answer is bytes that are known before it is sent, of
	// which a tag can be made.
	whole bool
	head  *head // the header of a Response
	info  AnswerInfo
	answering
	// stream is true if the answer begins before everything is done.
	stream bool
	why    string // what makes it a stream
	// owner is true if the handler takes the http.ResponseWriter and answers
	// itself.
	owner bool
	// handler is true if the result is a handler, which is given the request.
	handler bool
}

var (
	errorType   = reflect.TypeFor[error]()
	handlerType = reflect.TypeFor[http.Handler]()
	readerType  = reflect.TypeFor[io.Reader]()
	writerType  = reflect.TypeFor[http.ResponseWriter]()
	answerType  = reflect.TypeFor[responder]()
)

// negotiate decides how the result will be sent, before anything is done for
// it.
func (res *result) negotiate(s *state) error {
	switch {
	case res.offers != nil:
		if s.offer = res.offers.choose(s.r.Header["Accept"]); s.offer == nil {
			return res.offers.none
		}
	case res.items:
		return res.chooseFraming(s)
	}
	return nil
}

// chooseFraming decides how items will be told apart.
func (res *result) chooseFraming(s *state) error {
	accept := s.r.Header["Accept"]
	if res.onlyEvents {
		if s.framing = &events; !acceptsEvents(accept) {
			return notAcceptable(events.types)
		}
		return nil
	}
	if s.framing = chooseFraming(accept); s.framing == nil {
		return notAcceptable([]string{ndjson.types[0], events.types[0]})
	}
	return nil
}

// tags reports whether answers to a method, "" for any, get a tag made from
// their bodies: that of another than GET says nothing about what GET will
// answer.
func (res *result) tags(method string) bool {
	return res.whole && (method == http.MethodGet || method == http.MethodHead || method == anyMethod)
}

// compileResult decides how the results of an HTTP view are answered. The
// faults are what is wrong with them, or with the options.
func compileResult(fn *inject.Function, method string, values *resolve.Config, s *inject.Settings) (*result, []string) {
	t := fn.Type()
	out := make([]reflect.Type, t.NumOut())
	for i := range out {
		out[i] = t.Out(i)
	}
	res := &result{owner: takesWriter(fn)}
	var faults []string
	res.answering, faults = answeringOf(s)
	value, fault := splitError(out, res)
	switch {
	case fault != "":
		faults = append(faults, fault)
	case res.owner:
		faults = append(faults, asFaults(res.compileOwner(value))...)
	case value == nil:
		res.make = func(s *state, _ *inject.Run) error { s.out.status = http.StatusNoContent; return nil }
	default:
		faults = append(faults, res.compileValue(value, values)...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	res.describe(value, method)
	return res, nil
}

// asFaults is a list of one fault, or of none if it is "".
func asFaults(fault string) []string {
	if fault == "" {
		return nil
	}
	return []string{fault}
}

// splitError takes the error off the results and returns the value's type, nil
// if there is none.
func splitError(out []reflect.Type, res *result) (reflect.Type, string) {
	n := len(out)
	if n == 0 {
		return nil, ""
	}
	last, isErr := out[n-1], false
	if last.Implements(errorType) && n <= 2 {
		switch last.Kind() {
		case reflect.Interface, reflect.Pointer:
			isErr = true
		default:
			return nil, errorByValue(last)
		}
		if last != errorType {
			res.failure = typedError(n-1, last)
		}
	}
	switch {
	case n == 1 && isErr:
		return nil, ""
	case n == 1 || n == 2 && isErr:
		return out[0], ""
	case n == 2 && nearly(last, errorType):
		return nil, fmt.Sprintf("the last result, %s, is an error only by pointer; return *%s or error", last, last)
	case n == 2 && out[0] == errorType:
		return nil, fmt.Sprintf("the error comes last: return (%s, error)", last)
	case n == 2:
		return nil, fmt.Sprintf("two results must be (T, error), not (%s, %s); for a status beside the value return endpoint.Status[T]", out[0], out[1])
	}
	return nil, fmt.Sprintf("%d results are too many: return (T, error), with endpoint.Status[T] as the T that carries a status and headers", n)
}

func errorByValue(t reflect.Type) string {
	return fmt.Sprintf("%s implements error by value, so that it could never be absent; return error or *%s", t, t)
}

// typedError reads a result of a pointer or interface type that implements
// error. It is no error if it is nil.
func typedError(i int, t reflect.Type) func(*inject.Run) error {
	return func(run *inject.Run) error {
		// The first word of a pointer, and of an interface, is nil with it.
		if at := run.Result(i); !at.Deref().IsNil() {
			return at.Box(t).(error)
		}
		return nil
	}
}

func takesWriter(fn *inject.Function) bool {
	for _, t := range fn.Params() {
		if t == writerType {
			return true
		}
	}
	return false
}

// compileOwner is for a function that takes http.ResponseWriter: it has
// answered itself, with 200 by net/http if it wrote nothing.
func (res *result) compileOwner(value reflect.Type) string {
	if value != nil {
		return fmt.Sprintf("a function that takes http.ResponseWriter owns the response, so it may return an error or nothing, not %s", value)
	}
	res.stream, res.why = true, "it takes http.ResponseWriter, whose first byte cannot be held back"
	res.make = func(*state, *inject.Run) error { return nil }
	return ""
}

// compileValue decides how a value is answered.
func (res *result) compileValue(t reflect.Type, values *resolve.Config) []string {
	switch {
	case t.Implements(answerType):
		return res.compileResponder(t, values)
	case t.Implements(handlerType):
		res.handler, res.stream, res.why = true, true, "its result is an http.Handler, whose first byte cannot be held back"
		res.make = func(s *state, run *inject.Run) error { return s.serveHandler(run.Result(0).Value(t)) }
		return nil
	case t.Implements(readerType):
		res.reader, res.stream, res.why = true, true, "its result is an io.Reader, which is streamed"
		res.make = func(s *state, run *inject.Run) error { return s.sendReader(run.Result(0).Value(t)) }
		return nil
	case t.Implements(errorType):
		return asFaults(errorByValue(t))
	}
	if it, ok := itemsOf(t); ok {
		return asFaults(res.compileItems(t, it, values))
	}
	return asFaults(res.compilePlain(t, values))
}

// compileItems is for streams: of events, or of values.
func (res *result) compileItems(t reflect.Type, it items, values *resolve.Config) string {
	res.items, res.stream, res.why = true, true, fmt.Sprintf("its result %s is a stream of items", t)
	codec := itemCodec(values.Codecs)
	encode := encodePlain(codec)
	data, fault := compileEvents(it.elem)
	switch {
	case fault != "":
		return fault
	case data != nil:
		res.onlyEvents, encode = true, encodeEvent(data, codec)
	default:
		fault = encodable(it.elem)
	}
	res.make = func(s *state, run *inject.Run) error { return s.stream(run.Result(0).Value(t), it, encode) }
	return fault
}

func (res *result) compileResponder(t reflect.Type, values *resolve.Config) []string {
	if fault := notResponder(t); fault != "" {
		return asFaults(fault)
	}
	view, _ := frame.Pointing[responder](t) // the methods are ours and keep nothing
	res.make = func(s *state, run *inject.Run) error { return view(run.Result(0)).respond(s) }
	zero := reflect.Zero(t).Interface().(responder)
	var faults []string
	if h, ok := zero.(headed); ok {
		res.head, faults = compileHead(h.headType())
	}
	_, versioned := zero.(versioned)
	body := zero.body()
	res.whole = !versioned && (body != nil || t == reflect.TypeFor[HTML]() || t == reflect.TypeFor[Template]())
	if body != nil {
		faults = append(faults, asFaults(res.compileBody(t, body, values))...)
	}
	return faults
}

// notResponder is the fault of a type that has the methods of the family and is
// not of it.
func notResponder(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return fmt.Sprintf("%s could be nil and says nothing then; return %s", t, t.Elem())
	case t.PkgPath() != answerType.PkgPath():
		return fmt.Sprintf("%s embeds a result of package endpoint, and its other fields would be lost; "+
			"return endpoint.Response[H, T] for a value with header fields and cookies", t)
	}
	return ""
}

// compileBody decides how the body of a responder is sent.
func (res *result) compileBody(t, body reflect.Type, values *resolve.Config) string {
	if body.Implements(readerType) || body.Implements(handlerType) || body.Implements(answerType) {
		return fmt.Sprintf("the body of %s is no value to be encoded; to stream with a status return an http.Handler", t)
	}
	if _, ok := itemsOf(body); ok {
		return fmt.Sprintf("the body of %s is a stream of items, which is always 200; return %s, or an http.Handler", t, body)
	}
	return res.offer(body, values)
}

// offer finds the formats for values of type t, if those have a choice.
func (res *result) offer(t reflect.Type, values *resolve.Config) string {
	res.form = formOf(t)
	if isText(t) || isBytes(t) {
		return ""
	}
	if fault := encodable(t); fault != "" {
		return fault
	}
	if res.offers = offersFor(t, values.Answers); len(res.offers.list) == 0 {
		return fmt.Sprintf("none of the codecs can encode a result of type %s; configure one that can, such as resolve.JSON()", t)
	}
	return ""
}

// compilePlain is for values that are sent as they are or encoded.
func (res *result) compilePlain(t reflect.Type, values *resolve.Config) string {
	res.plain, res.whole = true, true
	res.make = func(s *state, run *inject.Run) error { return s.value(http.StatusOK, nil, run.Result(0)) }
	return res.offer(t, values)
}
