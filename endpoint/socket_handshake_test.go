package endpoint_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Token is what a guard looks at.
type Token string

func checkToken(h resolve.Optional[resolve.Header[Token]]) error {
	switch t, ok := h.Get(); {
	case !ok:
		return endpoint.NewError(401, "who are you?")
	case t.Value == "panic":
		panic("secret")
	case t.Value == "broken":
		return errors.New("secret")
	case t.Value != "good":
		return &endpoint.Error{Status: 403}
	}
	return nil
}

// Page is a query parameter.
type Page int

// paged takes variables and a query parameter; per message and per connection.
var pagedViews = []struct {
	name string
	view any
}{
	{"per message", func(ws.Text, RoomID, resolve.Query[Page]) {}},
	{"per connection", func(*ws.WebSocket, RoomID, resolve.Query[Page]) {}},
	{"a class", pagedClass{}},
}

type pagedClass struct {
	Page Page `query:"page"`
}

func (pagedClass) OnReceive(ws.Data, RoomID) {}

func TestSocketBeforeTheUpgrade(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		token  string
		status int
		body   string
		log    string
	}{
		{"a guard's 401", "/r/1?page=1", "", 401, `"detail":"who are you?"`, ""},
		{"a guard's 403", "/r/1?page=1", "bad", 403, `"status":403`, ""},
		{"a guard's unknown error, without text", "/r/1?page=1", "broken", 500, `"status":500`, "secret"},
		{"a guard's panic", "/r/1?page=1", "panic", 500, `"status":500`, "stack="},
		{"faults of parameters, all of them, with locations", "/r/one?page=x", "good", 400,
			`{"location":"path.room_id","message":"\"one\" is not an integer"}`, ""},
		{"the second one", "/r/one?page=x", "good", 400, `{"location":"query.page","message":"\"x\" is not an integer"}`, ""},
		{"a parameter that is missing", "/r/1", "good", 400, `"errors":[{"location":"query.page","message":"is required"}]`, ""},
		{"a guard before the faults", "/r/one?page=x", "", 401, `"status":401`, ""},
		{"another path", "/elsewhere", "good", 404, `"status":404`, ""},
	}
	for _, v := range pagedViews {
		t.Run(v.name, func(t *testing.T) {
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					s := serveSocket(t, v.view, endpoint.Pattern("/r/{room_id}"), endpoint.Guards(checkToken))
					var header []string
					if tt.token != "" {
						header = []string{"Token", tt.token}
					}
					res, body := s.refused(tt.path, header...)
					assert.Equal(t, tt.status, res.StatusCode)
					assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
					assert.Contains(t, body, tt.body)
					assert.NotContains(t, body, "secret")
					if tt.log != "" {
						s.wantLog(tt.log)
					} else {
						assert.Empty(t, s.log.String())
					}
				})
			}
			t.Run("and a good one", func(t *testing.T) {
				s := serveSocket(t, v.view, endpoint.Pattern("/r/{room_id}"), endpoint.Guards(checkToken))
				s.dial("/r/1?page=1", "Token", "good")
			})
		})
	}
}

func TestSocketProviderRefusesTheUpgrade(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
	}{
		{"with its status", endpoint.NewError(401, "log in"), 401},
		{"with 500, without text", errors.New("secret"), 500},
	}
	views := map[string]any{
		"per message":    func(ws.Data, *track) {},
		"per connection": func(*ws.WebSocket, *track) {},
		"a field":        tracked{},
	}
	for _, tt := range tests {
		for name, view := range views {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				released := make(chan struct{}, 1)
				in := provide(t, inject.PerConnection,
					func() (*tape, func()) { return &tape{}, func() { released <- struct{}{} } },
					func(*tape) (*track, error) { return nil, tt.err })
				s := serveSocket(t, view, endpoint.Injector(in))
				res, body := s.refused("/")
				assert.Equal(t, tt.status, res.StatusCode)
				assert.NotContains(t, body, "secret")
				take(t, released) // what was made before is given back
			})
		}
	}
}

type tracked struct {
	Track *track `inject:""`
}

func (tracked) OnReceive(ws.Data) {}

func TestSocketFinisherOfTheHandshakeRefusesTheUpgrade(t *testing.T) {
	in := provide(t, inject.PerCall, func() (*tape, func(error) error) {
		return nil, func(error) error { return endpoint.NewError(409, "commit failed") }
	})
	s := serveSocket(t, func(ws.Data) {}, endpoint.Injector(in), endpoint.Guards(func(*tape) error { return nil }))
	res, body := s.refused("/")
	require.Equal(t, 409, res.StatusCode)
	require.Contains(t, body, "commit failed")
}

func TestSocketWithoutUpgrade(t *testing.T) {
	s := serveSocket(t, func(ws.Data) {})
	res := s.get("GET", "/")
	assert.Equal(t, 426, res.StatusCode)
	assert.Equal(t, "websocket", res.Header.Get("Upgrade"))
	assert.Equal(t, 426, s.get("HEAD", "/").StatusCode)
	for _, m := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		res = s.get(m, "/")
		assert.Equal(t, 405, res.StatusCode, m)
		assert.Contains(t, res.Header.Get("Allow"), "GET", m)
	}
	s = serveSocket(t, onlyReceive{})
	assert.Equal(t, 426, s.get("GET", "/").StatusCode)
}

func TestSocketBadHandshakes(t *testing.T) {
	const good = "Host: example.com\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
	tests := []struct {
		name    string
		request string
		status  int
		header  string
	}{
		{"another method", "POST / HTTP/1.1\n" + good + "Content-Length: 0\n", 405, "Allow: GET"},
		{"another version", "GET / HTTP/1.1\n" + strings.Replace(good, "13", "8", 1), 426, "Sec-Websocket-Version: 13"},
		{"no key", "GET / HTTP/1.1\n" + strings.Replace(good, "Key", "Kex", 1), 400, ""},
		{"a short key", "GET / HTTP/1.1\n" + strings.Replace(good, "dGhl", "", 1), 400, ""},
		{"a body", "GET / HTTP/1.1\n" + good + "Content-Length: 3\n\nabc", 400, ""},
		{"another origin", "GET / HTTP/1.1\n" + good + "Origin: http://evil.example\n", 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			called := false
			s := serveSocket(t, func(ws.Data) {}, endpoint.Guards(func() error { called = true; return nil }))
			conn := s.connect()
			require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
			_, err := io.WriteString(conn, strings.ReplaceAll(tt.request, "\n", "\r\n")+"\r\n")
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.status, res.StatusCode)
			assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
			if k, v, ok := strings.Cut(tt.header, ": "); ok {
				assert.Equal(t, v, res.Header.Get(k))
			}
			assert.False(t, called, "nothing runs for a broken handshake")
			assert.Empty(t, s.log.String())
		})
	}
	t.Run("an origin that is allowed", func(t *testing.T) {
		s := serveSocket(t, func(ws.Data) {}, endpoint.WebSocket(ws.Options{Origins: []string{"https://*.example.com"}}))
		s.dial("/", "Origin", "https://app.example.com")
		res, body := s.refused("/", "Origin", "https://example.org")
		require.Equal(t, 403, res.StatusCode)
		require.Contains(t, body, `"detail":"origin not allowed"`)
	})
}

// wall is a wrapper as many middlewares have it: it hides the connection.
type wall struct{ http.ResponseWriter }

func TestSocketBehindAWrapperThatCannotHijack(t *testing.T) {
	for _, v := range []struct {
		name string
		view any
	}{
		{"per message", func(ws.Data) {}},
		{"per connection", func(*ws.WebSocket) {}},
		{"accepted by the view", func(c *ws.WebSocket) error { return c.Accept() }},
		{"accepted by a send", func(c *ws.WebSocket) error { return c.SendText("x") }},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := serveSocket(t, v.view)
			s.wrap(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wall{w}, r) })
			})
			res, body := s.refused("/")
			require.Equal(t, 500, res.StatusCode)
			require.NotContains(t, body, "wall")
			s.wantLog("endpoint_test.wall", "Unwrap")
		})
	}
	t.Run("one with Unwrap is fine", func(t *testing.T) {
		s := serveSocket(t, func(d ws.Data) ws.Data { return d })
		s.wrap(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(door{wall{w}}, r) })
		})
		c := s.dial("/")
		require.NoError(t, c.SendText("x"))
		require.Equal(t, "x", hearText(t, c))
	})
}

// door is a wrapper as http.ResponseController wants it.
type door struct{ wall }

func (d door) Unwrap() http.ResponseWriter { return d.wall.ResponseWriter }

func TestSocketOptionsAreChecked(t *testing.T) {
	_, err := endpoint.New(func(ws.Data) {}, endpoint.WebSocket(ws.Options{Origins: []string{"https://exa mple"}}))
	require.ErrorContains(t, err, `origin pattern "https://exa mple"`)
	_, err = endpoint.New(onlyReceive{}, endpoint.Configure(endpoint.Config{WebSocket: ws.Options{Subprotocols: []string{"a b"}}}))
	require.ErrorContains(t, err, `subprotocol "a b"`)
}
