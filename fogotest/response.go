package fogotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
)

// Response is the answer to a request. Its Expect methods report what is
// different and go on, and return the response, so that they can be chained:
//
//	c.Get("/users/1").ExpectStatus(200).ExpectJSON(User{ID: 1, Name: "Ada"})
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Flushed is true if the handler flushed what it had written, as streams
	// do.
	Flushed bool
	// Aborted is true if the handler ended with http.ErrAbortHandler: a server
	// would have cut the connection.
	Aborted bool

	t       testing.TB
	request string
}

// ExpectStatus checks the status.
func (r *Response) ExpectStatus(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Errorf("%s: the status is %d, not %d; the body is:\n%s", r.request, r.Status, status, r.Body)
	}
	return r
}

// ExpectBody checks the whole body.
func (r *Response) ExpectBody(body string) *Response {
	r.t.Helper()
	if string(r.Body) != body {
		r.t.Errorf("%s: the body is\n%s\nnot\n%s", r.request, r.Body, body)
	}
	return r
}

// ExpectHeader checks the first value of a header field; "" means that there
// is none.
func (r *Response) ExpectHeader(name, value string) *Response {
	r.t.Helper()
	if got := r.Header.Get(name); got != value {
		r.t.Errorf("%s: the header %s is %q, not %q", r.request, name, got, value)
	}
	return r
}

// ExpectJSON checks that the body is JSON of the same value as v in JSON, apart
// from white space and the order of members.
func (r *Response) ExpectJSON(v any) *Response {
	r.t.Helper()
	if diff := diffJSON(r.Body, v); diff != "" {
		r.t.Errorf("%s: %s", r.request, diff)
	}
	return r
}

// JSON decodes the body into what v points to. It ends the test if that fails.
func (r *Response) JSON(v any) *Response {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Fatalf("%s: the body does not fit %T: %v\n%s", r.request, v, err, r.Body)
	}
	return r
}

// Problem decodes the body as a problem object (RFC 9457). It ends the test if
// the body is none.
func (r *Response) Problem() endpoint.Problem {
	r.t.Helper()
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		r.t.Fatalf("%s: status %d with content type %q is no problem object:\n%s", r.request, r.Status, ct, r.Body)
	}
	var p endpoint.Problem
	r.JSON(&p)
	return p
}

// diffJSON says how data, which should be JSON, differs from v, or "".
func diffJSON(data []byte, v any) string {
	want, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("the expected value has no JSON: %v", err)
	}
	a, err := decodeJSON(data)
	if err != nil {
		return fmt.Sprintf("expected JSON, but %v:\n%s", err, data)
	}
	b, err := decodeJSON(want)
	if err != nil {
		return fmt.Sprintf("the expected value has JSON that is none: %v", err)
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("the JSON is\n%s\nnot\n%s", indent(a), indent(b))
}

// decodeJSON keeps numbers as they are written: 1 and 1.0 differ, and big ones
// lose nothing.
func decodeJSON(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("there is more after the first value")
	}
	return v, nil
}

// indent prints JSON for people; members are sorted by name.
func indent(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
