package fogotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// Socket is the client's side of a WebSocket. Its methods end the test if what
// they expect doesn't come in time, so they must be called from the goroutine
// of the test; [Socket.Conn] is for others.
type Socket struct {
	t       testing.TB
	conn    *ws.WebSocket
	timeout time.Duration
	what    string
	// Header is that of the answer to the handshake.
	Header http.Header
}

// Refusal is the answer to a handshake that was not accepted.
type Refusal struct {
	*Response
}

// WebSocket opens a WebSocket, through a real server on a network in memory. It
// ends the test if the handshake is refused. What is still open at the end of
// the test is closed.
func (c *Client) WebSocket(path string, opts ...RequestOption) *Socket {
	c.t.Helper()
	s, refusal := c.Handshake(path, opts...)
	if refusal != nil {
		c.t.Fatalf("%s: the handshake is refused with %d:\n%s", refusal.request, refusal.Status, refusal.Body)
	}
	return s
}

// Handshake tries to open a WebSocket, and returns it, or the answer if that is
// another than 101. It ends the test if there is no answer.
func (c *Client) Handshake(path string, opts ...RequestOption) (*Socket, *Refusal) {
	c.t.Helper()
	req, err := c.newRequest(http.MethodGet, path, opts)
	if err != nil {
		c.t.Fatalf("fogotest: WebSocket %s: %v", path, err)
	}
	what := "WebSocket " + path
	conn, resp, err := c.dial(req)
	if conn != nil {
		return &Socket{t: c.t, conn: conn, timeout: c.timeout, what: what, Header: resp.Header}, nil
	}
	if resp == nil {
		c.t.Fatalf("%s: %v", what, err)
	}
	body, _ := io.ReadAll(resp.Body) // in memory
	return nil, &Refusal{&Response{Status: resp.StatusCode, Header: resp.Header, Body: body, t: c.t, request: what}}
}

// dial performs the handshake. The connection outlives the request's context.
func (c *Client) dial(req *request) (*ws.WebSocket, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Request.Context()), c.timeout)
	defer cancel()
	netConn, err := c.listen().Dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	header := req.Header.Clone()
	header.Set("Host", req.Host)
	opts := &ws.ClientOptions{Options: ws.Options{Subprotocols: req.subprotocols}, Header: header}
	conn, resp, err := ws.Client(ctx, netConn, req.URL.String(), opts)
	if err != nil {
		return nil, resp, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sockets = append(c.sockets, conn)
	return conn, resp, nil
}

// listen starts the server, once.
func (c *Client) listen() *memnet.Listener {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener == nil {
		ln := memnet.Listen()
		srv := &http.Server{
			Handler:           c.app,
			ReadHeaderTimeout: c.timeout,
			ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		c.listener, c.server = ln, srv
		go func() { _ = srv.Serve(ln) }() // until stop
	}
	return c.listener
}

// Conn returns the connection itself.
func (s *Socket) Conn() *ws.WebSocket { return s.conn }

// Subprotocol returns the subprotocol that was agreed on, or "".
func (s *Socket) Subprotocol() string { return s.conn.Subprotocol() }

// SendText sends a text message.
func (s *Socket) SendText(text string) *Socket {
	s.t.Helper()
	return s.sent(s.conn.SendText(text))
}

// SendBytes sends a binary message.
func (s *Socket) SendBytes(data []byte) *Socket {
	s.t.Helper()
	return s.sent(s.conn.SendBytes(data))
}

// SendJSON sends v in JSON, as a text message.
func (s *Socket) SendJSON(v any) *Socket {
	s.t.Helper()
	return s.sent(s.conn.SendJSON(v))
}

func (s *Socket) sent(err error) *Socket {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: sending: %v", s.what, err)
	}
	return s
}

// Receive returns the next message.
func (s *Socket) Receive() ws.Message {
	s.t.Helper()
	m, err := s.receive()
	if err != nil {
		s.t.Fatalf("%s: expected a message, but %v", s.what, s.explain(err))
	}
	return m
}

func (s *Socket) receive() (ws.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	return s.conn.Receive(ctx)
}

func (s *Socket) explain(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("nothing came in %v", s.timeout)
	}
	return err
}

// ExpectText checks that the next message is this text.
func (s *Socket) ExpectText(text string) *Socket {
	s.t.Helper()
	if m := s.Receive(); m.Kind != ws.KindText || string(m.Data) != text {
		s.t.Fatalf("%s: the message is %s %q, not text %q", s.what, m.Kind, m.Data, text)
	}
	return s
}

// ExpectBytes checks that the next message is binary and these bytes.
func (s *Socket) ExpectBytes(data []byte) *Socket {
	s.t.Helper()
	if m := s.Receive(); m.Kind != ws.KindBinary || string(m.Data) != string(data) {
		s.t.Fatalf("%s: the message is %s %q, not binary %q", s.what, m.Kind, m.Data, data)
	}
	return s
}

// ExpectJSON checks that the next message is JSON of the same value as v in
// JSON, apart from white space and the order of members.
func (s *Socket) ExpectJSON(v any) *Socket {
	s.t.Helper()
	if diff := diffJSON(s.Receive().Data, v); diff != "" {
		s.t.Fatalf("%s: %s", s.what, diff)
	}
	return s
}

// Expect decodes the next message from JSON. It ends the test if the message
// doesn't fit a T.
func Expect[T any](s *Socket) T {
	s.t.Helper()
	m := s.Receive()
	var v T
	if err := json.Unmarshal(m.Data, &v); err != nil {
		s.t.Fatalf("%s: the message does not fit %T: %v\n%s", s.what, v, err, m.Data)
	}
	return v
}

// ExpectClose checks that the server closes the connection, with this code, and
// returns the reason it gives.
func (s *Socket) ExpectClose(code ws.Code) ws.Reason {
	s.t.Helper()
	m, err := s.receive()
	if err == nil {
		s.t.Fatalf("%s: expected a close with %s, but got the %s message %q", s.what, code, m.Kind, m.Data)
	}
	got, reason, closed := s.conn.CloseCode()
	if !closed {
		s.t.Fatalf("%s: expected a close with %s, but %v", s.what, code, s.explain(err))
	}
	if got != code {
		s.t.Fatalf("%s: closed with %s %q, not with %s", s.what, got, string(reason), code)
	}
	return reason
}

// Close closes the connection with a code, and waits for the server to answer.
func (s *Socket) Close(code ws.Code, reason ...string) {
	s.t.Helper()
	if err := s.conn.Close(code, reason...); err != nil {
		s.t.Fatalf("%s: closing: %v", s.what, err)
	}
}
