package fogotest

import (
	"net/http"
	"net/http/httptest"
)

// Get sends a GET request. Redirects are not followed. All methods of this
// kind end the test if the request cannot be made.
func (c *Client) Get(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodGet, path, opts...)
}

// Head sends a HEAD request.
func (c *Client) Head(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodHead, path, opts...)
}

// Post sends a POST request.
func (c *Client) Post(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodPost, path, opts...)
}

// Put sends a PUT request.
func (c *Client) Put(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodPut, path, opts...)
}

// Patch sends a PATCH request.
func (c *Client) Patch(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodPatch, path, opts...)
}

// Delete sends a DELETE request.
func (c *Client) Delete(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodDelete, path, opts...)
}

// Options sends an OPTIONS request.
func (c *Client) Options(path string, opts ...RequestOption) *Response {
	c.t.Helper()
	return c.Request(http.MethodOptions, path, opts...)
}

// Request sends a request of any method. The path may have a query, and begin
// with scheme and host.
func (c *Client) Request(method, path string, opts ...RequestOption) *Response {
	c.t.Helper()
	req, err := c.newRequest(method, path, opts)
	if err != nil {
		c.t.Fatalf("fogotest: %s %s: %v", method, path, err)
	}
	return c.Do(req.Request)
}

// Do serves a request with the application, on the caller's goroutine, and
// returns when the handler has: a stream that doesn't end by itself needs a
// request whose context does. The request must be one for a server, such as
// httptest.NewRequest makes.
func (c *Client) Do(req *http.Request) *Response {
	c.t.Helper()
	rec := httptest.NewRecorder()
	aborted := c.serve(rec, req)
	result := rec.Result()
	if c.jar != nil {
		c.jar.SetCookies(req.URL, result.Cookies())
	}
	resp := &Response{
		Status: rec.Code, Header: result.Header, Body: rec.Body.Bytes(), Flushed: rec.Flushed, Aborted: aborted,
		t: c.t, request: req.Method + " " + req.URL.RequestURI(),
	}
	if req.Method == http.MethodHead {
		resp.Body = nil // as a server does
	}
	return resp
}

// serve reports whether the handler aborted the connection.
func (c *Client) serve(w http.ResponseWriter, req *http.Request) (aborted bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			aborted = true
		}
	}()
	c.app.ServeHTTP(w, req)
	return false
}
