package main

// A typed handler in process, the whole way from ServeHTTP to the encoded
// answer. See inprocess.go for what is around it.
//
//   - Every contender is written as its own documentation does it, with its
//     default codec, without middleware that the scenario does not ask for, with
//     logging off, and in release mode where there is one.
//   - net/http and chi have no codec; there it is goccy/go-json, which is
//     Fogo's. "net/http (encoding/json)" is the same with the standard codec.
//     gin, echo and fiber are there twice: as they come, and with go-json, which
//     their documentation tells how to do.
//   - Status and JSON of all answers must be the same; so must be that bad
//     requests are refused, whatever the status.
//   - fiber is not built on net/http; it is given a fasthttp.RequestCtx that is
//     used again, as its server does. What net/http's server does for a request
//     (a context, a header map) is in neither figure, so the loopback scenarios
//     are the fairer comparison with it.

import (
	"fmt"
	"net/http"
)

// httpCase is one HTTP scenario. The first expectation is the one measured.
type httpCase struct {
	id, title, about string
	expected         []expectation
	open             func(contender) (server, bool, error)
}

func httpCases() []httpCase {
	jsonBody := map[string]string{"Content-Type": "application/json"}
	return []httpCase{
		{
			id: "path-ints", title: "GET with two integers of the path",
			about: "`GET /sum/{a}/{b}`: two integers of the path, added; the answer is a struct as JSON.",
			expected: []expectation{
				{request{method: "GET", target: "/sum/17/4"}, 200, `{"a":17,"b":4,"sum":21}`},
				{request{method: "GET", target: "/sum/17/x"}, 0, ""},
			},
			open: func(c contender) (server, bool, error) {
				p, ok := c.(pathInter)
				if !ok {
					return server{}, false, nil
				}
				s, err := p.pathInts()
				return s, true, err
			},
		},
		{
			id: "query-struct", title: "GET with a struct of the query",
			about: "`GET /search?q=…&limit=…&page=…&exact=…`: a string, two integers and a bool of the query, read into a struct.",
			expected: []expectation{
				{request{method: "GET", target: "/search?q=blue+shoes&limit=20&page=3&exact=true"}, 200,
					`{"search":{"q":"blue shoes","limit":20,"page":3,"exact":true},"offset":40}`},
			},
			open: func(c contender) (server, bool, error) {
				p, ok := c.(querier)
				if !ok {
					return server{}, false, nil
				}
				s, err := p.query()
				return s, true, err
			},
		},
		{
			id: "post-json", title: "POST with a validated JSON body",
			about: "`POST /orders`: four fields of JSON with rules for each (required, e-mail, lengths, a range). By hand it is the codec and the validator that Fogo decodes and validates with, goccy/go-json and go-playground/validator; huma and macaron have validation of their own.",
			expected: []expectation{
				{request{"POST", "/orders", jsonBody, `{"customer":"ada@example.org","item":"lamp","quantity":3,"note":"a gift"}`}, 200, `{"item":"lamp","total":21}`},
				{request{"POST", "/orders", jsonBody, `{"customer":"ada@example.org","item":"lamp","quantity":300,"note":""}`}, 0, ""},
				{request{"POST", "/orders", jsonBody, `{"customer":"ada","item":"lamp","quantity":3,"note":""}`}, 0, ""},
				{request{"POST", "/orders", jsonBody, `{"customer":"ada@example.org","item":"l","quantity":3,"note":""}`}, 0, ""},
				{request{"POST", "/orders", jsonBody, `{"customer"`}, 0, ""},
			},
			open: func(c contender) (server, bool, error) {
				p, ok := c.(bodyDecoder)
				if !ok {
					return server{}, false, nil
				}
				s, err := p.body()
				return s, true, err
			},
		},
		{
			id: "request-scope", title: "GET with three request-scoped values",
			about: "`GET /me`: a trace from a header; a session from another, which may be refused; a user from the session and a store of the application. " +
				"Each is made once per request, by a provider where there are providers, by middleware that puts it into the context where that is the custom, and by calls in the handler by hand.",
			expected: []expectation{
				{request{method: "GET", target: "/me", header: map[string]string{"X-Request-Id": "r-17", "Authorization": "Bearer token-ada"}}, 200,
					`{"trace":"r-17","session":"ada","user":"ada","admin":true}`},
				{request{method: "GET", target: "/me", header: map[string]string{"X-Request-Id": "r-17"}}, 401, ""},
				{request{method: "GET", target: "/me", header: map[string]string{"Authorization": "Bearer token-eve"}}, 401, ""},
			},
			open: func(c contender) (server, bool, error) {
				p, ok := c.(requestScope)
				if !ok {
					return server{}, false, nil
				}
				s, err := p.scoped()
				return s, true, err
			},
		},
		{
			id: "class-view", title: "GET on a type with methods",
			about: "`GET /greetings/{name}` on a type with a dependency and a method for each of GET and POST. Fogo and iris make a copy of it for each request; the others' handlers are methods of a shared value, which is what their documentation has.",
			expected: []expectation{
				{request{method: "GET", target: "/greetings/ada"}, 200, `{"greeting":"Hello, ada!"}`},
				{request{"POST", "/greetings/ada", jsonBody, `{"text":"Hi"}`}, 200, `{"greeting":"Hi, ada!"}`},
			},
			open: func(c contender) (server, bool, error) {
				p, ok := c.(classViewer)
				if !ok {
					return server{}, false, nil
				}
				s, err := p.class()
				return s, true, err
			},
		},
	}
}

func httpScenarios() []*scenario {
	var out []*scenario
	for _, c := range httpCases() {
		out = append(out, &scenario{
			id: "http/" + c.id, title: c.title + ", in process", about: c.about,
			baseline: netHTTP{}.name(), open: c.openAll,
		})
	}
	return out
}

func (c httpCase) openAll(*session) (*field, error) {
	f := &field{}
	for _, who := range frameworks() {
		s, err := c.server(who)
		if err != nil {
			return nil, err
		}
		if s == nil {
			f.absentee(who, "http/"+c.id)
			continue
		}
		x := newExchange(*s, c.expected[0].request)
		f.starters = append(f.starters, starter{contender: who.name(), run: timed(x.do, func() error { return c.expected[0].check(x.last()) })})
	}
	empty := newNetExchange(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), c.expected[0].request)
	f.starters = append(f.starters, starter{contender: "(empty handler)", run: timed(empty.do, nil)})
	f.notes = []string{"(empty handler) does nothing: it is what the making of requests costs, in all figures but fiber's."}
	return f, nil
}

// server opens a contender and compares its answers; it is nil if the contender
// takes no part.
func (c httpCase) server(who contender) (*server, error) {
	s, ok, err := c.open(who)
	if err == nil && ok {
		err = checkServer(s, c.expected)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", who.name(), err)
	}
	if !ok {
		return nil, nil
	}
	return &s, nil
}
