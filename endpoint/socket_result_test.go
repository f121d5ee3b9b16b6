package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/require"
)

// tape and track are components without a meaning.
type (
	tape  struct{ n int }
	track struct{ n int }
)

func goexit() { runtime.Goexit() }

// word is a text that encodes itself.
type word string

func (w word) MarshalText() ([]byte, error) { return []byte("<" + w + ">"), nil }

type (
	plain string
	blob  []byte
)

func seq[T any](items ...T) iter.Seq[T] { return slices.Values(items) }

func TestSocketResults(t *testing.T) {
	one := func(m ...ws.Message) []ws.Message { return m }
	tests := []struct {
		name string
		view any
		want []ws.Message
	}{
		{"string", func(ws.Data) string { return "s" }, one(text("s"))},
		{"an empty string is a message", func(ws.Data) string { return "" }, one(text(""))},
		{"a named string", func(ws.Data) plain { return "p" }, one(text("p"))},
		{"ws.Text", func(ws.Data) ws.Text { return "t" }, one(text("t"))},
		{"[]byte", func(ws.Data) []byte { return []byte("b") }, one(bin("b"))},
		{"nil bytes are an empty message", func(ws.Data) []byte { return nil }, one(bin(""))},
		{"a named []byte", func(ws.Data) blob { return blob("b") }, one(bin("b"))},
		{"ws.Binary", func(ws.Data) ws.Binary { return ws.Binary("b") }, one(bin("b"))},
		{"ws.Data in the kind of the message", func(ws.Text) ws.Data { return ws.Data("d") }, one(text("d"))},
		{"ws.Message says its kind", func(ws.Data) ws.Message { return bin("m") }, one(bin("m"))},
		{"a struct", func(ws.Data) line { return line{"x", 1} }, one(text(`{"text":"x","n":1}`))},
		{"a pointer", func(ws.Data) *line { return &line{"x", 1} }, one(text(`{"text":"x","n":1}`))},
		{"a nil pointer sends nothing", func(ws.Data) *line { return nil }, nil},
		{"a nil interface sends nothing", func(ws.Data) any { return nil }, nil},
		{"a nil pointer in an interface sends nothing", func(ws.Data) any { return (*line)(nil) }, nil},
		{"an interface is what it holds", func(ws.Data) any { return []byte("b") }, one(bin("b"))},
		{"a number", func(ws.Data) int { return 7 }, one(text("7"))},
		{"a bool", func(ws.Data) bool { return true }, one(text("true"))},
		{"a map", func(ws.Data) map[string]int { return map[string]int{"a": 1} }, one(text(`{"a":1}`))},
		{"a slice", func(ws.Data) []line { return []line{{N: 1}} }, one(text(`[{"text":"","n":1}]`))},
		{"a nil slice is a list", func(ws.Data) []line { return nil }, one(text(`[]`))},
		{"what encodes itself", func(ws.Data) word { return "w" }, one(text(`"\u003cw\u003e"`))},
		{"nothing", func(ws.Data) {}, nil},
		{"no error", func(ws.Data) error { return nil }, nil},
		{"(T, error)", func(ws.Data) (string, error) { return "s", nil }, one(text("s"))},
		{"(T, *CloseError) with a typed nil", func(ws.Data) (string, *ws.CloseError) { return "s", nil }, one(text("s"))},
		{"*CloseError with a typed nil", func(ws.Data) *ws.CloseError { return nil }, nil},
		{"iter.Seq", func(ws.Data) iter.Seq[string] { return seq("a", "b") }, one(text("a"), text("b"))},
		{"iter.Seq of structs", func(ws.Data) iter.Seq[line] { return seq(line{N: 1}) }, one(text(`{"text":"","n":1}`))},
		{"iter.Seq of Data", func(ws.Text) iter.Seq[ws.Data] { return seq(ws.Data("a")) }, one(text("a"))},
		{"iter.Seq skips nil pointers", func(ws.Data) iter.Seq[*line] { return seq(nil, &line{N: 2}) }, one(text(`{"text":"","n":2}`))},
		{"a nil iter.Seq", func(ws.Data) iter.Seq[string] { return nil }, nil},
		{"(iter.Seq, error)", func(ws.Data) (iter.Seq[string], error) { return seq("a"), nil }, one(text("a"))},
		{"a channel", func(ws.Data) <-chan string {
			ch := make(chan string, 2)
			ch <- "a"
			ch <- "b"
			close(ch)
			return ch
		}, one(text("a"), text("b"))},
		{"io.Reader", func(ws.Data) io.Reader { return strings.NewReader("r") }, one(bin("r"))},
		{"a nil io.Reader", func(ws.Data) io.Reader { return nil }, nil},
		{"a nil pointer in an io.Reader", func(ws.Data) io.Reader { return (*bytes.Buffer)(nil) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.view)
			c := s.dial("/")
			require.NoError(t, c.SendText("x"))
			for _, want := range tt.want {
				got := hear(t, c)
				require.Equal(t, want.Kind, got.Kind)
				require.Equal(t, string(want.Data), string(got.Data))
			}
			// Nothing more came, and the connection is well.
			done := s.shutdown()
			wantClose(t, c, ws.CodeGoingAway, "")
			require.NoError(t, take(t, done))
			require.Empty(t, s.log.String())
		})
	}
}

func TestSocketStreamThatFails(t *testing.T) {
	s := serveSocket(t, func(ws.Data) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			_ = yield("a", nil) && yield("", ws.CloseError{Code: 4005, Reason: "dry"})
		}
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	got, end := ending(t, c)
	require.Equal(t, []ws.Message{text("a")}, got)
	require.Equal(t, ws.CloseError{Code: 4005, Reason: "dry"}, end)
}

func TestSocketStreamEndsWithTheConnection(t *testing.T) {
	stopped := make(chan struct{})
	s := serveSocket(t, func(ws.Data) iter.Seq[string] {
		return func(yield func(string) bool) {
			defer close(stopped)
			for yield("tick") {
				time.Sleep(time.Millisecond)
			}
		}
	})
	c, conn, _, err := s.handshake("/")
	require.NoError(t, err)
	require.NoError(t, c.SendText("x"))
	require.Equal(t, "tick", hearText(t, c))
	require.NoError(t, conn.Close())
	take(t, stopped)
	require.Empty(t, s.log.String())
}

// closingReader notes that it was closed.
type closingReader struct {
	io.Reader
	closed chan struct{}
}

func (r closingReader) Close() error {
	close(r.closed)
	return nil
}

func TestSocketReaderIsClosed(t *testing.T) {
	closed := make(chan struct{})
	s := serveSocket(t, func(ws.Data) io.Reader {
		return closingReader{io.MultiReader(strings.NewReader("part"), failingReader{}), closed}
	})
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	wantClose(t, c, ws.CodeInternalError, "")
	take(t, closed)
	s.wantLog("broken tape")
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("broken tape") }

func TestSocketResultsThatCannotBe(t *testing.T) {
	tests := []struct {
		name string
		view any
	}{
		{"three results", func(ws.Data) (int, int, error) { return 0, 0, nil }},
		{"two values", func(ws.Data) (int, int) { return 0, 0 }},
		{"a function", func(ws.Data) func() { return nil }},
		{"an HTTP responder", func(ws.Data) endpoint.Created[int] { return endpoint.Created[int]{} }},
		{"an http.Handler", func(ws.Data) http.Handler { return nil }},
		{"an error by value", func(ws.Data) ws.CloseError { return ws.CloseError{} }},
		{"a stream of streams", func(ws.Data) iter.Seq[iter.Seq[int]] { return nil }},
		{"a stream of readers", func(ws.Data) iter.Seq[io.Reader] { return nil }},
		{"a stream of functions", func(ws.Data) iter.Seq[func()] { return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := endpoint.New(tt.view)
			require.Error(t, err)
			golden(t, err.Error())
		})
	}
}
