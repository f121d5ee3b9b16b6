package main

// A request in process: no sockets, and as little around the handler as
// possible. What is around it is the same for all contenders on net/http, is in
// all their figures, and is measured by itself as "(empty handler)".
//
// Frameworks write into the request that they are given: routers store the
// values of the path in it, ParseForm caches what it parsed. One that is given
// the same request twice would find its work done. So before each operation the
// request is made new from a prototype by assignment, which allocates nothing:
// the struct, its URL, and a reader of the body. The header map is shared, and
// checked to be unchanged.
//
// The response writer keeps its header map as a server keeps its memory, but
// empties it before each operation.

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"

	"github.com/goccy/go-json"
	"github.com/valyala/fasthttp"
)

// request is what is sent.
type request struct {
	method, target string
	header         map[string]string
	body           string
}

// response is what comes back.
type response struct {
	status      int
	contentType string
	body        []byte
}

// exchange is a request made ready to be sent to a server again and again.
type exchange interface {
	do(n int)
	// last is the response to the last request.
	last() response
}

func newExchange(s server, q request) exchange {
	if s.fast != nil {
		return newFastExchange(s.fast, q)
	}
	x := newNetExchange(s.net, q)
	x.before = s.before
	return x
}

// netExchange is one with an http.Handler.
type netExchange struct {
	handler http.Handler
	before  func()
	proto   http.Request
	url     url.URL
	text    string

	req  http.Request
	at   url.URL
	body bodyReader
	w    writer
}

// bodyReader is a request's body.
type bodyReader struct{ strings.Reader }

func (*bodyReader) Close() error { return nil }

func newNetExchange(h http.Handler, q request) *netExchange {
	r := httptest.NewRequest(q.method, q.target, strings.NewReader(q.body))
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	x := &netExchange{handler: h, url: *r.URL, text: q.body, w: writer{header: http.Header{}}}
	if q.body == "" {
		r.Body = http.NoBody
	} else {
		r.Body = &x.body
	}
	r.URL = &x.at
	x.proto = *r
	return x
}

func (x *netExchange) do(n int) {
	if x.before != nil {
		x.before()
	}
	for range n {
		x.req, x.at = x.proto, x.url
		x.body.Reset(x.text)
		x.w.reset()
		x.handler.ServeHTTP(&x.w, &x.req)
	}
}

func (x *netExchange) last() response {
	return response{max(x.w.status, 200), x.w.header.Get("Content-Type"), x.w.buf}
}

// writer is the least http.ResponseWriter that keeps what was written.
type writer struct {
	header http.Header
	status int
	buf    []byte
}

func (w *writer) reset() {
	clear(w.header)
	w.status, w.buf = 0, w.buf[:0]
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.buf = append(w.buf, b...)
	return len(b), nil
}

// WriteString implements io.StringWriter, as the server's writer does.
func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.buf = append(w.buf, s...)
	return len(s), nil
}

// Flush implements http.Flusher, as the server's writer does.
func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }

// fastExchange is one with a handler of fasthttp. Its server uses a
// RequestCtx again for all requests of a connection; so does this. The response
// is reset as the server does, and the query is set again, so that it is parsed
// for each operation. The rest of the request is parsed already, as for the
// others.
type fastExchange struct {
	handler fasthttp.RequestHandler
	ctx     fasthttp.RequestCtx
	query   []byte
}

func newFastExchange(h fasthttp.RequestHandler, q request) *fastExchange {
	x := &fastExchange{handler: h}
	var r fasthttp.Request
	r.Header.SetMethod(q.method)
	r.SetRequestURI(q.target)
	r.Header.SetHost("example.com")
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	r.SetBodyString(q.body)
	x.ctx.Init(&r, nil, nil)
	x.query = bytes.Clone(x.ctx.Request.URI().QueryString())
	return x
}

func (x *fastExchange) do(n int) {
	for range n {
		x.ctx.Request.URI().SetQueryStringBytes(x.query)
		x.ctx.ResetUserValues()
		x.ctx.Response.Reset()
		x.handler(&x.ctx)
	}
}

func (x *fastExchange) last() response {
	r := &x.ctx.Response
	return response{r.StatusCode(), string(r.Header.ContentType()), r.Body()}
}

// expectation is how a scenario's request must be answered.
type expectation struct {
	request
	status int    // 0: any that says that the client is at fault
	json   string // "" for any
}

// check compares the answer to an expectation.
func (e expectation) check(got response) error {
	if e.status == 0 {
		if got.status < 400 || got.status > 499 {
			return fmt.Errorf("%s %s: status %d, want one from 400 to 499", e.method, e.target, got.status)
		}
		return nil
	}
	if got.status != e.status {
		return fmt.Errorf("%s %s: status %d, want %d: %s", e.method, e.target, got.status, e.status, got.body)
	}
	if e.json == "" {
		return nil
	}
	if media, _, _ := strings.Cut(got.contentType, ";"); media != "application/json" {
		return fmt.Errorf("%s %s: Content-Type %q, want application/json", e.method, e.target, got.contentType)
	}
	return sameJSON(got.body, e.json)
}

// sameJSON compares two JSON texts by what they mean. A member "$schema",
// which huma adds, would be a difference.
func sameJSON(got []byte, want string) error {
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Errorf("%q is no JSON: %w", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return err
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Errorf("answer %s, want %s", bytes.TrimSpace(got), want)
	}
	return nil
}

// checkServer checks every expectation, and that requests can be repeated.
func checkServer(s server, expected []expectation) error {
	for _, e := range expected {
		x := newExchange(s, e.request)
		for range 3 {
			x.do(1)
			if err := e.check(x.last()); err != nil {
				return err
			}
		}
		if n, ok := x.(*netExchange); ok {
			fresh := newNetExchange(s.net, e.request)
			if !reflect.DeepEqual(n.proto.Header, fresh.proto.Header) {
				return errors.New("the handler changed the header of the request, which is shared by all operations")
			}
		}
	}
	return nil
}
