package endpoint

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
)

// result is what a view's results become, decided from their types when the
// view is compiled.
type result struct {
	// write answers the request.
	write func(s *state, run *inject.Run) error
	// failure takes the error out of a result of a pointer type that
	// implements error; nil if there is none.
	failure func(run *inject.Run) error
	// stream is true if the answer begins before everything is done.
	stream bool
	why    string // what makes it a stream
}

var (
	errorType   = reflect.TypeFor[error]()
	handlerType = reflect.TypeFor[http.Handler]()
	readerType  = reflect.TypeFor[io.Reader]()
	writerType  = reflect.TypeFor[http.ResponseWriter]()
	answerType  = reflect.TypeFor[responder]()
)

// compileResult decides how the results of an HTTP view are answered. The
// faults are what is wrong with them.
func compileResult(fn *inject.Function, values *resolve.Config) (*result, []string) {
	t := fn.Type()
	out := make([]reflect.Type, t.NumOut())
	for i := range out {
		out[i] = t.Out(i)
	}
	if takesWriter(fn) {
		return ownResult(out)
	}
	res := &result{}
	value, fault := splitError(out, res)
	if fault != "" {
		return nil, []string{fault}
	}
	if value == nil {
		res.write = func(s *state, _ *inject.Run) error { s.noContent(); return nil }
		return res, nil
	}
	if fault := res.compileValue(value, values); fault != "" {
		return nil, []string{fault}
	}
	return res, nil
}

// splitError takes the error off the results and returns the value's type, nil
// if there is none.
func splitError(out []reflect.Type, res *result) (reflect.Type, string) {
	n := len(out)
	if n == 0 {
		return nil, ""
	}
	last, isErr := out[n-1], false
	switch {
	case last == errorType:
		isErr = true
	case last.Implements(errorType) && last.Kind() == reflect.Pointer:
		isErr = true
		res.failure = pointerError(n-1, last)
	case last.Implements(errorType) && n > 1:
		return nil, fmt.Sprintf("the last result, %s, implements error by value, so that it could never be absent; return error or *%s", last, last)
	}
	switch {
	case n == 1 && isErr:
		return nil, ""
	case n == 1:
		return out[0], ""
	case n == 2 && isErr:
		return out[0], ""
	case n == 2:
		return nil, fmt.Sprintf("two results must be (T, error), not (%s, %s); for a status beside the value return endpoint.Status[T]", out[0], out[1])
	}
	return nil, fmt.Sprintf("%d results are too many: return (T, error), with endpoint.Status[T] as the T that carries a status and headers", n)
}

// pointerError reads a result of type *E, which is no error if it is nil.
func pointerError(i int, t reflect.Type) func(*inject.Run) error {
	return func(run *inject.Run) error {
		if run.Result(i).Deref().IsNil() {
			return nil
		}
		return run.Result(i).Box(t).(error)
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

// ownResult is that of a function that takes http.ResponseWriter: it has
// answered itself.
func ownResult(out []reflect.Type) (*result, []string) {
	res := &result{stream: true, why: "it takes http.ResponseWriter, whose first byte cannot be held back"}
	value, fault := splitError(out, res)
	if fault == "" && value != nil {
		fault = fmt.Sprintf("a function that takes http.ResponseWriter owns the response, so it may return an error or nothing, not %s", value)
	}
	if fault != "" {
		return nil, []string{fault}
	}
	res.write = func(*state, *inject.Run) error { return nil } // 200 by net/http if nothing was written
	return res, nil
}

// compileValue decides how a value is answered.
func (res *result) compileValue(t reflect.Type, values *resolve.Config) string {
	switch {
	case t.Implements(answerType):
		res.write = func(s *state, run *inject.Run) error { return run.Result(0).Box(t).(responder).respond(s) }
		return checkResponder(t)
	case t.Implements(handlerType):
		res.stream, res.why = true, "its result is an http.Handler, whose first byte cannot be held back"
		res.write = func(s *state, run *inject.Run) error { return s.serveHandler(run.Result(0).Box(t).(http.Handler)) }
		return ""
	case t.Implements(readerType):
		res.stream, res.why = true, "its result is an io.Reader, which is streamed"
		res.write = func(s *state, run *inject.Run) error { return s.copyReader(run.Result(0).Box(t).(io.Reader)) }
		return ""
	}
	if items, ok := itemsOf(t); ok {
		res.stream, res.why = true, fmt.Sprintf("its result %s is a stream of items", t)
		res.write = func(s *state, run *inject.Run) error { return s.stream(run.Result(0).Value(t), items) }
		return encodable(items.elem)
	}
	switch {
	case t.Implements(errorType):
		return fmt.Sprintf("%s implements error by value, so that it could never be absent; return error or *%s", t, t)
	case isText(t):
		res.write = func(s *state, run *inject.Run) error { return s.text(run.Result(0).Box(t)) }
		return ""
	case isBytes(t):
		res.write = func(s *state, run *inject.Run) error { return s.bytes(run.Result(0).Value(t).Bytes()) }
		return ""
	}
	res.write = func(s *state, run *inject.Run) error {
		return s.encode(http.StatusOK, nil, boxed(run, t))
	}
	return encodable(t)
}

// boxed is the value to encode; a nil slice is an empty list, not null.
func boxed(run *inject.Run, t reflect.Type) any {
	if t.Kind() == reflect.Slice && !marshals(t) {
		if v := run.Result(0).Value(t); v.IsNil() {
			return reflect.MakeSlice(t, 0, 0).Interface()
		}
	}
	return run.Result(0).Box(t)
}

// isText reports whether values of t are sent as text/plain.
func isText(t reflect.Type) bool { return t.Kind() == reflect.String && !marshals(t) }

// isBytes reports whether values of t are sent as application/octet-stream.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t)
}

// marshals reports whether the type encodes itself.
func marshals(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// encodable is the fault of a type that no codec can encode, "" for others.
func encodable(t reflect.Type) string {
	if marshals(t) || marshals(reflect.PointerTo(t)) {
		return ""
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128, reflect.Invalid:
		return fmt.Sprintf("a result of type %s cannot be encoded; return a value, iter.Seq[T], iter.Seq2[T, error], <-chan T, io.Reader or http.Handler", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return encodable(t.Elem())
	}
	return ""
}
