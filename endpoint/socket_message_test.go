package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/require"
)

// line is a message as JSON and as XML.
type line struct {
	Text string `json:"text" xml:"text"`
	N    int    `json:"n" xml:"n"`
}

// anyLine is a message that says nothing by its type.
type anyLine struct{ Text string }

func TestSocketMessageParameters(t *testing.T) {
	tests := []struct {
		name       string
		view       any
		send, want ws.Message
	}{
		{"the design's one line: text in, binary out",
			func(conn *ws.WebSocket, data ws.Data) error { return conn.SendBytes(data) }, text("héllo"), bin("héllo")},
		{"the same for binary in",
			func(conn *ws.WebSocket, data ws.Data) error { return conn.SendBytes(data) }, bin("\x00\xff"), bin("\x00\xff")},
		{"an echo of Data keeps the kind: text",
			func(data ws.Data) ws.Data { return data }, text("hello"), text("hello")},
		{"an echo of Data keeps the kind: binary",
			func(data ws.Data) ws.Data { return data }, bin("hello"), bin("hello")},
		{"an empty text is a message",
			func(data ws.Data) ws.Data { return data }, text(""), text("")},
		{"an empty binary is a message",
			func(data ws.Data) ws.Data { return data }, bin(""), bin("")},
		{"Text",
			func(s ws.Text) ws.Text { return s + "!" }, text("a"), text("a!")},
		{"an empty Text",
			func(s ws.Text) ws.Text { return s }, text(""), text("")},
		{"Binary",
			func(b ws.Binary) ws.Binary { return append(b, '!') }, bin("a"), bin("a!")},
		{"a data struct from text",
			func(_ *ws.WebSocket, l line) string { return strings.Repeat(l.Text, l.N) }, text(`{"text":"ab","n":2}`), text("abab")},
		{"a data struct from binary",
			func(_ *ws.WebSocket, l line) string { return strings.Repeat(l.Text, l.N) }, bin(`{"text":"ab","n":2}`), text("abab")},
		{"a data struct by a pointer inside Message",
			func(m resolve.Message[*line]) string { return m.Value.Text }, text(`{"text":"p"}`), text("p")},
		{"a slice of data structs",
			func(_ *ws.WebSocket, ls []line) int { return len(ls) }, text(`[{"n":1},{"n":2}]`), text("2")},
		{"Message of a struct without tags",
			func(m resolve.Message[anyLine]) string { return m.Value.Text }, text(`{"Text":"x"}`), text("x")},
		{"Message of a scalar",
			func(m resolve.Message[int]) int { return m.Value + 1 }, text(`41`), text("42")},
		{"Message of a map",
			func(m resolve.Message[map[string]int]) int { return m.Value["a"] }, text(`{"a":7}`), text("7")},
		{"Message anywhere in the signature",
			func(m resolve.Message[line], conn *ws.WebSocket) error { return conn.SendText(m.Value.Text) }, text(`{"text":"t"}`), text("t")},
		{"with a context",
			func(ctx context.Context, s ws.Text) (string, error) { return string(s), ctx.Err() }, text("a"), text("a")},
		{"nothing but the option makes it a socket",
			func(l line) line { return l }, text(`{"text":"o","n":1}`), text(`{"text":"o","n":1}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serveSocket(t, tt.view, endpoint.AsWebSocket()).dial("/")
			for range 3 { // a frame that is used again must not show
				require.NoError(t, c.Send(tt.send.Kind, tt.send.Data))
				got := hear(t, c)
				require.Equal(t, tt.want.Kind, got.Kind)
				require.Equal(t, string(tt.want.Data), string(got.Data))
			}
		})
	}
}

func TestSocketMessageBytesBelongToTheHandler(t *testing.T) {
	var kept []ws.Data
	s := serveSocket(t, func(d ws.Data) ws.Data {
		kept = append(kept, d)
		return d
	})
	c := s.dial("/")
	for i := range 50 {
		want := fmt.Sprintf("message %d", i)
		require.NoError(t, c.SendText(want))
		require.Equal(t, want, hearText(t, c))
	}
	for i, d := range kept {
		require.Equal(t, fmt.Sprintf("message %d", i), string(d))
	}
}

func TestSocketMessageFragmentsAndPings(t *testing.T) {
	r := serveSocket(t, func(d ws.Data) ws.Data { return d }).raw("/")
	r.send(0x01, "he") // text without FIN
	r.send(rawPing, "p")
	r.send(0x80, "llo")
	r.wantFrame(rawPong, "p")
	r.wantFrame(rawText, "hello")
	r.send(rawClose, closing(4321, "bye"))
	r.wantFrame(rawClose, closing(4321, ""))
}

func TestSocketMessagesComeOneAtATimeInOrder(t *testing.T) {
	running := 0 // the race detector sees a second one
	s := serveSocket(t, func(m ws.Text) (ws.Text, error) {
		running++
		defer func() { running-- }()
		if running != 1 {
			return "", errors.New("not alone")
		}
		return m, nil
	})
	c := s.dial("/")
	const n = 200
	go func() {
		for i := range n {
			_ = c.SendText(fmt.Sprint(i))
		}
	}()
	for i := range n {
		require.Equal(t, fmt.Sprint(i), hearText(t, c))
	}
}

func TestSocketMessageTooBig(t *testing.T) {
	s := serveSocket(t, func(d ws.Data) ws.Data { return d }, endpoint.WebSocket(ws.Options{MaxMessage: 10}))
	c := s.dial("/")
	require.NoError(t, c.SendText("0123456789"))
	require.Equal(t, "0123456789", hearText(t, c))
	require.NoError(t, c.SendText("0123456789a"))
	_, end := ending(t, c)
	require.Equal(t, ws.CodeMessageTooBig, end.Code)
}

// errTeapot is an error with a status of its own.
type errTeapot struct{}

func (errTeapot) Error() string   { return "secret brew" }
func (errTeapot) StatusCode() int { return 418 }

func TestSocketMessageErrors(t *testing.T) {
	nilErr := func() *ws.CloseError { return nil }
	other := func() error { // what reading another connection returns at its end
		return fmt.Errorf("upstream: %w", errors.Join(ws.ErrClosed, &ws.CloseError{Code: 4000, Reason: "upstream's"}))
	}
	tests := []struct {
		name   string
		view   any
		code   ws.Code
		reason string
		log    string // "" if nothing must be logged
	}{
		{"an error closes with 1011 and keeps its text", func(ws.Data) error { return errors.New("secret") }, 1011, "", "secret"},
		{"beside a value", func(ws.Data) (string, error) { return "x", errors.New("secret") }, 1011, "", "secret"},
		{"a close error as a pointer chooses", func(ws.Data) error { return &ws.CloseError{Code: 4001, Reason: "why"} }, 4001, "why", ""},
		{"and as a value", func(ws.Data) error { return ws.CloseError{Code: 4001, Reason: "why"} }, 4001, "why", ""},
		{"and wrapped", func(ws.Data) error { return fmt.Errorf("x: %w", ws.CloseError{Code: 4001}) }, 4001, "", ""},
		{"and as the type of the result", func(ws.Data) (string, *ws.CloseError) { return "", &ws.CloseError{Code: 1000} }, 1000, "", ""},
		{"a code that may not be sent is 1011", func(ws.Data) error { return ws.CloseError{Code: 1006} }, 1011, "", "1006"},
		{"a reason that is not UTF-8 closes all the same", func(ws.Data) error { return ws.CloseError{Code: 4002, Reason: "a\xffb"} }, 4002, "a\uFFFDb", ""},
		{"a long reason is cut", func(ws.Data) error { return ws.CloseError{Code: 4002, Reason: ws.Reason(strings.Repeat("é", 100))} }, 4002, strings.Repeat("é", 61), ""},
		{"a nil pointer in an error is 1011", func(ws.Data) error { return nilErr() }, 1011, "", "nil *CloseError pointer"},
		{"an HTTP error is 1011", func(ws.Data) error { return endpoint.NewError(401, "secret") }, 1011, "", "secret"},
		{"so is a type with a status", func(ws.Data) error { return errTeapot{} }, 1011, "", "secret brew"},
		{"the end of another connection is not ours", func(ws.Data) error { return other() }, 1011, "", "upstream"},
		{"a panic", func(ws.Data) { panic("secret") }, 1011, "", "stack="},
		{"a panic with an error that would choose", func(ws.Data) { panic(ws.CloseError{Code: 4003}) }, 1011, "", "stack="},
		{"a panic with faults", func(ws.Data) { panic(resolve.Faults{{Location: "message"}}) }, 1011, "", "stack="},
		{"a panic while streaming", func(ws.Data) func(func(string) bool) {
			return func(func(string) bool) { panic("secret") }
		}, 1011, "", "stack="},
		{"http.ErrAbortHandler is not logged", func(ws.Data) { panic(http.ErrAbortHandler) }, 1011, "", ""},
		{"a value that cannot be encoded", func(ws.Data) any { return func() {} }, 1011, "", "func()"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.view)
			c := s.dial("/")
			require.NoError(t, c.SendText("x"))
			wantClose(t, c, tt.code, tt.reason)
			if tt.log != "" {
				s.wantLog(tt.log)
			} else {
				require.Empty(t, s.log.String())
			}
		})
	}
}

func TestSocketMessageGoexit(t *testing.T) {
	ended := make(chan error, 2)
	in := provide(t, inject.PerCall, func() (*tape, func(error) error) {
		return nil, func(err error) error { ended <- err; return nil }
	})
	require.NoError(t, in.Provide(inject.PerConnection, func() (*track, func(error) error) {
		return nil, func(err error) error { ended <- err; return nil }
	}))
	s := serveSocket(t, func(ws.Data, *tape, *track) { goexit() }, endpoint.Injector(in))
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	wantClose(t, c, ws.CodeInternalError, "")
	require.ErrorIs(t, take(t, ended), inject.ErrGoexit)
	require.ErrorIs(t, take(t, ended), inject.ErrGoexit)
}

func TestSocketErrorAfterTheEndIsNotLogged(t *testing.T) {
	tests := []struct {
		name string
		err  func(ctx context.Context, conn *ws.WebSocket) error
	}{
		{"of a send", func(_ context.Context, conn *ws.WebSocket) error { return conn.SendText("late") }},
		{"of the context", func(ctx context.Context, _ *ws.WebSocket) error { return ctx.Err() }},
		{"of what waited for the context", func(ctx context.Context, _ *ws.WebSocket) error { return fmt.Errorf("query: %w", context.Cause(ctx)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, func(ctx context.Context, conn *ws.WebSocket, _ ws.Data) error {
				if err := conn.Close(4000, "mine"); err != nil {
					return errors.New("close failed")
				}
				if err := tt.err(ctx, conn); err != nil {
					return err
				}
				return errors.New("there was no error")
			})
			c := s.dial("/")
			require.NoError(t, c.SendText("x"))
			wantClose(t, c, 4000, "mine")
			require.NoError(t, s.h.Shutdown(soon(t))) // waits for the handler
			require.Empty(t, s.log.String())
		})
	}
}
