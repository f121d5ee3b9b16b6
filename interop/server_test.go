package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// server serves the views that all clients are tested with.
type server struct {
	*httptest.Server
	t     *testing.T
	mux   *http.ServeMux
	ended *endings
	views []*endpoint.Handler
}

// The one-line views.
func echo(data ws.Data) ws.Data                       { return data }
func toBinary(conn *ws.WebSocket, data ws.Data) error { return conn.SendBytes(data) }

// order is a message in JSON.
type order struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
}

// Validate refuses orders of nothing.
func (o order) Validate() error {
	if o.Count < 1 {
		return resolve.Fault{Location: "count", Message: "must be at least 1"}
	}
	return nil
}

type receipt struct {
	Text string `json:"text"`
	Sum  int    `json:"sum"`
}

func takeOrder(_ *ws.WebSocket, o order) receipt { return receipt{o.Item + " ✓", o.Count * 3} }

// countdown sends a stream of messages for each number.
func countdown(n resolve.Message[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := n.Value; i > 0 && yield(i); i-- {
		}
	}
}

// film sends one message of n bytes, in fragments.
func film(n resolve.Message[int64]) io.Reader { return io.LimitReader(zeros{}, n.Value) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// ownLoop owns its connection.
func ownLoop(ctx context.Context, conn *ws.WebSocket) error {
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
}

// Values of the handshake.
type (
	RoomID int
	Tag    string
	Token  string
)

// room tells what the handshake said, ends as it is told, and reports its end.
type room struct {
	Ended *endings `inject:""`
	Tag   Tag      `query:"tag"`
	said  int
}

func (r *room) OnConnect(conn *ws.WebSocket) error {
	for _, p := range conn.Offered() {
		if p == "v2.rooms" {
			return conn.Accept(ws.Subprotocol(p))
		}
	}
	return nil
}

func (r *room) OnReceive(conn *ws.WebSocket, id RoomID, req *http.Request, m ws.Text) (string, error) {
	r.said++
	switch m {
	case "close":
		return "", ws.CloseError{Code: 4001, Reason: "tschüß"}
	case "fail":
		return "", errors.New("secret")
	case "leave":
		return "", conn.Close(ws.CodeNormal, "left")
	}
	return fmt.Sprintf("%d %s %s %d", id, req.URL.Query().Get("tag"), conn.Subprotocol(), r.said), nil
}

func (r *room) OnDisconnect(code ws.Code, reason ws.Reason) {
	r.Ended.report(string(r.Tag), ending{int(code), string(reason), r.said})
}

// ending is how a connection of a room ended, as the server saw it.
type ending struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Said   int    `json:"said"`
}

// endings has a channel for each tag.
type endings struct{ tags sync.Map }

func (e *endings) of(tag string) chan ending {
	ch, _ := e.tags.LoadOrStore(tag, make(chan ending, 10))
	return ch.(chan ending)
}

func (e *endings) report(tag string, end ending) { e.of(tag) <- end }

// wait answers with the end of the connection with a tag.
func (e *endings) wait(ctx context.Context, tag string) (ending, error) {
	select {
	case end := <-e.of(tag):
		return end, nil
	case <-ctx.Done():
		return ending{}, endpoint.NewError(http.StatusGone, "nothing ended")
	}
}

func ended(ctx context.Context, tag resolve.Query[Tag], e *endings) (ending, error) {
	return e.wait(ctx, string(tag.Value))
}

func checkToken(t resolve.Optional[resolve.Query[Token]]) error {
	if v, ok := t.Get(); !ok || v.Value != "good" {
		return endpoint.NewError(http.StatusUnauthorized, "who are you?")
	}
	return nil
}

// start serves the views until the end of the test.
func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, mux: http.NewServeMux(), ended: &endings{}}
	in := inject.New()
	require.NoError(t, in.Value(s.ended))
	s.add("/echo", echo)
	s.add("/binary", toBinary)
	s.add("/orders", takeOrder)
	s.add("/countdown", countdown)
	s.add("/film", film)
	s.add("/own", ownLoop)
	s.add("/guarded", echo, endpoint.Guards(checkToken))
	s.add("/pinged", echo, endpoint.WebSocket(ws.Options{PingInterval: 20 * time.Millisecond, PongTimeout: 2 * time.Second}))
	s.add("/rooms/", room{}, endpoint.Injector(in), endpoint.Pattern("/rooms/{room_id}"))
	s.add("/ended", ended, endpoint.Injector(in))
	leaving := s.add("/leaving", echo)
	s.mux.HandleFunc("/leave", func(http.ResponseWriter, *http.Request) { go func() { _ = leaving.Shutdown(context.Background()) }() })
	s.Server = httptest.NewServer(s.mux)
	t.Cleanup(s.stop)
	return s
}

func (s *server) add(path string, view any, opts ...endpoint.Option) *endpoint.Handler {
	s.t.Helper()
	h, err := endpoint.New(view, opts...)
	require.NoError(s.t, err)
	s.views = append(s.views, h)
	s.mux.Handle(path, h)
	return h
}

func (s *server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, h := range s.views {
		assert.NoError(s.t, h.Shutdown(ctx))
	}
	s.Close()
}

// ws is the address of a socket.
func (s *server) ws(path string) string { return "ws" + strings.TrimPrefix(s.URL, "http") + path }

// wantEnd requires how a connection of a room ended for the server.
func (s *server) wantEnd(tag string, want ending) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := s.ended.wait(ctx, tag)
	require.NoError(s.t, err)
	require.Equal(s.t, want, got)
}

// program finds a program in the PATH, or skips the test.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("FOGO_INTEROP") == "require" {
		t.Fatalf("none of %q is in the PATH", names)
	}
	t.Skipf("none of %q is in the PATH", names)
	return ""
}

// report is what a client in JavaScript found out.
type report struct {
	Checks []struct {
		Name  string `json:"name"`
		Error string `json:"error"`
	} `json:"checks"`
}

// tell turns a report into subtests.
func tell(t *testing.T, data []byte) {
	t.Helper()
	var r report
	require.NoError(t, json.Unmarshal(data, &r), "%s", data)
	require.Greater(t, len(r.Checks), 15, "%s", data)
	for _, c := range r.Checks {
		t.Run(c.Name, func(t *testing.T) { assert.Empty(t, c.Error) })
	}
}
