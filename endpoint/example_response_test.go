package endpoint_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
)

// answerOf asks a view and returns its answer.
func answerOf(view any, method string, header ...string) *http.Response {
	h, err := endpoint.New(view)
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w.Result()
}

// PageHeader are the header fields and cookies of a page.
type PageHeader struct {
	Total int          `header:"X-Total-Count"`
	Next  *string      `header:"Link"` // nil on the last page
	Seen  *http.Cookie `cookie:"seen"`
}

// A value with header fields and cookies that documents know.
func ExampleResponse() {
	list := func() endpoint.Response[PageHeader, []string] {
		return endpoint.Response[PageHeader, []string]{
			Header: PageHeader{Total: 2, Seen: &http.Cookie{Value: "1", Path: "/", MaxAge: 60}},
			Body:   []string{"Ada", "Grace"},
		}
	}
	res := answerOf(list, http.MethodGet)
	fmt.Println(res.Header.Get("X-Total-Count"), res.Header.Get("Set-Cookie"))

	// Output:
	// 2 seen=1; Path=/; Max-Age=60
}

// The second request says what it has, and is answered without a body.
func ExampleETag() {
	h, err := endpoint.New(func() []string { return []string{"Ada", "Grace"} }, endpoint.ETag())
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)

	// Output:
	// 200 ["Ada","Grace"]
	// 304
}

// A value that knows its version is not even encoded for who has it.
func ExampleVersioned() {
	get := func() endpoint.Versioned[string] {
		return endpoint.Versioned[string]{Tag: "v7", Modified: time.Unix(1000, 0), Body: "text"}
	}
	fmt.Println(answerOf(get, http.MethodGet).Header.Get("ETag"))
	fmt.Println(answerOf(get, http.MethodGet, "If-None-Match", `"v7"`).StatusCode)

	// Output:
	// "v7"
	// 304
}

// Who changes something says which version it is made from, so that nobody's
// work is overwritten.
func ExamplePreconditions() {
	version := "v7"
	put := func(given endpoint.Preconditions) (string, error) {
		if err := given.Check(version, time.Time{}); err != nil {
			return "", err
		}
		return "saved", nil
	}
	fmt.Println(answerOf(put, http.MethodPut, "If-Match", `"v6"`).StatusCode)
	fmt.Println(answerOf(put, http.MethodPut, "If-Match", `"v7"`).StatusCode)

	// Output:
	// 412
	// 200
}

// What was made is answered with 201 and where it is.
func ExampleCreated() {
	post := func() endpoint.Created[string] {
		return endpoint.Created[string]{Location: "/users/7", Body: "Ada"}
	}
	res := answerOf(post, http.MethodPost)
	fmt.Println(res.Status, res.Header.Get("Location"))

	// Output:
	// 201 Created /users/7
}

// A value with a status and header fields of its own.
func ExampleStatus() {
	put := func() endpoint.Status[[]string] {
		return endpoint.Status[[]string]{
			Code: http.StatusMultiStatus, Header: http.Header{"X-Total-Count": {"2"}}, Body: []string{"Ada", "Grace"},
		}
	}
	res := answerOf(put, http.MethodPut)
	fmt.Println(res.Status, res.Header.Get("X-Total-Count"), res.Header.Get("Content-Type"))

	// Output:
	// 207 Multi-Status 2 application/json
}

// After a form was handled, 303 leads to a page. A relative URL is seen from
// where the client is.
func ExampleRedirect() {
	save := func() endpoint.Redirect { return endpoint.Redirect{URL: "../thanks?from=form"} }
	res := answerOf(save, http.MethodPost)
	fmt.Println(res.Status, res.Header.Get("Location"))
	moved := func() endpoint.Redirect {
		return endpoint.Redirect{URL: "https://example.com/", Code: http.StatusPermanentRedirect}
	}
	res = answerOf(moved, http.MethodGet)
	fmt.Println(res.Status, res.Header.Get("Location"))

	// Output:
	// 303 See Other ../thanks?from=form
	// 308 Permanent Redirect https://example.com/
}

// Next is where a client wants to go after it logged in.
type Next string

// A client's text never leads to another site.
func ExampleRedirectLocal() {
	login := func(next resolve.Query[Next]) endpoint.RedirectLocal {
		return endpoint.RedirectLocal{URL: string(next.Value), Fallback: "/home"}
	}
	h, err := endpoint.New(login)
	if err != nil {
		panic(err)
	}
	for _, next := range []string{"/cart", "//evil.example", `/\evil.example`} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/login", nil)
		r.URL.RawQuery = "next=" + template.URLQueryEscaper(next)
		h.ServeHTTP(w, r)
		fmt.Println(w.Header().Get("Location"))
	}

	// Output:
	// /cart
	// /home
	// /home
}

// Any engine with ExecuteTemplate makes pages, such as html/template.
func ExampleTemplate() {
	pages := template.Must(template.New("hello").Parse(`<p>Hello, {{.}}!</p>`))
	hello := func() endpoint.Template {
		return endpoint.Template{Engine: pages, Name: "hello", Data: "<Ada>"}
	}
	w := httptest.NewRecorder()
	endpoint.Func(hello).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Println(w.Body)

	// Output:
	// text/html; charset=utf-8
	// <p>Hello, &lt;Ada&gt;!</p>
}

// A browser fetches the style while the page is being made.
func ExampleEarlyHints() {
	page := func(hints endpoint.EarlyHints) (endpoint.HTML, error) {
		err := hints.Send(endpoint.Link{URL: "/app.css", Rel: "preload", As: "style"})
		return "<p>", err
	}
	srv := httptest.NewServer(endpoint.Func(page))
	defer srv.Close()
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			fmt.Println(code, h.Get("Link"))
			return nil
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
	if err != nil {
		panic(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("Link"))

	// Output:
	// 103 </app.css>; rel=preload; as=style
	// 200 OK </app.css>; rel=preload; as=style
}
