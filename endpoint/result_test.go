package endpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
)

type item struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// Types that encode themselves, by value and by pointer, in both ways.
type (
	jsonByValue   struct{ s string }
	jsonByPointer struct{ s string }
	textByValue   struct{ s string }
	textByPointer struct{ s string }
	loudString    string
	loudInt       int
	listOfOwn     []int
)

func (v jsonByValue) MarshalJSON() ([]byte, error)    { return json.Marshal("json " + v.s) }
func (v *jsonByPointer) MarshalJSON() ([]byte, error) { return json.Marshal("json " + v.s) }
func (v textByValue) MarshalText() ([]byte, error)    { return []byte("text " + v.s), nil }
func (v *textByPointer) MarshalText() ([]byte, error) { return []byte("text " + v.s), nil }
func (v loudString) MarshalText() ([]byte, error)     { return []byte(strings.ToUpper(string(v))), nil }
func (v *loudInt) MarshalJSON() ([]byte, error)       { return []byte(`"!"`), nil }
func (v listOfOwn) MarshalJSON() ([]byte, error)      { return []byte(`"own"`), nil }

type plainString string
type plainBytes []byte

// myErr is a user's error with a status.
type myErr struct{ text string }

func (e *myErr) Error() string   { return e.text }
func (e *myErr) StatusCode() int { return http.StatusConflict }

// codedError is an interface that is an error.
type codedError interface {
	error
	StatusCode() int
}

func TestResults(t *testing.T) {
	const (
		jsonType  = "application/json"
		textType  = "text/plain; charset=utf-8"
		bytesType = "application/octet-stream"
		problem   = "application/problem+json"
	)
	conflict := `{"type":"about:blank","title":"Conflict","status":409,"detail":"taken"}`
	for _, row := range []struct {
		name   string
		view   any
		status int
		typ    string
		body   string
	}{
		{"nothing", func() {}, 204, "", ""},
		{"no error", func() error { return nil }, 204, "", ""},
		{"struct", func() item { return item{"x", 1} }, 200, jsonType, `{"name":"x","n":1}`},
		{"empty struct", func() struct{} { return struct{}{} }, 200, jsonType, `{}`},
		{"pointer", func() *item { return &item{"x", 1} }, 200, jsonType, `{"name":"x","n":1}`},
		{"nil pointer", func() *item { return nil }, 200, jsonType, `null`},
		{"map", func() map[string]int { return map[string]int{"b": 2, "a": 1} }, 200, jsonType, `{"a":1,"b":2}`},
		{"nil map", func() map[string]int { return nil }, 200, jsonType, `null`},
		{"slice", func() []item { return []item{{"x", 1}} }, 200, jsonType, `[{"name":"x","n":1}]`},
		{"nil slice", func() []item { return nil }, 200, jsonType, `[]`},
		{"nil slice with its own form", func() listOfOwn { return nil }, 200, jsonType, `"own"`},
		{"array", func() [2]int { return [2]int{1, 2} }, 200, jsonType, `[1,2]`},
		{"array of bytes", func() [2]byte { return [2]byte{1, 2} }, 200, jsonType, `[1,2]`},
		{"int", func() int { return -7 }, 200, jsonType, `-7`},
		{"uint8", func() uint8 { return 255 }, 200, jsonType, `255`},
		{"float", func() float64 { return 1.5 }, 200, jsonType, `1.5`},
		{"bool", func() bool { return true }, 200, jsonType, `true`},
		{"interface", func() any { return item{"x", 1} }, 200, jsonType, `{"name":"x","n":1}`},
		{"nil interface", func() any { return nil }, 200, jsonType, `null`},
		{"string in an interface", func() any { return "x" }, 200, jsonType, `"x"`},
		{"fmt.Stringer", func() fmt.Stringer { return netip.MustParseAddr("::1") }, 200, jsonType, `"::1"`},
		{"json.Marshaler", func() json.Marshaler { return jsonByValue{"x"} }, 200, jsonType, `"json x"`},
		{"MarshalJSON on the value", func() jsonByValue { return jsonByValue{"x"} }, 200, jsonType, `"json x"`},
		{"MarshalJSON on the pointer", func() jsonByPointer { return jsonByPointer{"x"} }, 200, jsonType, `"json x"`},
		{"MarshalJSON on the pointer, by pointer", func() *jsonByPointer { return &jsonByPointer{"x"} }, 200, jsonType, `"json x"`},
		{"MarshalText on the value", func() textByValue { return textByValue{"x"} }, 200, jsonType, `"text x"`},
		{"MarshalText on the pointer", func() textByPointer { return textByPointer{"x"} }, 200, jsonType, `"text x"`},
		{"a number with MarshalJSON on the pointer", func() loudInt { return 1 }, 200, jsonType, `"!"`},
		{"a field with MarshalJSON on the pointer", func() struct{ V loudInt } { return struct{ V loudInt }{1} }, 200, jsonType, `{"V":"!"}`},
		{"time.Time", func() time.Time { return time.Unix(0, 0).UTC() }, 200, jsonType, `"1970-01-01T00:00:00Z"`},
		{"string", func() string { return "häh?" }, 200, textType, "häh?"},
		{"empty string", func() string { return "" }, 200, textType, ""},
		{"named string", func() plainString { return "x" }, 200, textType, "x"},
		{"string with MarshalText", func() loudString { return "x" }, 200, jsonType, `"X"`},
		{"bytes", func() []byte { return []byte{0, 1, 0xff} }, 200, bytesType, "\x00\x01\xff"},
		{"named bytes", func() plainBytes { return plainBytes("x") }, 200, bytesType, "x"},
		{"nil bytes", func() []byte { return nil }, 200, bytesType, ""},
		{"json.RawMessage", func() json.RawMessage { return json.RawMessage(`{"a": [1]}`) }, 200, jsonType, `{"a":[1]}`},
		{"nil json.RawMessage", func() json.RawMessage { return nil }, 200, jsonType, `null`},
		{"value and no error", func() (item, error) { return item{"x", 1}, nil }, 200, jsonType, `{"name":"x","n":1}`},
		{"string and no error", func() (string, error) { return "x", nil }, 200, textType, "x"},
		{"error", func() error { return &myErr{"taken"} }, 409, problem, conflict},
		{"value and error", func() (item, error) { return item{"x", 1}, &myErr{"taken"} }, 409, problem, conflict},
		{"typed error", func() *myErr { return &myErr{"taken"} }, 409, problem, conflict},
		{"typed nil error", func() *myErr { return nil }, 204, "", ""},
		{"value and typed error", func() (item, *myErr) { return item{}, &myErr{"taken"} }, 409, problem, conflict},
		{"value and typed nil error", func() (item, *myErr) { return item{"x", 1}, nil }, 200, jsonType, `{"name":"x","n":1}`},
		{"error interface", func() codedError { return &myErr{"taken"} }, 409, problem, conflict},
		{"no error in an interface", func() codedError { return nil }, 204, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(t, row.view).get("/")
			assert.Equal(t, row.status, got.status)
			assert.Equal(t, row.typ, got.contentType())
			assert.Equal(t, row.body, got.body)
		})
	}
}

// Each of these is an error of New, with what to write instead.
func TestRejectedResults(t *testing.T) {
	type hooked struct {
		Name string
		Done func()
	}
	type recursive struct{ Next *recursive }
	for _, row := range []struct {
		name string
		view any
	}{
		{"three results", func() (int, string, error) { return 0, "", nil }},
		{"two values", func() (item, int) { return item{}, 0 }},
		{"error first", func() (error, item) { return nil, item{} }},
		{"func", func() func() int { return nil }},
		{"channel to send on", func() chan<- int { return nil }},
		{"complex", func() complex128 { return 0 }},
		{"pair iterator without error", func() func(func(string, int) bool) { return nil }},
		{"stream of channels", func() <-chan chan<- int { return nil }},
		{"func in a struct", func() []hooked { return nil }},
		{"map with struct keys", func() map[item]int { return nil }},
		{"error by value", func() valueError { return valueError{} }},
		{"value and error by value", func() (item, valueError) { return item{}, valueError{} }},
		{"error that is one by pointer", func() myErr { return myErr{} }},
		{"value and error that is one by pointer", func() (item, myErr) { return item{}, myErr{} }},
		{"reader that is one by pointer", func() readerByPointer { return readerByPointer{} }},
		{"handler that is one by pointer", func() http.ServeMux { return http.ServeMux{} }},
		{"ResponseWriter and a value", func(http.ResponseWriter) (item, error) { return item{}, nil }},
		{"status of a reader", func() endpoint.Status[io.Reader] { return endpoint.Status[io.Reader]{} }},
		{"status of a channel", func() endpoint.Status[<-chan int] { return endpoint.Status[<-chan int]{} }},
		{"created func", func() endpoint.Created[func()] { return endpoint.Created[func()]{} }},
		{"pointer to a responder", func() *endpoint.Redirect { return nil }},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view)) })
	}
	_, err := endpoint.New(func() recursive { return recursive{} })
	assert.NoError(t, err, "a type that contains itself is no endless search")
}

type valueError struct{}

func (valueError) Error() string { return "" }

type readerByPointer struct{}

func (*readerByPointer) Read([]byte) (int, error) { return 0, io.EOF }

// A result that cannot be encoded is found out before anything is sent, and
// before the finishers, which roll back.
func TestEncodingFails(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
	}{
		{"error", func(*journal) failing { return failing{} }},
		{"panic", func(*journal) panicking { return panicking{} }},
		{"not JSON", func(*journal) json.RawMessage { return json.RawMessage(`{"a"`) }},
		{"NaN inside", func(*journal) []any { return []any{func() {}} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			s := serve(t, row.view, noting(t, j))
			got := s.get("/")
			assert.Equal(t, 500, got.status)
			assert.NotContains(t, got.body, "secret")
			lines := j.all()
			if assert.Len(t, lines, 2) {
				assert.NotEqual(t, "finish <nil>", lines[0])
				assert.Equal(t, "release", lines[1])
			}
			assert.Len(t, s.log.records(), 1)
		})
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("secret") }

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("secret") }
