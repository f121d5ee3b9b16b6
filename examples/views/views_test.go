package main

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/internal/exampletest"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// start runs a view and returns its address.
func start(t *testing.T, name string) string {
	t.Helper()
	view := views[name]
	require.NotNil(t, view, name)
	addr, _ := serve(t, view())
	return addr
}

func serve(t *testing.T, view http.Handler) (addr string, stop func()) {
	t.Helper()
	if app, ok := view.(*fogo.App); ok {
		return exampletest.Serve(t, app.Serve)
	}
	return exampletest.Serve(t, func(ctx context.Context, ln net.Listener) error {
		return serveAlone(ctx, ln, view.(*endpoint.Handler))
	})
}

func TestHTTPViews(t *testing.T) {
	const json, text = "application/json", "text/plain; charset=utf-8"
	const problem = "application/problem+json"
	for _, test := range []struct {
		view, method, path string
		status             int
		contentType, body  string // no body to compare for a problem
		allow              string
	}{
		{"flama-http-function", "GET", "/foo/", 200, json, `{"message":"foo"}`, ""},
		{"flama-http-function", "HEAD", "/foo/", 200, json, "", ""},
		{"flama-http-function", "POST", "/foo/", 405, problem, "", "GET, HEAD, OPTIONS"},
		{"flama-http-function", "OPTIONS", "/foo/", 204, "", "", "GET, HEAD, OPTIONS"},
		{"flama-http-function", "GET", "/foo", 404, problem, "", ""},

		{"flama-http-class", "GET", "/foobar/", 200, json, `{"message":"foo"}`, ""},
		{"flama-http-class", "POST", "/foobar/", 200, json, `{"message":"bar"}`, ""},
		{"flama-http-class", "HEAD", "/foobar/", 200, json, "", ""},
		{"flama-http-class", "PUT", "/foobar/", 405, problem, "", "GET, HEAD, POST, OPTIONS"},

		{"starlette-http-app", "GET", "/", 200, text, "Hello, world!", ""},
		{"starlette-http-app", "GET", "/any/path/at/all", 200, text, "Hello, world!", ""},
		{"starlette-http-app", "HEAD", "/", 200, text, "", ""},
		{"starlette-http-app", "DELETE", "/", 405, problem, "", "GET, HEAD, OPTIONS"},

		{"starlette-http-routes", "GET", "/", 200, text, "Hello, world!", ""},
		{"starlette-http-routes", "GET", "/tom", 200, text, "Hello, tom", ""},
		{"starlette-http-routes", "GET", "/t%C3%B6m%2Fx", 200, text, "Hello, töm/x", ""},
		{"starlette-http-routes", "HEAD", "/tom", 200, text, "", ""},
		{"starlette-http-routes", "POST", "/", 405, problem, "", "GET, HEAD, OPTIONS"},
		{"starlette-http-routes", "POST", "/tom", 405, problem, "", "GET, HEAD, OPTIONS"},
		{"starlette-http-routes", "GET", "/tom/", 404, problem, "", ""},

		{"starlette-chat", "GET", "/", 200, "text/html; charset=utf-8", html, ""},
		{"starlette-chat", "HEAD", "/", 200, "text/html; charset=utf-8", "", ""},
		{"starlette-chat", "GET", "/ws", 426, problem, "", ""},
	} {
		t.Run(test.view+" "+test.method+" "+test.path, func(t *testing.T) {
			res, body := exampletest.Do(t, test.method, "http://"+start(t, test.view)+test.path)
			assert.Equal(t, test.status, res.StatusCode)
			assert.Equal(t, test.contentType, res.Header.Get("Content-Type"))
			assert.ElementsMatch(t, strings.Split(test.allow, ", "), strings.Split(res.Header.Get("Allow"), ", "))
			if test.contentType != problem {
				assert.Equal(t, test.body, body)
			}
		})
	}
}

func text(s string) ws.Message   { return ws.Message{Kind: ws.KindText, Data: []byte(s)} }
func binary(s string) ws.Message { return ws.Message{Kind: ws.KindBinary, Data: []byte(s)} }

func TestWebSocketViews(t *testing.T) {
	for _, test := range []struct {
		view, path   string
		send, expect ws.Message
	}{
		// The original sends bytes whatever came.
		{"flama-ws-function", "/foo/", binary("\x00\xff"), binary("\x00\xff")},
		{"flama-ws-function", "/foo/", text("héllo"), binary("héllo")},
		{"flama-ws-function", "/foo/", text(""), binary("")},
		{"flama-ws-class", "/foo/", binary("\x00\xff"), binary("\x00\xff")},
		{"flama-ws-class", "/foo/", text("héllo"), binary("héllo")},
		{"starlette-ws-app", "/", binary("abc"), binary("Message: abc")},
		{"starlette-ws-app", "/any/path", binary(""), binary("Message: ")},
		{"starlette-chat", "/ws", text("<b>hi</b>"), text("Message text was: <b>hi</b>")},
		{"starlette-chat", "/ws", text(""), text("Message text was: ")},
	} {
		t.Run(test.view+" "+string(test.send.Data), func(t *testing.T) {
			c := exampletest.Dial(t, start(t, test.view), test.path)
			for range 2 { // the view is called once per message
				require.NoError(t, c.Send(test.send.Kind, test.send.Data))
				got := exampletest.Receive(t, c)
				assert.Equal(t, test.expect.Kind, got.Kind)
				assert.Equal(t, string(test.expect.Data), string(got.Data))
			}
			require.NoError(t, c.Close(ws.CodeNormal))
		})
	}
}

func TestCloseCodes(t *testing.T) {
	for _, test := range []struct {
		view, path string
		send       ws.Message
		code       ws.Code
	}{
		{"starlette-ws-app", "/", text("abc"), ws.CodeUnsupportedData},
		{"starlette-chat", "/ws", binary("abc"), ws.CodeUnsupportedData},
	} {
		t.Run(test.view, func(t *testing.T) {
			c := exampletest.Dial(t, start(t, test.view), test.path)
			require.NoError(t, c.Send(test.send.Kind, test.send.Data))
			assert.Equal(t, test.code, <-exampletest.CloseCode(c))
		})
	}
}

func TestShutdownClosesSockets(t *testing.T) {
	for name, path := range map[string]string{
		"flama-ws-function": "/foo/", "flama-ws-class": "/foo/", "starlette-ws-app": "/", "starlette-chat": "/ws",
	} {
		t.Run(name, func(t *testing.T) {
			addr, stop := serve(t, views[name]())
			code := exampletest.CloseCode(exampletest.Dial(t, addr, path))
			stop()
			assert.Equal(t, ws.CodeGoingAway, <-code)
		})
	}
}

func TestArguments(t *testing.T) {
	for _, args := range []string{"x -addr :1", "-addr :1 x", "-addr=:1 x"} {
		name, addr := arguments(strings.Fields(args))
		assert.Equal(t, "x", name, args)
		assert.Equal(t, ":1", addr, args)
	}
	name, addr := arguments(nil)
	assert.Equal(t, "", name)
	assert.Equal(t, "127.0.0.1:8000", addr)
}

func TestProgram(t *testing.T) {
	bin := exampletest.Build(t, ".")
	for name := range views {
		t.Run(name, func(t *testing.T) {
			p := exampletest.Start(t, bin, name, "-addr", "127.0.0.1:0")
			exampletest.Do(t, "GET", "http://"+p.Addr+"/")
			p.Stop()
		})
	}
	for _, args := range [][]string{nil, {"no-such-view"}} {
		out, err := exec.Command(bin, args...).CombinedOutput()
		var status *exec.ExitError
		require.ErrorAs(t, err, &status)
		assert.Equal(t, 2, status.ExitCode())
		for name := range views {
			assert.Contains(t, string(out), name)
		}
	}
}
