package endpoint_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSocketConnectionOwnsItsLoop(t *testing.T) {
	s := serveSocket(t, func(ctx context.Context, conn *ws.WebSocket) error {
		for m, err := range conn.Messages(ctx) {
			if err != nil {
				return err
			}
			if string(m.Data) == "quit" {
				return nil
			}
			if err := conn.Send(m.Kind, m.Data); err != nil {
				return err
			}
		}
		return nil
	})
	t.Run("returning nil is 1000", func(t *testing.T) {
		c := s.dial("/")
		require.NoError(t, c.SendBytes([]byte("a")))
		require.Equal(t, bin("a"), hear(t, c))
		require.NoError(t, c.SendText("quit"))
		wantClose(t, c, ws.CodeNormal, "")
	})
	t.Run("the peer's close ends the loop without a word", func(t *testing.T) {
		require.NoError(t, s.dial("/").Close(ws.CodeNormal))
	})
	t.Run("so does a hang-up, which is no failure", func(t *testing.T) {
		_, conn, _, err := s.handshake("/")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	})
	done := s.shutdown()
	require.NoError(t, take(t, done))
	require.Empty(t, s.log.String())
}

func TestSocketConnectionResults(t *testing.T) {
	closedBefore := func(conn *ws.WebSocket) error {
		if err := conn.SendText("x"); err != nil {
			return err
		}
		return conn.Close(4000, "mine")
	}
	accept := func(conn *ws.WebSocket, err error) error {
		if aerr := conn.Accept(); aerr != nil {
			return aerr
		}
		return err
	}
	tests := []struct {
		name   string
		view   any
		want   []ws.Message
		code   ws.Code
		reason string
		log    string
	}{
		{"nil accepts and ends with 1000", func(*ws.WebSocket) error { return nil }, nil, 1000, "", ""},
		{"no result too", func(*ws.WebSocket) {}, nil, 1000, "", ""},
		{"a value is sent before", func(*ws.WebSocket) string { return "bye" }, []ws.Message{text("bye")}, 1000, "", ""},
		{"Data without a message is binary", func(*ws.WebSocket) ws.Data { return ws.Data("b") }, []ws.Message{bin("b")}, 1000, "", ""},
		{"a stream", func(*ws.WebSocket) iter.Seq[int] { return seq(1, 2) }, []ws.Message{text("1"), text("2")}, 1000, "", ""},
		{"its own close wins", closedBefore, []ws.Message{text("x")}, 4000, "mine", ""},
		{"an error after accepting is 1011", func(c *ws.WebSocket) error { return accept(c, errors.New("secret")) }, nil, 1011, "", "secret"},
		{"an HTTP error too", func(c *ws.WebSocket) error { return accept(c, endpoint.NewError(401, "secret")) }, nil, 1011, "", "secret"},
		{"faults too", func(c *ws.WebSocket) error { return accept(c, resolve.Faults{{Location: "x", Message: "secret"}}) }, nil, 1011, "", "secret"},
		{"a close error chooses", func(c *ws.WebSocket) error { return accept(c, ws.CloseError{Code: 4001, Reason: "no"}) }, nil, 4001, "no", ""},
		{"a panic", func(c *ws.WebSocket) { _ = accept(c, nil); panic("secret") }, nil, 1011, "", "stack="},
		{"Goexit", func(c *ws.WebSocket) { _ = accept(c, nil); goexit() }, nil, 1011, "", "Goexit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.view)
			c := s.dial("/")
			got, end := ending(t, c)
			require.Equal(t, tt.want, got)
			require.Equal(t, ws.CloseError{Code: tt.code, Reason: ws.Reason(tt.reason)}, end)
			if tt.log != "" {
				s.wantLog(tt.log, "path=/")
			} else {
				require.Empty(t, s.log.String())
			}
			require.NoError(t, take(t, s.shutdown()), "the connection is given back")
		})
	}
}

func TestSocketConnectionRefusals(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		body   string
		log    string
	}{
		{"an unknown error is 500 without its text", errors.New("secret"), 500, `"status":500,"request_id":`, "secret"},
		{"an Error", endpoint.NewError(401, "log in"), 401, `"detail":"log in"`, ""},
		{"a type with a status", errTeapot{}, 418, `"detail":"secret brew"`, ""},
		{"faults", resolve.Faults{{Location: "path.id", Message: "is odd", Status: 400}}, 400, `"errors":[{"location":"path.id","message":"is odd"}]`, ""},
		{"a close error says nothing about HTTP", ws.CloseError{Code: 4001, Reason: "no"}, 403, `"status":403`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var observed error
			s := serveSocketWith(t, func(c *endpoint.Config) {
				c.Observers = []observe.Observer{observe.ErrorFunc(func(_ context.Context, e observe.Error) { observed = e.Err })}
			}, func(*ws.WebSocket) error { return tt.err })
			res, body := s.refused("/")
			assert.Equal(t, tt.status, res.StatusCode)
			assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
			assert.Contains(t, body, tt.body)
			if tt.status >= 500 {
				assert.NotContains(t, body, "secret")
			}
			if tt.log != "" {
				s.wantLog(tt.log)
			} else {
				assert.Empty(t, s.log.String())
			}
			assert.Equal(t, tt.err, observed)
		})
	}
}

func TestSocketConnectionErrorHeader(t *testing.T) {
	s := serveSocket(t, func(*ws.WebSocket) error {
		return &endpoint.Error{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	})
	res, _ := s.refused("/")
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, "7", res.Header.Get("Retry-After"))
}

func TestSocketConnectionPanicBeforeAccepting(t *testing.T) {
	s := serveSocket(t, func(*ws.WebSocket) { panic("secret") })
	res, body := s.refused("/")
	require.Equal(t, 500, res.StatusCode)
	require.NotContains(t, body, "secret")
	s.wantLog("handler panicked", "secret", "stack=")
}

func TestSocketConnectionAborted(t *testing.T) {
	released := make(chan struct{})
	in := provide(t, inject.PerConnection, func() (*tape, func()) { return nil, func() { close(released) } })
	s := serveSocket(t, func(*ws.WebSocket, *tape) { panic(http.ErrAbortHandler) }, endpoint.Injector(in))
	_, _, res, err := s.handshake("/")
	require.Error(t, err)
	require.Nil(t, res, "http.ErrAbortHandler cuts the connection")
	take(t, released)
	require.Empty(t, s.log.String())
}

func TestSocketConnectionGoexitBeforeAccepting(t *testing.T) {
	released := make(chan struct{})
	in := provide(t, inject.PerConnection, func() (*tape, func()) { return nil, func() { close(released) } })
	s := serveSocket(t, func(*ws.WebSocket, *tape) { goexit() }, endpoint.Injector(in))
	res, body := s.refused("/") // nobody is left with a pending handshake
	require.Equal(t, 500, res.StatusCode)
	require.Contains(t, body, `"status":500`)
	take(t, released)
	s.wantLog("Goexit")
}

func TestSocketConnectionRefusesItself(t *testing.T) {
	tests := []struct {
		name   string
		view   any
		status int
		body   string
		log    string
	}{
		{"Close", func(c *ws.WebSocket) error { return c.Close(4000, "no") }, 403, "", ""},
		{"Reject", func(c *ws.WebSocket) error { return c.Reject(402, nil, []byte("pay")) }, 402, "pay", ""},
		{"Reject, and an error that says so", func(c *ws.WebSocket) error {
			_ = c.Reject(402, nil, []byte("pay"))
			return c.SendText("x")
		}, 402, "pay", ""},
		{"Reject, and another error", func(c *ws.WebSocket) error {
			_ = c.Reject(402, nil, []byte("pay"))
			return errors.New("no money")
		}, 402, "pay", "no money"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.view)
			res, body := s.refused("/")
			assert.Equal(t, tt.status, res.StatusCode)
			assert.Equal(t, tt.body, body)
			if tt.log != "" {
				s.wantLog(tt.log)
			} else {
				assert.Empty(t, s.log.String())
			}
		})
	}
}

func TestSocketConnectionContextEndsWithTheConnection(t *testing.T) {
	tests := []struct {
		name string
		end  func(t *testing.T, c *ws.WebSocket, conn interface{ Close() error })
	}{
		{"at Close by the peer", func(t *testing.T, c *ws.WebSocket, _ interface{ Close() error }) {
			assert.NoError(t, c.Close(ws.CodeNormal))
		}},
		{"at a hang-up", func(t *testing.T, _ *ws.WebSocket, conn interface{ Close() error }) {
			assert.NoError(t, conn.Close())
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cause := make(chan error, 1)
			s := serveSocket(t, func(ctx context.Context, conn *ws.WebSocket) error {
				if err := conn.Accept(); err != nil {
					return err
				}
				go func() { <-ctx.Done(); cause <- context.Cause(ctx) }()
				for range conn.Messages(ctx) {
					continue
				}
				return nil
			})
			c, conn, _, err := s.handshake("/")
			require.NoError(t, err)
			nothing(t, cause)
			tt.end(t, c, conn)
			require.ErrorIs(t, take(t, cause), ws.ErrClosed)
		})
	}
	t.Run("at our own Close, at once", func(t *testing.T) {
		cause := make(chan error, 1)
		s := serveSocket(t, func(ctx context.Context, conn *ws.WebSocket) error {
			_ = conn.Accept()
			go func() { <-ctx.Done(); cause <- context.Cause(ctx) }()
			return conn.Close(4000)
		})
		c := s.dial("/") // which does not answer the Close yet
		var ce *ws.CloseError
		require.ErrorAs(t, take(t, cause), &ce)
		require.Equal(t, ws.Code(4000), ce.Code)
		wantClose(t, c, 4000, "")
	})
	t.Run("not when the handler of the request returned", func(t *testing.T) {
		ctxs := make(chan context.Context, 1)
		s := serveSocket(t, func(ctx context.Context, _ ws.Text) string { ctxs <- ctx; return "ok" })
		c := s.dial("/")
		require.NoError(t, c.SendText("x"))
		require.Equal(t, "ok", hearText(t, c))
		ctx := take(t, ctxs)
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, ctx.Err())
		require.NoError(t, c.Close(ws.CodeNormal))
		take(t, ctx.Done())
	})
}
