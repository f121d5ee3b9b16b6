package resolve_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type signup struct {
	Name  string   `json:"name" xml:"name" form:"name"`
	Age   int      `json:"age" xml:"age"`
	Tags  []string `json:"tags" xml:"tag"`
	Terms *bool    `json:"terms" xml:"terms"`
}

const urlencoded = "application/x-www-form-urlencoded"

func multipartForm(t *testing.T, fields ...string) func(*http.Request) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, w.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, w.Close())
	return body(w.FormDataContentType(), b.String())
}

// One Body[T] is read in whatever format the client sends.
func TestBodyInEveryFormat(t *testing.T) {
	yes := true
	want := signup{Name: "Ann", Age: 30, Tags: []string{"a", "b"}, Terms: &yes}
	var got signup
	r := site{pattern: "POST /", handler: func(b resolve.Body[signup]) { got = b.Value }}.serves(t)
	for name, sent := range map[string]func(*http.Request){
		"JSON":        jsonBody(`{"name":"Ann","age":30,"tags":["a","b"],"terms":true}`),
		"untyped":     body("", `{"name":"Ann","age":30,"tags":["a","b"],"terms":true}`),
		"XML":         body("text/xml; charset=utf-8", `<x><name>Ann</name><age>30</age><tag>a</tag><tag>b</tag><terms>true</terms></x>`),
		"suffix":      body("application/vnd.x+json", `{"name":"Ann","age":30,"tags":["a","b"],"terms":true}`),
		"form":        body(urlencoded, "name=Ann&age=30&tags=a&tags=b&terms=true"),
		"multipart":   multipartForm(t, "name", "Ann", "age", "30", "tags", "a", "tags", "b", "terms", "true"),
		"and another": jsonBody(`{"name":"Ann","age":30,"tags":["a","b"],"terms":true,"unknown":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			got = signup{}
			r.ok("/", sent)
			assert.Equal(t, want, got)
		})
	}
	r.ok("/", body(urlencoded, "name=Bob"))
	assert.Equal(t, signup{Name: "Bob"}, got, "as in the other formats, what is absent is left zero")
}

func TestBodyFaults(t *testing.T) {
	r := site{pattern: "POST /", cfg: resolve.Config{MaxBody: 100},
		handler: func(resolve.Body[signup]) { t.Error("called") }}.serves(t)
	for _, tt := range []struct {
		name   string
		sent   func(*http.Request)
		status int
		fault  string
	}{
		{"none", func(*http.Request) {}, 400, "body is required"},
		{"empty", jsonBody(""), 400, "body is required"},
		{"not JSON", jsonBody("{"), 400, "body is not valid JSON: unexpected end of JSON input"},
		{"not UTF-8", jsonBody("{\"name\":\"\xff\"}"), 400, "body is not valid UTF-8"},
		{"wrong type", jsonBody(`{"tags":["a",1]}`), 400, "body.tags[1] is a JSON number, which is not a string"},
		{"not XML", body("application/xml", "<x>"), 400, "body is not valid XML: XML syntax error on line 1: unexpected EOF"},
		{"number in a form", body(urlencoded, "age=x"), 400, `form.age "x" is not an integer`},
		{"not a form", body(urlencoded, "age=%"), 400, "form is not a valid urlencoded form"},
		{"too large", jsonBody(`{"name":"` + string(make([]byte, 200)) + `"}`), 413, "body is larger than 100 bytes"},
		{"another type", body("text/csv", "a,b"), 415,
			`header.Content-Type "text/csv" is not supported; send application/json, application/xml, application/x-www-form-urlencoded or multipart/form-data`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, faults := r.wrong("/", tt.sent)
			assert.Equal(t, tt.status, status)
			assert.Equal(t, []string{tt.fault}, faults)
		})
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	r := site{pattern: "POST /", handler: func(resolve.Body[struct{ In signup }]) { t.Error("called") }}.serves(t)
	status, faults := r.wrong("/", body(urlencoded, "In=x"))
	assert.Equal(t, 415, status)
	assert.Equal(t, []string{`header.Content-Type "application/x-www-form-urlencoded" is not supported; send application/json or application/xml`}, faults)

	// What a form cannot fill must not be left out in silence.
	type base struct{ Name string }
	r = site{pattern: "POST /", handler: func(resolve.Body[struct {
		base
		Age int
	}]) {
		t.Error("called")
	}}.serves(t)
	status, _ = r.wrong("/", body(urlencoded, "name=Ann&age=1"))
	assert.Equal(t, 415, status)
}

func TestBodyField(t *testing.T) {
	type update struct {
		ID   UserID `path:"user_id"`
		Data signup `body:""`
	}
	type optional struct {
		Data *signup `body:""`
	}
	var got update
	r := site{pattern: "PUT /users/{user_id}", handler: func(u update) { got = u }}.serves(t)
	r.ok("/users/7", jsonBody(`{"name":"Ann"}`))
	assert.Equal(t, update{7, signup{Name: "Ann"}}, got)
	_, faults := r.wrong("/users/x", jsonBody(`{"age":"x"}`))
	assert.Equal(t, []string{`path.user_id "x" is not an integer`, "body.age is a JSON string, which is not an integer"}, faults)

	var opt optional
	r = site{pattern: "PUT /", handler: func(o optional) { opt = o }}.serves(t)
	r.ok("/")
	assert.Nil(t, opt.Data)
	r.ok("/", jsonBody(`{"name":"Ann"}`))
	assert.Equal(t, &signup{Name: "Ann"}, opt.Data)
}

func TestForm(t *testing.T) {
	type login struct {
		Name     string
		Remember bool `default:"false"`
		Codes    []int
	}
	var got login
	r := site{pattern: "POST /", handler: func(f resolve.Form[login]) { got = f.Value }}.serves(t)
	r.ok("/", body(urlencoded, "name=Ann&codes=1&codes=2&remember=1"))
	assert.Equal(t, login{"Ann", true, []int{1, 2}}, got)
	r.ok("/", multipartForm(t, "name", "Bob"))
	assert.Equal(t, login{Name: "Bob"}, got)

	status, faults := r.wrong("/", body(urlencoded, "codes=x&remember=2"))
	assert.Equal(t, 400, status)
	assert.Equal(t, []string{"form.name is required", `form.remember "2" is not true or false`, `form.codes[0] "x" is not an integer`}, faults)
	status, faults = r.wrong("/", jsonBody(`{"name":"Ann"}`))
	assert.Equal(t, 415, status)
	assert.Len(t, faults, 1, "a form that is none is one fault, not one for each field")
}

func TestRawBodySharesTheBytes(t *testing.T) {
	var raw resolve.RawBody
	var got signup
	r := site{pattern: "POST /", handler: func(b resolve.Body[signup], w resolve.RawBody) { raw, got = w, b.Value }}.serves(t)
	r.ok("/", jsonBody(`{"name":"Ann"}`))
	assert.JSONEq(t, `{"name":"Ann"}`, string(raw))
	assert.Equal(t, "Ann", got.Name)

	r = site{pattern: "POST /", handler: func(w resolve.RawBody) { raw = w }}.serves(t)
	r.ok("/")
	assert.Empty(t, raw, "no body is none, and no fault")
}

// A provider and the handler may share the bytes, not the decoding.
func TestBodyClaims(t *testing.T) {
	decoding := func(resolve.Body[signup]) *service { return nil }
	looking := func(b resolve.RawBody) (*service, error) {
		if len(b) == 0 {
			return nil, errors.New("no signature")
		}
		return newService(), nil
	}
	site{pattern: "POST /", providers: []provided{perCall(decoding)}, handler: func(*service, resolve.Body[signup]) {}}.
		faults(t, "the body is decoded 2 times", "decode it in one place")
	site{pattern: "POST /", providers: []provided{perCall(decoding)}, guards: []any{func(resolve.Form[Paging2]) error { return nil }}, handler: func(*service) {}}.
		faults(t, "the body is decoded 2 times")
	site{pattern: "POST /", handler: func(resolve.Body[signup], resolve.Form[Paging2]) {}}.faults(t, "reads the body")
	site{pattern: "GET /", handler: func(resolve.Body[signup]) {}}.faults(t, "GET", "endpoint.AllowBody()")
	site{pattern: "GET /", spec: resolve.RouteSpec{AllowBody: true}, handler: func(resolve.Body[signup]) {}}.
		serves(t).ok("/", jsonBody("{}"))

	r := site{pattern: "POST /", providers: []provided{perCall(looking)}, handler: func(*service, resolve.Body[signup]) {}}.serves(t)
	r.ok("/", jsonBody("{}"))
	r = site{pattern: "POST /", providers: []provided{perCall(decoding)}, handler: func(*service) {}}.serves(t)
	r.ok("/", jsonBody("{}"))
}

type Paging2 struct{ Limit int }

// A value that a handler keeps is its own: the next call does not change it.
func TestBodiesAreNotReused(t *testing.T) {
	var kept []*signup
	var lists [][]string
	type data struct {
		Data *signup `body:""`
	}
	r := site{pattern: "POST /", handler: func(d data) {
		kept = append(kept, d.Data)
		lists = append(lists, d.Data.Tags)
	}}.serves(t)
	r.ok("/", jsonBody(`{"name":"one","tags":["1"]}`))
	r.ok("/", jsonBody(`{"name":"two","tags":["2"]}`))
	assert.Equal(t, []string{"one", "two"}, []string{kept[0].Name, kept[1].Name})
	assert.Equal(t, [][]string{{"1"}, {"2"}}, lists)
}
