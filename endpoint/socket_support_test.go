package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must happen.
const patience = 5 * time.Second

// site is one socket view on a server of its own.
type site struct {
	t   *testing.T
	h   *endpoint.Handler
	srv *httptest.Server
	log *logBuffer
}

// serveSocket serves a view until the end of the test.
func serveSocket(t *testing.T, view any, opts ...endpoint.Option) *site {
	t.Helper()
	return serveSocketWith(t, func(*endpoint.Config) {}, view, opts...)
}

// serveSocketWith is serveSocket with changes to the configuration.
func serveSocketWith(t *testing.T, change func(*endpoint.Config), view any, opts ...endpoint.Option) *site {
	t.Helper()
	s := &site{t: t, log: &logBuffer{}}
	cfg := endpoint.Config{Logger: slog.New(slog.NewTextHandler(s.log, nil))}
	cfg.WebSocket.CloseTimeout = patience
	change(&cfg)
	h, err := endpoint.New(view, append([]endpoint.Option{endpoint.Configure(cfg)}, opts...)...)
	require.NoError(t, err)
	s.h = h
	s.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.h.ServeHTTP(w, r) }))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, s.h.Shutdown(ctx))
		s.srv.Close()
	})
	return s
}

// shutdown shuts the view down while somebody else hears what it says.
func (s *site) shutdown() <-chan error {
	done := make(chan error, 1)
	ctx := soon(s.t)
	go func() { done <- s.h.Shutdown(ctx) }()
	return done
}

// wrap puts middleware around the view.
func (s *site) wrap(middleware func(http.Handler) http.Handler) {
	s.srv.Config.Handler = middleware(s.srv.Config.Handler)
}

func (s *site) addr() string { return s.srv.Listener.Addr().String() }

// connect opens a TCP connection that lives as long as the test.
func (s *site) connect() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// handshake tries to open a WebSocket with header fields in pairs.
func (s *site) handshake(path string, header ...string) (*ws.WebSocket, net.Conn, *http.Response, error) {
	s.t.Helper()
	opts := &ws.ClientOptions{Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Sec-WebSocket-Protocol" {
			opts.Subprotocols = strings.Split(header[i+1], ", ")
			continue
		}
		opts.Header.Add(header[i], header[i+1])
	}
	conn := s.connect()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, res, err := ws.Client(ctx, conn, "ws://"+s.addr()+path, opts)
	return c, conn, res, err
}

// dial opens a WebSocket.
func (s *site) dial(path string, header ...string) *ws.WebSocket {
	s.t.Helper()
	c, _, _, err := s.handshake(path, header...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Fail(ws.CodeNormal, "") })
	return c
}

// refused tries to open a WebSocket and returns the HTTP answer.
func (s *site) refused(path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	_, _, res, err := s.handshake(path, header...)
	he, ok := errors.AsType[*ws.HandshakeError](err)
	require.True(s.t, ok, "%v", err)
	require.NotNil(s.t, res, "%v", err)
	require.Equal(s.t, he.Status, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res, string(body)
}

// get makes a plain request.
func (s *site) get(method, path string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(method, s.srv.URL+path, nil)
	require.NoError(s.t, err)
	res, err := s.srv.Client().Do(req)
	require.NoError(s.t, err)
	_ = res.Body.Close()
	return res
}

// soon is a context that ends a test that would hang.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// hear receives one message.
func hear(t *testing.T, c *ws.WebSocket) ws.Message {
	t.Helper()
	m, err := c.Receive(soon(t))
	require.NoError(t, err)
	return m
}

// hearText receives one text message.
func hearText(t *testing.T, c *ws.WebSocket) string {
	t.Helper()
	m := hear(t, c)
	require.Equal(t, ws.KindText, m.Kind, "%q", m.Data)
	return string(m.Data)
}

func text(s string) ws.Message { return ws.Message{Kind: ws.KindText, Data: []byte(s)} }
func bin(s string) ws.Message  { return ws.Message{Kind: ws.KindBinary, Data: []byte(s)} }

// ending receives up to the end of the connection: the messages that still
// came, and the close code and reason.
func ending(t *testing.T, c *ws.WebSocket) ([]ws.Message, ws.CloseError) {
	t.Helper()
	var got []ws.Message
	ctx := soon(t)
	for {
		m, err := c.Receive(ctx)
		if err != nil {
			require.ErrorIs(t, err, ws.ErrClosed)
			code, reason, _ := c.CloseCode()
			return got, ws.CloseError{Code: code, Reason: reason}
		}
		got = append(got, m)
	}
}

// wantClose requires that the connection ends with the code and without
// another message.
func wantClose(t *testing.T, c *ws.WebSocket, code ws.Code, reason string) {
	t.Helper()
	got, end := ending(t, c)
	require.Empty(t, got)
	require.Equal(t, ws.CloseError{Code: code, Reason: ws.Reason(reason)}, end)
}

// take receives from a channel that something must come from.
func take[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// nothing requires that a channel stays silent for a moment.
func nothing[T any](t *testing.T, ch <-chan T) {
	t.Helper()
	select {
	case v := <-ch:
		t.Fatalf("there came %v", v)
	case <-time.After(30 * time.Millisecond):
	}
}

// provide is an injector with constructors of one lifetime.
func provide(t *testing.T, lt inject.Lifetime, constructors ...any) *inject.Injector {
	t.Helper()
	in := inject.New()
	for _, c := range constructors {
		require.NoError(t, in.Provide(lt, c))
	}
	return in
}

// logBuffer collects what is logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// wantLog waits until the log contains all the texts.
func (s *site) wantLog(texts ...string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		for _, text := range texts {
			if !strings.Contains(s.log.String(), text) {
				return false
			}
		}
		return true
	}, patience, time.Millisecond, "%q in\n%s", texts, s.log)
}

// rawSocket speaks frames.
type rawSocket struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
}

// raw opens a WebSocket by hand.
func (s *site) raw(path string) *rawSocket {
	s.t.Helper()
	conn := s.connect()
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+s.addr()+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(s.t, err)
	r := &rawSocket{s.t, conn, bufio.NewReader(conn)}
	res, err := http.ReadResponse(r.br, nil)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusSwitchingProtocols, res.StatusCode)
	return r
}

// send writes one frame, masked with zeros. first is FIN and the opcode.
func (r *rawSocket) send(first byte, payload string) {
	r.t.Helper()
	require.Less(r.t, len(payload), 126)
	_, err := r.conn.Write(append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...))
	require.NoError(r.t, err)
}

// read reads one short frame.
func (r *rawSocket) read() (first byte, payload string) {
	r.t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(r.br, head)
	require.NoError(r.t, err)
	n := int(head[1])
	if n == 126 {
		var size [2]byte
		_, err = io.ReadFull(r.br, size[:])
		require.NoError(r.t, err)
		n = int(binary.BigEndian.Uint16(size[:]))
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r.br, body)
	require.NoError(r.t, err)
	return head[0], string(body)
}

// wantFrame reads one frame.
func (r *rawSocket) wantFrame(first byte, payload string) {
	r.t.Helper()
	f, p := r.read()
	require.Equal(r.t, first, f)
	require.Equal(r.t, payload, p)
}

// The first bytes of frames that are whole messages.
const (
	rawText   = 0x81
	rawBinary = 0x82
	rawClose  = 0x88
	rawPing   = 0x89
	rawPong   = 0x8a
)

// closing is the payload of a Close frame.
func closing(code ws.Code, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}
